//! Setups and teardowns: upstream's numbered behaviours 41, 60, 62, 63, 147 and 152.

use expect_test::expect;

use super::check;

/// A setup, work in two steps, a teardown, and what comes after.
const DAG: &str = "s setup=yes; a:s; b:a; t:s,b teardown=yes rule=all_done_setup_success; z:b";

#[test]
fn s041_a_teardown_does_not_decide_how_the_run_ends() {
    check(
        "s setup=yes; a:s; t:s,a teardown=yes rule=all_done_setup_success",
        "start; s ok; a ok; t fail",
        expect![[r#"
            r1 success
              s success 1
              a success 1
              t failed 1: it broke
            start s#1, start a#1, start t#1
        "#]],
    );
    check(
        "s setup=yes; a:s; t:s,a teardown=yes rule=all_done_setup_success fails_run=yes",
        "start; s ok; a ok; t fail",
        expect![[r#"
            r1 failed: task `t` failed
              s success 1
              a success 1
              t failed 1: it broke
            start s#1, start a#1, start t#1
        "#]],
    );
    // Nothing but teardowns: then they are what there is.
    check(
        "t teardown=yes rule=all_done_setup_success",
        "start; t fail",
        expect![[r#"
            r1 failed: task `t` failed
              t failed 1: it broke
            start t#1
        "#]],
    );
    check(
        "s setup=yes; a:s; t:s,a teardown=yes rule=all_done_setup_success",
        "start; s ok; a fail; t ok",
        expect![[r#"
            r1 failed: task `a` failed
              s success 1
              a failed 1: it broke
              t success 1
            start s#1, start a#1, start t#1
        "#]],
    );
}

#[test]
fn s060_a_teardown_goes_the_way_of_its_setups() {
    let dag = "s setup=yes; r setup=yes; a:s,r; t:s,r,a teardown=yes rule=all_done_setup_success";
    check(
        dag,
        "start; s skip; r skip",
        expect![[r#"
        r1 success
          s skipped 1: not today
          r skipped 1: not today
          a skipped 0: upstream `s` was skipped
          t skipped 0: upstream `s` was skipped
        start s#1, start r#1
    "#]],
    );
    check(
        dag,
        "start; s fail; r fail",
        expect![[r#"
        r1 failed: task `s` failed
          s failed 1: it broke
          r failed 1: it broke
          a upstream_failed 0: upstream `s` failed
          t upstream_failed 0: upstream `s` failed
        start s#1, start r#1
    "#]],
    );
    check(
        dag,
        "start; s ok; r fail",
        expect![[r#"
        r1 running
          s success 1
          r failed 1: it broke
          a upstream_failed 0: upstream `r` failed
          t queued 1: handed to a worker, starting
        start s#1, start r#1, start t#1
    "#]],
    );
}

#[test]
fn s062_indirect_setups_must_succeed() {
    let dag = "s setup=yes; a:s; b:a rule=all_done; t:s,b teardown=yes rule=all_done_setup_success";
    check(
        dag,
        "start; s fail",
        expect![[r#"
        r1 failed: task `s` failed
          s failed 1: it broke
          a upstream_failed 0: upstream `s` failed
          b upstream_failed 0: upstream `a` failed
          t upstream_failed 0: upstream `s` failed
        start s#1
    "#]],
    );
    check(
        dag,
        "start; s skip",
        expect![[r#"
        r1 success
          s skipped 1: not today
          a skipped 0: upstream `s` was skipped
          b skipped 0: upstream `s` was skipped
          t skipped 0: upstream `s` was skipped
        start s#1
    "#]],
    );
    check(
        dag,
        "start; s ok; a fail; b ok",
        expect![[r#"
        r1 running
          s success 1
          a failed 1: it broke
          b success 1
          t queued 1: handed to a worker, starting
        start s#1, start a#1, start b#1, start t#1
    "#]],
    );
    // A setup whose teardown is not below is no setup for it.
    check(
        "s setup=yes; a:s; t:s,a teardown=yes rule=all_done_setup_success; b:a rule=all_done; \
         c:b",
        "start; s fail",
        expect![[r#"
            r1 running
              s failed 1: it broke
              a upstream_failed 0: upstream `s` failed
              t upstream_failed 0: upstream `s` failed
              b queued 1: handed to a worker, starting
              c no_status 0: waits for `b`
            start s#1, start b#1
        "#]],
    );
    // And one without a teardown is one for all below.
    check(
        "s setup=yes; a:s; b:a rule=all_done; c:b rule=always",
        "start; s fail",
        expect![[r#"
            r1 running
              s failed 1: it broke
              a upstream_failed 0: upstream `s` failed
              b upstream_failed 0: upstream `a` failed
              c queued 1: handed to a worker, starting
            start s#1, start c#1
        "#]],
    );
}

#[test]
fn s063_a_teardown_waits_for_all_between() {
    // Not for `c`, which is below the setup and not above the teardown.
    let dag = "s setup=yes; a:s; b:a; c:a; t:s,b teardown=yes rule=all_done_setup_success";
    check(
        dag,
        "start; s ok; a ok; b ok",
        expect![[r#"
        r1 running
          s success 1
          a success 1
          b success 1
          c queued 1: handed to a worker, starting
          t queued 1: handed to a worker, starting
        start s#1, start a#1, start b#1, start c#1, start t#1
    "#]],
    );
    let dag = "s setup=yes; a:s; c:s; b:a,c rule=one_success; \
               t:s,b teardown=yes rule=all_done_setup_success";
    check(
        dag,
        "start; s ok; a ok; b ok",
        expect![[r#"
        r1 running
          s success 1
          a success 1
          c queued 1: handed to a worker, starting
          b success 1
          t no_status 0: waits for `c`
        start s#1, start a#1, start c#1, start b#1
    "#]],
    );
    check(
        dag,
        "start; s ok; a ok; b ok; restart; c fail; t ok",
        expect![[r#"
            r1 success
              s success 1
              a success 1
              c failed 1: it broke
              b success 1
              t success 1
            start s#1, start a#1, start c#1, start b#1, adopt c if begun, start t#1
        "#]],
    );
    check(
        DAG,
        "start; s ok; a fail; t ok",
        expect![[r#"
        r1 failed: task `a` failed
          s success 1
          a failed 1: it broke
          b upstream_failed 0: upstream `a` failed
          t success 1
          z upstream_failed 0: upstream `b` failed
        start s#1, start a#1, start t#1
    "#]],
    );
    check(
        DAG,
        "start; s fail",
        expect![[r#"
        r1 failed: task `s` failed
          s failed 1: it broke
          a upstream_failed 0: upstream `s` failed
          b upstream_failed 0: upstream `a` failed
          t upstream_failed 0: upstream `s` failed
          z upstream_failed 0: upstream `b` failed
        start s#1
    "#]],
    );
    check(
        DAG,
        "start; s skip",
        expect![[r#"
        r1 success
          s skipped 1: not today
          a skipped 0: upstream `s` was skipped
          b skipped 0: upstream `a` was skipped
          t skipped 0: upstream `s` was skipped
          z skipped 0: upstream `b` was skipped
        start s#1
    "#]],
    );
}

#[test]
fn s063_scopes_count_mapped_instances() {
    check(
        "s setup=yes; a:s; m:a expand=2; b:m rule=one_success; \
         t:s,b teardown=yes rule=all_done_setup_success",
        "start; s ok; a ok; m[0] ok; b ok",
        expect![[r#"
            r1 running
              s success 1
              a success 1
              m[0] success 1
              m[1] queued 1: handed to a worker, starting
              b success 1
              t no_status 0: waits for `m`
            start s#1, start a#1, start m[0]#1, start m[1]#1, start b#1
        "#]],
    );
    check(
        "!map.g=2; s in=g setup=yes; a:s in=g; b:a in=g rule=all_done; \
         t:s,b in=g teardown=yes rule=all_done_setup_success",
        "start; s[0] ok; a[0] fail; b[0] ok; t[0] ok; s[1] fail",
        expect![[r#"
            r1 failed: task `s` failed
              s[0] success 1
              s[1] failed 1: it broke
              a[0] failed 1: it broke
              a[1] upstream_failed 0: upstream `s` failed
              b[0] success 1
              b[1] upstream_failed 0: upstream `a` failed
              t[0] success 1
              t[1] upstream_failed 0: upstream `s` failed
            start s[0]#1, start s[1]#1, start a[0]#1, start b[0]#1, start t[0]#1
        "#]],
    );
}

#[test]
fn s147_what_is_cleared_with_others_gets_its_setups_and_teardowns() {
    let all = "start; s ok; a ok; b ok; t ok; z ok";
    check(
        DAG,
        &format!("{all}; clear b"),
        expect![[r#"
            r1 running
              s queued 2: handed to a worker, starting
              a success 1
              b no_status 1: waits for `s`
              t no_status 1: waits for `s`, `b`
              z success 1
            start s#1, start a#1, start b#1, start t#1, start z#1, start s#2
        "#]],
    );
    check(
        DAG,
        &format!("{all}; clear b +down; s ok"),
        expect![[r#"
        r1 running
          s success 2
          a success 1
          b queued 2: handed to a worker, starting
          t no_status 1: waits for `b`
          z no_status 1: waits for `b`
        start s#1, start a#1, start b#1, start t#1, start z#1, start s#2, start b#2
    "#]],
    );
    check(
        DAG,
        &format!("{all}; clear b +up dry"),
        expect![[r#"
        r1 success
          s success 1
          a success 1
          b success 1
          t success 1
          z success 1
        start s#1, start a#1, start b#1, start t#1, start z#1
    "#]],
    );
    check(
        DAG,
        &format!("{all}; clear s"),
        expect![[r#"
            r1 running
              s queued 2: handed to a worker, starting
              a success 1
              b success 1
              t no_status 1: waits for `s`
              z success 1
            start s#1, start a#1, start b#1, start t#1, start z#1, start s#2
        "#]],
    );
    check(
        DAG,
        &format!("{all}; clear t"),
        expect![[r#"
        r1 running
          s success 1
          a success 1
          b success 1
          t queued 2: handed to a worker, starting
          z success 1
        start s#1, start a#1, start b#1, start t#1, start z#1, start t#2
    "#]],
    );
    // Others of the setup are left alone.
    check(
        "s setup=yes; a:s; b:s; t:s,a,b teardown=yes rule=all_done_setup_success",
        "start; s ok; a ok; b ok; t ok; clear b +down; s ok",
        expect![[r#"
            r1 running
              s success 2
              a success 1
              b queued 2: handed to a worker, starting
              t no_status 1: waits for `b`
            start s#1, start a#1, start b#1, start t#1, start s#2, start b#2
        "#]],
    );
}

#[test]
fn s152_a_run_set_by_hand_leaves_teardowns_to_run() {
    check(
        DAG,
        "start; s ok; a run; mark-run r1 failed",
        expect![[r#"
        r1 running
          s success 1
          a failed 1: set by hand
          b skipped 0: set by hand
          t queued 1: handed to a worker, starting
          z skipped 0: set by hand
        start s#1, start a#1, kill a, start t#1
    "#]],
    );
    check(
        DAG,
        "start; s ok; a run; mark-run r1 failed; t ok",
        expect![[r#"
            r1 success
              s success 1
              a failed 1: set by hand
              b skipped 0: set by hand
              t success 1
              z skipped 0: set by hand
            start s#1, start a#1, kill a, start t#1
        "#]],
    );
    check(
        DAG,
        "start; s ok; a run; mark-run r1 success; t ok",
        expect![[r#"
            r1 success
              s success 1
              a success 1: set by hand
              b skipped 0: set by hand
              t success 1
              z skipped 0: set by hand
            start s#1, start a#1, kill a, start t#1
        "#]],
    );
    check(
        DAG,
        "start; s ok; a ok; b ok; t run; mark-run r1 success",
        expect![[r#"
            r1 running
              s success 1
              a success 1
              b success 1
              t running 1
              z skipped 1: set by hand
            start s#1, start a#1, start b#1, start t#1, start z#1, kill z
        "#]],
    );
}
