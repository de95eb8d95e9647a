//! Random dags, as the documents that a person would write.

use serde_json::{Value, json};

use crate::chance::Chance;

/// Pools that dags may name. Some exist, some do not, some come and go.
pub const POOLS: [&str; 3] = ["default_pool", "db", "licences"];
pub(crate) const RULES: [&str; 12] = [
    "all_success",
    "all_failed",
    "all_done",
    "all_done_min_one_success",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_skipped",
    "always",
    "none_failed_min_one_success",
    "all_skipped",
];
pub(crate) const SCHEDULES: [&str; 7] = [
    "*/10 * * * *",
    "@hourly",
    "PT7M",
    "0 */3 * * *",
    "@once",
    "@daily",
    "@continuous",
];

/// A document. Tasks whose ids begin with `branch` choose, with `wait` wait without a slot, with
/// `poke` look again and again; the executor knows.
#[must_use]
pub fn document(dag_id: &str, chance: &mut Chance) -> String {
    let n_tasks = if chance.percent(5) {
        chance.below(30)
    } else {
        1 + chance.below(7)
    };
    let tasks: Vec<Value> = (0..n_tasks).map(|at| task(at, chance)).collect();
    let tasks = link(tasks, chance);
    let mut dag = json!({
        "dag_id": dag_id,
        "schedule": null,
        "is_paused_upon_creation": chance.percent(5),
        "max_active_runs": 1 + chance.below(4),
        "tasks": tasks,
    });
    let Some(fields) = dag.as_object_mut() else {
        return String::new();
    };
    if chance.percent(60) {
        fields.insert("schedule".to_owned(), json!(chance.pick(&SCHEDULES)));
        fields.insert("catchup".to_owned(), json!(chance.percent(40)));
        fields.insert("start_date".to_owned(), json!("2026-11-18T08:30:00Z"));
        if chance.percent(20) {
            fields.insert("end_date".to_owned(), json!("2026-11-18T14:00:00Z"));
        }
    }
    if chance.percent(25) {
        fields.insert("max_active_tasks".to_owned(), json!(1 + chance.below(3)));
    }
    if chance.percent(10) {
        fields.insert("dagrun_timeout".to_owned(), json!(60 + chance.below(600)));
    }
    if chance.percent(10) {
        fields.insert("fail_fast".to_owned(), json!(true));
    }
    if chance.percent(10) {
        fields.insert("max_consecutive_failed_dag_runs".to_owned(), json!(2));
    }
    dag.to_string()
}

fn task(at: usize, chance: &mut Chance) -> Value {
    let kind = ["work", "work", "work", "branch", "wait", "poke"];
    let name = chance.pick(&kind).copied().unwrap_or("work");
    let mut task = json!({
        "id": format!("{name}_{at}"),
        "uses": "bash",
        "with": { "bash_command": "true" },
    });
    let Some(fields) = task.as_object_mut() else {
        return task;
    };
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if chance.percent(25) {
        put("uses", json!("empty"));
        put("with", json!({}));
    }
    if chance.percent(35) {
        put("trigger_rule", json!(chance.pick(&RULES)));
    }
    if chance.percent(50) {
        put("retries", json!(chance.below(3)));
        put("retry_delay", json!(chance.below(120)));
        if chance.percent(30) {
            put("retry_exponential_backoff", json!(true));
            put("max_retry_delay", json!(300));
        }
    }
    if chance.percent(30) {
        put("pool", json!(chance.pick(&POOLS)));
        put("pool_slots", json!(1 + chance.below(3)));
    }
    if chance.percent(20) {
        put("priority_weight", json!(chance.between(-3, 20)));
        put(
            "weight_rule",
            json!(chance.pick(&["downstream", "upstream", "absolute"])),
        );
    }
    if chance.percent(10) {
        put("depends_on_past", json!(true));
        put("wait_for_downstream", json!(chance.percent(30)));
    }
    if chance.percent(8) {
        put("max_active_tis_per_dag", json!(1));
    }
    if chance.percent(8) {
        put("max_active_tis_per_dagrun", json!(1));
    }
    task
}

/// Each task may need any before it.
fn link(mut tasks: Vec<Value>, chance: &mut Chance) -> Vec<Value> {
    let ids: Vec<Value> = tasks.iter().map(|task| task["id"].clone()).collect();
    let density = 20 + chance.below(50) as u64;
    for (at, task) in tasks.iter_mut().enumerate() {
        let before = ids.iter().take(at).rev().take(6);
        let needs: Vec<&Value> = before.filter(|_| chance.percent(density)).collect();
        if let Some(fields) = task.as_object_mut().filter(|_| !needs.is_empty()) {
            fields.insert("needs".to_owned(), json!(needs));
        }
    }
    tasks
}
