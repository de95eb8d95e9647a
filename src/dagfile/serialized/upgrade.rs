//! What Airflow 2 wrote (version 1) in the words of Airflow 3.

use model::{Json, JsonMap};

const SENSOR: &str = "airflow.ti_deps.deps.ready_to_reschedule.ReadyToRescheduleDep";

/// Properties of tasks that mean nothing any more.
const REMOVED: &[&str] = &[
    "_log_config_logger_name",
    "_operator_extra_links",
    "deps",
    "sla",
];

const TIMETABLES: &[(&str, &str)] = &[
    (
        "airflow.timetables.simple.DatasetTriggeredTimetable",
        "airflow.timetables.simple.AssetTriggeredTimetable",
    ),
    (
        "airflow.timetables.datasets.DatasetOrTimeSchedule",
        "airflow.timetables.assets.AssetOrTimeSchedule",
    ),
];

/// The dag of a version 1 document as version 2 writes it.
pub(super) fn from_1(body: &JsonMap) -> JsonMap {
    let mut body = body.clone();
    for (old, new) in [
        ("_dag_id", "dag_id"),
        ("_task_group", "task_group"),
        ("_access_control", "access_control"),
    ] {
        rename(&mut body, old, new);
    }
    if let Some(timetable) = body.get_mut("timetable") {
        let class = timetable.get("__type").and_then(Json::as_str);
        if TIMETABLES.iter().any(|(old, _)| class == Some(old)) {
            to_assets(timetable, false);
        }
    }
    if let Some(Json::Object(args)) = body.get_mut("default_args").and_then(inner) {
        for name in REMOVED {
            args.shift_remove(*name);
        }
    }
    for dependency in items(&mut body, "dag_dependencies") {
        upgrade_dependency(dependency);
    }
    for task in items(&mut body, "tasks") {
        if let Some(Json::Object(task)) = task.get_mut("__var") {
            upgrade_task(task);
        }
    }
    body
}

fn upgrade_task(task: &mut JsonMap) {
    let deps = task.get("deps").and_then(Json::as_array);
    if deps.is_some_and(|deps| deps.iter().any(|dep| dep.as_str() == Some(SENSOR))) {
        task.insert("_is_sensor".to_owned(), Json::Bool(true));
    }
    for name in REMOVED {
        task.shift_remove(*name);
    }
    rename(task, "_task_type", "task_type");
    rename(task, "task_display_name", "_task_display_name");
    for (old, new) in [("_inlets", "inlets"), ("_outlets", "outlets")] {
        rename(task, old, new);
        for item in items(task, new) {
            if let Some(Json::String(kind)) = item.get_mut("__type") {
                *kind = renamed(kind);
            }
        }
    }
}

/// A dag may have the word in its name; only whole types and prefixes are meant.
fn upgrade_dependency(dependency: &mut Json) {
    for name in ["dependency_type", "source", "target"] {
        if let Some(Json::String(text)) = dependency.get_mut(name) {
            let kind = text.split(':').next().unwrap_or_default();
            if kind == "dataset" || kind == "dataset-alias" {
                *text = text.replacen("dataset", "asset", 1);
            }
        }
    }
}

fn items<'a>(map: &'a mut JsonMap, name: &str) -> impl Iterator<Item = &'a mut Json> {
    let items = map.get_mut(name).and_then(Json::as_array_mut);
    items.into_iter().flatten()
}

fn rename(map: &mut JsonMap, old: &str, new: &str) {
    if let Some(value) = map.shift_remove(old) {
        map.insert(new.to_owned(), value);
    }
}

fn inner(value: &mut Json) -> Option<&mut Json> {
    value.get_mut("__var")
}

/// Datasets are called assets since, in names and values alike, but never in a URI. They had no
/// names and groups: upstream adds them, empty, to each of the `objects` of a condition.
fn to_assets(value: &mut Json, is_object: bool) {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
        Json::String(text) => *text = renamed(text),
        Json::Array(items) => items.iter_mut().for_each(|item| to_assets(item, is_object)),
        Json::Object(map) => {
            let old = std::mem::take(map);
            for (name, mut value) in old {
                if name != "uri" && name != "extra" {
                    to_assets(&mut value, name == "objects");
                }
                map.insert(renamed(&name), value);
            }
            if is_object {
                for name in ["name", "group"] {
                    map.insert(name.to_owned(), Json::Null);
                }
            }
        }
    }
}

fn renamed(text: &str) -> String {
    match TIMETABLES.iter().find(|(old, _)| *old == text) {
        Some((_, new)) => (*new).to_owned(),
        // `dataset-alias` and `dataset_any` alike.
        None => text
            .replace("Dataset", "Asset")
            .replace("dataset-alias", "asset-alias")
            .replace("dataset", "asset"),
    }
}
