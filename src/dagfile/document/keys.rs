//! The keys of the format: one table that the importer reads by and the JSON Schema is made from.

use crate::shape::Shape::{
    self, Any, Duration, Flag, Id, Map, OneOf, Own, SomeOf, Text, TextMap, TextOrMap, Texts, Time,
    Whole,
};

/// A key of the document or of a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    /// What an editor shows. For a refused key: why it is refused.
    pub doc: &'static str,
    pub is_refused: bool,
}

const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        shape,
        doc,
        is_refused: false,
    }
}

const fn refused(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        shape: Any,
        doc,
        is_refused: true,
    }
}

const CALLBACK: &str = "callbacks are Python code, which a YAML dag cannot name yet";
const ASSETS: &str = "assets of a task cannot be written in a YAML dag yet";

/// Upstream's rules (`airflow.task.trigger_rule`).
pub(crate) const TRIGGER_RULES: &[&str] = &[
    "all_success",
    "all_failed",
    "all_done",
    "all_done_min_one_success",
    "all_done_setup_success",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_failed_min_one_success",
    "none_skipped",
    "all_skipped",
    "always",
];
pub(crate) const WEIGHT_RULES: &[&str] = &["downstream", "upstream", "absolute"];
pub(crate) const RUN_TYPES: &[&str] = &[
    "backfill",
    "scheduled",
    "manual",
    "operator_triggered",
    "asset_triggered",
    "asset_materialization",
];

/// The document's keys.
pub(crate) const DAG: &[Key] = &[
    key(
        "$schema",
        Own("schema_url"),
        "The version of the format that the file is written in. Airflow itself wants it.",
    ),
    key("dag_id", Id, "The dag's id, unique within the deployment."),
    key(
        "schedule",
        Own("schedule"),
        "When it runs: a cron expression, a preset such as `@daily`, a duration, or a timetable. Without it, only when asked.",
    ),
    key(
        "templates",
        Own("templates"),
        "Partial tasks by name; a task takes them in with `extends`.",
    ),
    key(
        "tasks",
        Own("tasks"),
        "The tasks. Their order follows from `needs` and from XComs, not from the list.",
    ),
    key("description", Text, "One line on what the dag does."),
    key("doc_md", Text, "What a reader should know, in Markdown."),
    key(
        "dag_display_name",
        Text,
        "The name to show instead of the id.",
    ),
    key("tags", Texts, "Words to find the dag by."),
    key(
        "start_date",
        Time,
        "No scheduled run before. Its offset is the dag's time zone unless `timezone` says otherwise.",
    ),
    key("end_date", Time, "No scheduled run after."),
    key(
        "timezone",
        Text,
        "The zone that crons and times without an offset are meant in: an IANA name or an offset such as `+02:00`. UTC by default.",
    ),
    key(
        "catchup",
        Flag,
        "Whether runs that were missed since `start_date` are made up for.",
    ),
    key(
        "max_active_runs",
        Whole(1),
        "How many runs at once; 16 by default.",
    ),
    key(
        "max_active_tasks",
        Whole(1),
        "How many tasks of one run at once; 16 by default.",
    ),
    key(
        "max_consecutive_failed_dag_runs",
        Whole(0),
        "Failed runs in a row after which the dag is paused; 0 is never.",
    ),
    key(
        "dagrun_timeout",
        Duration,
        "How long a run may take before it fails.",
    ),
    key(
        "fail_fast",
        Flag,
        "Whether the first failed task ends the run.",
    ),
    key(
        "is_paused_upon_creation",
        Flag,
        "Whether the dag is paused when it is first seen.",
    ),
    key(
        "allowed_run_types",
        SomeOf(RUN_TYPES),
        "Which kinds of runs may be created; all by default.",
    ),
    key(
        "params",
        Own("params"),
        "Values that a run can be given, with their defaults; in templates `params.name`.",
    ),
    key(
        "default_args",
        Own("default_args"),
        "Defaults for the keys and arguments of all tasks. Airflow's own YAML reader wants `templates` and `extends` instead.",
    ),
    key(
        "render_template_as_native_obj",
        Flag,
        "Whether templates give values (numbers, lists) instead of texts.",
    ),
    key(
        "user_defined_macros",
        Map,
        "Values that all templates can use by name.",
    ),
    key("owner_links", TextMap, "Addresses of owners, by owner."),
    key(
        "access_control",
        Map,
        "Roles and what they may do with this dag.",
    ),
    key(
        "template_searchpath",
        Texts,
        "Kept; templates are read with `$f` only.",
    ),
    key(
        "jinja_environment_kwargs",
        Map,
        "Kept; the template language is not configurable here.",
    ),
    key("deadline", Any, "Deadlines of runs."),
    key("auto_register", Flag, "Kept; has no meaning in YAML."),
    key(
        "disable_bundle_versioning",
        Flag,
        "Whether runs follow the newest version of the file.",
    ),
    key(
        "rerun_with_latest_version",
        Flag,
        "Whether cleared runs follow the newest version of the file.",
    ),
    refused("on_success_callback", CALLBACK),
    refused("on_failure_callback", CALLBACK),
    refused("sla_miss_callback", CALLBACK),
    refused(
        "user_defined_filters",
        "filters are Python code, which a YAML dag cannot name",
    ),
    refused(
        "template_undefined",
        "it is a Python class, which a YAML dag cannot name",
    ),
];

