//! Dags as text.

use model::{
    Timestamp,
    dag::{Dag, Operator, OperatorKind, Task},
    state::{DagRunType, TriggerRule, WeightRule},
};

use super::dsl::span;

pub(crate) fn parse_dag(dag_id: &str, text: &str) -> Dag {
    let mut dag = empty_dag(dag_id);
    for entry in text
        .split(';')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        if let Some(keys) = entry.strip_prefix('!') {
            for (key, value) in keys
                .split_whitespace()
                .filter_map(|pair| pair.split_once('='))
            {
                set_dag(&mut dag, key, value);
            }
            continue;
        }
        let mut words = entry.split_whitespace();
        let (name, upstream) = words
            .next()
            .unwrap()
            .split_once(':')
            .unwrap_or_else(|| (entry.split_whitespace().next().unwrap(), ""));
        let mut task = bare_task(name);
        for (key, value) in words.filter_map(|pair| pair.split_once('=')) {
            set_task(&mut task, key, value);
        }
        let at = dag.tasks.len();
        for above in upstream.split(',').filter(|above| !above.is_empty()) {
            let above = dag
                .position(above)
                .unwrap_or_else(|| panic!("no task {above}"));
            task.upstream.push(above);
            dag.tasks[above].downstream.push(at);
        }
        task.upstream.sort_unstable();
        dag.tasks.push(task);
    }
    dag
}

fn set_dag(dag: &mut Dag, key: &str, value: &str) {
    match key {
        "runs" => dag.max_active_runs = value.parse().unwrap(),
        "tasks" => dag.max_active_tasks = value.parse().unwrap(),
        "timeout" => dag.dagrun_timeout = Some(span(value)),
        "fail_fast" => dag.fail_fast = value == "yes",
        "catchup" => dag.catchup = value == "yes",
        "from" => dag.start_date = Some(Timestamp::parse(value).unwrap()),
        "failures" => dag.max_consecutive_failed_dag_runs = value.parse().unwrap(),
        "paused" => dag.is_paused_upon_creation = Some(value == "yes"),
        "cron" => {
            dag.schedule = model::schedule::from_text(value, "UTC").unwrap();
        }
        "only" => dag.allowed_run_types = Some(vec![DagRunType::parse(value).unwrap()]),
        _ => panic!("{key}"),
    }
}

fn set_task(task: &mut Task, key: &str, value: &str) {
    match key {
        "rule" => task.trigger_rule = TriggerRule::parse(value).unwrap(),
        "retries" => task.retries = value.parse().unwrap(),
        "delay" => task.retry_delay = span(value),
        "pool" => task.pool = value.into(),
        "slots" => task.pool_slots = value.parse().unwrap(),
        "weight" => task.priority_weight = value.parse().unwrap(),
        "weights" => task.weight_rule = WeightRule::parse(value).unwrap(),
        "kind" => {
            task.operator.kind = match value {
                "empty" => OperatorKind::Empty,
                _ => OperatorKind::Bash,
            }
        }
        "past" => task.depends_on_past = value == "yes",
        "first" => task.ignore_first_depends_on_past = value == "yes",
        "wait_down" => task.wait_for_downstream = value == "yes",
        "skip_waits" => task.wait_for_past_depends_before_skipping = value == "yes",
        "per_dag" => task.max_active_tis_per_dag = Some(value.parse().unwrap()),
        "setup" => task.is_setup = value == "yes",
        "teardown" => task.is_teardown = value == "yes",
        "push" => task.do_xcom_push = value == "yes",
        _ => panic!("{key}"),
    }
}

pub(crate) fn bare_task(name: &str) -> Task {
    let operator = Operator {
        class: "bash".to_owned(),
        kind: OperatorKind::Bash,
        arguments: std::collections::BTreeMap::new(),
    };
    Task {
        ignore_first_depends_on_past: true,
        owner: String::new(),
        ..Task::new(name.into(), operator)
    }
}

fn empty_dag(dag_id: &str) -> Dag {
    Dag::new(dag_id.into())
}
