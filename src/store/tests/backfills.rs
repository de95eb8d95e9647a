//! Backfills are kept, listed, and go with their dag.

use model::{
    DagNo, DeploymentId, VersionNo,
    backfill::{Backfill, Reprocess},
    change::{Change, NextRun},
};
use serde_json::json;

use super::{make::at, storage::Memory};
use crate::Options;

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;

fn backfill(no: u64, dag: u32) -> Backfill {
    // One whose dates only Python could tell.
    let date = NextRun {
        logical_date: Some(at(5)),
        data_interval: None,
        run_after: at(6),
        partition_key: Some("p".to_owned()),
        partition_date: None,
    };
    Backfill {
        no,
        dag: DagNo(dag),
        from_date: at(0),
        to_date: at(86_400_000_000),
        conf: (no == 2).then(|| json!({"n": 1})),
        reprocess: Reprocess::Failed,
        max_active_runs: 10,
        backwards: no == 1,
        latest_version: true,
        is_paused: false,
        created_at: at(1),
        updated_at: at(2),
        completed_at: (no == 2).then(|| at(3)),
        user: Some("ada".to_owned()),
        version: VersionNo(3),
        n_dates: 24,
        n_done: 20,
        n_in_flight: 1,
        n_existing: 2,
        dates: if no == 10 { vec![date] } else { Vec::new() },
    }
}

#[test]
fn backfills_are_kept_and_go_with_their_dag() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let put = |no, dag| Change::PutBackfill(Box::new(backfill(no, dag)));
    let changes = [put(1, 7), put(2, 8), put(10, 7)];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    let all = [backfill(1, 7), backfill(2, 8), backfill(10, 7)];
    assert_eq!(book.backfills().unwrap(), all);
    assert_eq!(book.backfill(2).unwrap(), Some(backfill(2, 8)));
    assert_eq!(book.backfill(3).unwrap(), None);
    drop(book);

    let gone = Change::DeleteDag {
        dag: DagNo(7),
        dag_id: "d".into(),
    };
    writer.commit(DEPLOYMENT, &[gone]).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.backfills().unwrap(), [backfill(2, 8)]);
}
