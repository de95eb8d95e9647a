//! How long lists take over a book of 1,000,000 finished task instances. Not part of the tests:
//! `cargo test --profile quick -p api speed -- --ignored --nocapture`.

use std::time::Instant;

use model::{
    DagNo, DeploymentId, MapIndex, RunNo, TaskNo, TiKey, VersionNo,
    change::{Change, Counters},
    state::TaskInstanceState,
    task_instance::TaskInstance,
};

use super::{
    book::{self, YAML},
    node::Node,
};

const DAGS: u32 = 100;
const RUNS: u64 = 10_000;
const TASKS: u32 = 100;

fn yaml(dag_id: &str) -> String {
    let head = YAML.split("tasks:").next().unwrap().replace("etl", dag_id);
    let task = |n| format!("  - id: task_{n}\n    uses: empty\n");
    let tasks: String = (1..=TASKS).map(task).collect();
    format!("{head}tasks:\n{tasks}")
}

fn write(writer: &mut store::Writer) {
    for dag in 1..=DAGS {
        let dag_id = format!("dag_{dag}");
        let mut changes = book::dag(dag, &dag_id, &yaml(&dag_id), &["red"]);
        for task in 1..=TASKS {
            changes.push(Change::PutTaskName {
                dag: DagNo(dag),
                task: TaskNo(task),
                task_id: format!("task_{task}").into(),
            });
        }
        writer.commit(DeploymentId::DEFAULT, &changes).unwrap();
    }
    for first in (1..=RUNS).step_by(50) {
        let mut changes = Vec::new();
        for no in first..first + 50 {
            let dag = u32::try_from(no % u64::from(DAGS)).unwrap() + 1;
            let day = i64::try_from(no / u64::from(DAGS)).unwrap();
            let (run, failed) = book::dag_run(no, dag, day);
            changes.push(Change::PutRun {
                run: Box::new(run),
                was: None,
            });
            changes.extend((1..=TASKS).map(|task| instance(no, dag, task, day, failed)));
        }
        writer.commit(DeploymentId::DEFAULT, &changes).unwrap();
    }
    let counters = Counters {
        dag: DagNo(DAGS + 1),
        run: RunNo(RUNS + 1),
        ..Counters::default()
    };
    writer
        .commit(DeploymentId::DEFAULT, &[Change::PutCounters(counters)])
        .unwrap();
}

fn instance(no: u64, dag: u32, task: u32, day: i64, failed: bool) -> Change {
    let key = TiKey {
        run: RunNo(no),
        task: TaskNo(task),
        map: MapIndex::NONE,
    };
    let state = if failed {
        TaskInstanceState::Failed
    } else {
        TaskInstanceState::Success
    };
    let ti = TaskInstance {
        state,
        try_number: 1,
        start_date: Some(book::at(day + 1)),
        end_date: Some(book::at(day + 1)),
        ..TaskInstance::new(key, VersionNo(1), 1)
    };
    Change::PutTaskInstance {
        dag: DagNo(dag),
        ti: Box::new(ti),
        was: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures, and takes a minute"]
async fn lists_over_a_million_task_instances() {
    let node = Node::over(write, &[]);
    let run = "scheduled__2026-01-11T00:00:00%2B00:00";
    for path in [
        "/dags?limit=50".to_owned(),
        "/dags?limit=50&order_by=-last_run_start_date".to_owned(),
        "/dagStats".to_owned(),
        "/dags/~/dagRuns?limit=50".to_owned(),
        "/dags/~/dagRuns?limit=50&order_by=-run_after".to_owned(),
        "/dags/~/dagRuns?limit=50&order_by=-start_date".to_owned(),
        "/dags/~/dagRuns?limit=50&offset=5000".to_owned(),
        "/dags/dag_7/dagRuns?limit=50&order_by=-start_date".to_owned(),
        "/dags/dag_7/dagRuns?limit=50&state=failed".to_owned(),
        "/dags/~/dagRuns/~/taskInstances?limit=50".to_owned(),
        "/dags/~/dagRuns/~/taskInstances?limit=50&offset=500000".to_owned(),
        "/dags/~/dagRuns/~/taskInstances?limit=50&state=failed".to_owned(),
        "/dags/~/dagRuns/~/taskInstances?limit=50&state=running".to_owned(),
        "/dags/~/dagRuns/~/taskInstances?limit=50&order_by=-start_date".to_owned(),
        "/dags/~/dagRuns/~/taskInstances?limit=50&operator=EmptyOperator".to_owned(),
        "/dags/dag_7/dagRuns/~/taskInstances?limit=50&task_id=task_5".to_owned(),
        format!("/dags/dag_7/dagRuns/{run}/taskInstances?limit=50"),
        "/orrery/dags?limit=50".to_owned(),
        "/orrery/dags/dag_7/grid?limit=25".to_owned(),
    ] {
        let mut ms = Vec::new();
        for _ in 0..200 {
            let since = Instant::now();
            let answer = node.plain(&path).await;
            ms.push(since.elapsed().as_secs_f64() * 1e3);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
        ms.sort_by(f64::total_cmp);
        println!("{:7.2} {:7.2} ms (p50, p99)  {path}", ms[100], ms[197]);
    }
}
