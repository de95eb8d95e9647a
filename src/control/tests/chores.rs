//! Retention, logs and the disk.

use std::sync::Arc;

use model::{
    Json,
    audit::AuditEntry,
    command::{Command, Reply},
    ports::Clock,
};
use store::{AuditFilter, Order, Paging};

use super::kit::{Node, Scripted, well};
use crate::{Retention, reconcilers::Keeper, testing::WallClock};

const DAG: &str = "
dag_id: d
is_paused_upon_creation: false
tasks:
  - {id: a, uses: bash, with: {bash_command: 'true'}}
";

#[test]
fn old_runs_go_with_their_logs_and_logs_of_ended_runs_shrink() {
    let node = Node::new(&[("d", DAG)], Scripted::new(|_| well()));
    let mut runs = Vec::new();
    for n in 0..6 {
        let id = format!("r{n}");
        let Reply::Run { run, .. } = node.trigger("d", &id, Json::Null) else {
            panic!()
        };
        node.temp
            .write(&format!("logs/d/{id}/a.-1.1.log"), &"line\n".repeat(2_000));
        node.ended(run);
        runs.push(run);
    }
    let control = node.control();
    let keeper = keeper(&node, Some(400), None);
    keeper.all_rounds();
    let book = control.snapshot().unwrap();
    let left: Vec<bool> = runs
        .iter()
        .map(|run| book.run(*run).unwrap().is_some())
        .collect();
    assert_eq!(left, [false, false, false, false, true, true]);
    keeper.all_rounds();
    for (n, left) in left.iter().enumerate() {
        let folder = node.path(&format!("logs/d/r{n}"));
        assert_eq!(folder.exists(), *left, "r{n}");
        let file = folder.join("a.-1.1.log");
        if *left {
            assert!(!file.exists(), "it is compressed");
            let page = crate::logs::read::page(&file, 0, 100, false)
                .unwrap()
                .unwrap();
            assert!(page.text.starts_with("line\n"));
        }
    }
}

fn keeper(node: &Node, audit_days_max: Option<u32>, audit_entries_max: Option<u64>) -> Keeper {
    let control = node.control();
    Keeper {
        reader: control.reader().clone(),
        handle: control.handle().clone(),
        clock: Arc::new(WallClock) as Arc<dyn Clock>,
        metrics: Arc::default(),
        data: node.path(""),
        logs: node.path("logs"),
        retention: Retention {
            days_max: None,
            runs_per_dag_max: Some(2),
            runs_per_dag_min: 1,
            audit_days_max,
            audit_entries_max,
            disk_budget_bytes: None,
        },
        disk_needed_bytes: 0,
    }
}

#[test]
fn old_entries_of_the_audit_log_go_in_steps() {
    let node = Node::new(&[], Scripted::new(|_| well()));
    let control = node.control();
    let handle = control.handle();
    let sent: Vec<_> = (0..2_500)
        .map(|n| handle.send(Command::Audit(Box::new(AuditEntry::new(format!("e{n}"))))))
        .collect();
    for answer in sent {
        assert!(matches!(answer.unwrap().blocking_recv(), Ok(Reply::Done)));
    }
    let left = || {
        let book = control.snapshot().unwrap();
        let (n, _) = book.count_audit(&AuditFilter::default(), None).unwrap();
        let page = book.audit(
            &AuditFilter::default(),
            Order::Ascending,
            Paging::first(1),
            None,
        );
        let first = page.unwrap().items.pop().map(|(_, entry)| entry.event);
        (n, first.unwrap_or_default())
    };
    keeper(&node, Some(400), None).all_rounds();
    assert_eq!(left(), (2_500, "e0".to_owned()));
    keeper(&node, Some(400), Some(10)).all_rounds();
    assert_eq!(left(), (10, "e2490".to_owned()));
    keeper(&node, None, None).all_rounds();
    assert_eq!(left(), (10, "e2490".to_owned()));
    keeper(&node, Some(0), None).all_rounds();
    assert_eq!(left(), (0, String::new()));
}
