//! Dags as text.

use model::{
    Timestamp,
    dag::{Dag, Operator, OperatorKind, Task},
    schedule::Schedule,
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
    Task {
        task_id: name.into(),
        display_name: None,
        operator: Operator {
            class: "bash".to_owned(),
            kind: OperatorKind::Bash,
            arguments: std::collections::BTreeMap::new(),
        },
        upstream: Vec::new(),
        downstream: Vec::new(),
        edge_labels: std::collections::BTreeMap::new(),
        trigger_rule: TriggerRule::AllSuccess,
        retries: 0,
        retry_delay: span("5m"),
        retry_exponential_backoff: 0.0,
        max_retry_delay: None,
        execution_timeout: None,
        pool: "default_pool".into(),
        pool_slots: 1,
        priority_weight: 1,
        weight_rule: WeightRule::Downstream,
        queue: "default".to_owned(),
        depends_on_past: false,
        ignore_first_depends_on_past: true,
        wait_for_downstream: false,
        wait_for_past_depends_before_skipping: false,
        max_active_tis_per_dag: None,
        max_active_tis_per_dagrun: None,
        do_xcom_push: true,
        is_setup: false,
        is_teardown: false,
        on_failure_fail_dagrun: false,
        is_mapped: false,
        owner: String::new(),
        doc_md: None,
        extra: model::JsonMap::new(),
    }
}

fn empty_dag(dag_id: &str) -> Dag {
    Dag {
        dag_id: dag_id.into(),
        display_name: None,
        description: None,
        doc_md: None,
        tags: Vec::new(),
        owners: Vec::new(),
        schedule: Schedule::Null,
        timezone: "UTC".to_owned(),
        start_date: None,
        end_date: None,
        catchup: false,
        max_active_runs: 16,
        max_active_tasks: 16,
        max_consecutive_failed_dag_runs: 0,
        dagrun_timeout: None,
        fail_fast: false,
        is_paused_upon_creation: None,
        allowed_run_types: None,
        params: Vec::new(),
        default_args: model::JsonMap::new(),
        render_template_as_native_obj: false,
        user_defined_macros: model::JsonMap::new(),
        tasks: Vec::new(),
        groups: Vec::new(),
        extra: model::JsonMap::new(),
    }
}
