//! The dag itself.

use std::collections::HashMap;

use model::{
    DagId, Json, JsonMap,
    dag::{Dag, DagDependency, Task},
    limits::{DAG_TASKS_MAX, MAX_ACTIVE_RUNS_DEFAULT, MAX_ACTIVE_TASKS_DEFAULT},
    schedule::{Schedule, from_serialized, from_text, offset_name},
    state::DagRunType,
};

use super::{
    assets, deadlines,
    fields::{EDGES, FORM, Fields, PROPERTY, Read, wrong},
    groups, params, task,
};
use crate::topology;

/// What is read below; the rest is kept.
const KNOWN: &[&str] = &[
    "access_control",
    "allowed_run_types",
    "catchup",
    "dag_dependencies",
    "dag_display_name",
    "dag_id",
    "dagrun_timeout",
    "deadline",
    "default_args",
    "description",
    "disable_bundle_versioning",
    "doc_md",
    "edge_info",
    "end_date",
    "fail_fast",
    "fileloc",
    "has_on_failure_callback",
    "has_on_success_callback",
    "is_paused_upon_creation",
    "max_active_runs",
    "max_active_tasks",
    "max_consecutive_failed_dag_runs",
    "owner_links",
    "params",
    "relative_fileloc",
    "render_template_as_native_obj",
    "rerun_with_latest_version",
    "schedule_interval",
    "start_date",
    "tags",
    "task_group",
    "tasks",
    "timetable",
    "timezone",
];

/// Positions by task id.
pub(super) type Places = HashMap<String, usize>;

pub(super) fn read(body: &JsonMap, defaults: Option<&JsonMap>) -> Read<Dag> {
    let fields = Fields::new("the dag", body);
    let dag_id = fields.needed("dag_id")?;
    let mut dag = Dag {
        extra: fields.unknown(|name| KNOWN.contains(&name)),
        ..Dag::new(DagId::from(dag_id))
    };
    about(&fields, &mut dag)?;
    limits(&fields, &mut dag)?;
    dag.schedule = schedule(&fields, &dag.timezone)?;
    dag.asset_condition = assets::condition(&dag.schedule)?;
    deadlines::read(&fields, &mut dag)?;
    let (tasks, places) = tasks(&fields, defaults)?;
    dag.tasks = tasks;
    edge_labels(&fields, &places, &mut dag)?;
    groups::read(&fields, &places, &mut dag)?;
    for task in &dag.tasks {
        if !dag.owners.contains(&task.owner) {
            dag.owners.push(task.owner.clone());
        }
    }
    // The first run is not before the first task may start.
    if dag.start_date.is_none() {
        dag.start_date = dag.tasks.iter().filter_map(|task| task.start_date).min();
    }
    Ok(dag)
}

fn about(fields: &Fields<'_>, dag: &mut Dag) -> Read<()> {
    dag.display_name = fields.text("dag_display_name")?;
    dag.description = fields.text("description")?;
    dag.doc_md = fields.text("doc_md")?;
    dag.tags = fields.texts("tags")?;
    dag.tags.sort();
    dag.tags.dedup();
    dag.timezone = match fields.get("timezone") {
        None => "UTC".to_owned(),
        Some(zone) => match (zone.as_str(), zone.as_i64()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(seconds)) => offset_name(seconds),
            (None, None) => return Err(fields.wrong("timezone", "a name or seconds")),
        },
    };
    dag.params = params::read(fields)?;
    dag.default_args = fields.object("default_args")?;
    dag.fileloc = fields.text("fileloc")?;
    dag.relative_fileloc = fields.text("relative_fileloc")?;
    dag.owner_links = fields.object("owner_links")?;
    dag.access_control = fields.get("access_control").cloned();
    dag.dependencies = dependencies(fields)?;
    dag.has_on_success_callback = fields.flag("has_on_success_callback")?;
    dag.has_on_failure_callback = fields.flag("has_on_failure_callback")?;
    dag.disable_bundle_versioning = fields.flag("disable_bundle_versioning")?;
    dag.rerun_with_latest_version = fields.maybe("rerun_with_latest_version")?;
    dag.render_template_as_native_obj = fields.flag("render_template_as_native_obj")?;
    Ok(())
}

fn limits(fields: &Fields<'_>, dag: &mut Dag) -> Read<()> {
    dag.start_date = fields.time("start_date")?;
    dag.end_date = fields.time("end_date")?;
    dag.catchup = fields.flag("catchup")?;
    dag.max_active_runs = fields
        .count("max_active_runs")?
        .unwrap_or(MAX_ACTIVE_RUNS_DEFAULT);
    dag.max_active_tasks = fields
        .count("max_active_tasks")?
        .unwrap_or(MAX_ACTIVE_TASKS_DEFAULT);
    dag.max_consecutive_failed_dag_runs = fields
        .count("max_consecutive_failed_dag_runs")?
        .unwrap_or(0);
    dag.dagrun_timeout = fields.span("dagrun_timeout")?;
    dag.fail_fast = fields.flag("fail_fast")?;
    dag.is_paused_upon_creation = fields.maybe("is_paused_upon_creation")?;
    let types = fields.texts("allowed_run_types")?;
    if !types.is_empty() {
        let types = types.iter().map(|word| DagRunType::parse(word)).collect();
        let types: Option<Vec<DagRunType>> = types;
        let calls_for = "a list of types of runs";
        dag.allowed_run_types =
            Some(types.ok_or_else(|| fields.wrong("allowed_run_types", calls_for))?);
    }
    Ok(())
}

