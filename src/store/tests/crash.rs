//! The power is lost at every operation of a workload: what was acknowledged is there, and nothing
//! is there in part.

use std::io::ErrorKind;

use ::model::{DagNo, DeploymentId, RunNo, change::Change, state::TaskInstanceState};

use super::{make, storage::Memory};
use crate::{Options, Snapshot, Store, TiCounts, Writer};

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;
const COMMITS: u64 = 6;

/// The n-th batch of the workload: all of it follows from n.
fn batch(n: u64) -> Vec<Change> {
    let mut changes = vec![make::counters(n)];
    changes.push(make::put_run(make::some_run(n, 1, 3)));
    for task in 0..70 {
        let ti = make::some_ti(make::ti_key(n, task, -1), 77 * (task + 1));
        changes.push(make::put_ti(1, ti));
    }
    if n > 2 {
        changes.push(Change::DeleteRun { run: RunNo(n - 2) });
    }
    changes
}

/// How many batches the book has, if it is in one of the states between them.
fn check(book: &Snapshot) -> u64 {
    let n = match book.counters().unwrap().run.0 {
        1 if book.run(RunNo(1)).unwrap().is_none() => 0,
        n => n,
    };
    let mut tallies = TiCounts::default();
    for run in 1..=COMMITS {
        let is_there = run <= n && run + 2 > n;
        let tis = book.task_instances(RunNo(run)).unwrap();
        assert_eq!(tis.len(), if is_there { 70 } else { 0 }, "run {run} of {n}");
        assert_eq!(book.run(RunNo(run)).unwrap().is_some(), is_there);
        for ti in tis {
            let bits = 77 * (ti.key.task.0 + 1);
            assert_eq!(ti, make::some_ti(ti.key, bits));
            tallies.0[ti.state as usize] += 1;
        }
    }
    assert_eq!(book.ti_counts(None).unwrap(), tallies);
    assert_eq!(book.ti_counts(Some(DagNo(1))).unwrap(), tallies);
    n
}

fn options(quick_repair: bool) -> Options {
    Options {
        quick_repair,
        ..Options::default()
    }
}

fn crash_everywhere(quick_repair: bool) {
    for n_ops in 0.. {
        let memory = Memory::default();
        memory.fail_at(n_ops, ErrorKind::Other);
        let mut acknowledged = 0;
        if let Ok((store, mut writer)) = crate::open_backend(memory.clone(), &options(quick_repair))
        {
            for n in 1..=COMMITS {
                if writer.commit(DEPLOYMENT, &batch(n)).is_err() {
                    break;
                }
                acknowledged = n;
            }
            drop((store, writer));
        }
        // Nothing, all, every other, and a changing half of what was not synced is on the disk.
        let keeps: [&dyn Fn(usize) -> bool; 4] = [&|_| false, &|_| true, &|i| i % 2 == 0, &|i| {
            (i * 7919 + n_ops * 104_729) % 13 < 6
        }];
        for (mode, keep) in keeps.iter().enumerate() {
            let image = Memory::with(memory.image(keep));
            let opened = crate::open_backend(image, &options(quick_repair));
            let (store, mut writer) = match opened {
                Ok(opened) => opened,
                // The file was not a redb file yet.
                Err(_) if acknowledged == 0 => continue,
                Err(error) => panic!("after {n_ops} operations, mode {mode}: {error:?}"),
            };
            let n = check(&store.snapshot(DEPLOYMENT).unwrap());
            let context = format!("{n_ops} operations, mode {mode}, {n} of {acknowledged}");
            assert!(acknowledged <= n && n <= acknowledged + 1, "{context}");
            go_on(&store, &mut writer, n);
        }
        if !memory.has_failed() {
            assert_eq!(acknowledged, COMMITS);
            return;
        }
    }
}

/// The book that was opened again takes what comes next.
fn go_on(store: &Store, writer: &mut Writer, n: u64) {
    if n < COMMITS {
        writer.commit(DEPLOYMENT, &batch(n + 1)).unwrap();
        assert_eq!(check(&store.snapshot(DEPLOYMENT).unwrap()), n + 1);
    }
}

#[test]
fn nothing_acknowledged_is_lost_in_a_crash() {
    crash_everywhere(false);
}

#[test]
fn nothing_acknowledged_is_lost_in_a_crash_with_quick_repair() {
    crash_everywhere(true);
}

#[test]
fn a_batch_with_a_record_that_cannot_be_read_changes_nothing() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    writer.commit(DEPLOYMENT, &batch(1)).unwrap();
    store
        .with(|db| {
            let txn = db.begin_write()?;
            let key = crate::tables::runs::key(DEPLOYMENT, RunNo(1));
            txn.open_table(crate::tables::runs::TABLE)?
                .insert(&key, [9, 9].as_slice())?;
            txn.commit()?;
            Ok::<_, crate::error::Fault>(())
        })
        .unwrap();
    let ti = make::ti(make::ti_key(1, 0, -1), TaskInstanceState::Running);
    let changes = [
        make::put_ti(1, ti),
        make::counters(99),
        make::put_run(make::some_run(1, 1, 3)),
    ];
    let error = writer.commit(DEPLOYMENT, &changes).unwrap_err();
    assert_eq!(error.code(), "STO-007");
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.counters().unwrap().run, RunNo(1));
    assert_eq!(book.run(RunNo(1)).unwrap_err().code(), "STO-007");
}
