//! A book that was written before: 2 dags, 120 runs, 360 instances.

use model::{
    DagNo, MapIndex, RunNo, TaskNo, TiKey, TimeDelta, Timestamp, VersionNo,
    change::{
        Change, Counters, DagFile, DagRow, DagSource, DagSummary, DagVersion, ImportError, NextRun,
        Pool,
    },
    run::DagRun,
    schedule::DataInterval,
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
    task_instance::TaskInstance,
};

pub(super) const YAML: &str = "dag_id: etl
schedule: '@daily'
start_date: 2026-01-01
doc_md: Hello
tags: [daily, red]
default_args: {owner: ada}
tasks:
  - id: extract
    uses: bash
    with: {bash_command: 'true'}
  - id: load
    uses: empty
    needs: [extract]
  - id: report
    uses: empty
    needs: [load]
";

pub(super) fn at(day: i64) -> Timestamp {
    Timestamp::parse("2026-01-01")
        .unwrap()
        .plus(TimeDelta::from_secs(day * 86_400))
}

/// A dag with its first version, without the names of its tasks.
pub(super) fn dag(no: u32, dag_id: &str, yaml: &str, tags: &[&str]) -> Vec<Change> {
    let row = DagRow {
        no: DagNo(no),
        dag_id: dag_id.into(),
        is_paused: true,
        is_stale: false,
        version: VersionNo(1),
        file: format!("{dag_id}.yaml"),
        last_parsed: at(0),
        last_parse_us: 1_234,
        next_run: Some(NextRun {
            logical_date: Some(at(100)),
            data_interval: Some(DataInterval {
                start: at(100),
                end: at(101),
            }),
            run_after: at(101),
            partition_key: None,
            partition_date: None,
        }),
        last_scheduled: None,
        summary: DagSummary {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            owners: vec!["ada".to_owned()],
            timetable_summary: Some("@daily".to_owned()),
            timetable_periodic: true,
            max_active_runs: 16,
            max_active_tasks: 16,
            n_tasks: 3,
            ..DagSummary::default()
        },
    };
    let text = yaml.to_owned();
    let version = DagVersion {
        dag: DagNo(no),
        version: VersionNo(1),
        created_at: at(0),
        hash: "00".to_owned(),
        source: DagSource::Yaml {
            text,
            files: Vec::new(),
        },
    };
    vec![
        Change::PutDag(Box::new(row)),
        Change::PutVersion(Box::new(version)),
    ]
}

fn named(no: u32, dag_id: &str, tags: &[&str]) -> Vec<Change> {
    let mut changes = dag(no, dag_id, &YAML.replace("etl", dag_id), tags);
    let name = |(task, id): (u32, &str)| Change::PutTaskName {
        dag: DagNo(no),
        task: TaskNo(task),
        task_id: id.into(),
    };
    let names = [(1, "extract"), (2, "load"), (3, "report")];
    changes.extend(names.into_iter().map(name));
    changes
}

/// A finished run, and whether it failed.
pub(super) fn dag_run(no: u64, dag: u32, day: i64) -> (DagRun, bool) {
    let failed = no.is_multiple_of(10);
    let run = DagRun {
        no: RunNo(no),
        dag: DagNo(dag),
        run_id: format!("scheduled__{}", at(day).isoformat()).into(),
        run_type: if failed {
            DagRunType::Manual
        } else {
            DagRunType::Scheduled
        },
        state: if failed {
            DagRunState::Failed
        } else {
            DagRunState::Success
        },
        logical_date: Some(at(day)),
        data_interval: Some(DataInterval {
            start: at(day),
            end: at(day + 1),
        }),
        run_after: at(day + 1),
        queued_at: Some(at(day + 1)),
        start_date: Some(at(day + 1)),
        // Later runs are faster.
        end_date: Some(at(day + 1).plus(TimeDelta::from_secs(1_000 - day))),
        last_scheduling_decision: None,
        conf: serde_json::json!({ "day": day }),
        note: None,
        triggered_by: TriggeredBy::Timetable,
        triggering_user: None,
        version: VersionNo(1),
        clear_number: 0,
        partition_key: None,
        partition_date: None,
        backfill: None,
        reason: None,
    };
    (run, failed)
}

fn run(no: u64, dag: u32, day: i64) -> Vec<Change> {
    let (run, failed) = dag_run(no, dag, day);
    let mut changes = vec![Change::PutRun {
        run: Box::new(run),
        was: None,
    }];
    changes.extend(instances(no, dag, day, failed));
    changes.push(Change::PutXCom {
        key: TiKey {
            run: RunNo(no),
            task: TaskNo(1),
            map: MapIndex::NONE,
        },
        name: "return_value".to_owned(),
        value: serde_json::json!({ "n": no }),
        at: at(day + 1),
    });
    changes
}

fn instances(no: u64, dag: u32, day: i64, failed: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for task in 1..=3 {
        let key = TiKey {
            run: RunNo(no),
            task: TaskNo(task),
            map: MapIndex::NONE,
        };
        let ti = TaskInstance {
            state: match (failed, task) {
                (true, 1) => TaskInstanceState::Failed,
                (true, _) => TaskInstanceState::UpstreamFailed,
                (false, _) => TaskInstanceState::Success,
            },
            try_number: if failed && task == 1 { 2 } else { 1 },
            start_date: Some(at(day + 1)),
            end_date: Some(at(day + 1).plus(TimeDelta::from_secs(5))),
            pid: Some(4),
            cpu_us: Some(2_500_000),
            memory_peak_bytes: Some(9_000),
            ..TaskInstance::new(key, VersionNo(1), 1)
        };
        if failed && task == 1 {
            changes.push(Change::ArchiveTry(Box::new(TaskInstance {
                try_number: 1,
                ..ti.clone()
            })));
        }
        changes.push(Change::PutTaskInstance {
            dag: DagNo(dag),
            ti: Box::new(ti),
            was: None,
        });
    }
    changes
}

pub(super) fn book() -> Vec<Change> {
    let mut changes = named(1, "etl", &["daily", "red"]);
    changes.extend(named(2, "web", &["red"]));
    for no in 1..=120_i64 {
        let (dag, day) = if no <= 100 { (1, no) } else { (2, no - 100) };
        changes.extend(run(no.unsigned_abs(), dag, day));
    }
    let pool = |name: &str, slots| Pool {
        name: name.into(),
        slots,
        description: None,
        include_deferred: false,
    };
    changes.push(Change::PutPool(pool("default_pool", 128)));
    changes.push(Change::PutPool(pool("db", 2)));
    changes.push(Change::PutFile(Box::new(DagFile {
        path: "bad.yaml".to_owned(),
        hash: "00".to_owned(),
        stamp: (1, 1, 1),
        dags: Vec::new(),
        warnings: Vec::new(),
        error: Some(ImportError {
            at: at(1),
            code: "DAG-003".to_owned(),
            message: "no tasks".to_owned(),
            line: Some(3),
            column: Some(5),
        }),
    })));
    changes.push(Change::PutCounters(Counters {
        dag: DagNo(3),
        run: RunNo(121),
        ..Counters::default()
    }));
    changes
}
