//! One task, mapped or not.

use std::collections::BTreeMap;

use model::{
    Json, JsonMap, PoolName, TaskId, TimeDelta,
    dag::{Argument, Callbacks, Email, Operator, OperatorKind, StartTrigger, Task, TaskDisplay},
    state::{TriggerRule, WeightRule},
};

use super::{
    assets,
    fields::{FORM, Fields, PROPERTY, Read, typed, wrong},
    mapping, params,
    plain::plain,
};

/// What is read below; the rest is an argument or is kept.
const KNOWN: &[&str] = &[
    "_can_skip_downstream",
    "_expand_input_attr",
    "_is_empty",
    "_is_mapped",
    "_is_sensor",
    "_needs_expansion",
    "_on_failure_fail_dagrun",
    "_operator_extra_links",
    "_operator_name",
    "_task_display_name",
    "_task_module",
    "depends_on_past",
    "do_xcom_push",
    "doc_md",
    "downstream_task_ids",
    "email",
    "email_on_failure",
    "email_on_retry",
    "end_date",
    "execution_timeout",
    "executor",
    "expand_input",
    "has_on_execute_callback",
    "has_on_failure_callback",
    "has_on_retry_callback",
    "has_on_skipped_callback",
    "has_on_success_callback",
    "has_retry_policy",
    "ignore_first_depends_on_past",
    "inlets",
    "is_setup",
    "is_teardown",
    "map_index_template",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
    "max_retry_delay",
    "multiple_outputs",
    "on_execute_callback",
    "on_failure_callback",
    "on_failure_fail_dagrun",
    "on_retry_callback",
    "on_skipped_callback",
    "on_success_callback",
    "op_kwargs_expand_input",
    "outlets",
    "owner",
    "params",
    "partial_kwargs",
    "pool",
    "pool_slots",
    "priority_weight",
    "queue",
    "render_template_as_native_obj",
    "reschedule",
    "retries",
    "retry_delay",
    "retry_exponential_backoff",
    "start_date",
    "start_from_trigger",
    "start_trigger_args",
    "task_display_name",
    "task_id",
    "task_type",
    "template_ext",
    "template_fields",
    "template_fields_renderers",
    "trigger_rule",
    "ui_color",
    "ui_fgcolor",
    "wait_for_downstream",
    "wait_for_past_depends_before_skipping",
    "weight_rule",
];

/// Properties that `partial_kwargs` may have and that are kept rather than given to the operator.
const KEPT: &[&str] = &[
    "_logger_name",
    "allow_nested_operators",
    "doc",
    "doc_json",
    "doc_rst",
    "doc_yaml",
    "executor_config",
    "logger_name",
    "resources",
    "run_as_user",
];

/// A task whose edges are still names.
pub(super) struct Draft {
    pub(super) task: Task,
    pub(super) downstream: Vec<String>,
}

impl Draft {
    /// The tasks that it is expanded over.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        let expand = self.task.expand.iter();
        expand.flat_map(|expand| expand.references().into_iter().map(|id| &**id))
    }
}

pub(super) fn read(item: &Json, defaults: Option<&JsonMap>) -> Read<Draft> {
    let own = typed(item, "operator").as_object();
    let own = own.ok_or_else(|| wrong(FORM, "a task is not an object".to_owned()))?;
    let task_id = Fields::new("a task", own).needed("task_id")?;
    let what = format!("task `{task_id}`");
    let is_mapped = own.get("_is_mapped").and_then(Json::as_bool) == Some(true);
    let partial = own.get("partial_kwargs").filter(|_| is_mapped);
    let partial = partial.map(|partial| typed(partial, "dict").as_object());
    if partial == Some(None) {
        return Err(wrong(
            PROPERTY,
            format!("{what}: `partial_kwargs` must be an object"),
        ));
    }
    let partial = partial.flatten();
    let fields = Fields::with_layers(&what, [Some(own), partial, defaults]);
    let display = display(&fields)?;
    let operator = operator(&fields, own, partial, &display)?;
    let mut task = Task::new(TaskId::from(task_id), operator);
    task.extra = extra(own, partial, &task.operator, &display);
    task.display = display;
    task.expand = if is_mapped {
        Some(mapping::of_task(&fields)?)
    } else {
        None
    };
    task.is_mapped = is_mapped;
    scheduling(&fields, &mut task)?;
    retrying(&fields, &mut task)?;
    capacity(&fields, &mut task)?;
    special(&fields, &mut task)?;
    if task.operator.kind == OperatorKind::Empty && !is_nothing_to_do(&task) {
        task.operator.kind = OperatorKind::Python;
    }
    let downstream = match fields.get("_downstream_task_ids") {
        Some(_) => fields.texts("_downstream_task_ids")?,
        None => fields.texts("downstream_task_ids")?,
    };
    Ok(Draft { task, downstream })
}

