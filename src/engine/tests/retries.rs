//! Tries: how often, how long between them, and what is kept of each.

use expect_test::expect;
use model::{TimeDelta, Timestamp};

use super::{World, bare_task, check};
use crate::attempt::retry::retry_delay;

#[test]
fn a_task_of_25_hours_does_not_expire() {
    check(
        "a; b:a",
        "start; a run; tick 1h; tick 24h; restart; a ok; tick 1h",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
            start a#1, adopt a, start b#1, kill b, start b#1
        "#]],
    );
}

#[test]
fn s103_a_try_follows_a_failure() {
    check(
        "a retries=1 delay=5m",
        "start; a fail",
        expect![[r#"
        r1 running
          a up_for_retry 1: try 2 of 2 at 2026-01-01T00:05:00Z; it broke
        start a#1
    "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a fail; tick 5m",
        expect![[r#"
            r1 running
              a up_for_retry 1: try 2 of 2 at 2026-01-01T00:05:00Z; it broke
            start a#1
        "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a fail; tick 5m; tick 0.000001s",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
            start a#1, start a#2
        "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a fail; tick 6m; a fail",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: it broke
            start a#1, start a#2
        "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a fail 1h; tick 6m",
        expect![[r#"
            r1 running
              a up_for_retry 1: try 2 of 2 at 2026-01-01T01:00:00Z; it broke
            start a#1
        "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a fatal",
        expect![[r#"
        r1 failed: task `a` failed
          a failed 1: it broke
        start a#1
    "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a timeout",
        expect![[r#"
        r1 running
          a up_for_retry 1: try 2 of 2 at 2026-01-01T00:05:00Z; ran longer than 30 s (execution_timeout)
        start a#1
    "#]],
    );
    check(
        "a retries=1 delay=5m",
        "start; a run; a lost; tick 6m; a killed",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: the process was ended from outside
            start a#1, start a#2
        "#]],
    );
}

#[test]
fn s153_each_try_is_kept_and_starts_without_values() {
    let mut world = World::new();
    world.publish("d", "a retries=2 delay=1m");
    world.play("start; a run; a fail; tick 2m; a ok return_value=2");
    let key = world.key("a");
    let archived = &world.book.archive[&(key, 1)];
    assert_eq!(archived.state.as_str(), "failed");
    assert!(archived.end_date.is_some());
    assert_eq!(world.book.xcoms.len(), 1);
    world.play("clear a; ");
    assert_eq!(world.book.archive.len(), 2);
    assert!(world.book.xcoms.is_empty(), "a new try began");
    assert_eq!(world.book.tis[&key].max_tries, 4);
    assert_eq!(world.book.tis[&key].try_number, 3);
}

/// Numbers of upstream's formula, worked out with Python: delay s, factor, longest s, date, try, s.
type Backoff = (f64, f64, Option<f64>, Option<&'static str>, u32, f64);
const BACKOFF: [Backoff; 13] = [
    (300.0, 0.0, None, Some("2026-11-18T10:00:00Z"), 3, 300.0),
    (300.0, 2.0, None, Some("2026-11-18T10:00:00Z"), 1, 398.0),
    (300.0, 2.0, None, Some("2026-11-18T10:00:00Z"), 2, 893.0),
    (
        300.0,
        2.0,
        None,
        Some("2026-11-18T10:00:00.123456Z"),
        5,
        8115.0,
    ),
    (1.0, 2.0, None, None, 1, 1.0),
    (0.1, 2.0, None, None, 1, 1.0),
    (0.0, 2.0, None, None, 4, 1.0),
    (30.0, 1.5, None, None, 4, 176.0),
    (30.0, 3.0, None, None, 9, 86400.0),
    (30.0, 2.0, Some(100.0), None, 2, 77.0),
    (30.0, 2.0, Some(100.0), None, 4, 100.0),
    (30.0, 2.0, None, Some("2026-01-01T00:00:00Z"), 60, 86400.0),
    (30.0, 2.0, None, None, 700, 86400.0),
];

#[test]
fn s102_backoff_is_upstreams() {
    for (delay, factor, longest, date, try_number, wanted) in BACKOFF {
        let mut task = bare_task("my_task");
        task.retry_delay = TimeDelta::from_secs_f64(delay);
        task.retry_exponential_backoff = factor;
        task.max_retry_delay = longest.map(TimeDelta::from_secs_f64);
        let date = date.map(|date| Timestamp::parse(date).unwrap());
        let found = retry_delay(&task, "my_dag", date, try_number);
        assert_eq!(
            found,
            TimeDelta::from_secs_f64(wanted),
            "{delay} {factor} {try_number}"
        );
    }
}
