//! Starting again with nothing but the book.

use expect_test::expect;

use super::check;

#[test]
fn all_is_derived_again() {
    check(
        "a; b; c; d retries=1; e pool=p",
        "pool p=0; start; a run; c defer 1h; d fail; restart",
        expect![[r#"
            r1 running
              a running 1
              b queued 1: handed to a worker, starting
              c deferred 1: waits until 2026-01-01T00:10:00Z
              d up_for_retry 1: try 2 of 2 at 2026-01-01T00:05:00Z; it broke
              e scheduled 1: pool `p` 0/0
            start a#1, start b#1, start c#1, start d#1, arm c, adopt a, adopt b if begun, arm c
        "#]],
    );
    check(
        "a; b; c; d retries=1",
        "start; a run; c defer 1h; d fail; restart; tick 2h",
        expect![[r#"
            r1 running
              a running 1
              b queued 1: handed to a worker, starting
              c failed 1: what it waited for did not come until 2026-01-01T01:00:00Z
              d queued 2: handed to a worker, starting
            start a#1, start b#1, start c#1, start d#1, arm c, adopt a, adopt b if begun, arm c, kill b, disarm c, start b#1, start d#2
        "#]],
    );
    check(
        "a; b:a",
        "start; a run; restart; a ok; restart; b ok",
        expect![[r#"
            r1 success
              a success 1
              b success 1
            start a#1, adopt a, start b#1, adopt b if begun
        "#]],
    );
    check(
        "!timeout=1h; a",
        "start; a run; restart; tick 1h",
        expect![[r#"
            r1 failed: the run took longer than 3600 s (dagrun_timeout)
              a skipped 1: the run took longer than 3600 s (dagrun_timeout)
            start a#1, adopt a, kill a
        "#]],
    );
}