/// A task's keys.
pub(crate) const TASK: &[Key] = &[
    key("id", Id, "The task's id, unique within the dag."),
    key(
        "uses",
        Own("uses"),
        "The operator: a class path, or a short name such as `bash`. Without it the task does nothing, as `empty`.",
    ),
    key(
        "with",
        Own("with"),
        "The operator's arguments. `$t`, `$x` and `$f` mark templates, XComs and files; all else is taken as it is written.",
    ),
    key(
        "needs",
        Own("needs"),
        "The tasks that come before this one.",
    ),
    key(
        "extends",
        Texts,
        "Names of `templates` that this task takes in; later ones and its own keys win.",
    ),
    key(
        "trigger_rule",
        OneOf(TRIGGER_RULES),
        "When the task is ready, by how the tasks before it ended; `all_success` by default.",
    ),
    key(
        "retries",
        Whole(0),
        "How often it is tried again after a failure.",
    ),
    key(
        "retry_delay",
        Duration,
        "How long to wait before the next try; five minutes by default.",
    ),
    key(
        "retry_exponential_backoff",
        Own("backoff"),
        "The factor by which the wait grows from try to try; 0 keeps it, true is 2.",
    ),
    key(
        "max_retry_delay",
        Duration,
        "The longest wait between tries.",
    ),
    key("execution_timeout", Duration, "How long one try may run."),
    key(
        "pool",
        Text,
        "The pool whose slots it takes; `default_pool` by default.",
    ),
    key(
        "pool_slots",
        Whole(1),
        "How many slots of the pool it takes.",
    ),
    key(
        "priority_weight",
        Own("weight"),
        "Its weight when tasks compete.",
    ),
    key(
        "weight_rule",
        OneOf(WEIGHT_RULES),
        "Whose weights are added to its own; `downstream` by default.",
    ),
    key(
        "queue",
        Text,
        "Which workers may run it; `default` by default.",
    ),
    key(
        "depends_on_past",
        Flag,
        "Whether it waits for its own success in the run before.",
    ),
    key(
        "ignore_first_depends_on_past",
        Flag,
        "Whether the first run may go ahead all the same; true by default.",
    ),
    key(
        "wait_for_downstream",
        Flag,
        "Whether it also waits for the tasks right after it in the run before.",
    ),
    key(
        "wait_for_past_depends_before_skipping",
        Flag,
        "Whether a skip waits for the past, too.",
    ),
    key(
        "max_active_tis_per_dag",
        Whole(1),
        "How many instances at once over all runs.",
    ),
    key(
        "max_active_tis_per_dagrun",
        Whole(1),
        "How many instances at once in one run.",
    ),
    key(
        "do_xcom_push",
        Flag,
        "Whether what it returns is kept as an XCom; true by default.",
    ),
    key(
        "multiple_outputs",
        Flag,
        "Whether each key of a returned mapping becomes an XCom.",
    ),
    key("owner", Text, "Who looks after it; `airflow` by default."),
    key("email", Texts, "Whom to write to."),
    key("email_on_failure", Flag, "Whether to write on a failure."),
    key("email_on_retry", Flag, "Whether to write on a retry."),
    key(
        "task_display_name",
        Text,
        "The name to show instead of the id.",
    ),
    key("doc", Any, "What a reader should know, as plain text."),
    key("doc_md", Text, "What a reader should know, in Markdown."),
    key("doc_json", Any, "What a reader should know, as JSON."),
    key("doc_yaml", Any, "What a reader should know, as YAML."),
    key(
        "doc_rst",
        Any,
        "What a reader should know, as reStructuredText.",
    ),
    key(
        "params",
        Own("params"),
        "Params of this task, over those of the dag.",
    ),
    key("start_date", Time, "The task does not run in runs before."),
    key("end_date", Time, "The task does not run in runs after."),
    key(
        "render_template_as_native_obj",
        Flag,
        "Whether its templates give values instead of texts.",
    ),
    key(
        "map_index_template",
        Text,
        "The label of a mapped instance.",
    ),
    key("executor", Text, "Which executor runs it."),
    key("executor_config", Map, "What the executor is told."),
    key("run_as_user", Text, "As which user it runs."),
    key("resources", Map, "What it needs of a machine."),
    key("retry_policy", TextOrMap, "Which failures are tried again."),
    key("logger_name", Text, "Kept; has no meaning outside Python."),
    key(
        "allow_nested_operators",
        Flag,
        "Kept; has no meaning outside Python.",
    ),
    key("sla", Duration, "Kept; Airflow no longer looks at it."),
    refused(
        "run",
        "tasks with code of their own (`run`) are not supported yet; use an operator with `uses`",
    ),
    refused("on_success_callback", CALLBACK),
    refused("on_failure_callback", CALLBACK),
    refused("on_retry_callback", CALLBACK),
    refused("on_execute_callback", CALLBACK),
    refused("on_skipped_callback", CALLBACK),
    refused("pre_execute", CALLBACK),
    refused("post_execute", CALLBACK),
    refused("inlets", ASSETS),
    refused("outlets", ASSETS),
    refused("task_id", "a task's id is written as `id`"),
    refused("dag", "the dag follows from the file"),
    refused(
        "task_group",
        "task groups cannot be written in a YAML dag yet",
    ),
    refused(
        "default_args",
        "defaults are written at the dag, or as `templates` that a task `extends`",
    ),
];
