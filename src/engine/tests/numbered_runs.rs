//! Upstream's numbered behaviours of runs: which are made, in which order they start, how they end.

use expect_test::expect;
use model::{Timestamp, command::Command, state::DagRunType};

use super::{World, check, dsl::trigger};

#[test]
fn s013_a_dag_that_is_held_or_full_gets_no_run() {
    let hourly = "!cron=@hourly from=2026-01-01T00:00:00Z runs=1; a";
    let mut world = World::new();
    world.publish("d", hourly);
    world.play("tick 30m; a run; pause; tick 2h");
    assert_eq!(world.book.runs.len(), 1, "paused");
    world.play("unpause; tick 2h");
    assert_eq!(world.book.runs.len(), 1, "one is active");
    world.play("a ok");
    assert_eq!(world.book.runs.len(), 2);
    world.play("a run; gone; a ok; tick 5h");
    assert_eq!(world.book.runs.len(), 2, "without a file");
}

#[test]
fn s013_the_earliest_is_created_first_and_no_more_than_others_can_bear() {
    let mut world = World::new();
    world.checks = false;
    world.publish(
        "d",
        "!cron=@hourly from=2025-12-01 catchup=yes runs=1000; a kind=empty",
    );
    let dates: Vec<_> = world
        .book
        .runs
        .values()
        .map(|run| run.logical_date)
        .collect();
    assert_eq!(dates.len(), 31 * 24 + 1);
    assert!(dates.is_sorted());
}

