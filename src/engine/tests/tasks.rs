//! Readiness, trigger rules, skips, deferral: one task after the other.

use expect_test::expect;

use super::check;

#[test]
fn a_chain_goes_on_as_its_tasks_end() {
    check(
        "a; b:a; c:b",
        "start",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
          b no_status 0: waits for `a`
          c no_status 0: waits for `b`
        start a#1
    "#]],
    );
    check(
        "a; b:a; c:b",
        "start; a run; a ok; b ok",
        expect![[r#"
        r1 running
          a success 1
          b success 1
          c queued 1: handed to a worker, starting
        start a#1, start b#1, start c#1
    "#]],
    );
    check(
        "a; b:a; c:b",
        "start; a ok; b ok; c ok",
        expect![[r#"
        r1 success
          a success 1
          b success 1
          c success 1
        start a#1, start b#1, start c#1
    "#]],
    );
}

#[test]
fn s049_a_failure_goes_down_at_once() {
    check(
        "a; b; c:a,b; d:c",
        "start; a fail",
        expect![[r#"
        r1 running
          a failed 1: it broke
          b queued 1: handed to a worker, starting
          c upstream_failed 0: upstream `a` failed
          d upstream_failed 0: upstream `c` failed
        start a#1, start b#1
    "#]],
    );
    check(
        "a; b; c:a,b rule=all_done",
        "start; a fail; b ok; c ok",
        expect![[r#"
            r1 success
              a failed 1: it broke
              b success 1
              c success 1
            start a#1, start b#1, start c#1
        "#]],
    );
}

#[test]
fn skips_go_down() {
    check(
        "a; b:a; c:b; d:a,c rule=none_failed",
        "start; a skip; d ok",
        expect![[r#"
            r1 success
              a skipped 1: not today
              b skipped 0: upstream `a` was skipped
              c skipped 0: upstream `b` was skipped
              d success 1
            start a#1, start d#1
        "#]],
    );
}

#[test]
fn branches_skip_what_they_do_not_choose() {
    check(
        "a; b:a; c:a; d:b,c rule=none_failed_min_one_success",
        "start; a skips b",
        expect![[r#"
            r1 running
              a success 1
              b skipped 0: `a` did not choose it
              c queued 1: handed to a worker, starting
              d no_status 0: waits for `c`
            start a#1, start c#1
        "#]],
    );
    check(
        "a; b:a; c:a",
        "start; a skips b; clear b; c ok",
        expect![[r#"
            r1 success
              a success 1
              b skipped 0: `a` did not choose it
              c success 1
            start a#1, start c#1
        "#]],
    );
    check(
        "a; b:a; c:a",
        "start; a skips b; c ok; clear a +down; a skips c",
        expect![[r#"
            r1 running
              a success 2
              b queued 1: handed to a worker, starting
              c skipped 1: `a` did not choose it
            start a#1, start c#1, start a#2, start b#1
        "#]],
    );
}

#[test]
fn s072_empty_tasks_pass() {
    check(
        "a kind=empty; b:a kind=empty; c:b",
        "start",
        expect![[r#"
        r1 running
          a success 1
          b success 1
          c queued 1: handed to a worker, starting
        start c#1
    "#]],
    );
    check(
        "a kind=empty; b:a kind=empty",
        "start",
        expect![[r#"
        r1 success
          a success 1
          b success 1
    "#]],
    );
}

#[test]
fn s045_a_run_without_tasks_ends_well_at_once() {
    check(
        "",
        "start",
        expect![[r#"
        r1 success
    "#]],
    );
}

#[test]
fn waits_hold_no_slot() {
    check(
        "a pool=p; b pool=p",
        "pool p=1; start; a defer",
        expect![[r#"
            r1 running
              a deferred 1: waits until 2026-01-01T00:10:00Z
              b queued 1: handed to a worker, starting
            start a#1, arm a, start b#1
        "#]],
    );
    check(
        "a pool=p; b pool=p",
        "pool p=1 deferred; start; a defer",
        expect![[r#"
            r1 running
              a deferred 1: waits until 2026-01-01T00:10:00Z
              b scheduled 1: pool `p` 1/1
            start a#1, arm a
        "#]],
    );
    check(
        "a; b:a",
        "start; a defer; tick 10m; a fire x; b ok",
        expect![[r#"
            r1 success
              a success 1
              b success 1
            start a#1, arm a, start b#1
        "#]],
    );
    check(
        "a; b:a",
        "start; a defer 5m; tick 6m",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: what it waited for did not come until 2026-01-01T00:05:00Z
              b upstream_failed 0: upstream `a` failed
            start a#1, arm a, disarm a
        "#]],
    );
    check(
        "a; b:a",
        "start; a defer 5m soft; tick 6m",
        expect![[r#"
        r1 success
          a skipped 1: what it waited for did not come until 2026-01-01T00:05:00Z
          b skipped 0: upstream `a` was skipped
        start a#1, arm a, disarm a
    "#]],
    );
    check(
        "a retries=2",
        "start; a run; a suspend; a fire x",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
            start a#1, arm a, start a#1
        "#]],
    );
}

#[test]
fn sensors_look_again_in_the_same_try() {
    check(
        "a",
        "start; a run; a again 5m; tick 4m",
        expect![[r#"
        r1 running
          a up_for_reschedule 1: looks again at 2026-01-01T00:05:00Z
        start a#1
    "#]],
    );
    check(
        "a",
        "start; a run; a again 5m; tick 5m",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
        start a#1, start a#1
    "#]],
    );
}

#[test]
fn s042_to_s043_leaves_decide_how_a_run_ends() {
    check(
        "a; b:a rule=all_done",
        "start; a fail; b ok",
        expect![[r#"
        r1 success
          a failed 1: it broke
          b success 1
        start a#1, start b#1
    "#]],
    );
    check(
        "a; b:a teardown=yes rule=all_done_setup_success",
        "start; a fail; b ok",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              b success 1
            start a#1, start b#1
        "#]],
    );
    check(
        "a setup=yes; b:a; c:a,b teardown=yes rule=all_done_setup_success",
        "start; a fail",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              b upstream_failed 0: upstream `a` failed
              c upstream_failed 0: upstream `a` failed
            start a#1
        "#]],
    );
}

#[test]
fn fail_fast_ends_all_else() {
    check(
        "!fail_fast=yes; a; b; c:b",
        "start; b run; a fail",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              b failed 1: `a` failed and the dag is fail_fast
              c skipped 0: `a` failed and the dag is fail_fast
            start b#1, start a#1, kill b
        "#]],
    );
}
