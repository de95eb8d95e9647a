//! Upstream's numbered behaviours of states and tries: what they are, what they keep, how they end.

use expect_test::expect;
use model::{change::Kept, report::Happened, state::TaskInstanceState as State};

use super::{World, check};
use crate::report;

#[test]
fn s001_states_and_which_of_them_are_an_end() {
    let ends: Vec<&str> = State::ALL
        .iter()
        .filter(|state| state.is_finished())
        .map(|state| state.as_str())
        .collect();
    expect![[r#"
        [
            "removed",
            "success",
            "failed",
            "upstream_failed",
            "skipped",
        ]
    "#]]
    .assert_debug_eq(&ends);
    let others: Vec<&str> = State::ALL
        .iter()
        .filter(|state| !state.is_finished())
        .map(|state| state.as_str())
        .collect();
    expect![[r#"
        [
            "no_status",
            "scheduled",
            "queued",
            "running",
            "restarting",
            "up_for_retry",
            "up_for_reschedule",
            "deferred",
            "awaiting_input",
        ]
    "#]]
    .assert_debug_eq(&others);
}

#[test]
fn s002_what_is_looked_at_and_what_counts_against_limits() {
    let named = |is: fn(State) -> bool| {
        let all = State::ALL.iter().filter(|state| is(**state));
        all.map(|state| state.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        named(State::is_schedulable),
        ["no_status", "up_for_retry", "up_for_reschedule"]
    );
    assert_eq!(named(State::is_executing), ["queued", "running"]);
}

#[test]
fn s003_dates_of_a_run_follow_its_state() {
    let mut world = World::new();
    world.publish("d", "!runs=1; a");
    let dates = |world: &World| {
        let run = world.book.runs.values().last().unwrap();
        let minute = |at: Option<model::Timestamp>| at.map(|at| at.to_string()[11..16].to_owned());
        format!(
            "{} queued {:?} started {:?} ended {:?}",
            run.state,
            minute(run.queued_at),
            minute(run.start_date),
            minute(run.end_date)
        )
    };
    let mut seen = Vec::new();
    for word in [
        "start 2025-12-01",
        "tick 1m; start 2025-12-02",
        "tick 1m; r1.a ok",
        "tick 1m; r2.a fail",
        "tick 1m; mark-run r2 success",
        "tick 1m; clear r2.a",
        "tick 1m; r2.a ok",
    ] {
        world.play(word);
        seen.push(format!("{word}: {}", dates(&world)));
    }
    expect![[r#"
        start 2025-12-01: running queued Some("00:00") started Some("00:00") ended None
        tick 1m; start 2025-12-02: queued queued Some("00:01") started None ended None
        tick 1m; r1.a ok: running queued Some("00:01") started Some("00:02") ended None
        tick 1m; r2.a fail: failed queued Some("00:01") started Some("00:02") ended Some("00:03")
        tick 1m; mark-run r2 success: success queued Some("00:01") started Some("00:02") ended Some("00:03")
        tick 1m; clear r2.a: running queued Some("00:05") started Some("00:05") ended None
        tick 1m; r2.a ok: success queued Some("00:05") started Some("00:05") ended Some("00:06")"#]].assert_eq(&seen.join("\n"));
}

#[test]
fn s004_a_try_starts_once() {
    let mut world = World::new();
    world.publish("d", "a");
    world.play("start; a run");
    let key = world.key("a");
    let begun = world.book.tis[&key].start_date;
    world.play("tick 1m; a run");
    assert_eq!(world.book.tis[&key].start_date, begun, "said twice");
    // One that was taken back may not begin any more.
    let fence = world.book.tis[&key].fence.unwrap();
    world.play("clear a; a killed");
    let late = model::report::Report {
        key,
        fence,
        at: world.now,
        what: Happened::Started { pid: Some(8) },
    };
    assert!(!report(&mut world.live, &world.book, late, world.now));
}

#[test]
fn s005_the_start_of_a_try_is_kept_over_waits() {
    let mut world = World::new();
    world.publish("d", "a retries=1 delay=1m");
    world.play("start; a run");
    let key = world.key("a");
    let begun = world.book.tis[&key].start_date;
    world.play("tick 1m; a suspend; tick 1m; a fire x; a run");
    assert_eq!(world.book.tis[&key].start_date, begun, "after a trigger");
    world.play("tick 1m; a again 1m; tick 1m; a run");
    let now = Some(world.now);
    assert_eq!(world.book.tis[&key].start_date, now, "another look");
    world.play("a fail; tick 2m; a run");
    assert_eq!(
        world.book.tis[&key].start_date,
        Some(world.now),
        "a new try"
    );
}

#[test]
fn s007_a_retry_keeps_the_ended_try() {
    let mut world = World::new();
    world.publish("d", "a retries=1 delay=1m");
    world.play("start; a run; tick 1m; a fail; tick 2m; a run");
    let key = world.key("a");
    let ended = &world.book.archive[&(key, 1)];
    let now = &world.book.tis[&key];
    assert_eq!((ended.state, now.state), (State::Failed, State::Running));
    assert!(ended.end_date.is_some() && now.end_date.is_none());
    // Its identity towards the task is its fence, which is another one.
    assert_ne!(ended.fence, now.fence);
}

#[test]
fn s009_how_a_try_may_end_by_exception() {
    check(
        "a retries=3; b retries=3; c retries=3",
        "start; a skip; b fatal; c killed",
        expect![[r#"
            r1 running
              a skipped 1: not today
              b failed 1: it broke
              c up_for_retry 1: try 2 of 4 at 2026-01-01T00:05:00Z; the process was ended from outside
            start a#1, start b#1, start c#1
        "#]],
    );
}

#[test]
fn s011_an_end_told_again_is_nothing_new() {
    let mut world = World::new();
    world.publish("d", "a; b:a");
    world.play("start; a run");
    let key = world.key("a");
    let fence = world.book.tis[&key].fence.unwrap();
    world.play("a ok");
    for word in ["ok", "fail"] {
        let what = super::dsl::happened(world.now, word, "", false);
        let at = world.now;
        let again = model::report::Report {
            key,
            fence,
            at,
            what,
        };
        assert!(!report(&mut world.live, &world.book, again, at), "{word}");
    }
    world.settle();
    assert_eq!(world.book.tis[&key].state, State::Success);
}

#[test]
fn s012_the_method_to_go_on_with_is_forgotten_at_the_end() {
    let resume = |world: &World| {
        let ti = &world.book.tis[&world.key("a")];
        let deferral = ti.deferral.as_ref();
        deferral.and_then(|deferral| deferral.resume.as_ref().map(|(method, _)| method.clone()))
    };
    for word in [
        "a ok",
        "a fail; tick 2m",
        "clear a; a killed",
        // Upstream's route for a reschedule forgets it as well.
        "a again 1m; tick 1m; a run",
    ] {
        let mut world = World::new();
        world.publish("d", "a retries=1 delay=1m");
        world.play("start; a run; a suspend; a fire x; a run");
        assert_eq!(resume(&world).as_deref(), Some("execute_complete"));
        world.play(word);
        assert_eq!(resume(&world), None, "{word}");
    }
}

#[test]
fn s100_the_number_of_a_try_rises_when_it_is_lined_up() {
    let mut world = World::new();
    world.publish("d", "a retries=2 delay=1m pool=p");
    let number = |world: &World| world.book.tis[&world.key("a")].try_number;
    let mut seen = Vec::new();
    for word in [
        "start",
        "pool p=1",
        "a run; a suspend; a fire x",
        "a run; a again 1m; tick 1m",
        "a run; a fail",
        "tick 2m",
        "clear a; a killed",
    ] {
        world.play(word);
        seen.push((word, number(&world)));
    }
    expect![[r#"
        [
            (
                "start",
                1,
            ),
            (
                "pool p=1",
                1,
            ),
            (
                "a run; a suspend; a fire x",
                1,
            ),
            (
                "a run; a again 1m; tick 1m",
                1,
            ),
            (
                "a run; a fail",
                1,
            ),
            (
                "tick 2m",
                2,
            ),
            (
                "clear a; a killed",
                3,
            ),
        ]
    "#]]
    .assert_debug_eq(&seen);
}

#[test]
fn s101_retries_are_counted_from_where_it_was_cleared() {
    let mut world = World::new();
    world.publish("d", "a retries=2 delay=1m");
    world.play("start; a fail; tick 2m; a ok; clear a");
    let ti = &world.book.tis[&world.key("a")];
    assert_eq!((ti.try_number, ti.max_tries), (3, 4));
}

#[test]
fn s106_one_that_was_killed_from_outside_is_tried_again() {
    check(
        "a retries=1 delay=1m; b",
        "start; a run; a lost; b lost; tick 2m",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
              b failed 1: the worker is gone
            start a#1, start b#1, start a#2
        "#]],
    );
}

#[test]
fn s109_after_a_restart_what_nobody_began_is_handed_out_again() {
    let mut world = World::new();
    world.publish("d", "a; b");
    world.play("start; a run");
    world.effects.clear();
    world.restart();
    expect![[r#"
        r1 running
          a running 1
          b queued 1: handed to a worker, starting
        adopt a, adopt b if begun
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s120_the_first_look_of_a_try_dates_all_others() {
    let mut world = World::new();
    world.publish("d", "a");
    world.play("start; a run");
    let key = world.key("a");
    let first = world.book.tis[&key].start_date.unwrap().to_string();
    for count in 1..4 {
        world.play("a again 1m; tick 1m; a run");
        let kept = &world.book.kept[&(key, Kept::Rescheduled)].value;
        assert_eq!(kept["since"], first.as_str());
        assert_eq!(kept["count"], count);
    }
    assert_eq!(world.book.tis[&key].start_date, Some(world.now));
}
