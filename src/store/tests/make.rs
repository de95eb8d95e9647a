//! Things to put into books.

use model::{
    AuditNo, DagId, DagNo, Fence, MapIndex, PoolName, RunId, RunNo, TaskId, TaskNo, TiKey,
    Timestamp, VersionNo,
    audit::AuditEntry,
    change::{
        Change, Counters, DagFile, DagRow, DagSource, DagSummary, DagVersion, ImportError, NextRun,
        Pool, Variable,
    },
    reason::Reason,
    run::DagRun,
    schedule::DataInterval,
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
    task_instance::{Deferral, Returned, TaskInstance, Trigger},
};
use serde_json::json;

/// 2026-11-20T00:00:00Z and so many microseconds.
pub(crate) fn at(us: i64) -> Timestamp {
    Timestamp::from_micros(1_795_132_800_000_000 + us)
}

pub(crate) fn ti_key(run: u64, task: u32, map: i32) -> TiKey {
    TiKey {
        run: RunNo(run),
        task: TaskNo(task),
        map: MapIndex(map),
    }
}

pub(crate) fn run(no: u64, dag: u32, state: DagRunState) -> DagRun {
    let us = i64::try_from(no).unwrap() * 60_000_000;
    DagRun {
        no: RunNo(no),
        dag: DagNo(dag),
        run_id: RunId::from(format!("scheduled__{}", at(us).isoformat())),
        run_type: DagRunType::Scheduled,
        state,
        logical_date: Some(at(us)),
        data_interval: Some(DataInterval {
            start: at(us - 60_000_000),
            end: at(us),
        }),
        run_after: at(us),
        queued_at: Some(at(us + 5_000)),
        start_date: Some(at(us + 7_000)),
        end_date: state.is_finished().then(|| at(us + 900_000)),
        last_scheduling_decision: Some(at(us + 900_000)),
        conf: json!({}),
        note: None,
        triggered_by: TriggeredBy::Timetable,
        triggering_user: None,
        version: VersionNo(1),
        clear_number: 0,
        partition_key: None,
        partition_date: None,
        backfill: None,
        reason: None,
    }
}

/// A run with whatever `bits` says.
pub(crate) fn some_run(no: u64, dag: u32, bits: u32) -> DagRun {
    let state = DagRunState::ALL[bits as usize % DagRunState::ALL.len()];
    let mut run = run(no, dag, state);
    run.run_type = DagRunType::ALL[bits as usize / 4 % DagRunType::ALL.len()];
    if bits & 64 != 0 {
        run.run_id = RunId::from(format!("manual__{no}"));
        run.logical_date = None;
        run.conf = json!({"a": [1, "ä", null], "b": {"c": bits}});
        run.note = Some("remark".into());
        run.backfill = Some((7, 3));
        run.partition_key = Some("2026-11".into());
        run.partition_date = Some(at(-1));
    }
    if bits & 128 != 0 {
        run.run_after = at(i64::from(bits % 7) * 1_000_000);
        run.data_interval = None;
        run.queued_at = None;
        run.triggering_user = Some("ada".into());
        run.clear_number = bits;
        run.reason = Some(Reason::TaskFailure {
            task: TaskId::from("t"),
        });
    }
    run
}

pub(crate) fn ti(key: TiKey, state: TaskInstanceState) -> TaskInstance {
    let mut ti = TaskInstance::new(key, VersionNo(1), 0);
    ti.state = state;
    ti
}

/// A task instance with whatever `bits` says.
pub(crate) fn some_ti(key: TiKey, bits: u32) -> TaskInstance {
    let state = TaskInstanceState::ALL[bits as usize % TaskInstanceState::ALL.len()];
    let mut ti = ti(key, state);
    let has = |bit: u32| bits >> bit & 1 != 0;
    let us = i64::from(bits % 100_000);
    ti.try_number = bits >> 4 & 3;
    ti.max_tries = bits >> 6 & 1;
    ti.version = VersionNo(1 + (bits >> 7 & 1));
    ti.scheduled_when = has(8).then(|| at(us));
    ti.queued_when = has(9).then(|| at(us - 70));
    ti.start_date = has(10).then(|| at(us + 1_000_000));
    ti.end_date = has(11).then(|| Timestamp::from_micros(i64::from(bits % 3)));
    ti.fence = has(12).then_some(Fence(u64::from(bits)));
    ti.pid = has(13).then_some(bits);
    ti.cpu_us = has(14).then_some(u64::MAX);
    ti.memory_peak_bytes = has(15).then_some(4096);
    ti.not_before = has(16).then(|| at(us));
    ti.deferral = has(17).then(|| Deferral {
        trigger: match bits >> 18 & 3 {
            0 => Trigger::At(at(us)),
            1 => Trigger::File {
                path: "/tmp/x".into(),
                recursive: true,
                poke_interval_us: 5,
            },
            _ => Trigger::Python {
                class: "a.b.C".into(),
                kwargs: json!({"x": "y".repeat(100)}),
            },
        },
        timeout: has(18).then(|| at(us)),
        soft_fail: has(19),
        resume: has(20).then(|| ("execute_complete".into(), json!([1]))),
    });
    ti.reason = has(21).then(|| Reason::Failed {
        message: "e".repeat((bits >> 22 & 127) as usize),
    });
    ti.note = has(29).then(|| "remark".into());
    ti.rendered_map_index = has(30).then(|| "label".into());
    ti.returned = has(31).then(|| match bits % 5 {
        0 => Returned::Value,
        length => Returned::Sized(length - 1),
    });
    ti.n_stuck = bits >> 7 & 3;
    ti
}

