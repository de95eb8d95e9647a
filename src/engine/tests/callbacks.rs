//! What dag files are told of what the scheduler itself has seen.

use expect_test::expect;
use model::command::Command;

use super::{World, check};

#[test]
fn s046_a_dag_is_told_how_its_run_ended() {
    check(
        "!on_success=yes; !on_failure=yes; a; b:a",
        "start; a ok; b ok; start; r2.a fail",
        expect![[r#"
            r1 success
              a success 1
              b success 1
            r2 failed: task `a` failed
              a failed 1: it broke
              b upstream_failed 0: upstream `a` failed
            start r1.a#1, start r1.b#1, dag callback success r1.a, start r2.a#1, dag callback task_failure r2.a
        "#]],
    );
    // Of a time-out it is told by the task that began last.
    check(
        "!on_failure=yes; !timeout=10m; a; b; c:a,b",
        "start; a run; tick 1m; b run; tick 10m",
        expect![[r#"
            r1 failed: the run took longer than 600 s (dagrun_timeout)
              a skipped 1: the run took longer than 600 s (dagrun_timeout)
              b skipped 1: the run took longer than 600 s (dagrun_timeout)
              c skipped 0: the run took longer than 600 s (dagrun_timeout)
            start a#1, start b#1, kill a, kill b, dag callback timed_out b
        "#]],
    );
    // Nobody wants to know.
    check(
        "a",
        "start; a ok",
        expect![[r#"
        r1 success
          a success 1
        start a#1
    "#]],
    );
}

#[test]
fn s046_a_callback_is_owed_until_it_was_made() {
    let mut world = World::new();
    world.publish("d", "!on_success=yes; a");
    world.play("start; a ok; restart");
    expect![[r#"
        r1 success
          a success 1
        start a#1, dag callback success a, dag callback success a
    "#]]
    .assert_eq(&world.show());
    let no = *world.book.callbacks.keys().next().unwrap();
    world.ask(Command::CallbackDone { no });
    world.ask(Command::CallbackDone { no });
    assert!(world.book.callbacks.is_empty());
    world.effects.clear();
    world.restart();
    assert_eq!(world.effects, []);
}

/// Upstream waits for beats; here whoever holds the process says that it is gone or does not answer.
#[test]
fn s105_a_silent_task_is_told_elsewhere_and_tried_again() {
    check(
        "a kind=python retries=1 on_failure=yes on_retry=yes; b:a",
        "start; a run; a lost; tick 10m; a run; a lost",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: the worker is gone
              b upstream_failed 0: upstream `a` failed
            start a#1, task callback up_for_retry a, start a#2, task callback failed a
        "#]],
    );
}

#[test]
fn s111_a_task_that_ends_itself_calls_its_own_callbacks() {
    check(
        "a kind=python retries=1 on_failure=yes on_retry=yes mail=yes; b on_failure=yes",
        "start; a run; a fail; tick 10m; a run; a fail; b ok",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: it broke
              b success 1
            start a#1, start b#1, kill b, start a#2, start b#1
        "#]],
    );
}

#[test]
fn s106_a_task_whose_process_is_gone_is_told_elsewhere() {
    check(
        "a kind=python retries=1 on_failure=yes on_retry=yes mail=yes",
        "start; a run; a lost; tick 10m; a run; a lost",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: the worker is gone
            start a#1, task callback up_for_retry a, mail retry a, start a#2, task callback failed a, mail failure a
        "#]],
    );
    // A process that could say so has called its callbacks itself, and a native task has none.
    check(
        "a kind=python on_failure=yes mail=yes; b on_failure=yes",
        "start; a fail; b lost",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              b failed 1: the worker is gone
            start a#1, start b#1
        "#]],
    );
}

#[test]
fn s107_a_task_that_stays_queued_is_told_without_mail() {
    check(
        "a kind=python on_failure=yes mail=yes",
        "start; tick 10m; tick 10m; tick 10m",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: stuck in queued tries exceeded
            start a#1, kill a, start a#1, kill a, start a#1, kill a, task callback failed a
        "#]],
    );
}

#[test]
fn s110_mail_goes_by_what_the_task_asks_for() {
    check(
        "a kind=python retries=1 mail=failure",
        "start; a lost; tick 10m; a lost",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: the worker is gone
            start a#1, start a#2, mail failure a
        "#]],
    );
}

#[test]
fn s117_a_trigger_ends_its_task() {
    check(
        "a; b:a; c rule=always; d retries=1 kind=python on_retry=yes",
        "start; a suspend; a ends success; c suspend; c ends skipped; d suspend; d ends failed",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
              c skipped 1: its trigger ended it as skipped
              d up_for_retry 1: try 2 of 2 at 2026-01-01T00:05:00Z; its trigger ended it as failed
            start a#1, start c#1, start d#1, arm a, start b#1, arm c, arm d, task callback up_for_retry d
        "#]],
    );
}
