//! One task of the list.

use std::collections::BTreeMap;

use model::{
    JsonMap, TaskId, TimeDelta,
    dag::{Argument, Operator, OperatorKind, Task},
    state::{TriggerRule, WeightRule},
};

use super::{
    fields::{Fields, SHAPE, fits},
    keys,
    reader::{Reader, weigh},
    value,
};
use crate::{
    operators::{self, Spec},
    shape, suggest, template_check,
    yaml::{At, Entry, Node, Value},
};

const OPERATOR: &str = "DAG-004";
const ARGUMENT: &str = "DAG-005";

/// Keys that are kept as they are, for what comes later and for display.
const KEPT: &[&str] = &[
    "multiple_outputs",
    "email",
    "email_on_failure",
    "email_on_retry",
    "doc",
    "doc_json",
    "doc_yaml",
    "doc_rst",
    "params",
    "start_date",
    "end_date",
    "render_template_as_native_obj",
    "map_index_template",
    "executor",
    "executor_config",
    "run_as_user",
    "resources",
    "retry_policy",
    "logger_name",
    "allow_nested_operators",
    "sla",
];

/// What is the same for all tasks of a dag.
pub(super) struct Defaults<'a> {
    /// Good entries of `default_args` that are keys of tasks.
    pub keys: Vec<&'a Entry>,
    /// Entries of `default_args` that are arguments of operators.
    pub arguments: Vec<&'a Entry>,
}

/// A task whose edges are still names.
pub(super) struct Draft {
    pub task: Task,
    pub at: At,
    /// Upstream tasks by `needs` and by XComs.
    pub needs: Vec<(String, At)>,
}

/// Reads a task whose templates have been taken in. `None` when it has no id to speak of.
pub(super) fn read(
    entries: &[Entry],
    at: At,
    defaults: &Defaults<'_>,
    reader: &mut Reader<'_>,
) -> Option<Draft> {
    let id = entries.iter().find(|entry| entry.key == "id");
    let Some(id) = id.filter(|id| id.node.value != Value::Null) else {
        reader.problems.add(SHAPE, at, "the task needs an `id`");
        return None;
    };
    let task_id = shape::id_of(&id.node).unwrap_or_default();
    let what = format!("task `{task_id}`");
    let fields = Fields::read(entries, keys::TASK, &what, &mut reader.problems);
    let fields = fields.with_defaults(&defaults.keys);
    let mut needs = needs(&fields, &what, reader);
    let operator = operator(&fields, defaults, &what, reader, &mut needs);
    let task = task(task_id, operator, &fields);
    let at = id.node.at;
    Some(Draft { task, at, needs })
}

fn task(task_id: String, operator: Operator, fields: &Fields<'_>) -> Task {
    let wait_for_downstream = fields.flag("wait_for_downstream").unwrap_or(false);
    let mut extra = JsonMap::new();
    for name in KEPT {
        if let Some(node) = fields.node(name) {
            extra.insert((*name).to_owned(), node.to_json());
        }
    }
    Task {
        display_name: fields.text("task_display_name"),
        trigger_rule: fields
            .word("trigger_rule", TriggerRule::parse)
            .unwrap_or(TriggerRule::AllSuccess),
        retries: fields.whole("retries").unwrap_or(0),
        retry_delay: fields
            .duration("retry_delay")
            .unwrap_or(TimeDelta::from_secs(300)),
        retry_exponential_backoff: fields
            .node("retry_exponential_backoff")
            .map_or(0.0, backoff),
        max_retry_delay: fields.duration("max_retry_delay"),
        execution_timeout: fields.duration("execution_timeout"),
        pool: fields
            .text("pool")
            .unwrap_or_else(|| "default_pool".to_owned())
            .into(),
        pool_slots: fields.whole("pool_slots").unwrap_or(1),
        priority_weight: fields.node("priority_weight").map_or(1, weight),
        weight_rule: fields
            .word("weight_rule", WeightRule::parse)
            .unwrap_or(WeightRule::Downstream),
        queue: fields.text("queue").unwrap_or_else(|| "default".to_owned()),
        // Waiting for what comes after it means waiting for itself, too.
        depends_on_past: wait_for_downstream || fields.flag("depends_on_past").unwrap_or(false),
        ignore_first_depends_on_past: fields.flag("ignore_first_depends_on_past").unwrap_or(true),
        wait_for_downstream,
        wait_for_past_depends_before_skipping: fields
            .flag("wait_for_past_depends_before_skipping")
            .unwrap_or(false),
        max_active_tis_per_dag: fields.whole("max_active_tis_per_dag"),
        max_active_tis_per_dagrun: fields.whole("max_active_tis_per_dagrun"),
        do_xcom_push: fields.flag("do_xcom_push").unwrap_or(true),
        owner: fields.text("owner").unwrap_or_else(|| "airflow".to_owned()),
        doc_md: fields.text("doc_md"),
        extra,
        ..Task::new(TaskId::from(task_id), operator)
    }
}

