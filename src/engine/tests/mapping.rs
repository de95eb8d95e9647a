//! Mapping: upstream's numbered behaviours 75 to 84.

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

/// Upstream keeps lengths of instances without an index, and counts those of mapped tasks.
#[test]
fn s078_what_only_its_group_is_mapped_for_has_no_length() {
    check(
        "!map.g=2; s in=g; m:s expand=s",
        "start; s[0] returns 3; s[1] returns 1",
        expect![[r#"
            r1 failed: task `m` failed
              s[0] success 1
              s[1] success 1
              m upstream_failed 0: it cannot be expanded over what it is given
            start s[0]#1, start s[1]#1
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
            r1 failed: task `a` failed
              a failed 1: it returned nothing, and others are to be expanded over it
              m upstream_failed 0: upstream `a` failed
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
