//! Clearing, and setting states by hand.

use expect_test::expect;

use super::{World, check};

/// The run follows the latest version, and nothing but what that adds runs.
#[test]
fn s147_only_new_tasks_run() {
    let mut world = World::new();
    world.publish("d", "a; b:a");
    world.play("start; a ok; b ok; clear * new");
    world.publish("d", "a; b:a; c:b; z");
    world.play("clear * new");
    expect![[r#"
        r1 running
          a success 1
          b success 1
          c queued 1: handed to a worker, starting
          z queued 1: handed to a worker, starting
        start a#1, start b#1, start c#1, start z#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s146_to_s147_cleared_tasks_run_again() {
    check(
        "a; b:a; c:b",
        "start; a ok; b ok; c ok; clear b",
        expect![[r#"
            r1 running
              a success 1
              b queued 2: handed to a worker, starting
              c success 1
            start a#1, start b#1, start c#1, start b#2
        "#]],
    );
    check(
        "a; b:a; c:b",
        "start; a ok; b ok; c ok; clear b +down",
        expect![[r#"
            r1 running
              a success 1
              b queued 2: handed to a worker, starting
              c no_status 1: waits for `b`
            start a#1, start b#1, start c#1, start b#2
        "#]],
    );
    check(
        "a; b:a; c:b",
        "start; a ok; b ok; c ok; clear b +up",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
              b no_status 1: waits for `a`
              c success 1
            start a#1, start b#1, start c#1, start a#2
        "#]],
    );
    check(
        "a; b:a",
        "start; a fail; clear * failed",
        expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
          b no_status 0: waits for `a`
        start a#1, start a#2
    "#]],
    );
    check(
        "a; b:a",
        "start; a ok; b ok; clear b keep",
        expect![[r#"
        r1 success
          a success 1
          b no_status 1
        start a#1, start b#1
    "#]],
    );
    check(
        "a; b:a",
        "start; a ok; b ok; clear b dry",
        expect![[r#"
        r1 success
          a success 1
          b success 1
        start a#1, start b#1
    "#]],
    );
    check(
        "a; b:a",
        "start; a run; clear a careful; clear x; clear r9.a; mark r1.a[3] success",
        expect![[r#"
            r1 running
              a running 1
              b no_status 0: waits for `a`
            start a#1
            RUN-009 `a` is running: wait for it, or set its state first
            RUN-002 dag `d` has no run `r9`
            RUN-008 task `a` has no instance 3 in this run
        "#]],
    );
}

#[test]
fn s108_clearing_a_running_task_ends_it_first() {
    check(
        "a",
        "start; a run; clear a",
        expect![[r#"
        r1 running
          a restarting 1
        start a#1, kill a
    "#]],
    );
    check(
        "a retries=1",
        "start; a run; clear a; a killed",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
            start a#1, kill a, start a#2
        "#]],
    );
    check(
        "a",
        "start; clear a",
        expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
        start a#1, kill a, start a#2
    "#]],
    );
    check(
        "a",
        "start; a defer; clear a",
        expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
        start a#1, arm a, disarm a, start a#2
    "#]],
    );
    check(
        "a",
        "start; a run; clear a; restart; a lost",
        expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
        start a#1, kill a, adopt a, kill a, start a#2
    "#]],
    );
}

#[test]
fn clearing_reaches_other_runs() {
    let days = "start 2025-12-01; r1.a ok; start 2025-12-02; r2.a ok; start 2025-12-03; r3.a ok";
    check(
        "a",
        &format!("{days}; clear r2.a +future"),
        expect![[r#"
        r1 success
          a success 1
        r2 running
          a queued 2: handed to a worker, starting
        r3 running
          a queued 2: handed to a worker, starting
        start r1.a#1, start r2.a#1, start r3.a#1, start r2.a#2, start r3.a#2
    "#]],
    );
    check(
        "a",
        &format!("{days}; clear r2.a +past"),
        expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
        r2 running
          a queued 2: handed to a worker, starting
        r3 success
          a success 1
        start r1.a#1, start r2.a#1, start r3.a#1, start r1.a#2, start r2.a#2
    "#]],
    );
}

#[test]
fn s010_states_set_by_hand_are_set_at_once() {
    check(
        "a; b:a",
        "start; a run; mark a success",
        expect![[r#"
        r1 running
          a success 1: set by hand by ada
          b queued 1: handed to a worker, starting
        start a#1, kill a, start b#1
    "#]],
    );
    check(
        "a; b:a",
        "start; mark a failed",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: set by hand by ada
              b upstream_failed 0: upstream `a` failed
            start a#1, kill a
        "#]],
    );
    check(
        "a; b:a rule=all_done; c",
        "start; a run; mark a failed +down",
        expect![[r#"
            r1 running
              a failed 1: set by hand by ada
              b queued 1: handed to a worker, starting
              c queued 1: handed to a worker, starting
            start a#1, start c#1, kill a, start b#1
        "#]],
    );
    check(
        "a; b:a; c:b",
        "start; a fail; mark a success",
        expect![[r#"
            r1 running
              a success 1: set by hand by ada
              b queued 1: handed to a worker, starting
              c no_status 0: waits for `b`
            start a#1, start b#1
        "#]],
    );
    check(
        "a; b:a; c:b",
        "start; mark b skipped; a ok",
        expect![[r#"
        r1 success
          a success 1
          b skipped 0: set by hand by ada
          c skipped 0: upstream `b` was skipped
        start a#1
    "#]],
    );
    check(
        "a; b:a",
        "start; mark a success +down; mark a running",
        expect![[r#"
            r1 success
              a success 1: set by hand by ada
              b success 0: set by hand by ada
            start a#1, kill a
            RUN-010 state `running` cannot be set by hand
        "#]],
    );
}

#[test]
fn runs_set_by_hand_end_what_they_have() {
    check(
        "a; b:a; c",
        "start; a run; c defer; mark-run r1 success",
        expect![[r#"
            r1 success: set by hand
              a success 1: set by hand
              b skipped 0: set by hand
              c success 1: set by hand
            start a#1, start c#1, arm c, kill a, disarm c
        "#]],
    );
    check(
        "a; b:a; c",
        "start; a run; mark-run r1 failed",
        expect![[r#"
            r1 failed: set by hand
              a failed 1: set by hand
              b skipped 0: set by hand
              c skipped 1: set by hand
            start a#1, start c#1, kill a, kill c
        "#]],
    );
    check(
        "a; b:a teardown=yes rule=all_done_setup_success",
        "start; a run; mark-run r1 failed; b ok",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: set by hand
              b success 1
            start a#1, kill a, start b#1
        "#]],
    );
    check(
        "a",
        "start; a fail; mark-run r1 queued",
        expect![[r#"
        r1 failed: task `a` failed
          a failed 1: it broke
        start a#1
    "#]],
    );
}

#[test]
fn a_cleared_run_may_follow_the_latest_version() {
    let mut world = World::new();
    world.publish("d", "a; b:a; c:b");
    world.play("start; a ok; b ok; c fail");
    world.publish("d", "a; b:a; d:a; e:d");
    world.play("clear * failed");
    expect![[r#"
        r1 running
          a success 1
          b success 1
          c queued 2: handed to a worker, starting
        start a#1, start b#1, start c#1, start c#2
    "#]]
    .assert_eq(&world.show());
    world.play("clear b latest");
    expect![[r#"
        r1 running
          a success 1
          b queued 2: handed to a worker, starting
          c removed 2: the task is no longer in the dag
          d queued 1: handed to a worker, starting
          e no_status 0: waits for `d`
        start a#1, start b#1, start c#1, start c#2, kill c, start d#1, start b#2
    "#]]
    .assert_eq(&world.show());
    world.play("b ok; d ok; e ok");
    world.publish("d", "a; c:a");
    world.play("clear a +down latest; a ok");
    expect![[r#"
        r1 running
          a success 2
          b removed 2: the task is no longer in the dag
          c queued 3: handed to a worker, starting
          d removed 1: the task is no longer in the dag
          e removed 1: the task is no longer in the dag
        start a#1, start b#1, start c#1, start c#2, kill c, start d#1, start b#2, start e#1, start a#2, start c#3
    "#]].assert_eq(&world.show());
}
