//! Deadlines of runs, by the numbers of upstream's behaviours.

use std::sync::Arc;

use model::{
    Json, TimeDelta, Timestamp,
    callback::Call,
    change::Variable,
    command::Command,
    dag::{DeadlineAlert, DeadlineInterval, DeadlineReference},
    effect::Effect,
};
use serde_json::json;

use super::{World, dag_text::parse_dag};

fn alert(reference: DeadlineReference, interval: DeadlineInterval) -> DeadlineAlert {
    DeadlineAlert {
        name: None,
        reference,
        interval,
        callback: Json::Null,
    }
}

fn minutes(n: i64) -> DeadlineInterval {
    DeadlineInterval::Fixed(TimeDelta::from_secs(60 * n))
}

fn world(alerts: Vec<DeadlineAlert>) -> World {
    let mut dag = parse_dag("d", "a");
    dag.deadlines = alerts;
    let mut world = World::new();
    world.publish_dag("d.yaml", Arc::new(dag), "d");
    world
}

impl World {
    /// Run, alert, minutes after the start of the year, and whether it was missed.
    fn deadlines(&self) -> Vec<(u64, u32, i64, bool)> {
        let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let told = self.book.deadlines.values().map(|deadline| {
            let after = deadline.due.since(start).as_micros() / 60_000_000;
            (deadline.run.0, deadline.alert, after, deadline.missed)
        });
        told.collect()
    }
}

#[test]
fn s149_deadlines_count_from_what_they_refer_to() {
    let at = Timestamp::parse("2026-01-02T00:00:00Z").unwrap();
    let mut world = world(vec![
        alert(DeadlineReference::QueuedAt, minutes(5)),
        alert(DeadlineReference::LogicalDate, minutes(7)),
        alert(DeadlineReference::Fixed(at), minutes(-60)),
        alert(
            DeadlineReference::QueuedAt,
            DeadlineInterval::Variable("late".to_owned()),
        ),
        alert(DeadlineReference::Custom(Json::Null), minutes(1)),
    ]);
    world.start("d", None);
    // A run without a date has no deadline that counts from it; nor is there such a variable yet.
    assert_eq!(
        world.deadlines(),
        [(1, 0, 5, false), (1, 2, 23 * 60, false)]
    );
    let variable = Variable {
        key: "late".to_owned(),
        sealed: b"120".to_vec(),
        description: None,
    };
    let only_new = true;
    world.ask(Command::PutVariable { variable, only_new });
    world.start("d", Some("2026-01-01T00:10:00Z"));
    let second = &world.deadlines()[2..];
    let expected = [
        (2, 0, 5, false),
        (2, 1, 17, false),
        (2, 2, 23 * 60, false),
        (2, 3, 2, false),
    ];
    assert_eq!(second, expected);
}

#[test]
fn s149_an_average_needs_enough_runs() {
    let reference = DeadlineReference::AverageRuntime {
        max_runs: 2,
        min_runs: None,
    };
    let mut world = world(vec![alert(reference, minutes(1))]);
    for took in ["10m", "2m", "4m"] {
        world.start("d", None);
        world.play(&format!("a run; tick {took}; a ok"));
    }
    // The third was made when two had ended, and has ended in time.
    assert_eq!(world.deadlines(), []);
    world.start("d", None);
    let now = 16;
    let due = world.deadlines()[0].2;
    assert!(due > now && due <= now + 8, "{due}");
}

#[test]
fn s149_success_in_time_forgets_a_deadline_and_its_passing_is_noted() {
    let history = |words: &str| {
        let mut world = world(vec![alert(DeadlineReference::QueuedAt, minutes(5))]);
        world.start("d", None);
        world.play(words);
        world.deadlines()
    };
    assert_eq!(history("a run; tick 5m; a ok"), []);
    assert_eq!(history("a run; tick 5m"), [(1, 0, 5, false)]);
    assert_eq!(history("a run; tick 301s"), [(1, 0, 5, true)]);
    assert_eq!(history("a run; tick 6m; a ok"), [(1, 0, 5, true)]);
    // One that failed early is late all the same, also after a restart.
    assert_eq!(history("a run; a fail; tick 4m"), [(1, 0, 5, false)]);
    assert_eq!(
        history("a run; a fail; restart; tick 6m"),
        [(1, 0, 5, true)]
    );
    assert_eq!(history("a run; a fail; drop-run r1; tick 6m"), []);
}

#[test]
fn s149_what_counts_from_the_queue_moves_when_a_run_is_cleared() {
    let at = Timestamp::parse("2026-01-01T00:30:00Z").unwrap();
    let mut world = world(vec![
        alert(DeadlineReference::QueuedAt, minutes(5)),
        alert(DeadlineReference::Fixed(at), minutes(0)),
    ]);
    world.start("d", None);
    world.play("a run; a fail; tick 3m; clear r1.*");
    assert_eq!(world.deadlines(), [(1, 0, 8, false), (1, 1, 30, false)]);
    world.play("tick 6m; a run; a fail; clear r1.*");
    assert_eq!(world.deadlines(), [(1, 0, 8, true), (1, 1, 30, false)]);
}

#[test]
fn s150_what_is_to_be_called_is_owed_once_with_the_deadline() {
    let mut world = world(vec![DeadlineAlert {
        name: Some("late".to_owned()),
        callback: json!({"path": "alerts.tell"}),
        ..alert(DeadlineReference::QueuedAt, minutes(5))
    }]);
    world.start("d", None);
    world.play("a run; tick 6m; tick 6m; clear r1.a; tick 6m");
    let mut owed = world.effects.iter().filter_map(|effect| {
        let Effect::Callback(owed) = effect else {
            return None;
        };
        Some(owed.call.clone())
    });
    let Some(Call::Deadline {
        run,
        id,
        name,
        due,
        callback,
    }) = owed.next()
    else {
        panic!("nothing is owed");
    };
    assert_eq!((run.0, name.as_deref()), (1, Some("late")));
    assert_eq!(due.to_string(), "2026-01-01T00:05:00Z");
    assert_eq!(callback, json!({"path": "alerts.tell"}));
    assert_eq!((id.len(), &id[14..15]), (36, "5"));
    assert_eq!(owed.next(), None);
}