/// Whether an empty operator ends well straight from scheduling: nobody would notice it run.
fn is_nothing_to_do(task: &Task) -> bool {
    task.callbacks == Callbacks::default()
        && task.inlets.is_empty()
        && task.outlets.is_empty()
        && !task.start_from_trigger
}

fn operator(
    fields: &Fields<'_>,
    own: &JsonMap,
    partial: Option<&JsonMap>,
    display: &TaskDisplay,
) -> Read<Operator> {
    let kind = fields
        .text("task_type")?
        .unwrap_or_else(|| "BaseOperator".to_owned());
    let class = match fields.text("_task_module")? {
        Some(module) => format!("{module}.{kind}"),
        None => kind,
    };
    let mut arguments = BTreeMap::new();
    for (name, value) in partial.into_iter().flatten() {
        if !KNOWN.contains(&name.as_str()) && !KEPT.contains(&name.as_str()) {
            arguments.insert(name.clone(), Argument::Literal(plain(value)));
        }
    }
    for name in &display.template_fields {
        if let Some(value) = own.get(name) {
            arguments.insert(name.clone(), Argument::Literal(plain(value)));
        }
    }
    let kind = if fields.flag("_is_empty")? {
        OperatorKind::Empty
    } else {
        OperatorKind::Python
    };
    Ok(Operator {
        class,
        kind,
        arguments,
    })
}