/// Older dags write true for a factor of two.
fn backoff(node: &Node) -> f64 {
    match node.value {
        Value::Bool(true) => 2.0,
        Value::Null
        | Value::Bool(false)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => shape::number(node).unwrap_or(0.0),
    }
}

#[allow(clippy::cast_possible_truncation)] // `as` saturates, as upstream clamps.
fn weight(node: &Node) -> i32 {
    shape::number(node).unwrap_or(1.0) as i32
}

fn needs(fields: &Fields<'_>, what: &str, reader: &mut Reader<'_>) -> Vec<(String, At)> {
    let Some(node) = fields.node("needs") else {
        return Vec::new();
    };
    let items: &[Node] = match &node.value {
        Value::List(items) => items,
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::Map(_) => std::slice::from_ref(node),
    };
    let mut needs = Vec::with_capacity(items.len());
    for item in items {
        match shape::id_of(item) {
            Some(id) => needs.push((id, item.at)),
            None => {
                let message = format!("{what}: `needs` must be a task id or a list of task ids");
                reader.problems.add(SHAPE, item.at, message);
            }
        }
    }
    needs
}

fn operator(
    fields: &Fields<'_>,
    defaults: &Defaults<'_>,
    what: &str,
    reader: &mut Reader<'_>,
    needs: &mut Vec<(String, At)>,
) -> Operator {
    let (name, at) = match fields.node("uses") {
        None => ("empty", None),
        Some(node) => match node.text() {
            Some(text) => (text, Some(node.at)),
            None => {
                let message =
                    format!("{what}: `uses` must be an operator's class path or short name");
                reader.problems.add(SHAPE, node.at, message);
                ("empty", None)
            }
        },
    };
    let spec = operators::find(name);
    if spec.is_none()
        && let Some(at) = at
        && let Err(message) = class_path(name)
    {
        reader
            .problems
            .add(OPERATOR, at, format!("{what}: {message}"));
    }
    let arguments = arguments(fields, spec, defaults, what, reader, needs);
    Operator {
        class: spec.map_or(name, |spec| spec.class).to_owned(),
        kind: spec.map_or(OperatorKind::Python, |spec| spec.kind),
        arguments,
    }
}

