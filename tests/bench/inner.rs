//! Figures of the scheduler itself: what a task's end, an expansion, an event and a date cost.

use std::time::Instant;

use engine::timetable::{Bounds, next_run};
use model::{
    AssetNo, JsonMap, Timestamp,
    command::Command,
    schedule::{DataInterval, Schedule, from_serialized},
};
use serde_json::{Map, Value, json};

use crate::{
    inside::{Inside, command, dag, never, started, task},
    stats::{median, quantile, spread},
};

/// Ends that are measured in each run.
const ENDS: usize = 200;

/// The end of a task with one task after it, in runs of several sizes: it must cost the same.
pub fn finish(sizes: &[usize]) -> Value {
    let mut report = Map::new();
    let mut first = None;
    for n in sizes {
        let mut inside = Inside::new();
        inside.publish(&[chain_and_more(*n)]);
        let mut micros = Vec::new();
        while micros.len() < ENDS {
            let mut starts = started(&inside.trigger("wide"));
            while let Some(one) = starts.pop() {
                let (outcome, took) = inside.end(one, Value::Null);
                micros.push(took.as_secs_f64() * 1e6);
                starts = started(&outcome);
                if micros.len() >= ENDS {
                    break;
                }
            }
        }
        let p50 = median(&micros);
        let first = *first.get_or_insert(p50);
        let figures = json!({
            "us_p50": p50, "us_p99": quantile(&micros, 0.99), "of_smallest_size": p50 / first,
            "must_of_smallest_size": 1.3,
        });
        report.insert(n.to_string(), figures);
    }
    Value::Object(report)
}

/// Tasks one after the other, as many as are measured, and the rest after all of them.
fn chain_and_more(n: usize) -> Value {
    let length = n.clamp(2, ENDS + 1);
    let name = |at: usize| format!("t{at}");
    let tasks = (0..n).map(|at| {
        let below: Vec<String> = match at + 1 {
            next if next < length => vec![name(next)],
            next if next == length => (length..n).map(name).collect(),
            _ => Vec::new(),
        };
        task(&name(at), &below, json!({}))
    });
    dag("wide", never(), tasks.collect())
}

/// The end of a task that others are expanded over, until all their instances are in the book.
pub fn expand(n: usize) -> Value {
    let over = json!({"type": "dict-of-lists", "value": {"__type": "dict", "__var": {
        "x": {"__type": "xcomref", "__var": {"task_id": "a", "key": "return_value"}},
    }}});
    let mapped = json!({
        "_is_mapped": true, "_expand_input_attr": "expand_input", "expand_input": over,
        "partial_kwargs": {"pool": "none"},
    });
    let tasks = vec![
        task("a", &["m".to_owned()], json!({})),
        task("m", &[], mapped),
    ];
    let mut inside = Inside::new();
    inside.publish(&[dag("mapped", never(), tasks)]);
    let items: Vec<usize> = (0..n).collect();
    let millis: Vec<f64> = (0..5)
        .map(|_| {
            let first = started(&inside.trigger("mapped"))[0];
            let (outcome, took) = inside.end(first, json!(items));
            assert!(outcome.n_changes >= n, "{}", outcome.n_changes);
            took.as_secs_f64() * 1e3
        })
        .collect();
    json!({ "instances": n, "ms_p50": median(&millis), "spread": spread(&millis), "must_ms": 150 })
}

/// An event of an asset for which many dags wait, until all their runs are queued in the book.
pub fn consumers(n: usize) -> Value {
    let asset = json!({"__type": "asset", "name": "x", "uri": "s3://x", "group": "asset",
        "extra": {}});
    let timetable = json!({"__type": "airflow.timetables.simple.AssetTriggeredTimetable",
        "__var": {"asset_condition": asset}});
    let mut inside = Inside::new();
    let dags: Vec<Value> = (0..n)
        .map(|at| {
            let tasks = vec![task("t", &[], json!({"pool": "none"}))];
            dag(&format!("c{at}"), timetable.clone(), tasks)
        })
        .collect();
    inside.publish(&dags);
    let mut millis = Vec::new();
    for _ in 0..5 {
        inside.now = inside.now.plus(model::TimeDelta::from_secs(1));
        let (asset, extra) = (AssetNo(1), JsonMap::new());
        let word = Command::AddAssetEvent {
            asset,
            extra,
            partition_key: None,
        };
        let (outcome, mut took) = inside.batch(vec![command(word)]);
        let mut n_runs = outcome.notice.runs.len();
        while n_runs < n {
            let (outcome, more) = inside.next();
            took += more;
            assert!(outcome.n_changes > 0, "{n_runs} of {n} runs");
            n_runs += outcome.notice.runs.len();
        }
        millis.push(took.as_secs_f64() * 1e3);
    }
    json!({ "dags": n, "ms_p50": median(&millis), "spread": spread(&millis), "must_ms": 200 })
}

