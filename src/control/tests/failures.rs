//! The book fails at each step: nothing acknowledged is lost, nothing is started twice.

use std::{collections::HashSet, sync::atomic::Ordering::SeqCst};

use model::report::Outcome;
use store::{AuditBy, AuditFilter};

use super::kit::{Node, Scripted, well};

const DAG: &str = "
dag_id: d
is_paused_upon_creation: false
tasks:
  - {id: a, uses: bash, with: {bash_command: 'true'}}
  - {id: b, uses: bash, with: {bash_command: 'true'}, needs: [a]}
  - {id: c, uses: bash, with: {bash_command: 'true'}, needs: [a]}
  - {id: d, uses: empty, needs: [b, c]}
";

#[test]
fn a_run_survives_a_failure_at_each_write() {
    let node = Node::new(&[("d", DAG)], Scripted::new(|_| well()));
    let before = node.faults.seen.load(SeqCst);
    let run = node.trigger_surely("d", "whole");
    assert_eq!(
        node.ended(run),
        "success a:success b:success c:success d:success"
    );
    let writes = i64::try_from(node.faults.seen.load(SeqCst) - before).unwrap();
    assert!(writes > 3);
    let mut runs = vec![run];
    for n in 1..=2 {
        for after in 0..writes {
            node.faults.after.store(after, SeqCst);
            node.faults.n.store(n, SeqCst);
            let run = node.trigger_surely("d", &format!("r{n}-{after}"));
            let ended = node.ended(run);
            assert_eq!(
                ended, "success a:success b:success c:success d:success",
                "{n} {after}"
            );
            runs.push(run);
        }
    }
    let started = node.executor.started();
    assert_eq!(
        started.len(),
        3 * runs.len(),
        "each task was started once for each run"
    );
    assert!(started.iter().all(|name| name.ends_with("/1")));
    assert_eq!(runs.iter().collect::<HashSet<_>>().len(), runs.len());
}

/// An entry of the audit log is in the transaction of what it tells: whichever write fails, a lost
/// try has one.
#[test]
fn s106_a_lost_try_has_one_entry_whichever_write_fails() {
    const LOST: &str = "dag_id: d\nis_paused_upon_creation: false\ntasks:\n  \
        - {id: a, uses: bash, with: {bash_command: 'true'}}\n";
    let node = Node::new(&[("d", LOST)], Scripted::new(|_| Some(Outcome::Killed)));
    let entries = |run: &str| {
        let filter = AuditFilter {
            by: vec![
                (AuditBy::Event, vec!["state mismatch".to_owned()]),
                (AuditBy::Run, vec![run.to_owned()]),
            ],
            ..AuditFilter::default()
        };
        let book = node.control().snapshot().unwrap();
        book.count_audit(&filter, None).unwrap().0
    };
    let before = node.faults.seen.load(SeqCst);
    let run = node.trigger_surely("d", "whole");
    assert_eq!(node.ended(run), "failed a:failed");
    assert_eq!(entries("whole"), 1);
    let writes = i64::try_from(node.faults.seen.load(SeqCst) - before).unwrap();
    assert!(writes > 3);
    for after in 0..writes {
        node.faults.after.store(after, SeqCst);
        node.faults.n.store(1, SeqCst);
        let name = format!("r{after}");
        let run = node.trigger_surely("d", &name);
        assert_eq!(node.ended(run), "failed a:failed", "{after}");
        assert_eq!(entries(&name), 1, "{after}");
    }
}
