//! Upstream's numbered behaviours that the other files do not name: limits of runs, versions,
//! skips, deferral, tries that get stuck.

use expect_test::expect;
use model::Json;

use super::{World, check};

#[test]
fn s034_failures_in_a_row_pause_the_dag() {
    check(
        "!failures=2; a",
        "start 2025-12-01; r1.a fail; start 2025-12-02; r2.a fail; start 2025-12-03",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
            r2 failed: task `a` failed
              a failed 1: it broke
            r3 queued: the dag is paused
              a no_status 0: the dag is paused
            start r1.a#1, start r2.a#1
        "#]],
    );
}

#[test]
fn s038_a_run_may_take_too_long() {
    check(
        "!timeout=10m; m expand=2; b:m; t:b teardown=yes rule=all_done_setup_success",
        "start; m[0] run; tick 11m",
        expect![[r#"
            r1 failed: the run took longer than 600 s (dagrun_timeout)
              m[0] skipped 1: the run took longer than 600 s (dagrun_timeout)
              m[1] skipped 1: the run took longer than 600 s (dagrun_timeout)
              b skipped 0: the run took longer than 600 s (dagrun_timeout)
              t skipped 0: the run took longer than 600 s (dagrun_timeout)
            start m[0]#1, start m[1]#1, kill m[0], kill m[1]
        "#]],
    );
}

#[test]
fn s039_runs_of_python_dags_follow_the_newest_version() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; b:a; c:b; m expand=3");
    world.play("start; a run; m[0] ok");
    world.publish("d", "a; c:a; d:c; m expand=2");
    expect![[r#"
        r1 running
          a running 1
          b removed 0: the task is no longer in the dag
          c no_status 0: waits for `a`
          m[0] success 1
          m[1] queued 1: handed to a worker, starting
          m[2] removed 1: the task is no longer in the dag
          d no_status 0: waits for `c`
        start a#1, start m[0]#1, start m[1]#1, start m[2]#1, kill m[2]
    "#]]
    .assert_eq(&world.show());
    world.play("a ok; restart; m[1] ok; c ok");
    expect![[r#"
        r1 running
          a success 1
          b removed 0: the task is no longer in the dag
          c success 1
          m[0] success 1
          m[1] success 1
          m[2] removed 1: the task is no longer in the dag
          d queued 1: handed to a worker, starting
        start a#1, start m[0]#1, start m[1]#1, start m[2]#1, kill m[2], start c#1, adopt c if begun, adopt m[1] if begun, start d#1
    "#]].assert_eq(&world.show());
    let versions: Vec<u32> = world.book.tis.values().map(|ti| ti.version.0).collect();
    assert_eq!(versions, [1, 1, 2, 1, 1, 1, 2]);
}

/// What the first of two versions removes is removed in the book, too.
#[test]
fn s039_two_versions_may_come_at_once() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; b:a");
    world.play("start; a run");
    world.publish_twice("d", ["c; b:c", "c"]);
    expect![[r#"
        r1 running
          a removed 1: the task is no longer in the dag
          b removed 0: the task is no longer in the dag
          c queued 1: handed to a worker, starting
        start a#1, kill a, start c#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s040_tasks_go_and_come_back() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; b:a; m:a expand=a");
    world.play("start; a run");
    world.publish("d", "a; m:a expand=2");
    expect![[r#"
        r1 running
          a running 1
          b removed 0: the task is no longer in the dag
          m removed 0: the task is mapped now, and this is none of its indexes: clear it to have them run
        start a#1
    "#]]
    .assert_eq(&world.show());
    world.publish("d", "a; b:a; m:a expand=a");
    world.play("a returns 1");
    expect![[r#"
        r1 running
          a success 1
          b queued 1: handed to a worker, starting
          m[0] queued 1: handed to a worker, starting
        start a#1, start b#1, start m[0]#1
    "#]]
    .assert_eq(&world.show());
}

/// A task that a run has keeps all its instances when a newer version begins later.
#[test]
fn s040_instances_come_whatever_the_newest_start() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; m:a expand=a");
    drop(world.start("d", Some("2026-01-01")));
    world.play("a run");
    world.publish("d", "!from=2026-02-01T00:00:00Z; a; m:a expand=a");
    world.play("a returns 3");
    expect![[r#"
        r1 running
          a success 1
          m[0] queued 1: handed to a worker, starting
          m[1] queued 1: handed to a worker, starting
          m[2] queued 1: handed to a worker, starting
        start a#1, start m[0]#1, start m[1]#1, start m[2]#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s040_what_is_mapped_once_more_has_its_instances_alone() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; m:a expand=1");
    world.play("start; a run");
    world.publish("d", "a; m:a");
    world.publish("d", "a; m:a expand=2");
    expect![[r#"
        r1 running
          a running 1
          m[0] no_status 0: waits for `a`
        start a#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s066_a_branch_of_python_skips_what_it_names() {
    check(
        "a; b:a; c:a; d:b,c rule=none_failed_min_one_success",
        "start; a run; skip-down a c; a ok; b ok",
        expect![[r#"
            r1 running
              a success 1
              b success 1
              c skipped 0: `a` did not choose it
              d queued 1: handed to a worker, starting
            start a#1, start b#1, start d#1
        "#]],
    );
    // In a mapped group for its own index.
    check(
        "!map.g=2; a in=g; b:a in=g; c:a in=g",
        "start; a[0] run; a[1] run; skip-down a[1] b[1]; a[0] ok; a[1] ok",
        expect![[r#"
            r1 running
              a[0] success 1
              a[1] success 1
              b[0] queued 1: handed to a worker, starting
              b[1] skipped 0: `a` did not choose it
              c[0] queued 1: handed to a worker, starting
              c[1] queued 1: handed to a worker, starting
            start a[0]#1, start a[1]#1, start b[0]#1, start c[0]#1, start c[1]#1
        "#]],
    );
    check(
        "!map.g=2; a in=g; b:a in=g; c:a in=g",
        "start; a[1] skips b; a[0] ok",
        expect![[r#"
            r1 running
              a[0] success 1
              a[1] success 1
              b[0] queued 1: handed to a worker, starting
              b[1] skipped 0: `a` did not choose it
              c[0] queued 1: handed to a worker, starting
              c[1] queued 1: handed to a worker, starting
            start a[0]#1, start a[1]#1, start c[1]#1, start b[0]#1, start c[0]#1
        "#]],
    );
    // Not expanded yet, or expanded before.
    check(
        "a; b; m:a,b expand=b",
        "start; a run; skip-down a m; a ok; b returns 2",
        expect![[r#"
            r1 success
              a success 1
              b success 1
              m skipped 0: `a` did not choose it
            start a#1, start b#1
        "#]],
    );
    check(
        "a; m:a expand=2",
        "start; a run; skip-down a m; a ok",
        expect![[r#"
            r1 success
              a success 1
              m[0] skipped 0: `a` did not choose it
              m[1] skipped 0: `a` did not choose it
            start a#1
        "#]],
    );
    // Branches name the index that they have themselves; what is further below goes its own way.
    check(
        "a; m:a expand=2; n:m expand=2 rule=always",
        "start; a run; skip-down a m[-1],n[-1]; a ok",
        expect![[r#"
            r1 running
              a success 1
              m[0] skipped 0: `a` did not choose it
              m[1] skipped 0: `a` did not choose it
              n[0] queued 1: handed to a worker, starting
              n[1] queued 1: handed to a worker, starting
            start a#1, start n[0]#1, start n[1]#1
        "#]],
    );
}

#[test]
fn s067_a_cleared_child_stays_skipped_until_the_branch_runs_again() {
    let first = "start; a run; skip-down a c; a ok; b ok";
    check(
        "a; b:a; c:a",
        &format!("{first}; clear c"),
        expect![[r#"
        r1 success
          a success 1
          b success 1
          c skipped 0: `a` did not choose it
        start a#1, start b#1
    "#]],
    );
    check(
        "a; b:a; c:a",
        &format!("{first}; clear a +down; a run; skip-down a b; a ok"),
        expect![[r#"
            r1 running
              a success 2
              b skipped 1: `a` did not choose it
              c queued 1: handed to a worker, starting
            start a#1, start b#1, start a#2, start c#1
        "#]],
    );
    check(
        "a; b; c:a,b",
        "start; a run; skip-down a c; a ok; b ok; clear b +down",
        expect![[r#"
            r1 running
              a success 1
              b queued 2: handed to a worker, starting
              c skipped 0: `a` did not choose it
            start a#1, start b#1, start b#2
        "#]],
    );
    check(
        "!map.g=2; a in=g; c:a in=g",
        "start; a[0] ok; a[1] run; skip-down a[1] c[1]; a[1] ok; c[0] ok; clear c",
        expect![[r#"
            r1 running
              a[0] success 1
              a[1] success 1
              c[0] queued 2: handed to a worker, starting
              c[1] skipped 0: `a` did not choose it
            start a[0]#1, start a[1]#1, start c[0]#1, start c[0]#2
        "#]],
    );
}

#[test]
fn s068_a_short_circuit_skips_all_below() {
    check(
        "a; b:a; c:b rule=all_done; t:c teardown=yes rule=all_done_setup_success",
        "start; a run; skip-down a b,c; a ok; t ok",
        expect![[r#"
            r1 success
              a success 1
              b skipped 0: `a` did not choose it
              c skipped 0: `a` did not choose it
              t success 1
            start a#1, start t#1
        "#]],
    );
    check(
        "a; b:a; c:b rule=all_done",
        "start; a run; skip-down a b; a ok",
        expect![[r#"
            r1 running
              a success 1
              b skipped 0: `a` did not choose it
              c queued 1: handed to a worker, starting
            start a#1, start c#1
        "#]],
    );
}

#[test]
fn s069_what_runs_or_ended_is_not_skipped() {
    check(
        "a; b; c; d; e",
        "start; a run; b run; c ok; d fail; skip-down a b,c,d,e,nobody; a ok",
        expect![[r#"
            r1 running
              a success 1
              b running 1
              c success 1
              d failed 1: it broke
              e skipped 1: `a` did not choose it
            start a#1, start b#1, start c#1, start d#1, start e#1, kill e
        "#]],
    );
}

#[test]
fn s071_a_failure_ends_all_else() {
    check(
        "!fail_fast=yes; a; b; c:b; d; m expand=2; \
         t:c teardown=yes rule=all_done_setup_success",
        "start; b run; m[1] run; d ok; m[0] fail; m[1] ok; t ok",
        expect![[r#"
            r1 failed: task `m` failed
              a skipped 1: `m` failed and the dag is fail_fast
              b failed 1: `m` failed and the dag is fail_fast
              c skipped 0: `m` failed and the dag is fail_fast
              d success 1
              m[0] failed 1: it broke
              m[1] success 1
              t success 1
            start b#1, start a#1, start d#1, start m[0]#1, start m[1]#1, kill a, kill b, start t#1
        "#]],
    );
    check(
        "!fail_fast=yes; a retries=1 delay=1m; b",
        "start; b run; a fail; tick 61s; a fail",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 2: it broke
              b failed 1: `a` failed and the dag is fail_fast
            start a#1, start b#1, start a#2, kill b
        "#]],
    );
}

#[test]
fn s074_a_task_may_start_with_its_trigger() {
    check(
        "a trigger=5m; b:a",
        "start",
        expect![[r#"
        r1 running
          a deferred 1: waits for trigger `T`
          b no_status 0: waits for `a`
        arm a
    "#]],
    );
    check(
        "a trigger=5m; b:a",
        "start; restart; a fire x; a ok",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
            arm a, arm a, start a#1, start b#1
        "#]],
    );
    check(
        "a trigger=5m retries=1 delay=1m",
        "start; tick 6m; a fail; tick 2m",
        expect![[r#"
            r1 running
              a deferred 2: waits for trigger `T`
            arm a, disarm a, start a#1, arm a
        "#]],
    );
}

/// What the next start of `a` goes on with.
fn next(history: &str) -> Json {
    let mut world = World::new();
    world.publish("d", "a retries=1 delay=1m; b:a");
    world.play(history);
    let ti = &world.book.tis[&world.key("a")];
    assert_eq!(ti.try_number, 1);
    let (method, kwargs) = ti
        .deferral
        .clone()
        .and_then(|deferral| deferral.resume)
        .unwrap();
    Json::Array(vec![Json::from(method), kwargs])
}

#[test]
fn s113_to_s116_a_task_of_python_goes_on_after_its_wait() {
    let wanted = r#"["execute_complete",{"event":"x"}]"#;
    assert_eq!(
        next("start; a run; a suspend; a fire x").to_string(),
        wanted
    );
    assert_eq!(
        next("start; a suspend; restart; a fire x; restart").to_string(),
        wanted
    );
    let wanted = r#"["__fail__",{"error":"Trigger failure","traceback":"oh"}]"#;
    assert_eq!(next("start; a suspend; a broken").to_string(), wanted);
    let wanted = r#"["__fail__",{"error":"Trigger timeout"}]"#;
    assert_eq!(next("start; a suspend 5m; tick 6m").to_string(), wanted);
    check(
        "a retries=1 delay=1m",
        "start; a suspend 5m; tick 6m; a run; a fail; tick 61s",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
            start a#1, arm a, disarm a, start a#1, start a#2
        "#]],
    );
}

#[test]
fn s114_the_try_and_its_values_stay() {
    let mut world = World::new();
    world.publish("d", "a; m:a expand=a");
    world.play("start; a run; push a 2; a suspend; a fire x; a run; a ok");
    assert_eq!(world.book.xcoms.len(), 1, "not cleared");
    expect![[r#"
        r1 running
          a success 1
          m[0] queued 1: handed to a worker, starting
          m[1] queued 1: handed to a worker, starting
        start a#1, arm a, start a#1, start m[0]#1, start m[1]#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s117_a_trigger_may_end_the_task() {
    check(
        "a; b:a",
        "start; a suspend; a ok",
        expect![[r#"
        r1 running
          a success 1
          b queued 1: handed to a worker, starting
        start a#1, arm a, start b#1
    "#]],
    );
    check(
        "a retries=1; b:a",
        "start; a suspend; a fatal",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              b upstream_failed 0: upstream `a` failed
            start a#1, arm a
        "#]],
    );
    check(
        "a; b:a",
        "start; a suspend; a skip",
        expect![[r#"
        r1 success
          a skipped 1: not today
          b skipped 0: upstream `a` was skipped
        start a#1, arm a
    "#]],
    );
}

#[test]
fn s118_a_wait_ends_with_its_task() {
    check(
        "a",
        "start; a suspend; mark a success",
        expect![[r#"
        r1 success
          a success 1: set by hand by ada
        start a#1, arm a, disarm a
    "#]],
    );
    check(
        "a",
        "start; a suspend; clear a",
        expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
        start a#1, arm a, disarm a, start a#2
    "#]],
    );
}

#[test]
fn s119_another_look_is_the_same_try() {
    check(
        "a retries=1",
        "start; a run; a again 5m; tick 4m; tick 2m; a run; a again 5m",
        expect![[r#"
            r1 running
              a up_for_reschedule 1: looks again at 2026-01-01T00:11:00Z
            start a#1, start a#1
        "#]],
    );
}

#[test]
fn s121_a_deferred_task_has_a_slot_only_where_the_pool_counts_it() {
    check(
        "a pool=p; b pool=p",
        "pool p=1; start; a suspend",
        expect![[r#"
            r1 running
              a deferred 1: waits for trigger `T`
              b queued 1: handed to a worker, starting
            start a#1, arm a, start b#1
        "#]],
    );
    check(
        "a pool=p; b pool=p",
        "pool p=1 deferred; start; a suspend",
        expect![[r#"
            r1 running
              a deferred 1: waits for trigger `T`
              b scheduled 1: pool `p` 1/1
            start a#1, arm a
        "#]],
    );
}

#[test]
fn s107_a_try_that_does_not_begin_is_queued_anew() {
    check(
        "a retries=3",
        "start; tick 9m",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
        start a#1
    "#]],
    );
    check(
        "a retries=3",
        "start; tick 9m; tick 1m",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
        start a#1, kill a, start a#1
    "#]],
    );
    check(
        "a retries=3; b:a",
        "start; tick 10m; restart; tick 10m; tick 10m",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: stuck in queued tries exceeded
              b upstream_failed 0: upstream `a` failed
            start a#1, kill a, start a#1, adopt a if begun, kill a, start a#1, kill a
        "#]],
    );
    // Beginning ends it, and the next try counts anew.
    check(
        "a retries=1 delay=1m",
        "start; tick 10m; tick 10m; a run; tick 1h; a fail; tick 2m; tick 10m",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
            start a#1, kill a, start a#1, kill a, start a#1, start a#2, kill a, start a#2
        "#]],
    );
}
