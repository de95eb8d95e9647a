//! A tree becomes a dag, by the rules of Airflow's YAML format of 2026-10-30.

mod cron;
mod edges;
mod extends;
mod fields;
pub(crate) mod keys;
mod params;
pub(crate) mod reader;
mod schedule;
mod task;
pub(crate) mod value;

use model::{
    JsonMap, Timestamp,
    dag::{Dag, Task},
    limits::{DAG_TASKS_MAX, MAX_ACTIVE_RUNS_DEFAULT, MAX_ACTIVE_TASKS_DEFAULT},
    schedule::Schedule,
    state::DagRunType,
};

use self::{
    extends::Templates,
    fields::{Fields, SHAPE},
    reader::Reader,
    task::{Defaults, Draft},
};
use crate::{
    operators::OPERATORS,
    shape, suggest,
    yaml::{Entry, Node, Value},
};

/// The versions of the format that are known, and how a file names them.
pub(crate) const SCHEMA_URL: &str = "https://airflow.apache.org/schemas/dag/2026-10-30.json";

const KEPT: &[&str] = &[
    "owner_links",
    "access_control",
    "template_searchpath",
    "jinja_environment_kwargs",
    "deadline",
    "auto_register",
    "disable_bundle_versioning",
    "rerun_with_latest_version",
];

/// Reads the dag of a document. Problems are left in the reader; then the dag is not to be used.
pub(crate) fn read(root: &Node, reader: &mut Reader<'_>) -> Option<Dag> {
    let Value::Map(entries) = &root.value else {
        let message = format!(
            "a dag file is a mapping that begins with `dag_id`, not {}",
            root.value.kind()
        );
        reader.problems.add(SHAPE, root.at, message);
        return None;
    };
    let fields = Fields::read(entries, keys::DAG, "the dag", &mut reader.problems);
    let id = entries.iter().find(|entry| entry.key == "dag_id");
    if id.is_none_or(|id| id.node.value == Value::Null) {
        let at = id.map_or(root.at, |id| id.at);
        reader.problems.add(SHAPE, at, "the dag needs a `dag_id`");
    }
    check_version(&fields, reader);
    let default_args = default_args(&fields, reader);
    let zone = zone(&fields, &default_args, reader);
    let schedule = fields.entry("schedule").map_or(Schedule::Null, |entry| {
        schedule::read(&entry.node, &zone, reader)
    });
    let drafts = tasks(&fields, &default_args, reader);
    let tasks = edges::resolve(drafts, reader);
    Some(dag(&fields, &default_args, zone, schedule, tasks, reader))
}

fn dag(
    fields: &Fields<'_>,
    defaults: &Defaults<'_>,
    timezone: String,
    schedule: Schedule,
    tasks: Vec<Task>,
    reader: &mut Reader<'_>,
) -> Dag {
    let mut owners = Vec::new();
    for task in &tasks {
        if !owners.contains(&task.owner) {
            owners.push(task.owner.clone());
        }
    }
    let mut tags = fields.texts("tags");
    tags.sort();
    tags.dedup();
    let object = |name: &str| match fields.node(name).map(Node::to_json) {
        Some(model::Json::Object(map)) => map,
        Some(_) | None => JsonMap::new(),
    };
    let run_types = fields.node("allowed_run_types").map(|node| {
        let words = fields::texts_of(node);
        words
            .iter()
            .filter_map(|word| DagRunType::parse(word))
            .collect()
    });
    let kept = KEPT.iter().filter_map(|name| {
        let node = fields.node(name)?;
        Some(((*name).to_owned(), node.to_json()))
    });
    let dag_id = fields
        .node("dag_id")
        .and_then(shape::id_of)
        .unwrap_or_default();
    Dag {
        display_name: fields.text("dag_display_name"),
        description: fields.text("description"),
        doc_md: fields.text("doc_md"),
        tags,
        owners,
        schedule,
        start_date: date("start_date", fields, defaults, &timezone, &tasks),
        end_date: date("end_date", fields, defaults, &timezone, &[]),
        timezone,
        catchup: fields.flag("catchup").unwrap_or(false),
        max_active_runs: fields
            .whole("max_active_runs")
            .unwrap_or(MAX_ACTIVE_RUNS_DEFAULT),
        max_active_tasks: fields
            .whole("max_active_tasks")
            .unwrap_or(MAX_ACTIVE_TASKS_DEFAULT),
        max_consecutive_failed_dag_runs: fields
            .whole("max_consecutive_failed_dag_runs")
            .unwrap_or(0),
        dagrun_timeout: fields.duration("dagrun_timeout"),
        fail_fast: fields.flag("fail_fast").unwrap_or(false),
        is_paused_upon_creation: fields.flag("is_paused_upon_creation"),
        allowed_run_types: run_types,
        params: params::read(fields.node("params"), reader),
        default_args: object("default_args"),
        render_template_as_native_obj: fields
            .flag("render_template_as_native_obj")
            .unwrap_or(false),
        user_defined_macros: object("user_defined_macros"),
        tasks,
        extra: kept.collect(),
        ..Dag::new(dag_id.into())
    }
}

