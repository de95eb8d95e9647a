//! Mapping: upstream's numbered behaviours 75 to 89.

use expect_test::expect;

use super::{World, check};

#[test]
fn s075_a_placeholder_becomes_the_first_of_its_instances() {
    check(
        "a; m:a expand=a; z:m",
        "start",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
              m no_status 0: waits for `a`
              z no_status 0: waits for `m`
            start a#1
        "#]],
    );
    check(
        "a; m:a expand=a; z:m",
        "start; a returns 3; m[1] ok",
        expect![[r#"
            r1 running
              a success 1
              m[0] queued 1: handed to a worker, starting
              m[1] success 1
              m[2] queued 1: handed to a worker, starting
              z no_status 0: waits for `m` and 1 more
            start a#1, start m[0]#1, start m[1]#1, start m[2]#1
        "#]],
    );
    check(
        "a; m:a expand=a; z:m",
        "start; a returns 2; restart; m[1] ok; m[0] fail",
        expect![[r#"
            r1 failed: task `m` failed
              a success 1
              m[0] failed 1: it broke
              m[1] success 1
              z upstream_failed 0: upstream `m` failed
            start a#1, start m[0]#1, start m[1]#1, adopt m[0] if begun, adopt m[1] if begun
        "#]],
    );
    // Known when the file was read: there is no placeholder.
    check(
        "m expand=2",
        "start",
        expect![[r#"
        r1 running
          m[0] queued 1: handed to a worker, starting
          m[1] queued 1: handed to a worker, starting
        start m[0]#1, start m[1]#1
    "#]],
    );
    // Pushed by a running task, as Python does.
    check(
        "a; m:a expand=a",
        "start; a run; push a 2; a ok",
        expect![[r#"
            r1 running
              a success 1
              m[0] queued 1: handed to a worker, starting
              m[1] queued 1: handed to a worker, starting
            start a#1, start m[0]#1, start m[1]#1
        "#]],
    );
}

#[test]
fn s076_lengths_multiply_or_follow_a_list_of_objects() {
    check(
        "a; b; m:a,b expand=a*2*b",
        "start; a returns 2; b returns 1",
        expect![[r#"
            r1 running
              a success 1
              b success 1
              m[0] queued 1: handed to a worker, starting
              m[1] queued 1: handed to a worker, starting
              m[2] queued 1: handed to a worker, starting
              m[3] queued 1: handed to a worker, starting
            start a#1, start b#1, start m[0]#1, start m[1]#1, start m[2]#1, start m[3]#1
        "#]],
    );
    check(
        "a; m:a kwargs=a",
        "start; a returns 2",
        expect![[r#"
        r1 running
          a success 1
          m[0] queued 1: handed to a worker, starting
          m[1] queued 1: handed to a worker, starting
        start a#1, start m[0]#1, start m[1]#1
    "#]],
    );
}

#[test]
fn s077_map_zip_and_concat() {
    for (over, wanted) in [
        ("map(a)", 2),
        ("zip(a,b)", 2),
        ("fill(a,b)", 3),
        ("concat(a,b)", 5),
    ] {
        let mut world = World::new();
        world.publish("d", &format!("a; b; m:a,b expand={over}"));
        world.play("start; a returns 2; b returns 3");
        let n_instances = world.book.tis.len() - 2;
        assert_eq!(n_instances, wanted, "{over}");
    }
}

#[test]
fn s078_a_mapped_upstream_counts_its_instances_with_a_value() {
    check(
        "m expand=3; n:m expand=m rule=none_failed",
        "start; m[0] returns x; m[1] skip; m[2] ok",
        expect![[r#"
            r1 running
              m[0] success 1
              m[1] skipped 1: not today
              m[2] success 1
              n[0] queued 1: handed to a worker, starting
            start m[0]#1, start m[1]#1, start m[2]#1, start n[0]#1
        "#]],
    );
    check(
        "m expand=2; n:m expand=m",
        "start; m[0] returns x",
        expect![[r#"
            r1 running
              m[0] success 1
              m[1] queued 1: handed to a worker, starting
              n no_status 0: waits for `m`
            start m[0]#1, start m[1]#1
        "#]],
    );
}

#[test]
fn s079_nothing_to_expand_over_skips() {
    check(
        "a; m:a expand=a; z:m; y:m rule=all_done",
        "start; a returns 0",
        expect![[r#"
            r1 running
              a success 1
              m skipped 0: there is nothing to expand it over
              z skipped 0: upstream `m` was skipped
              y queued 1: handed to a worker, starting
            start a#1, start y#1
        "#]],
    );
    check(
        "m expand=0",
        "start",
        expect![[r#"
        r1 success
          m skipped 0: there is nothing to expand it over
    "#]],
    );
    check(
        "a; m:a expand=2*a",
        "start; a returns 0",
        expect![[r#"
            r1 success
              a success 1
              m skipped 0: there is nothing to expand it over
            start a#1
        "#]],
    );
}

#[test]
fn s080_the_placeholder_goes_the_way_of_what_it_needs() {
    check(
        "a; m:a expand=a; z:m",
        "start; a fail",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              m upstream_failed 0: upstream `a` failed
              z upstream_failed 0: upstream `m` failed
            start a#1
        "#]],
    );
    check(
        "a; m:a expand=a",
        "start; a skip",
        expect![[r#"
        r1 success
          a skipped 1: not today
          m skipped 0: upstream `a` was skipped
        start a#1
    "#]],
    );
    // Whatever its rule.
    check(
        "a; b; m:a,b expand=a rule=all_done",
        "start; a fail",
        expect![[r#"
            r1 running
              a failed 1: it broke
              b queued 1: handed to a worker, starting
              m upstream_failed 0: upstream `a` failed
            start a#1, start b#1
        "#]],
    );
    check(
        "a; m:a expand=a rule=all_done",
        "start; a skip",
        expect![[r#"
            r1 success
              a skipped 1: not today
              m skipped 0: upstream `a` was skipped
            start a#1
        "#]],
    );
    // It ended well, and returned nothing.
    check(
        "a push=no; m:a expand=a",
        "start; a returns 2",
        expect![[r#"
            r1 failed: task `m` failed
              a success 1
              m upstream_failed 0: `a` returned nothing that it could be expanded over
            start a#1
        "#]],
    );
}

#[test]
fn s081_too_long_a_value_fails_the_one_who_returns_it() {
    check(
        "a; m:a expand=a",
        "start; a returns 1025",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it returned 1025 items to expand others over: the most is 1024 (max_map_length)
              m upstream_failed 0: upstream `a` failed
            start a#1
        "#]],
    );
    check(
        "a; m:a expand=a",
        "start; a returns x",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it returned nothing that others can be expanded over
              m upstream_failed 0: upstream `a` failed
            start a#1
        "#]],
    );
    check(
        "a; m:a expand=a",
        "start; a run; push a 1025",
        expect![[r#"
            r1 running
              a running 1
              m no_status 0: waits for `a`
            start a#1
            RUN-022 pushed value is too large to map as a downstream's dependency: 1025 items of at most 1024
        "#]],
    );
    check(
        "a; b; m:a,b expand=a*b*1000",
        "start; a returns 1000; b returns 2",
        expect![[r#"
        r1 failed: task `m` failed
          a success 1
          b success 1
          m upstream_failed 0: it would be expanded into 2000000 instances of at most 100000
        start a#1, start b#1
    "#]],
    );
}

#[test]
fn s082_a_mapped_group_goes_on_index_by_index() {
    let dag = "a; !map.g=a; s:a in=g; t:s in=g; z:t";
    check(
        dag,
        "start; a returns 2",
        expect![[r#"
        r1 running
          a success 1
          s[0] queued 1: handed to a worker, starting
          s[1] queued 1: handed to a worker, starting
          t[0] no_status 0: waits for `s`
          t[1] no_status 0: waits for `s`
          z no_status 0: waits for `t` and 1 more
        start a#1, start s[0]#1, start s[1]#1
    "#]],
    );
    check(
        dag,
        "start; a returns 2; s[1] ok; s[0] fail; t[1] ok",
        expect![[r#"
            r1 failed: task `s` failed
              a success 1
              s[0] failed 1: it broke
              s[1] success 1
              t[0] upstream_failed 0: upstream `s` failed
              t[1] success 1
              z upstream_failed 0: upstream `t` failed
            start a#1, start s[0]#1, start s[1]#1, start t[1]#1
        "#]],
    );
    check(
        dag,
        "start; a returns 0",
        expect![[r#"
        r1 success
          a success 1
          s skipped 0: there is nothing to expand it over
          t skipped 0: upstream `s` was skipped
          z skipped 0: upstream `t` was skipped
        start a#1
    "#]],
    );
    check(
        dag,
        "start; a skip",
        expect![[r#"
        r1 success
          a skipped 1: not today
          s skipped 0: upstream `a` was skipped
          t skipped 0: upstream `s` was skipped
          z skipped 0: upstream `t` was skipped
        start a#1
    "#]],
    );
    // A group in a group that is not mapped, and one that the file says the length of.
    check(
        "!map.g=2; !group.g/h=-; s in=g; t:s in=g/h",
        "start; s[1] ok",
        expect![[r#"
            r1 running
              s[0] queued 1: handed to a worker, starting
              s[1] success 1
              t[0] no_status 0: waits for `s`
              t[1] queued 1: handed to a worker, starting
            start s[0]#1, start s[1]#1, start t[1]#1
        "#]],
    );
}

#[test]
fn s083_nested_mapping_has_slices() {
    // Both are expanded further: each index of the group is a slice of both.
    let dag = "a; !map.g=2; s:a in=g expand=a; t:s in=g expand=a";
    check(
        dag,
        "start; a returns 2",
        expect![[r#"
        r1 running
          a success 1
          s[0] queued 1: handed to a worker, starting
          s[1] queued 1: handed to a worker, starting
          s[2] queued 1: handed to a worker, starting
          s[3] queued 1: handed to a worker, starting
          t[0] no_status 0: waits for `s` and 1 more
          t[1] no_status 0: waits for `s` and 1 more
          t[2] no_status 0: waits for `s` and 1 more
          t[3] no_status 0: waits for `s` and 1 more
        start a#1, start s[0]#1, start s[1]#1, start s[2]#1, start s[3]#1
    "#]],
    );
    check(
        dag,
        "start; a returns 2; s[2] ok; s[3] ok",
        expect![[r#"
            r1 running
              a success 1
              s[0] queued 1: handed to a worker, starting
              s[1] queued 1: handed to a worker, starting
              s[2] success 1
              s[3] success 1
              t[0] no_status 0: waits for `s` and 1 more
              t[1] no_status 0: waits for `s` and 1 more
              t[2] queued 1: handed to a worker, starting
              t[3] queued 1: handed to a worker, starting
            start a#1, start s[0]#1, start s[1]#1, start s[2]#1, start s[3]#1, start t[2]#1, start t[3]#1
        "#]],
    );
    // Below it is one instance for each index.
    check(
        "!map.g=2; s in=g; t:s in=g expand=2",
        "start; s[1] ok",
        expect![[r#"
            r1 running
              s[0] queued 1: handed to a worker, starting
              s[1] success 1
              t[0] no_status 0: waits for `s`
              t[1] no_status 0: waits for `s`
              t[2] queued 1: handed to a worker, starting
              t[3] queued 1: handed to a worker, starting
            start s[0]#1, start s[1]#1, start t[2]#1, start t[3]#1
        "#]],
    );
    check(
        "!map.g=2 ; !map.g/h=2; s in=g; t:s in=g/h; u:t in=g/h",
        "start; s[1] ok; t[2] ok",
        expect![[r#"
            r1 running
              s[0] queued 1: handed to a worker, starting
              s[1] success 1
              t[0] no_status 0: waits for `s`
              t[1] no_status 0: waits for `s`
              t[2] success 1
              t[3] queued 1: handed to a worker, starting
              u[0] no_status 0: waits for `t`
              u[1] no_status 0: waits for `t`
              u[2] queued 1: handed to a worker, starting
              u[3] no_status 0: waits for `t`
            start s[0]#1, start s[1]#1, start t[2]#1, start t[3]#1, start u[2]#1
        "#]],
    );
}

#[test]
fn s084_fast_rules_wait_for_their_expansion() {
    // Neither the expansion of what is above nor its first end skips the placeholder.
    let dag = "a; !map.g=a; s:a in=g; t:s in=g rule=one_success";
    check(
        dag,
        "start; a returns 2",
        expect![[r#"
        r1 running
          a success 1
          s[0] queued 1: handed to a worker, starting
          s[1] queued 1: handed to a worker, starting
          t no_status 0: waits for `s` and 1 more
        start a#1, start s[0]#1, start s[1]#1
    "#]],
    );
    check(
        dag,
        "start; a returns 2; s[0] fail; s[1] ok",
        expect![[r#"
        r1 running
          a success 1
          s[0] failed 1: it broke
          s[1] success 1
          t[0] upstream_failed 0: upstream `s` failed
          t[1] queued 1: handed to a worker, starting
        start a#1, start s[0]#1, start s[1]#1, start t[1]#1
    "#]],
    );
}

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
          t[0] no_status 0: waits for  and 1 more
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
          m queued 1: handed to a worker, starting
          m[0] removed 2: the task is no longer in the dag
          m[1] removed 1: the task is no longer in the dag
          z no_status 2: waits for `m`
          y no_status 0: waits for `z`
        start a#1, start m#1, start z#1, start m[0]#2, start m[1]#1, start z#2, start m#1
    "#]]
    .assert_eq(&world.show());
}