#[test]
fn s015_a_date_that_has_a_run_is_passed_over() {
    let mut world = World::new();
    world.publish("d", "!cron=@daily from=2026-01-02; a kind=empty");
    let mut ask = trigger("d", Some("mine"), Some("2026-01-02T00:00:00Z"));
    ask.run_after = Some(world.now);
    world.ask(Command::TriggerRun(Box::new(ask)));
    world.play("tick 25h; tick 24h");
    expect![[r#"
        mine success
          a success 1
        scheduled__2026-01-03T00:00:00+00:00 success
          a success 1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s016_a_dag_may_not_allow_runs_by_the_clock() {
    let mut world = World::new();
    world.publish(
        "d",
        "!cron=@hourly from=2025-12-01 only=manual; a kind=empty",
    );
    world.play("tick 5h");
    assert!(world.book.runs.is_empty());
}

#[test]
fn s017_the_limit_is_counted_anew_when_a_run_ends() {
    check(
        "!cron=@hourly from=2025-12-31T22:00:00Z catchup=yes runs=2; a",
        "tick 1s; scheduled__2025-12-31T22:00:00+00:00.a ok",
        expect![[r#"
            scheduled__2025-12-31T22:00:00+00:00 success
              a success 1
            scheduled__2025-12-31T23:00:00+00:00 running
              a queued 1: handed to a worker, starting
            scheduled__2026-01-01T00:00:00+00:00 running
              a queued 1: handed to a worker, starting
            start a#1, start a#1, start a#1
        "#]],
    );
}

#[test]
fn s026_to_s027_a_run_starts_when_it_is_due_and_its_date_is_not_to_come() {
    let mut world = World::new();
    world.publish("d", "a");
    let mut later = trigger("d", Some("later"), None);
    later.run_after = Some(Timestamp::parse("2026-01-01T02:00:00Z").unwrap());
    world.ask(Command::TriggerRun(Box::new(later)));
    let ahead = trigger("d", Some("ahead"), Some("2026-01-01T03:00:00Z"));
    world.ask(Command::TriggerRun(Box::new(ahead)));
    world.n_runs = 2;
    let mut seen = String::new();
    for word in ["tick 1h", "tick 1h; later.a run", "tick 1h"] {
        world.play(word);
        seen += &format!("-- {}\n{}", world.now, world.show());
    }
    expect![[r#"
        -- 2026-01-01T01:00:00Z
        later queued: the run starts at 2026-01-01T02:00:00Z
          a no_status 0: the run starts at 2026-01-01T02:00:00Z
        ahead running: the logical date 2026-01-01T03:00:00Z is in the future
          a no_status 0: the logical date 2026-01-01T03:00:00Z is in the future
        -- 2026-01-01T02:00:00Z
        later running
          a running 1
        ahead running: the logical date 2026-01-01T03:00:00Z is in the future
          a no_status 0: the logical date 2026-01-01T03:00:00Z is in the future
        start later.a#1
        -- 2026-01-01T03:00:00Z
        later running
          a running 1
        ahead running
          a queued 1: handed to a worker, starting
        start later.a#1, start ahead.a#1
    "#]]
    .assert_eq(&seen);
}

#[test]
fn s027_a_run_without_tasks_waits_for_its_date_too() {
    let mut world = World::new();
    world.publish("d", "!to=2025-12-31; a");
    for (id, date) in [("ahead", "2026-01-01T03:00:00Z"), ("past", "2026-01-01")] {
        world.ask(Command::TriggerRun(Box::new(trigger(
            "d",
            Some(id),
            Some(date),
        ))));
    }
    world.n_runs = 2;
    let mut seen = world.show();
    for word in ["pause; tick 1h", "tick 2h"] {
        world.play(word);
        seen += &format!("-- {}\n{}", world.now, world.show());
    }
    expect![[r#"
        ahead running: the logical date 2026-01-01T03:00:00Z is in the future
        past success
        -- 2026-01-01T01:00:00Z
        ahead running: the dag is paused; the logical date 2026-01-01T03:00:00Z is in the future
        past success
        -- 2026-01-01T03:00:00Z
        ahead success
        past success
    "#]]
    .assert_eq(&seen);
}

#[test]
fn s036_the_run_that_is_due_first_starts_first() {
    let mut world = World::new();
    world.publish("d", "!runs=1; a");
    world.play("start");
    for (run_id, after) in [("late", "2025-12-05"), ("early", "2025-12-02")] {
        let mut ask = trigger("d", Some(run_id), None);
        ask.run_after = Some(Timestamp::parse(&format!("{after}T00:00:00Z")).unwrap());
        ask.run_type = DagRunType::Manual;
        world.ask(Command::TriggerRun(Box::new(ask)));
    }
    world.n_runs = 3;
    world.play("r1.a ok; early.a ok");
    expect![[r#"
        r1 success
          a success 1
        late running
          a queued 1: handed to a worker, starting
        early success
          a success 1
        start r1.a#1, start early.a#1, start late.a#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s037_a_run_starts_when_it_is_promoted() {
    let mut world = World::new();
    world.publish("d", "!runs=1; a");
    world.play("start; start; tick 5m; r1.a ok");
    let starts: Vec<_> = world.book.runs.values().map(|run| run.start_date).collect();
    assert_eq!(starts[1], Some(world.now));
    assert!(starts[0] < starts[1]);
}

#[test]
fn s044_a_run_in_which_nothing_can_go_on_fails() {
    // What waits for the past, a limit, a trigger or a retry is no deadlock.
    check(
        "a past=yes first=no",
        "start 2025-12-01; r1.a fail; start 2025-12-02; tick 1h",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
            r2 running
              a no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
            start r1.a#1
        "#]],
    );
    check(
        "a retries=1 delay=1h; b",
        "start; b ok; a fail; tick 30m",
        expect![[r#"
            r1 running
              a up_for_retry 1: try 2 of 2 at 2026-01-01T01:00:00Z; it broke
              b success 1
            start a#1, start b#1
        "#]],
    );
    check(
        "a; b",
        "start; b ok; a defer; tick 5m",
        expect![[r#"
        r1 running
          a deferred 1: waits until 2026-01-01T00:10:00Z
          b success 1
        start a#1, start b#1, arm a
    "#]],
    );
}

/// What is between two tries is stuck when what is above it has changed so that it could not begin.
#[test]
fn s044_what_has_run_may_be_stuck_too() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; b:a rule=all_skipped retries=1 delay=1h; c");
    world.play("start; a skip; b fail");
    world.publish(
        "d",
        "a expand=2; b:a rule=all_skipped retries=1 delay=1h; c",
    );
    assert!(world.show().contains("r1 running"));
    world.play("c ok");
    expect![[r#"
        r1 failed: no task can go on (all_tasks_deadlocked)
          a removed 1: the task is mapped now, and this is none of its indexes: clear it to have them run
          b up_for_retry 1: it broke
          c success 1
        start a#1, start c#1, start b#1
    "#]].assert_eq(&world.show());
}

#[test]
fn s047_what_is_looked_at_before_a_task_is_lined_up() {
    check(
        "a past=yes; b:a; c; m:c expand=c; r retries=1 delay=10m; s",
        "start 2025-12-01; r1.a fail; start 2025-12-02; r2.r fail; r2.s again 5m",
        expect![[r#"
            r1 running
              a failed 1: it broke
              b upstream_failed 0: upstream `a` failed
              c queued 1: handed to a worker, starting
              m no_status 0: waits for `c`
              r queued 1: handed to a worker, starting
              s queued 1: handed to a worker, starting
            r2 running
              a no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
              b no_status 0: waits for `a`
              c queued 1: handed to a worker, starting
              m no_status 0: waits for `c`
              r up_for_retry 1: try 2 of 2 at 2026-01-01T00:10:00Z; it broke
              s up_for_reschedule 1: looks again at 2026-01-01T00:05:00Z
            start r1.a#1, start r1.c#1, start r1.r#1, start r1.s#1, start r2.c#1, start r2.r#1, start r2.s#1
        "#]],
    );
}

#[test]
fn s073_a_skip_may_wait_for_the_past() {
    let dag = "x; a:x past=yes skip_waits=yes";
    check(
        dag,
        "start 2025-12-01; start 2025-12-02; r2.x skip",
        expect![[r#"
            r1 running
              x queued 1: handed to a worker, starting
              a no_status 0: waits for `x`
            r2 running
              x skipped 1: not today
              a no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
            start r1.x#1, start r2.x#1
        "#]],
    );
    check(
        dag,
        "start 2025-12-01; start 2025-12-02; r2.x skip; r1.x ok; r1.a ok",
        expect![[r#"
            r1 success
              x success 1
              a success 1
            r2 success
              x skipped 1: not today
              a skipped 0: upstream `x` was skipped
            start r1.x#1, start r2.x#1, start r1.a#1
        "#]],
    );
}

#[test]
fn s099_the_default_pool_is_always_there() {
    let mut world = World::new();
    world.play("drop-pool default_pool");
    let pool = &world.book.pools["default_pool"];
    assert_eq!(pool.slots, 128);
    expect![[r#"
        RUN-013 `default_pool` cannot be deleted: tasks without a pool use it
    "#]]
    .assert_eq(&world.show());
}
