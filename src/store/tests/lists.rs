//! Lists of more rows than one request may look at.

use ::model::{
    DagNo, DeploymentId,
    limits::LIST_SCAN_ROWS_MAX,
    state::{DagRunState, TaskInstanceState},
};

use super::{make, storage::Memory};
use crate::{Options, Order, Paging, RunFilter, Store, TiFilter, Writer};

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;
const RUNS: u64 = LIST_SCAN_ROWS_MAX as u64 + 500;

/// Many runs of one task; the oldest failed, the second still runs.
fn book() -> (Store, Writer) {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let mut changes = Vec::new();
    for no in 1..=RUNS {
        let (run, ti) = match no {
            1 => (DagRunState::Failed, TaskInstanceState::Failed),
            2 => (DagRunState::Running, TaskInstanceState::Running),
            _ => (DagRunState::Success, TaskInstanceState::Success),
        };
        changes.push(make::put_run(make::run(no, 1, run)));
        changes.push(make::put_ti(1, make::ti(make::ti_key(no, 0, -1), ti)));
    }
    writer.commit(DEPLOYMENT, &changes).unwrap();
    (store, writer)
}

const FIRST: Paging<crate::TiCursor> = Paging {
    after: None,
    skip: 0,
    limit: 10,
};

#[test]
fn long_lists_end_early_and_can_be_gone_on_with() {
    let (store, _writer) = book();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    let failed_runs = RunFilter {
        states: vec![DagRunState::Failed],
        ..RunFilter::default()
    };
    let mut paging = Paging {
        after: None,
        skip: 0,
        limit: 10,
    };
    let page = book
        .runs(&failed_runs, Order::Descending, paging, None)
        .unwrap();
    assert!(page.items.is_empty() && page.cut);
    paging.after = page.next;
    let page = book
        .runs(&failed_runs, Order::Descending, paging, None)
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.next.is_none() && !page.cut);
    assert_eq!(book.count_runs(&failed_runs).unwrap(), (0, true));
    assert_eq!(book.run_counts(None).unwrap().of(DagRunState::Failed), 1);

    // Rare states are found at once, however far away.
    for (state, run) in [
        (TaskInstanceState::Failed, 1),
        (TaskInstanceState::Running, 2),
    ] {
        for dag in [None, Some(DagNo(1))] {
            let filter = TiFilter {
                dag,
                states: vec![state],
                ..TiFilter::default()
            };
            let page = book
                .task_instances_all(&filter, Order::Descending, FIRST, None)
                .unwrap();
            let keys: Vec<_> = page.items.iter().map(|ti| ti.key).collect();
            assert_eq!(keys, [make::ti_key(run, 0, -1)]);
            assert!(page.next.is_none());
        }
    }

    let page = book
        .task_instances_all(
            &TiFilter::default(),
            Order::Descending,
            FIRST,
            Some(&|_| false),
        )
        .unwrap();
    assert!(page.items.is_empty() && page.cut && page.next.is_some());
    let paging = Paging { skip: 15, ..FIRST };
    let page = book
        .task_instances_all(&TiFilter::default(), Order::Descending, paging, None)
        .unwrap();
    assert_eq!(page.items[0].key, make::ti_key(RUNS - 15, 0, -1));
}
