//! Space goes back, and readers are let finish.

use ::model::{DeploymentId, RunNo, change::Change, state::DagRunState};

use super::{make, storage::Memory};
use crate::{Options, Paging, Retention, Store, Writer};

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;

fn with_runs(n: u64) -> (Store, Writer) {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    for no in 1..=n {
        let mut changes = vec![make::put_run(make::run(no, 1, DagRunState::Success))];
        for task in 0..640 {
            let ti = make::some_ti(make::ti_key(no, task, -1), 0xffff_ffff - task);
            changes.push(make::put_ti(1, ti));
        }
        writer.commit(DEPLOYMENT, &changes).unwrap();
    }
    (store, writer)
}

fn delete(runs: impl Iterator<Item = u64>) -> Vec<Change> {
    runs.map(|run| Change::DeleteRun { run: RunNo(run) })
        .collect()
}

#[test]
fn compaction_gives_space_back() {
    let (store, mut writer) = with_runs(20);
    writer.commit(DEPLOYMENT, &delete(1..20)).unwrap();
    let before = store.stats().unwrap();
    assert!(before.free_bytes * 2 > before.file_bytes, "{before:?}");
    // Too little to be worth it by itself.
    assert!(!writer.compact().unwrap());
    assert!(writer.compact_now().unwrap());
    let after = store.stats().unwrap();
    assert!(
        after.file_bytes * 3 < before.file_bytes,
        "{before:?} {after:?}"
    );
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.task_instances(RunNo(20)).unwrap().len(), 640);
}

#[test]
fn compaction_waits_for_readers_and_then_gives_up() {
    let (store, mut writer) = with_runs(2);
    writer.commit(DEPLOYMENT, &delete(1..2)).unwrap();
    let reader = store.snapshot(DEPLOYMENT).unwrap();
    assert!(!writer.compact_now().unwrap());
    assert_eq!(reader.task_instances(RunNo(2)).unwrap().len(), 640);
    let ends_soon = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(reader);
    });
    assert!(writer.compact_now().unwrap());
    ends_soon.join().unwrap();
    writer.commit(DEPLOYMENT, &delete(2..3)).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.ti_counts(None).unwrap().total(), 0);
}

#[test]
fn retention_keeps_the_last_runs_of_each_dag_and_what_is_live() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let mut changes = Vec::new();
    for no in 1..=20 {
        let dag = 1 + u32::from(no % 10 == 0);
        let state = if no == 3 {
            DagRunState::Running
        } else {
            DagRunState::Success
        };
        changes.push(make::put_run(make::run(no, dag, state)));
    }
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    let check = |retention: &Retention, expected: &[u64]| {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let paging = Paging {
                after,
                skip: 0,
                limit: 2,
            };
            let page = book.runs_to_prune(retention, paging).unwrap();
            found.extend(page.items.iter().map(|run| run.0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected);
    };
    let run_ends = |no: i64| Some(make::at(no * 60_000_000 + 900_000));
    let mut retention = Retention {
        ended_before: run_ends(6),
        runs_per_dag_max: None,
        runs_per_dag_min: 2,
    };
    check(&retention, &[1, 2, 4, 5]);
    // Dag 2 has two runs, 10 and 20.
    retention.ended_before = run_ends(100);
    check(
        &retention,
        &[1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17],
    );
    retention.runs_per_dag_min = 0;
    retention.ended_before = run_ends(2);
    retention.runs_per_dag_max = Some(15);
    check(&retention, &[1, 2]);
    retention.runs_per_dag_max = Some(1);
    let all_but_the_newest: Vec<u64> = (1..19).filter(|no| *no != 3).collect();
    check(&retention, &all_but_the_newest);
}