fn check_version(fields: &Fields<'_>, reader: &mut Reader<'_>) {
    if let Some(entry) = fields.entry("$schema")
        && entry.node.text() != Some(SCHEMA_URL)
    {
        let message =
            format!("`$schema` is not a version of the format that is known; write `{SCHEMA_URL}`");
        reader.problems.add(SHAPE, entry.node.at, message);
    }
}

/// The dag's zone: as said, or the offset of its start date, or UTC.
fn zone(fields: &Fields<'_>, defaults: &Defaults<'_>, reader: &mut Reader<'_>) -> String {
    if let Some(entry) = fields.entry("timezone")
        && let Some(name) = entry.node.text()
    {
        if shape::zone(name).is_none() {
            let message = format!(
                "`timezone`: there is no time zone `{name}`; write an IANA name or an offset such as `+02:00`"
            );
            reader.problems.add(SHAPE, entry.node.at, message);
        }
        return name.to_owned();
    }
    let start = start_node("start_date", fields, defaults);
    let own = start.and_then(|node| shape::time(node, "UTC")?.1);
    own.unwrap_or_else(|| "UTC".to_owned())
}

fn start_node<'a>(name: &str, fields: &Fields<'a>, defaults: &Defaults<'a>) -> Option<&'a Node> {
    let default = || {
        let found = defaults.keys.iter().find(|entry| entry.key == name);
        found.map(|entry| &entry.node)
    };
    fields.node(name).or_else(default)
}

/// As said, or by `default_args`, or the earliest of the tasks.
fn date(
    name: &str,
    fields: &Fields<'_>,
    defaults: &Defaults<'_>,
    zone: &str,
    tasks: &[Task],
) -> Option<Timestamp> {
    if let Some(node) = start_node(name, fields, defaults) {
        return shape::time(node, zone).map(|(at, _)| at);
    }
    let own = |task: &Task| shape::time_of(task.extra.get(name)?.as_str()?, zone);
    tasks.iter().filter_map(own).map(|(at, _)| at).min()
}

/// Defaults for tasks and for arguments of operators; what is neither is told.
fn default_args<'a>(fields: &Fields<'a>, reader: &mut Reader<'_>) -> Defaults<'a> {
    let mut defaults = Defaults {
        keys: Vec::new(),
        arguments: Vec::new(),
    };
    let Some(node) = fields.node("default_args") else {
        return defaults;
    };
    let Value::Map(entries) = &node.value else {
        let message = format!(
            "`default_args` must be a mapping, not {}",
            node.value.kind()
        );
        reader.problems.add(SHAPE, node.at, message);
        return defaults;
    };
    const OWN: [&str; 5] = ["id", "uses", "with", "needs", "extends"];
    for entry in entries {
        let is_key = |name: &str| keys::TASK.iter().any(|key| key.name == name);
        let specs = OPERATORS.iter();
        if OWN.contains(&entry.key.as_str()) {
            let message = format!("`default_args`: `{}` is each task's own", entry.key);
            reader.problems.add(SHAPE, entry.at, message);
        } else if is_key(&entry.key) {
            let one: &'a [Entry] = std::slice::from_ref(entry);
            let read = Fields::read(one, keys::TASK, "`default_args`", &mut reader.problems);
            defaults.keys.extend(read.own());
        } else if specs
            .flat_map(|spec| spec.all_arguments())
            .any(|arg| arg.name == entry.key)
        {
            defaults.arguments.push(entry);
        } else {
            let known = keys::TASK
                .iter()
                .filter(|key| !key.is_refused)
                .map(|key| key.name);
            let hint = suggest::nearest(&entry.key, known);
            let message = format!("`default_args`: the key `{}` is not known{hint}", entry.key);
            reader.problems.add(SHAPE, entry.at, message);
        }
    }
    defaults
}

fn tasks(fields: &Fields<'_>, defaults: &Defaults<'_>, reader: &mut Reader<'_>) -> Vec<Draft> {
    let mut templates = Templates::read(fields.node("templates"), reader);
    let Some(entry) = fields.entry("tasks") else {
        return Vec::new();
    };
    let Value::List(items) = &entry.node.value else {
        let message = format!("`tasks` must be a list, not {}", entry.node.value.kind());
        reader.problems.add(SHAPE, entry.node.at, message);
        return Vec::new();
    };
    if items.len() > DAG_TASKS_MAX {
        let message = format!(
            "the dag has {} tasks, more than {DAG_TASKS_MAX}",
            items.len()
        );
        reader.problems.add(SHAPE, entry.at, message);
        return Vec::new();
    }
    let mut drafts = Vec::with_capacity(items.len());
    for item in items {
        // Looking for near names is dear; a file that is wrong throughout is told by its beginning.
        if reader.problems.is_full() {
            return Vec::new();
        }
        let Value::Map(own) = &item.value else {
            let message = format!(
                "a task is a mapping with an `id`, not {}",
                item.value.kind()
            );
            reader.problems.add(SHAPE, item.at, message);
            continue;
        };
        if let Some(entries) = templates.apply(own, reader)
            && let Some(draft) = task::read(&entries, item.at, defaults, reader)
        {
            drafts.push(draft);
        }
    }
    drafts
}
