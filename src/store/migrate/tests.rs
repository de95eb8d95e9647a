//! Old and new books.

use std::io::Read;

use model::{
    DagNo, DeploymentId, RunNo,
    change::{Change, DagSource},
    state::{DagRunState, TaskInstanceState},
    task_instance::TaskInstance,
};

use super::*;
use crate::{
    Options, Snapshot, Store, Writer,
    error::Fault,
    tests::{make, storage::Memory},
};

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;

/// What is in the books of the fixtures. Fixed: a change here is a change of the past.
fn content() -> Vec<Change> {
    let mut changes = vec![make::counters(9), Change::PutPool(make::pool(3))];
    changes.push(Change::PutDag(Box::new(make::dag_row(1, 15))));
    changes.push(Change::PutVersion(Box::new(make::version(1, 900))));
    changes.push(Change::PutVariable(make::variable(1)));
    changes.push(Change::PutFile(Box::new(make::file(1))));
    for no in 1..=8 {
        let bits = u32::try_from(no).unwrap() * 33;
        changes.push(make::put_run(make::some_run(no, 1, bits)));
        for task in 0..20_u32 {
            let bits = task.wrapping_mul(0x9e37_79b9);
            changes.push(make::put_ti(
                1,
                make::some_ti(make::ti_key(no, task, -1), bits),
            ));
        }
        let key = make::ti_key(no, 1, -1);
        changes.push(Change::ArchiveTry(Box::new(make::some_ti(
            key,
            0x7fff_ffff,
        ))));
        changes.push(Change::PutXCom {
            key,
            name: "return_value".into(),
            value: serde_json::json!({"n": no}),
            at: make::at(1),
        });
    }
    changes
}

#[allow(clippy::wildcard_enum_match_arm)] // What the list above does not have.
fn check_content(book: &Snapshot, of: fn(TaskInstance) -> TaskInstance) {
    let mut n_tis = 0;
    for change in content() {
        match change {
            Change::PutDag(row) => assert_eq!(book.dag(row.no).unwrap(), Some(*row)),
            Change::PutVersion(it) => {
                assert!(matches!(it.source, DagSource::Yaml { .. }));
                assert_eq!(book.version(it.dag, it.version).unwrap(), Some(*it));
            }
            Change::PutRun { run, .. } => assert_eq!(book.run(run.no).unwrap(), Some(*run)),
            Change::PutTaskInstance { ti, .. } => {
                assert_eq!(book.task_instance(ti.key).unwrap(), Some(of(*ti)));
                n_tis += 1;
            }
            Change::ArchiveTry(ti) => assert_eq!(book.tries(ti.key).unwrap(), [of(*ti)]),
            Change::PutXCom {
                key, name, value, ..
            } => assert_eq!(book.xcom(key, &name).unwrap().unwrap().value, value),
            Change::PutPool(pool) => assert_eq!(book.pools().unwrap(), [pool]),
            Change::PutVariable(it) => assert_eq!(book.variables().unwrap(), [it]),
            Change::PutFile(file) => assert_eq!(book.files().unwrap(), [*file]),
            Change::PutCounters(counters) => assert_eq!(book.counters().unwrap(), counters),
            other => panic!("not in the fixtures: {other:?}"),
        }
    }
    assert_eq!(book.ti_counts(None).unwrap().total(), n_tis);
    assert_eq!(book.ti_counts(Some(DagNo(1))).unwrap().total(), n_tis);
    assert_eq!(book.run_counts(Some(DagNo(1))).unwrap().total(), 8);
}

fn bytes_of(store: Store, writer: Writer, memory: &Memory) -> Vec<u8> {
    drop((store, writer));
    memory.image(|_| true)
}

fn new_book() -> (Store, Writer, Memory) {
    let memory = Memory::default();
    let (store, mut writer) = crate::open_backend(memory.clone(), &Options::default()).unwrap();
    writer.commit(DEPLOYMENT, &content()).unwrap();
    (store, writer, memory)
}

/// Writes the fixture of the present version: run once, by hand, when the version rises.
#[test]
#[ignore = "writes the fixture of a new schema version"]
fn write_fixture() {
    let (store, mut writer, memory) = new_book();
    writer.compact_now().unwrap();
    let bytes = bytes_of(store, writer, &memory);
    let path = format!("fixtures/schema_{SCHEMA_VERSION}.redb.zz");
    let file = std::fs::File::create_new(path).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(file, flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &bytes).unwrap();
    zlib.finish().unwrap();
}

fn check_fixture(compressed: &[u8], of: fn(TaskInstance) -> TaskInstance) {
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(compressed)
        .read_to_end(&mut bytes)
        .unwrap();
    let opened = crate::open_backend(Memory::with(bytes), &Options::default());
    let (store, mut writer) = opened.unwrap();
    check_content(&store.snapshot(DEPLOYMENT).unwrap(), of);
    writer.commit(DEPLOYMENT, &content()).unwrap();
    check_content(&store.snapshot(DEPLOYMENT).unwrap(), |ti| ti);
}

#[test]
fn books_of_schema_1_open() {
    // It was written before instances had these.
    let of = |ti| TaskInstance {
        returned: None,
        n_stuck: 0,
        ..ti
    };
    check_fixture(include_bytes!("../fixtures/schema_1.redb.zz"), of);
}

#[test]
fn books_of_schema_2_open() {
    check_fixture(include_bytes!("../fixtures/schema_2.redb.zz"), |ti| ti);
}