fn extra(
    own: &JsonMap,
    partial: Option<&JsonMap>,
    operator: &Operator,
    display: &TaskDisplay,
) -> JsonMap {
    let is_argument = |name: &str| {
        display.template_fields.iter().any(|field| field == name)
            && operator.arguments.contains_key(name)
    };
    let mut extra = JsonMap::new();
    for (name, value) in partial.into_iter().flatten() {
        if KEPT.contains(&name.as_str()) {
            extra.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in own {
        let known = KNOWN.contains(&name.as_str()) || name == "_downstream_task_ids";
        if !known && !is_argument(name) {
            extra.insert(name.clone(), value.clone());
        }
    }
    extra
}

fn display(fields: &Fields<'_>) -> Read<TaskDisplay> {
    let links = fields.object("_operator_extra_links")?;
    let links = links.into_iter().map(|(name, key)| match key {
        Json::String(key) => Ok((name, key)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Err(fields.wrong("_operator_extra_links", "keys of XComs by name"))
        }
    });
    Ok(TaskDisplay {
        operator_name: fields.text("_operator_name")?,
        ui_color: fields.text("ui_color")?.filter(|color| color != "#fff"),
        ui_fgcolor: fields.text("ui_fgcolor")?.filter(|color| color != "#000"),
        template_fields: fields.texts("template_fields")?,
        template_ext: fields.texts("template_ext")?,
        template_fields_renderers: fields.object("template_fields_renderers")?,
        extra_links: links.collect::<Read<_>>()?,
    })
}

fn scheduling(fields: &Fields<'_>, task: &mut Task) -> Read<()> {
    task.display_name = match fields.text("_task_display_name")? {
        Some(name) => Some(name),
        None => fields.text("task_display_name")?,
    };
    if let Some(rule) = fields.text("trigger_rule")? {
        task.trigger_rule = TriggerRule::parse(&rule)
            .ok_or_else(|| fields.wrong("trigger_rule", "the name of a trigger rule"))?;
    }
    if let Some(weight) = fields.number("priority_weight")? {
        task.priority_weight = saturated(weight);
    }
    weight_rule(fields, task)?;
    task.depends_on_past = fields.flag("depends_on_past")?;
    task.ignore_first_depends_on_past = fields.flag("ignore_first_depends_on_past")?;
    task.wait_for_downstream = fields.flag("wait_for_downstream")?;
    // Waiting for what comes after it means waiting for itself, too.
    task.depends_on_past |= task.wait_for_downstream;
    task.wait_for_past_depends_before_skipping =
        fields.flag("wait_for_past_depends_before_skipping")?;
    task.start_date = fields.time("start_date")?;
    task.end_date = fields.time("end_date")?;
    task.is_setup = fields.flag("is_setup")?;
    task.is_teardown = fields.flag("is_teardown")?;
    task.on_failure_fail_dagrun =
        fields.flag("on_failure_fail_dagrun")? || fields.flag("_on_failure_fail_dagrun")?;
    Ok(())
}

/// A name, or the class path of a plugin's strategy.
fn weight_rule(fields: &Fields<'_>, task: &mut Task) -> Read<()> {
    let Some(value) = fields.get("weight_rule") else {
        return Ok(());
    };
    let text = match value.get("__type").and_then(Json::as_str) {
        Some(class) => Some(class),
        None => value.as_str(),
    };
    match text {
        Some(text) => match WeightRule::parse(text) {
            Some(rule) => task.weight_rule = rule,
            None if text.contains('.') => task.weight_strategy = Some(text.to_owned()),
            None => return Err(fields.wrong("weight_rule", "the name of a weight rule or a class")),
        },
        None => return Err(fields.wrong("weight_rule", "the name of a weight rule or a class")),
    }
    Ok(())
}

#[allow(clippy::cast_possible_truncation)] // `as` saturates, as upstream clamps.
const fn saturated(number: f64) -> i32 {
    number as i32
}

fn retrying(fields: &Fields<'_>, task: &mut Task) -> Read<()> {
    task.retries = fields.count("retries")?.unwrap_or(0);
    task.retry_delay = fields
        .span("retry_delay")?
        .unwrap_or(TimeDelta::from_secs(300));
    // Older dags write true for a factor of two.
    task.retry_exponential_backoff = match fields.get("retry_exponential_backoff") {
        Some(Json::Bool(true)) => 2.0,
        Some(Json::Bool(false)) | None => 0.0,
        Some(_) => fields.number("retry_exponential_backoff")?.unwrap_or(0.0),
    };
    task.max_retry_delay = fields.span("max_retry_delay")?;
    task.execution_timeout = fields.span("execution_timeout")?;
    task.has_retry_policy = fields.flag("has_retry_policy")?;
    Ok(())
}

fn capacity(fields: &Fields<'_>, task: &mut Task) -> Read<()> {
    if let Some(pool) = fields.text("pool")? {
        task.pool = PoolName::from(pool);
    }
    task.pool_slots = fields.count("pool_slots")?.unwrap_or(1);
    if let Some(queue) = fields.text("queue")? {
        task.queue = queue;
    }
    task.executor = fields.text("executor")?;
    task.max_active_tis_per_dag = fields.count("max_active_tis_per_dag")?;
    task.max_active_tis_per_dagrun = fields.count("max_active_tis_per_dagrun")?;
    Ok(())
}

fn special(fields: &Fields<'_>, task: &mut Task) -> Read<()> {
    if let Some(owner) = fields.text("owner")? {
        task.owner = owner;
    }
    task.doc_md = fields.text("doc_md")?;
    task.do_xcom_push = fields.maybe("do_xcom_push")?.unwrap_or(true);
    task.multiple_outputs = fields.flag("multiple_outputs")?;
    task.map_index_template = fields.text("map_index_template")?;
    task.render_template_as_native_obj = fields.maybe("render_template_as_native_obj")?;
    task.params = params::read(fields)?;
    task.inlets = assets::list(fields, "inlets")?;
    task.outlets = assets::list(fields, "outlets")?;
    task.callbacks = Callbacks {
        on_execute: callback(fields, "on_execute_callback")?,
        on_failure: callback(fields, "on_failure_callback")?,
        on_retry: callback(fields, "on_retry_callback")?,
        on_skipped: callback(fields, "on_skipped_callback")?,
        on_success: callback(fields, "on_success_callback")?,
    };
    task.email = email(fields)?;
    task.is_sensor = fields.flag("_is_sensor")?;
    task.reschedule = fields.flag("reschedule")?;
    task.can_skip_downstream = fields.flag("_can_skip_downstream")?;
    task.start_from_trigger = fields.flag("start_from_trigger")?;
    task.start_trigger = start_trigger(fields)?;
    Ok(())
}

/// The flag of today, or whatever version 2 wrote for the function itself.
fn callback(fields: &Fields<'_>, name: &str) -> Read<bool> {
    if let Some(flag) = fields.maybe(&format!("has_{name}"))? {
        return Ok(flag);
    }
    Ok(match fields.get(name) {
        None | Some(Json::Bool(false)) => false,
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Null | Json::Bool(true) | Json::Number(_) | Json::Object(_)) => true,
    })
}

fn email(fields: &Fields<'_>) -> Read<Option<Email>> {
    let to = match fields.get("email").map(plain) {
        None => return Ok(None),
        Some(Json::String(to)) => to
            .split([',', ';'])
            .map(|address| address.trim().to_owned())
            .filter(|address| !address.is_empty())
            .collect(),
        Some(_) => fields.texts("email")?,
    };
    Ok(Some(Email {
        to,
        on_failure: fields.maybe("email_on_failure")?.unwrap_or(true),
        on_retry: fields.maybe("email_on_retry")?.unwrap_or(true),
    }))
}

fn start_trigger(fields: &Fields<'_>) -> Read<Option<StartTrigger>> {
    let Some(value) = fields.get("start_trigger_args") else {
        return Ok(None);
    };
    let calls_for = "an object with `trigger_cls` and `next_method`";
    let map = value.as_object();
    let map = map.ok_or_else(|| fields.wrong("start_trigger_args", calls_for))?;
    let own = Fields::new("start_trigger_args", map);
    let kept = |name: &str| own.get(name).cloned().unwrap_or(Json::Null);
    Ok(Some(StartTrigger {
        class: own.needed("trigger_cls")?.to_owned(),
        kwargs: kept("trigger_kwargs"),
        next_method: own.needed("next_method")?.to_owned(),
        next_kwargs: kept("next_kwargs"),
        timeout: own.span("timeout")?,
    }))
}