pub(crate) fn dag_row(no: u32, bits: u32) -> DagRow {
    let interval = DataInterval {
        start: at(0),
        end: at(1),
    };
    DagRow {
        no: DagNo(no),
        dag_id: DagId::from(format!("dag_{no}")),
        is_paused: bits & 1 != 0,
        is_stale: bits & 2 != 0,
        version: VersionNo(bits % 5),
        file: "a/b.yaml".into(),
        last_parsed: at(i64::from(bits)),
        last_parse_us: 17,
        next_run: (bits & 4 != 0).then(|| NextRun {
            logical_date: Some(at(5)),
            data_interval: Some(interval),
            run_after: at(6),
            partition_key: None,
            partition_date: None,
        }),
        last_scheduled: (bits & 8 != 0).then_some(interval),
        summary: DagSummary {
            tags: vec!["x".into(), "y".into()],
            n_tasks: bits,
            ..DagSummary::default()
        },
    }
}

pub(crate) fn version(dag: u32, bits: u32) -> DagVersion {
    let source = if bits & 16 == 0 {
        DagSource::Yaml {
            text: "tasks: []\n".repeat(1 + bits as usize % 1000),
            files: vec![("q.sql".into(), "select 1".into())],
        }
    } else {
        DagSource::Serialized {
            json: "{}".into(),
            text: (bits & 32 == 0).then(|| "# dag".into()),
        }
    };
    DagVersion {
        dag: DagNo(dag),
        version: VersionNo(1 + bits % 3),
        created_at: at(i64::from(bits)),
        hash: format!("{bits:064x}"),
        source,
    }
}

pub(crate) fn file(bits: u32) -> DagFile {
    DagFile {
        path: format!("f{}.yaml", bits % 4),
        hash: format!("{bits:064x}"),
        stamp: (u64::from(bits), -1, 3),
        dags: vec![DagNo(bits % 3)],
        warnings: Vec::new(),
        error: (bits & 1 != 0).then(|| ImportError {
            at: at(1),
            code: "DAG-001".into(),
            message: "no".into(),
            line: Some(3),
            column: None,
        }),
    }
}

pub(crate) fn pool(bits: u32) -> Pool {
    Pool {
        name: PoolName::from(format!("p{}", bits % 4)),
        slots: bits.cast_signed(),
        description: (bits & 1 != 0).then(|| "pool".into()),
        include_deferred: bits & 2 != 0,
    }
}

pub(crate) fn variable(bits: u32) -> Variable {
    Variable {
        key: format!("v{}", bits % 4),
        sealed: bits.to_le_bytes().to_vec(),
        description: (bits & 1 != 0).then(|| "variable".into()),
    }
}

pub(crate) fn counters(n: u64) -> Change {
    Change::PutCounters(Counters {
        dag: DagNo(1),
        run: RunNo(n),
        fence: Fence(n),
    })
}

pub(crate) fn put_run(run: DagRun) -> Change {
    Change::PutRun {
        run: Box::new(run),
        was: None,
    }
}

pub(crate) fn put_ti(dag: u32, ti: TaskInstance) -> Change {
    Change::PutTaskInstance {
        dag: DagNo(dag),
        ti: Box::new(ti),
        was: None,
    }
}

/// A point in time in microseconds.
pub(crate) fn us(us: i64) -> Timestamp {
    Timestamp::from_micros(us)
}

/// An entry of the audit log at a small number, so that entries meet.
pub(crate) fn audit(bits: u32) -> Change {
    let some = |bit: u32, text: &str| (bits & bit != 0).then(|| text.to_owned());
    let entry = AuditEntry {
        event: format!("e{}", bits % 3),
        dag_id: some(1 << 8, &format!("dag_{}", bits % 2 + 1)).or(some(1 << 9, "dag")),
        task_id: some(1 << 10, "t"),
        run_id: some(1 << 11, "r1").or(some(1 << 12, "r\u{0}1")),
        map_index: (bits & (1 << 13) != 0).then_some(-1),
        try_number: (bits & (1 << 14) != 0).then_some(bits % 5),
        logical_date: (bits & (1 << 15) != 0).then(|| at(i64::from(bits))),
        owner: some(1 << 16, "nobody"),
        owner_display_name: some(1 << 17, "Nobody"),
        extra: some(1 << 18, "{}"),
    };
    Change::PutAudit {
        no: AuditNo(u64::from(bits % 40)),
        entry: Box::new(entry),
    }
}