#[test]
fn a_newer_book_is_refused_and_not_touched() {
    let (store, writer, memory) = new_book();
    let newer = |txn: &WriteTransaction| set_version(txn, SCHEMA_VERSION + 1);
    change(&store, newer);
    let bytes = bytes_of(store, writer, &memory);
    let memory = Memory::with(bytes);
    let error = crate::open_backend(memory.clone(), &Options::default()).unwrap_err();
    assert_eq!(error.code(), "STO-002");
    assert_eq!(
        error.to_string(),
        "STO-002: the book has schema version 3 and this program knows versions up to 2"
    );
    // The program that knows it opens it again.
    let (door, _) = crate::backend::Door::new(std::sync::Arc::new(memory));
    let db = redb::Builder::new().create_with_backend(door).unwrap();
    assert_eq!(version(&db).unwrap(), Some(SCHEMA_VERSION + 1));
}

fn change(store: &Store, what: impl Fn(&WriteTransaction) -> Result<(), Fault>) {
    let done = store.with(|db| {
        let txn = db.begin_write()?;
        what(&txn)?;
        txn.commit()?;
        Ok::<_, Fault>(())
    });
    done.unwrap();
}

/// Takes a book back to version 0, which had no counts.
fn to_version_0(txn: &WriteTransaction) -> Result<(), Fault> {
    set_version(txn, 0)?;
    txn.delete_table(tables::tallies::TABLE)?;
    txn.delete_table(tables::run_tallies::TABLE)?;
    txn.delete_table(tables::runs_by_ti_state::TABLE)?;
    Ok(())
}

#[test]
fn a_book_of_version_0_gets_its_counts() {
    let (store, mut writer, memory) = new_book();
    let other = DeploymentId(7);
    let state = DagRunState::Running;
    let theirs = [make::put_run(make::run(1, 4, state))];
    writer.commit(other, &theirs).unwrap();
    let before = store.snapshot(DEPLOYMENT).unwrap();
    let (tis, runs) = (
        before.ti_counts(None).unwrap(),
        before.run_counts(None).unwrap(),
    );
    let of_run = before.ti_counts_of_run(RunNo(3)).unwrap();
    let failed = crate::TiFilter {
        states: vec![TaskInstanceState::Failed, TaskInstanceState::Deferred],
        ..crate::TiFilter::default()
    };
    let paging = crate::Paging {
        after: None,
        skip: 0,
        limit: 100,
    };
    let list = before
        .task_instances_all(&failed, crate::Order::Descending, paging, None)
        .unwrap();
    assert!(!list.items.is_empty());
    drop(before);
    change(&store, to_version_0);
    let bytes = bytes_of(store, writer, &memory);

    let opened = crate::open_backend(Memory::with(bytes), &Options::default());
    let (store, _writer) = opened.unwrap();
    let after = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(after.ti_counts(None).unwrap(), tis);
    assert_eq!(after.run_counts(None).unwrap(), runs);
    assert_eq!(after.ti_counts_of_run(RunNo(3)).unwrap(), of_run);
    let again = after.task_instances_all(&failed, crate::Order::Descending, paging, None);
    assert_eq!(again.unwrap(), list);
    let theirs = store.snapshot(other).unwrap().run_counts(None).unwrap();
    assert_eq!((theirs.of(state), theirs.total()), (1, 1));
    store
        .with(|db| version(db).map(|found| assert_eq!(found, Some(SCHEMA_VERSION))))
        .unwrap();
}

#[test]
fn steps_run_in_order_once_and_together() {
    let (store, writer, _) = new_book();
    fn add(txn: &WriteTransaction, what: &'static str) -> Result<(), Fault> {
        let mut table = txn.open_table(meta::TABLE)?;
        let before = table.insert("steps", [].as_slice())?;
        let mut all = before.map(|row| row.value().to_vec()).unwrap_or_default();
        all.extend_from_slice(what.as_bytes());
        table.insert("steps", all.as_slice())?;
        Ok(())
    }
    let steps = |fails: bool| {
        let third: fn(&WriteTransaction) -> Result<(), Fault> = if fails {
            |_| Err(redb::StorageError::PreviousIo.into())
        } else {
            |txn| add(txn, "three ")
        };
        [
            Step {
                to: SCHEMA_VERSION,
                run: |txn| add(txn, "one "),
            },
            Step {
                to: SCHEMA_VERSION + 1,
                run: |txn| add(txn, "two "),
            },
            Step {
                to: SCHEMA_VERSION + 2,
                run: third,
            },
        ]
    };
    let noted = || {
        let noted = store.with(|db| {
            let txn = db.begin_read()?;
            let table = txn.open_table(meta::TABLE)?;
            let row = table.get("steps")?;
            let bytes = row.map(|row| row.value().to_vec()).unwrap_or_default();
            Ok::<_, Fault>((version(db)?, String::from_utf8(bytes).unwrap()))
        });
        noted.unwrap()
    };
    // One of them fails: the book stays what it was.
    let last = SCHEMA_VERSION + 2;
    store
        .with(|db| migrate(db, &steps(true), last))
        .unwrap_err();
    assert_eq!(noted(), (Some(SCHEMA_VERSION), String::new()));
    for _ in 0..2 {
        store.with(|db| migrate(db, &steps(false), last)).unwrap();
        assert_eq!(noted(), (Some(last), "two three ".into()));
    }
    drop(writer);
}

#[test]
fn a_file_of_another_program_is_refused() {
    let memory = Memory::default();
    let (door, _) = crate::backend::Door::new(std::sync::Arc::new(memory.clone()));
    let db = redb::Builder::new().create_with_backend(door).unwrap();
    let txn = db.begin_write().unwrap();
    let table: redb::TableDefinition<u8, u8> = redb::TableDefinition::new("theirs");
    txn.open_table(table).unwrap().insert(1, 1).unwrap();
    txn.commit().unwrap();
    drop(db);
    let error = crate::open_backend(memory, &Options::default()).unwrap_err();
    assert_eq!(error.code(), "STO-003");
}