fn schedule(fields: &Fields<'_>, zone: &str) -> Read<Schedule> {
    let calls_for = "a timetable's class and data";
    if let Some(timetable) = fields.get("timetable") {
        let class = timetable.get("__type").and_then(Json::as_str);
        let class = class.ok_or_else(|| fields.wrong("timetable", calls_for))?;
        let data = timetable.get("__var").unwrap_or(&Json::Null);
        return from_serialized(class, data)
            .map_err(|error| wrong(PROPERTY, format!("the dag: {error}")));
    }
    // Airflow 2 wrote what the author gave.
    match fields.get("schedule_interval") {
        None => Ok(Schedule::Null),
        Some(Json::String(text)) => from_text(text, zone)
            .map_err(|error| wrong(PROPERTY, format!("the dag: `schedule_interval`: {error}"))),
        Some(value) => {
            let mut data = JsonMap::new();
            let delta = value.get("__var").unwrap_or(value);
            data.insert("delta".to_owned(), delta.clone());
            data.insert("interval".to_owned(), Json::from(0.0));
            let class = "airflow.timetables.trigger.DeltaTriggerTimetable";
            from_serialized(class, &Json::Object(data))
                .map_err(|error| wrong(PROPERTY, format!("the dag: {error}")))
        }
    }
}

fn dependencies(fields: &Fields<'_>) -> Read<Vec<DagDependency>> {
    let mut found = Vec::new();
    for item in fields.list("dag_dependencies")? {
        let text = |name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
        let (Some(source), Some(target), Some(dependency_type)) =
            (text("source"), text("target"), text("dependency_type"))
        else {
            let calls_for = "a list of objects with source, target and dependency_type";
            return Err(fields.wrong("dag_dependencies", calls_for));
        };
        let dependency_id = text("dependency_id");
        found.push(DagDependency {
            label: text("label")
                .or_else(|| dependency_id.clone())
                .unwrap_or_default(),
            source,
            target,
            dependency_type,
            dependency_id,
        });
    }
    Ok(found)
}

fn tasks(fields: &Fields<'_>, defaults: Option<&JsonMap>) -> Read<(Vec<Task>, Places)> {
    if fields.get("tasks").is_none() {
        return Err(wrong(FORM, "the list `tasks` is missing".to_owned()));
    }
    let items = fields.list("tasks")?;
    if items.len() > DAG_TASKS_MAX {
        let message = format!("{} tasks are more than {DAG_TASKS_MAX}", items.len());
        return Err(wrong(FORM, message));
    }
    let mut drafts = Vec::with_capacity(items.len());
    let mut places = Places::with_capacity(items.len());
    for item in items {
        let draft = task::read(item, defaults)?;
        let id = draft.task.task_id.to_string();
        if places.insert(id, drafts.len()).is_some() {
            let message = format!("there are two tasks `{}`", draft.task.task_id);
            return Err(wrong(EDGES, message));
        }
        drafts.push(draft);
    }
    let mut upstream = vec![Vec::new(); drafts.len()];
    for (n, draft) in drafts.iter().enumerate() {
        let id = &draft.task.task_id;
        for down in &draft.downstream {
            let place = places.get(down).and_then(|place| upstream.get_mut(*place));
            let place = place.ok_or_else(|| {
                let message = format!("task `{id}`: there is no task `{down}` after it");
                wrong(EDGES, message)
            })?;
            place.push(n);
        }
        if let Some(name) = draft.references().find(|name| !places.contains_key(*name)) {
            let message = format!("task `{id}` is expanded over task `{name}`, which is not there");
            return Err(wrong(EDGES, message));
        }
    }
    for ups in &mut upstream {
        ups.sort_unstable();
        ups.dedup();
    }
    let order = topology::order(&upstream);
    if let Some(ring) = topology::ring(&upstream, &order) {
        let names = ring.iter().filter_map(|n| drafts.get(*n));
        let names: Vec<String> = names.map(|d| format!("`{}`", d.task.task_id)).collect();
        return Err(wrong(EDGES, topology::ring_sentence(&names)));
    }
    let tasks = drafts.into_iter().map(|draft| draft.task).collect();
    let tasks = topology::arrange(tasks, &upstream, &order);
    let places = tasks.iter().enumerate();
    let places = places.map(|(n, task)| (task.task_id.to_string(), n));
    let places = places.collect();
    Ok((tasks, places))
}

/// Labels between tasks go to the tasks; those at the edges of groups are kept.
fn edge_labels(fields: &Fields<'_>, places: &Places, dag: &mut Dag) -> Read<()> {
    let calls_for = "labels by task and task after it";
    let mut rest = JsonMap::new();
    for (from, edges) in fields.object("edge_info")? {
        let Json::Object(edges) = edges else {
            return Err(fields.wrong("edge_info", calls_for));
        };
        for (to, info) in edges {
            let label = info.get("label").and_then(Json::as_str);
            let label = label.ok_or_else(|| fields.wrong("edge_info", calls_for))?;
            let task = places.get(&from).and_then(|at| dag.tasks.get_mut(*at));
            if let (Some(task), Some(to)) = (task, places.get(&to)) {
                task.edge_labels.insert(*to, label.to_owned());
            } else {
                let of_from = rest
                    .entry(from.clone())
                    .or_insert_with(|| JsonMap::new().into());
                if let Json::Object(of_from) = of_from {
                    of_from.insert(to, info);
                }
            }
        }
    }
    if !rest.is_empty() {
        dag.extra.insert("edge_info".to_owned(), rest.into());
    }
    Ok(())
}
