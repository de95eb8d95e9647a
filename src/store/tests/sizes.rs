//! How many bytes things take. Larger records are slower books.

use expect_test::expect;
use std::fmt::Write as _;

use ::model::{
    DeploymentId, Fence,
    reason::Reason,
    state::{DagRunState, TaskInstanceState},
    task_instance::TaskInstance,
};

use super::make;
use crate::{
    records::{self, chunk, counters::CountersRecord, run::RunRecord, ti},
    tables,
};

fn packed(ti: &TaskInstance) -> usize {
    let base = make::at(0).as_micros();
    ti::pack(ti, base, true).unwrap().bytes.len()
}

#[test]
fn records_are_small() {
    let key = make::ti_key(1_000_000, 5, -1);
    let mut all = String::new();
    let mut ti = make::ti(key, TaskInstanceState::NoStatus);
    let mut add = |what: &str, bytes: usize| writeln!(all, "{what}: {bytes}").unwrap();
    add("a new task instance", packed(&ti));
    ti.state = TaskInstanceState::Success;
    ti.try_number = 1;
    ti.start_date = Some(make::at(3_600_000_000));
    ti.end_date = ti.start_date;
    add(
        "a finished empty task, an hour after its chunk",
        packed(&ti),
    );
    ti.scheduled_when = Some(make::at(5_000_000));
    ti.queued_when = Some(make::at(5_000_150));
    ti.start_date = Some(make::at(5_002_300));
    ti.end_date = Some(make::at(9_002_300));
    ti.fence = Some(Fence(12_345_678));
    ti.pid = Some(123_456);
    ti.cpu_us = Some(35_000);
    ti.memory_peak_bytes = Some(40 << 20);
    add("a finished process", packed(&ti));
    ti.reason = Some(Reason::Failed {
        message: "exit code 1".into(),
    });
    add("a failed process", packed(&ti));
    ti.reason = Some(Reason::Failed {
        message: "x".repeat(1000),
    });
    add("a failed process that has much to say", packed(&ti));
    let run = make::run(1_000_000, 1, DagRunState::Success);
    let record = records::encode(&RunRecord::from(&run)).unwrap();
    add("a scheduled run", record.len());
    let record = CountersRecord::from(&::model::change::Counters::default());
    add("counters", records::encode(&record).unwrap().len());
    expect![[r#"
        a new task instance: 4
        a finished empty task, an hour after its chunk: 9
        a finished process: 29
        a failed process: 47
        a failed process that has much to say: 29
        a scheduled run: 83
        counters: 4
    "#]]
    .assert_eq(&all);
}

#[test]
fn a_chunk_of_empty_tasks_is_one_put_of_less_than_a_page() {
    let mut tis = Vec::new();
    for task in 0..64 {
        let mut ti = make::ti(make::ti_key(1, task, -1), TaskInstanceState::Success);
        ti.try_number = 1;
        ti.start_date = Some(make::at(i64::from(task) * 1_000));
        ti.end_date = ti.start_date;
        tis.push(ti);
    }
    let new: Vec<(u8, Option<&TaskInstance>)> = (0..).zip(tis.iter().map(Some)).collect();
    let mut out = Vec::new();
    chunk::merge(None, &new, &mut out, |_| Ok(())).unwrap();
    assert!(out.len() <= 64 * 12, "{}", out.len());
    let keys: std::collections::BTreeSet<_> = tis
        .iter()
        .map(|ti| {
            let place = tables::task_instances::place(ti.key);
            tables::task_instances::key(DeploymentId::DEFAULT, place)
        })
        .collect();
    assert_eq!(keys.len(), 1);
}

#[test]
fn places_and_task_instances_are_the_same_thing() {
    for (task, map) in [
        (0, -1),
        (63, -1),
        (64, -1),
        (99_999, -1),
        (7, 0),
        (7, 63),
        (7, 64),
    ] {
        let key = make::ti_key(u64::MAX, task, map);
        let place = tables::task_instances::place(key);
        assert_eq!(place.ti(), key);
        let row = tables::task_instances::key(DeploymentId(3), place);
        let slot = place.slot;
        let found = tables::task_instances::Place {
            slot,
            ..tables::task_instances::split(&row)
        };
        assert_eq!(found, place);
    }
    let key = make::ti_key(1, 7, i32::MAX);
    assert_eq!(tables::task_instances::place(key).ti(), key);
}

#[test]
fn chunks_that_are_cut_off_are_errors() {
    let ti = make::some_ti(make::ti_key(1, 3, -1), u32::MAX);
    let mut out = Vec::new();
    chunk::merge(None, &[(3, Some(&ti))], &mut out, |_| Ok(())).unwrap();
    for end in 0..out.len() {
        let read = chunk::Chunk::new(&out[..end]).and_then(|mut chunk| {
            let bytes = chunk.find(3)?;
            bytes
                .map(|bytes| ti::unpack(ti.key, bytes, chunk.base))
                .transpose()
        });
        assert!(!matches!(read, Ok(Some(_))), "{end}");
    }
}