/// A dotted path is a Python class that a runtime may know; a bare word is a misspelt short name.
fn class_path(name: &str) -> Result<(), String> {
    let part_ok = |part: &str| {
        let starts = part.starts_with(|c: char| c.is_alphabetic() || c == '_');
        starts && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if name.contains('.') && name.split('.').all(part_ok) {
        return Ok(());
    }
    let shorts: Vec<&str> = operators::OPERATORS.iter().map(|spec| spec.short).collect();
    let classes = operators::OPERATORS.iter().map(|spec| spec.class);
    let by_class = classes.filter_map(|class| class.rsplit('.').next());
    let hint = suggest::nearest(name, shorts.iter().copied().chain(by_class));
    Err(format!(
        "the operator `{name}` is not known{hint} Known are {}, and class paths such as `{}`",
        shorts.join(", "),
        operators::OPERATORS.first().map_or("", |spec| spec.class),
    )
    .replace("known Known", "known. Known"))
}

fn arguments(
    fields: &Fields<'_>,
    spec: Option<&'static Spec>,
    defaults: &Defaults<'_>,
    what: &str,
    reader: &mut Reader<'_>,
    needs: &mut Vec<(String, At)>,
) -> BTreeMap<String, Argument> {
    let mut arguments = BTreeMap::new();
    let with = fields.node("with");
    let own: &[Entry] = match with.map(|with| (&with.value, with.at)) {
        None => &[],
        Some((Value::Map(entries), _)) => entries,
        Some((
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_)
            | Value::List(_),
            at,
        )) => {
            let message = format!("{what}: `with` must be a mapping of arguments");
            reader.problems.add(SHAPE, at, message);
            &[]
        }
    };
    for entry in own {
        if reader.problems.is_full() {
            break;
        }
        if let Some(argument) = argument(entry, spec, what, reader, needs) {
            arguments.insert(entry.key.clone(), argument);
        }
    }
    for entry in &defaults.arguments {
        let takes = spec.is_some_and(|spec| spec.argument(&entry.key).is_some());
        if takes
            && own.iter().all(|own| own.key != entry.key)
            && reader.spend(weigh(&entry.node), entry.at)
            && let Some(argument) = argument(entry, spec, what, reader, needs)
        {
            arguments.insert(entry.key.clone(), argument);
        }
    }
    let missing = spec.map(|spec| {
        let all = spec.all_arguments();
        all.filter(|arg| arg.is_required && !own.iter().any(|entry| entry.key == arg.name))
    });
    for arg in missing.into_iter().flatten() {
        if !arguments.contains_key(arg.name) {
            let at = with
                .or_else(|| fields.node("uses"))
                .map(|node| node.at)
                .unwrap_or_default();
            let message = format!(
                "{what}: the argument `{}` is missing: {}",
                arg.name, arg.doc
            );
            reader.problems.add(ARGUMENT, at, message);
        }
    }
    arguments
}

fn argument(
    entry: &Entry,
    spec: Option<&'static Spec>,
    what: &str,
    reader: &mut Reader<'_>,
    needs: &mut Vec<(String, At)>,
) -> Option<Argument> {
    let name = &entry.key;
    let title = format!("{what}: `{name}`");
    if keys::TASK.iter().any(|key| key.name == name)
        && spec.is_none_or(|spec| spec.argument(name).is_none())
    {
        let message = format!("{title} belongs to the task itself, beside `with`");
        reader.problems.add(ARGUMENT, entry.at, message);
        return None;
    }
    let arg = match spec {
        None => None,
        Some(spec) => match spec.argument(name) {
            Some(arg) if arg.is_refused => {
                let message = format!("{title} cannot be used: {}", arg.doc);
                reader.problems.add(ARGUMENT, entry.at, message);
                return None;
            }
            Some(arg) => Some(arg),
            None => {
                let known = spec.all_arguments().filter(|arg| !arg.is_refused);
                let hint = suggest::nearest(name, known.map(|arg| arg.name));
                let message = format!("{title} is no argument of `{}`{hint}", spec.short);
                reader.problems.add(ARGUMENT, entry.at, message);
                return None;
            }
        },
    };
    let read = value::read(&entry.node, &title, reader, needs)?;
    let Some(arg) = arg else {
        return Some(read.argument);
    };
    if read.has_marker && !arg.is_template {
        let message = format!("{title} takes no `$t`, `$x` or `$f`; it is no template field");
        reader.problems.add(ARGUMENT, entry.node.at, message);
        return None;
    }
    if !read.has_marker {
        let node = value::constant(&entry.node).unwrap_or(&entry.node);
        if let Err(message) = fits(arg.shape, node) {
            reader
                .problems
                .add(ARGUMENT, entry.node.at, format!("{title} {message}"));
            return None;
        }
        warn_of_braces(&entry.node, arg.is_template, &title, reader);
    }
    template_check::check(&entry.node, &read.argument, &title, reader);
    Some(read.argument)
}

/// The commonest slip: a template that is not marked as one.
fn warn_of_braces(node: &Node, is_template: bool, title: &str, reader: &mut Reader<'_>) {
    if is_template
        && let Some(text) = node.text()
        && (text.contains("{{") || text.contains("{%"))
    {
        let message = format!(
            "{title} looks like a template but is taken as it is written; write {{$t: ...}}"
        );
        reader.warn(node.at, message);
    }
}
