//! Every recorded timetable case of upstream, where the folder with them is at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::schedule::DataInterval;
use model::{Json, Timestamp};

use crate::timetable::*;

/// So many differences are shown.
const WRONG_MAX: usize = 50;

/// The folder named by `AIRFLOW_VECTORS`, else the one beside the repository.
fn folder() -> PathBuf {
    let beside =
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/airflow/vectors");
    std::env::var_os("AIRFLOW_VECTORS").map_or_else(beside, PathBuf::from)
}

fn time(value: &Json) -> Option<Timestamp> {
    value.as_str().map(|text| Timestamp::parse(text).unwrap())
}

fn run_json(run: Option<&NextRun>) -> Json {
    let Some(run) = run else { return Json::Null };
    let text = |at: Option<Timestamp>| at.map(Timestamp::isoformat);
    serde_json::json!({
        "run_after": run.run_after.isoformat(),
        "start": text(run.data_interval.map(|interval| interval.start)),
        "end": text(run.data_interval.map(|interval| interval.end)),
        "logical_date": text(run.logical_date),
        "partition_key": run.partition_key,
        "partition_date": text(run.partition_date),
    })
}

fn answer(case: &Json) -> Result<Json, TimetableError> {
    let class = case["timetable"]["__type"].as_str().unwrap();
    let schedule = decode(class, &case["timetable"]["__var"])?;
    check(&schedule)?;
    let bounds = Bounds {
        start_date: time(&case["start_date"]),
        end_date: time(&case["end_date"]),
        catchup: case["catchup"] == true,
    };
    let now = time(&case["now"]).unwrap();
    let mut last = None;
    let mut sequence = Vec::new();
    for _ in case["sequence"].as_array().unwrap() {
        let run = next_run(&schedule, &bounds, last, now);
        sequence.push(run_json(run.as_ref()));
        last = run.map(|run| {
            let (start, end) = (run.run_after, run.run_after);
            run.data_interval.unwrap_or(DataInterval { start, end })
        });
    }
    let manual = infer_manual_data_interval(&schedule, now);
    let mut answer = case.clone();
    answer["sequence"] = sequence.into();
    answer["manual_interval"] = manual.map_or(Json::Null, |of| {
        vec![of.start.isoformat(), of.end.isoformat()].into()
    });
    answer["summary"] = summary(&schedule).into();
    answer["description"] = description(&schedule).into();
    answer["periodic"] = is_periodic(&schedule).into();
    answer["can_be_scheduled"] = can_be_scheduled(&schedule).into();
    Ok(answer)
}

/// Of two lists only what differs first.
fn first_difference<'a>(expected: &'a Json, got: &'a Json) -> (&'a Json, &'a Json) {
    let (Some(left), Some(right)) = (expected.as_array(), got.as_array()) else {
        return (expected, got);
    };
    let differ = |(left, right): &(&'a Json, &'a Json)| left != right;
    left.iter()
        .zip(right)
        .find(differ)
        .unwrap_or((expected, got))
}

#[test]
fn s018_to_s024_vectors_of_upstream_are_equal() {
    let path = folder().join("timetables.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "skipped: no recorded cases at {} (set AIRFLOW_VECTORS)",
            path.display()
        );
        return;
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    for case in &cases {
        let class = case["timetable"]["__type"].as_str().unwrap();
        *compared.entry(class.to_owned()).or_default() += 1;
        let answer = match answer(case) {
            Ok(answer) => answer,
            Err(problem) => {
                wrong.push(format!("refused {}: {problem}", case["timetable"]));
                continue;
            }
        };
        if answer != *case {
            let (case_of, answer_of) = (case.as_object().unwrap(), answer.as_object().unwrap());
            for (field, expected) in case_of
                .iter()
                .filter(|(field, of)| answer_of[*field] != **of)
            {
                let (expected, got) = first_difference(expected, &answer[field]);
                let [of, now, start, end, catchup] =
                    ["timetable", "now", "start_date", "end_date", "catchup"]
                        .map(|name| &case[name]);
                wrong.push(format!(
                    "{of} {field}, now {now}, from {start} to {end}, catchup {catchup}\n\
                     expected {expected}\n     got {got}"
                ));
            }
        }
    }
    for (class, n) in &compared {
        println!("{n:5} compared of {class}");
    }
    println!("{} compared, {} differ", cases.len(), wrong.len());
    wrong.truncate(WRONG_MAX);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
