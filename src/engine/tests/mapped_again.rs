//! Mapping, what comes after: upstream's numbered behaviours 85 to 90, clearing, other versions.

use expect_test::expect;

use super::{World, check};

#[test]
fn s085_a_changed_length_removes_and_creates() {
    let dag = "a; m:a expand=a; z:m";
    let first = "start; a returns 2; m[0] ok; m[1] ok; z ok; clear a +down";
    check(
        dag,
        &format!("{first}; a returns 3"),
        expect![[r#"
        r1 running
          a success 2
          m[0] queued 2: handed to a worker, starting
          m[1] queued 2: handed to a worker, starting
          m[2] queued 1: handed to a worker, starting
          z no_status 1: waits for `m` and 2 more
        start a#1, start m[0]#1, start m[1]#1, start z#1, start a#2, start m[0]#2, start m[1]#2, start m[2]#1
    "#]],
    );
    check(
        dag,
        &format!("{first}; a returns 1; m[0] ok; restart; z ok"),
        expect![[r#"
            r1 success
              a success 2
              m[0] success 2
              m[1] removed 1: there is less to expand over than before
              z success 2
            start a#1, start m[0]#1, start m[1]#1, start z#1, start a#2, start m[0]#2, start z#2, adopt z if begun
        "#]],
    );
    check(
        dag,
        &format!("{first}; a returns 0"),
        expect![[r#"
        r1 running
          a success 2
          m[0] removed 1: there is less to expand over than before
          m[1] removed 1: there is less to expand over than before
          z queued 2: handed to a worker, starting
        start a#1, start m[0]#1, start m[1]#1, start z#1, start a#2, start z#2
    "#]],
    );
    // And back again.
    check(
        dag,
        &format!("{first}; a returns 1; m[0] ok; z ok; clear a +down; a returns 2"),
        expect![[r#"
            r1 running
              a success 3
              m[0] queued 3: handed to a worker, starting
              m[1] queued 2: handed to a worker, starting
              z no_status 2: waits for `m` and 1 more
            start a#1, start m[0]#1, start m[1]#1, start z#1, start a#2, start m[0]#2, start z#2, start a#3, start m[0]#3, start m[1]#2
        "#]],
    );
}

#[test]
fn s086_an_index_beyond_what_is_above_is_removed() {
    check(
        "a; m:a expand=a; n:m expand=2",
        "start; a returns 2; m[0] ok; m[1] ok; n[0] ok; n[1] ok; \
         clear a +down; a returns 1; m[0] ok",
        expect![[r#"
            r1 running
              a success 2
              m[0] success 2
              m[1] removed 1: there is less to expand over than before
              n[0] queued 2: handed to a worker, starting
              n[1] removed 1: there is less upstream than before
            start a#1, start m[0]#1, start m[1]#1, start n[0]#1, start n[1]#1, start a#2, start m[0]#2, start n[0]#2
        "#]],
    );
}

#[test]
fn s087_labels_are_kept() {
    let mut world = World::new();
    world.publish("d", "m expand=2");
    world.play("start; m[1] run");
    let key = world.key("m[1]");
    let rendered_map_index = "one".to_owned();
    assert!(world.tell(
        key,
        model::report::Happened::Labelled { rendered_map_index }
    ));
    let label = |world: &World| world.book.tis[&key].rendered_map_index.clone();
    assert_eq!(label(&world).as_deref(), Some("one"));
    world.play("m[1] ok");
    assert_eq!(label(&world).as_deref(), Some("one"));
}

#[test]
fn s088_instances_of_one_run_may_be_limited() {
    check(
        "m expand=4 per_run=2",
        "start 2025-12-01; start 2025-12-02; r1.m[0] ok",
        expect![[r#"
            r1 running
              m[0] success 1
              m[1] queued 1: handed to a worker, starting
              m[2] queued 1: handed to a worker, starting
              m[3] scheduled 1: 2 of 2 instances active (max_active_tis_per_dagrun)
            r2 running
              m[0] queued 1: handed to a worker, starting
              m[1] queued 1: handed to a worker, starting
              m[2] scheduled 1: 2 of 2 instances active (max_active_tis_per_dagrun)
              m[3] scheduled 1: 2 of 2 instances active (max_active_tis_per_dagrun)
            start r1.m[0]#1, start r1.m[1]#1, start r2.m[0]#1, start r2.m[1]#1, start r1.m[2]#1
        "#]],
    );
    check(
        "!tasks=3; m expand=4 per_run=2; n expand=2 per_dag=1",
        "start 2025-12-01; start 2025-12-02; r1.m[0] fail; pause; r1.n[0] ok; unpause",
        expect![[r#"
            r1 running
              m[0] failed 1: it broke
              m[1] queued 1: handed to a worker, starting
              m[2] queued 1: handed to a worker, starting
              m[3] scheduled 1: 3 of 3 tasks of the run are active (max_active_tasks); 2 of 2 instances active (max_active_tis_per_dagrun)
              n[0] success 1
              n[1] queued 1: handed to a worker, starting
            r2 running
              m[0] queued 1: handed to a worker, starting
              m[1] queued 1: handed to a worker, starting
              m[2] scheduled 1: 2 of 2 instances active (max_active_tis_per_dagrun)
              m[3] scheduled 1: 2 of 2 instances active (max_active_tis_per_dagrun)
              n[0] scheduled 1: 1 of 1 instances active (max_active_tis_per_dag)
              n[1] scheduled 1: 1 of 1 instances active (max_active_tis_per_dag)
            start r1.m[0]#1, start r1.n[0]#1, start r1.m[1]#1, start r2.m[0]#1, start r2.m[1]#1, start r1.m[2]#1, start r1.n[1]#1
        "#]],
    );
}

#[test]
fn s089_instances_have_what_their_task_has() {
    check(
        "m expand=2 retries=1 delay=1m pool=p slots=2",
        "pool p=2; start; m[0] fail; m[1] ok; tick 61s",
        expect![[r#"
            r1 running
              m[0] queued 2: handed to a worker, starting
              m[1] success 1
            start m[0]#1, start m[1]#1, start m[0]#2
        "#]],
    );
}

#[test]
fn s090_the_lowest_index_of_any_task_starts_first() {
    check(
        "!tasks=3; m expand=3; n expand=3",
        "start",
        expect![[r#"
            r1 running
              m[0] queued 1: handed to a worker, starting
              m[1] queued 1: handed to a worker, starting
              m[2] scheduled 1: 3 of 3 tasks of the run are active (max_active_tasks)
              n[0] queued 1: handed to a worker, starting
              n[1] scheduled 1: 3 of 3 tasks of the run are active (max_active_tasks)
              n[2] scheduled 1: 3 of 3 tasks of the run are active (max_active_tasks)
            start m[0]#1, start n[0]#1, start m[1]#1
        "#]],
    );
}

#[test]
fn some_of_the_instances_may_be_cleared_or_set() {
    let dag = "a; !map.g=a; s:a in=g; t:s in=g; z:t";
    let all = "start; a returns 2; s[0] ok; s[1] ok; t[0] ok; t[1] ok; z ok";
    check(
        dag,
        &format!("{all}; clear s[1] +down"),
        expect![[r#"
        r1 running
          a success 1
          s[0] success 1
          s[1] queued 2: handed to a worker, starting
          t[0] success 1
          t[1] no_status 1: waits for `s`
          z no_status 1: waits for `t`
        start a#1, start s[0]#1, start s[1]#1, start t[0]#1, start t[1]#1, start z#1, start s[1]#2
    "#]],
    );
    check(
        dag,
        &format!("{all}; clear t[0]"),
        expect![[r#"
        r1 running
          a success 1
          s[0] success 1
          s[1] success 1
          t[0] queued 2: handed to a worker, starting
          t[1] success 1
          z success 1
        start a#1, start s[0]#1, start s[1]#1, start t[0]#1, start t[1]#1, start z#1, start t[0]#2
    "#]],
    );
    check(
        dag,
        "start; a returns 2; mark s[1] failed",
        expect![[r#"
            r1 running
              a success 1
              s[0] queued 1: handed to a worker, starting
              s[1] failed 1: set by hand by ada
              t[0] no_status 0: waits for `s`
              t[1] upstream_failed 0: upstream `s` failed
              z upstream_failed 0: upstream `t` failed
            start a#1, start s[0]#1, start s[1]#1, kill s[1]
        "#]],
    );
    check(
        dag,
        "start; mark s success",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
          s success 0: set by hand by ada
          t upstream_failed 0: `a` returned nothing that it could be expanded over
          z upstream_failed 0: upstream `t` failed
        start a#1
    "#]],
    );
}

#[test]
fn the_past_is_good_when_all_instances_are() {
    let dag = "m expand=2 past=yes";
    check(
        dag,
        "start 2025-12-01; start 2025-12-02; r1.m[0] ok",
        expect![[r#"
            r1 running
              m[0] success 1
              m[1] queued 1: handed to a worker, starting
            r2 running
              m[0] no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
              m[1] no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
            start r1.m[0]#1, start r1.m[1]#1
        "#]],
    );
    check(
        dag,
        "start 2025-12-01; start 2025-12-02; r1.m[0] ok; r1.m[1] ok",
        expect![[r#"
            r1 success
              m[0] success 1
              m[1] success 1
            r2 running
              m[0] queued 1: handed to a worker, starting
              m[1] queued 1: handed to a worker, starting
            start r1.m[0]#1, start r1.m[1]#1, start r2.m[0]#1, start r2.m[1]#1
        "#]],
    );
    check(
        dag,
        "start 2025-12-01; r1.m[0] ok; r1.m[1] fail; start 2025-12-02",
        expect![[r#"
            r1 failed: task `m` failed
              m[0] success 1
              m[1] failed 1: it broke
            r2 running
              m[0] no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
              m[1] no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
            start r1.m[0]#1, start r1.m[1]#1
        "#]],
    );
}

#[test]
fn a_version_may_map_what_was_not_and_back() {
    let mut world = World::new();
    world.publish("d", "a; m:a; z:m");
    world.play("start; a returns 2; m ok; z ok");
    world.publish("d", "a; m:a expand=a; z:m");
    world.play("clear m +down latest");
    expect![[r#"
        r1 running
          a success 1
          m[0] queued 2: handed to a worker, starting
          m[1] queued 1: handed to a worker, starting
          z no_status 1: waits for `m` and 1 more
        start a#1, start m#1, start z#1, start m[0]#2, start m[1]#1
    "#]]
    .assert_eq(&world.show());
    world.play("m[0] ok; m[1] ok; z ok");
    world.publish("d", "a; m:a; z:m; y:z");
    world.play("clear m +down latest");
    expect![[r#"
        r1 running
          a success 1
          m[0] queued 3: handed to a worker, starting
          m[1] queued 2: handed to a worker, starting
          z no_status 2: waits for `m` and 1 more
          y no_status 0: waits for `z`
        start a#1, start m#1, start z#1, start m[0]#2, start m[1]#1, start z#2, start m[0]#3, start m[1]#2
    "#]]
    .assert_eq(&world.show());
}
