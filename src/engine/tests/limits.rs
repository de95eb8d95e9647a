//! Pools, priorities and limits: who starts, and why the others do not.

use expect_test::expect;

use super::{World, check};

#[test]
fn s094_to_s096_pools_let_in_as_many_as_they_have_slots() {
    check(
        "a pool=p; b pool=p; c",
        "pool p=1; start",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
          b scheduled 1: pool `p` 1/1
          c queued 1: handed to a worker, starting
        start a#1, start c#1
    "#]],
    );
    check(
        "a pool=p; b pool=p; c",
        "pool p=1; start; a ok",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
              c queued 1: handed to a worker, starting
            start a#1, start c#1, start b#1
        "#]],
    );
    check(
        "a pool=p slots=2; b pool=p",
        "pool p=1; start",
        expect![[r#"
            r1 running
              a scheduled 1: asks for 2 slots and pool `p` has 1: it can never run
              b queued 1: handed to a worker, starting
            start b#1
        "#]],
    );
    check(
        "a pool=p slots=2; b pool=p",
        "pool p=2; start; pool p=3",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
              b queued 1: handed to a worker, starting
            start a#1, start b#1
        "#]],
    );
    check(
        "a pool=p",
        "start; pool p=-1",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
        start a#1
    "#]],
    );
    check(
        "a pool=p",
        "start",
        expect![[r#"
        r1 running
          a scheduled 1: there is no pool `p`: create it
    "#]],
    );
    check(
        "a pool=p; b pool=p",
        "pool p=1; start; a run; drop-pool p; a ok",
        expect![[r#"
            r1 running
              a success 1
              b scheduled 1: there is no pool `p`: create it
            start a#1
        "#]],
    );
    check(
        "a pool=p; b pool=p",
        "pool p=0; start; pool p=1 new; drop-pool x; drop-pool default_pool; pool p=-2",
        expect![[r#"
            r1 running
              a scheduled 1: pool `p` 0/0
              b scheduled 1: pool `p` 0/0
            RUN-012 there is a pool `p` already
            RUN-011 there is no pool `x`
            RUN-013 `default_pool` cannot be deleted: tasks without a pool use it
            RUN-014 pool `p` needs a name of letters, digits, `_ - .` and at least 0 slots, or -1 for no end
        "#]],
    );
}

#[test]
fn s097_the_heaviest_starts_first() {
    check(
        "a pool=p; b pool=p weight=3; c:a pool=p; d:c",
        "pool p=1; start",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
              b scheduled 1: pool `p` 1/1
              c no_status 0: waits for `a`
              d no_status 0: waits for `c`
            start a#1
        "#]],
    );
    check(
        "a pool=p; b pool=p weights=absolute weight=9",
        "pool p=1; start",
        expect![[r#"
            r1 running
              a scheduled 1: pool `p` 1/1
              b queued 1: handed to a worker, starting
            start b#1
        "#]],
    );
}

#[test]
fn s095_a_large_one_lets_small_ones_pass() {
    check(
        "a pool=p; b pool=p slots=2 weight=9; c pool=p",
        "pool p=2; start; b ok",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
              b success 1
              c queued 1: handed to a worker, starting
            start b#1, start a#1, start c#1
        "#]],
    );
    check(
        "a pool=p weight=9; b pool=p slots=2 weight=5; c pool=p",
        "pool p=2; start",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
              b scheduled 1: pool `p` 2/2
              c queued 1: handed to a worker, starting
            start a#1, start c#1
        "#]],
    );
}

#[test]
fn s092_runs_have_their_own_limit() {
    check(
        "!tasks=1; a; b; c pool=p",
        "pool p=1; start; start",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
              b scheduled 1: 1 of 1 tasks of the run are active (max_active_tasks)
              c scheduled 1: 1 of 1 tasks of the run are active (max_active_tasks)
            r2 running
              a queued 1: handed to a worker, starting
              b scheduled 1: 1 of 1 tasks of the run are active (max_active_tasks)
              c scheduled 1: 1 of 1 tasks of the run are active (max_active_tasks)
            start r1.a#1, start r2.a#1
        "#]],
    );
    check(
        "!tasks=1; a; b; c pool=p",
        "pool p=1; start; a ok",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
              c scheduled 1: 1 of 1 tasks of the run are active (max_active_tasks)
            start a#1, start b#1
        "#]],
    );
    check(
        "!tasks=1; a pool=q; b; c pool=p weight=2",
        "pool p=0; start",
        expect![[r#"
            r1 running
              a scheduled 1: there is no pool `q`: create it; 1 of 1 tasks of the run are active (max_active_tasks)
              b queued 1: handed to a worker, starting
              c scheduled 1: pool `p` 0/0; 1 of 1 tasks of the run are active (max_active_tasks)
            start b#1
        "#]],
    );
}

#[test]
fn s093_tasks_have_their_own_limit() {
    check(
        "a per_dag=1; b",
        "start; start",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
          b queued 1: handed to a worker, starting
        r2 running
          a scheduled 1: 1 of 1 instances active (max_active_tis_per_dag)
          b queued 1: handed to a worker, starting
        start r1.a#1, start r1.b#1, start r2.b#1
    "#]],
    );
    check(
        "a per_dag=1; b",
        "start; start; r1.a ok",
        expect![[r#"
        r1 running
          a success 1
          b queued 1: handed to a worker, starting
        r2 running
          a queued 1: handed to a worker, starting
          b queued 1: handed to a worker, starting
        start r1.a#1, start r1.b#1, start r2.b#1, start r2.a#1
    "#]],
    );
}

#[test]
fn s091_the_deployment_has_a_limit() {
    let mut world = World::new();
    world.options.parallelism = 2;
    world.restart();
    world.publish("d", "a; b; c; d");
    world.play("start; a ok");
    expect![[r#"
        r1 running
          a success 1
          b queued 1: handed to a worker, starting
          c queued 1: handed to a worker, starting
          d scheduled 1: 2 of 2 tasks are active here (parallelism)
        start a#1, start b#1, start c#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn a_full_disk_starts_nothing() {
    check(
        "a; b:a",
        "start; disk full; a ok; start",
        expect![[r#"
        r1 running: the disk is full: 1 MiB free, 256 MiB needed to start work
          a success 1
          b scheduled 1: the disk is full: 1 MiB free, 256 MiB needed to start work
        r2 queued: the disk is full: 1 MiB free, 256 MiB needed to start work
          a no_status 0: the disk is full: 1 MiB free, 256 MiB needed to start work
          b no_status 0: the disk is full: 1 MiB free, 256 MiB needed to start work; waits for `a`
        start r1.a#1
    "#]],
    );
    check(
        "a; b:a",
        "start; disk full; a ok; start; disk ok",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
            r2 running
              a queued 1: handed to a worker, starting
              b no_status 0: waits for `a`
            start r1.a#1, start r2.a#1, start r1.b#1
        "#]],
    );
}