/// The next run of each kind of timetable, some of them far from their last.
pub fn timetables(n: usize) -> Value {
    let mut report = Map::new();
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let (last, now) = (at("2026-03-28T23:30:00Z"), at("2026-03-29T00:10:00Z"));
    let last = DataInterval {
        start: last,
        end: last,
    };
    for (name, schedule) in schedules() {
        let mut micros: f64 = 0.0;
        for (last, catchup) in [(None, false), (Some(last), false), (Some(last), true)] {
            let bounds = Bounds {
                start_date: Some(at("2020-01-01T00:00:00Z")),
                end_date: None,
                catchup,
            };
            let since = Instant::now();
            for _ in 0..n {
                std::hint::black_box(next_run(
                    std::hint::black_box(&schedule),
                    &bounds,
                    last,
                    now,
                ));
            }
            micros = micros.max(since.elapsed().as_secs_f64() * 1e6 / n as f64);
        }
        report.insert(name.to_owned(), json!({ "us": micros, "must_us": 20 }));
    }
    Value::Object(report)
}

fn schedules() -> Vec<(&'static str, Schedule)> {
    let zone = "Europe/Zurich";
    let cron = |expression: &str| {
        json!({"expression": expression, "timezone": zone, "interval": 0.0,
            "run_immediately": false})
    };
    let several = json!({"expressions": ["0 3 * * *", "30 4 * * 1-5", "*/20 12 * * *"],
        "timezone": zone, "interval": 0.0, "run_immediately": false});
    let dates: Vec<String> = (0..1_000)
        .map(|day| Timestamp::from_secs(1_600_000_000 + day * 864_000).isoformat())
        .collect();
    let events = json!({"event_dates": dates, "restrict_to_events": false});
    let partition = json!({"expression": "0 0 * * *", "timezone": zone, "interval": 0.0,
        "run_immediately": false, "run_offset": -1, "key_format": "%Y-%m-%d"});
    let trigger = "airflow.timetables.trigger";
    let interval = "airflow.timetables.interval";
    let cron_interval = json!({"expression": "0 3 * * *", "timezone": zone});
    let named = [
        (
            "cron",
            format!("{trigger}.CronTriggerTimetable"),
            cron("30 2 * * *"),
        ),
        (
            "cron_each_minute",
            format!("{trigger}.CronTriggerTimetable"),
            cron("* * * * *"),
        ),
        (
            "cron_leap_day",
            format!("{trigger}.CronTriggerTimetable"),
            cron("0 0 29 2 *"),
        ),
        (
            "several_crons",
            format!("{trigger}.MultipleCronTriggerTimetable"),
            several,
        ),
        (
            "cron_interval",
            format!("{interval}.CronDataIntervalTimetable"),
            cron_interval,
        ),
        (
            "delta",
            format!("{trigger}.DeltaTriggerTimetable"),
            json!({"delta": 5_400.0, "interval": 0.0}),
        ),
        (
            "delta_interval",
            format!("{interval}.DeltaDataIntervalTimetable"),
            json!({"delta": 5_400.0}),
        ),
        (
            "events",
            "airflow.timetables.events.EventsTimetable".to_owned(),
            events,
        ),
        (
            "cron_partition",
            format!("{trigger}.CronPartitionTimetable"),
            partition,
        ),
        (
            "once",
            "airflow.timetables.simple.OnceTimetable".to_owned(),
            json!({}),
        ),
        (
            "continuous",
            "airflow.timetables.simple.ContinuousTimetable".to_owned(),
            json!({}),
        ),
    ];
    let read = |(name, class, data): (&'static str, String, Value)| {
        let schedule = from_serialized(&class, &data);
        (
            name,
            schedule.unwrap_or_else(|error| panic!("{name}: {error}")),
        )
    };
    named.into_iter().map(read).collect()
}
