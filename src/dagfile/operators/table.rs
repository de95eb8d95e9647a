//! The table. Arguments and their defaults are upstream's (`apache-airflow-providers-standard`
//! 1.21, `apache-airflow-providers-http` 6.3), so that a file means the same in both.

use model::dag::OperatorKind;

use crate::shape::Shape::{
    self, Any, Duration, Flag, Map, OneOf, SomeOf, Text, TextMap, TextOrMap, Time, Whole, Wholes,
};

/// A native operator.
#[derive(Debug)]
pub(crate) struct Spec {
    pub short: &'static str,
    pub class: &'static str,
    /// Class paths that mean the same here: asynchronous siblings and older homes.
    pub other_classes: &'static [&'static str],
    pub kind: OperatorKind,
    pub is_sensor: bool,
    /// What an editor shows; the JSON Schema is made from it.
    #[allow(dead_code)]
    pub doc: &'static str,
    pub arguments: &'static [Arg],
}

/// An argument of an operator.
#[derive(Debug)]
pub(crate) struct Arg {
    pub name: &'static str,
    pub shape: Shape,
    /// Whether `$t`, `$x` and `$f` may be used in it.
    pub is_template: bool,
    pub is_required: bool,
    pub doc: &'static str,
    pub is_refused: bool,
}

const fn arg(name: &'static str, shape: Shape, doc: &'static str) -> Arg {
    Arg {
        name,
        shape,
        is_template: false,
        is_required: false,
        doc,
        is_refused: false,
    }
}

const fn template(name: &'static str, shape: Shape, doc: &'static str) -> Arg {
    Arg {
        is_template: true,
        ..arg(name, shape, doc)
    }
}

const fn required(argument: Arg) -> Arg {
    Arg {
        is_required: true,
        ..argument
    }
}

const fn refused(name: &'static str) -> Arg {
    Arg {
        is_refused: true,
        ..arg(name, Any, "it is Python code, which a YAML dag cannot name")
    }
}

const RUN_STATES: &[&str] = &["queued", "running", "success", "failed"];
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const NO_SLOT: &str = "Kept; waiting never holds a worker slot here.";

/// What all sensors take.
pub(super) const SENSOR: &[Arg] = &[
    arg(
        "poke_interval",
        Duration,
        "How often to look; 60 seconds by default.",
    ),
    arg(
        "timeout",
        Duration,
        "How long to wait before it fails; seven days by default.",
    ),
    arg(
        "soft_fail",
        Flag,
        "Whether it ends as skipped instead of failed.",
    ),
    arg("mode", OneOf(&["poke", "reschedule"]), NO_SLOT),
    arg(
        "exponential_backoff",
        Flag,
        "Kept; the looks are evenly spaced.",
    ),
    arg("max_wait", Duration, "Kept; the looks are evenly spaced."),
    arg(
        "silent_fail",
        Flag,
        "Kept; looking again is what happens anyway.",
    ),
    arg(
        "never_fail",
        Flag,
        "Whether it ends as skipped whatever happens.",
    ),
];

/// The operators.
pub(crate) const OPERATORS: &[Spec] = &[
    Spec {
        short: "bash",
        class: "airflow.providers.standard.operators.bash.BashOperator",
        other_classes: &["airflow.operators.bash.BashOperator"],
        kind: OperatorKind::Bash,
        is_sensor: false,
        doc: "Runs a command in bash. The last line that it prints is its XCom.",
        arguments: &[
            required(template(
                "bash_command",
                Text,
                "The command, or a whole script.",
            )),
            template(
                "env",
                TextMap,
                "Environment variables. Replaces what is inherited unless `append_env` is set.",
            ),
            arg(
                "append_env",
                Flag,
                "Whether `env` is added to what is inherited.",
            ),
            template(
                "cwd",
                Text,
                "The working folder; a new empty one by default.",
            ),
            arg(
                "skip_on_exit_code",
                Wholes,
                "Exit codes that end the task as skipped; 99 by default.",
            ),
            arg(
                "output_encoding",
                OneOf(&["utf-8", "utf8", "UTF-8"]),
                "Always UTF-8.",
            ),
            refused("output_processor"),
        ],
    },
    Spec {
        short: "empty",
        class: "airflow.providers.standard.operators.empty.EmptyOperator",
        other_classes: &["airflow.operators.empty.EmptyOperator"],
        kind: OperatorKind::Empty,
        is_sensor: false,
        doc: "Does nothing; a place where branches part or meet.",
        arguments: &[],
    },
    Spec {
        short: "http",
        class: "airflow.providers.http.operators.http.HttpOperator",
        other_classes: &["airflow.providers.http.operators.http.SimpleHttpOperator"],
        kind: OperatorKind::Http,
        is_sensor: false,
        doc: "Makes a request to the host of a connection. The answer's text is its XCom.",
        arguments: &[
            template(
                "endpoint",
                Text,
                "The path below the connection's host, or a whole address.",
            ),
            arg("method", OneOf(METHODS), "`POST` by default."),
            template(
                "data",
                TextOrMap,
                "The query of a GET; the body or the form of all else.",
            ),
            template("headers", TextMap, "Headers by name."),
            arg(
                "extra_options",
                Map,
                "`timeout` in seconds, `verify`, `check_response`, `allow_redirects`.",
            ),
            template(
                "http_conn_id",
                Text,
                "The connection; `http_default` by default.",
            ),
            arg(
                "log_response",
                Flag,
                "Whether the answer is put in the log.",
            ),
            arg(
                "request_kwargs",
                Map,
                "`json` for a JSON body, `params` for a query.",
            ),
            arg("tcp_keep_alive", Flag, "Kept; connections are kept alive."),
            arg("tcp_keep_alive_idle", Whole(0), "Kept."),
            arg("tcp_keep_alive_count", Whole(0), "Kept."),
            arg("tcp_keep_alive_interval", Whole(0), "Kept."),
            arg("deferrable", Flag, "Kept; a request is made by a worker."),
            arg("warn_on_non_idempotent", Flag, "Kept."),
            refused("auth_type"),
            refused("response_check"),
            refused("response_filter"),
            refused("pagination_function"),
            refused("retry_args"),
        ],
    },
    Spec {
        short: "branch",
        class: "orrery.operators.branch.BranchOperator",
        other_classes: &[],
        kind: OperatorKind::Branch,
        is_sensor: false,
        doc: "Follows the direct downstream tasks that an expression names and skips the others. \
              The native sibling of `BranchPythonOperator`; Airflow itself does not know it.",
        arguments: &[required(template(
            "expression",
            Text,
            "Gives a task id, a list of them, or none, such as `'a' if ti.xcom_pull('x') > 3 else 'b'`. \
             Also taken: a template that renders to an id, or the XCom of another task.",
        ))],
    },
    Spec {
        short: "trigger-dag",
        class: "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator",
        other_classes: &["airflow.operators.trigger_dagrun.TriggerDagRunOperator"],
        kind: OperatorKind::TriggerDag,
        is_sensor: false,
        doc: "Creates a run of another dag, and waits for it if asked.",
        arguments: &[
            required(template("trigger_dag_id", Text, "The dag to run.")),
            template(
                "trigger_run_id",
                Text,
                "The new run's id; made from its date by default.",
            ),
            template(
                "conf",
                TextOrMap,
                "The new run's params: a mapping, or JSON text.",
            ),
            template(
                "logical_date",
                Time,
                "The point in time that the run stands for; now by default.",
            ),
            arg("run_after", Time, "The run does not start before."),
            arg(
                "reset_dag_run",
                Flag,
                "Whether a run that exists already is cleared and run again.",
            ),
            template(
                "wait_for_completion",
                Flag,
                "Whether to wait for the run's end.",
            ),
            arg(
                "poke_interval",
                Duration,
                "How often to look while waiting; 60 seconds by default.",
            ),
            arg(
                "allowed_states",
                SomeOf(RUN_STATES),
                "Ends that are well; `success` by default.",
            ),
            arg(
                "failed_states",
                SomeOf(RUN_STATES),
                "Ends that fail this task; `failed` by default.",
            ),
            template(
                "skip_when_already_exists",
                Flag,
                "Whether to end as skipped when the run exists.",
            ),
            arg(
                "fail_when_dag_is_paused",
                Flag,
                "Whether to fail when the other dag is paused.",
            ),
            arg("note", Text, "A remark on the new run."),
            arg("deferrable", Flag, NO_SLOT),
            arg("openlineage_inject_parent_info", Flag, "Kept."),
        ],
    },
    Spec {
        short: "file-sensor",
        class: "airflow.providers.standard.sensors.filesystem.FileSensor",
        other_classes: &["airflow.sensors.filesystem.FileSensor"],
        kind: OperatorKind::FileSensor,
        is_sensor: true,
        doc: "Waits until a file exists, or a file within a folder.",
        arguments: &[
            required(template(
                "filepath",
                Text,
                "The file, folder or glob, below the connection's path if relative.",
            )),
            template(
                "fs_conn_id",
                Text,
                "The connection whose `path` it is below; `fs_default` by default.",
            ),
            arg(
                "recursive",
                Flag,
                "Whether `**` looks through folders to the bottom.",
            ),
            arg("deferrable", Flag, NO_SLOT),
            arg("start_from_trigger", Flag, "Kept."),
            arg("trigger_kwargs", Map, "Kept."),
        ],
    },
    Spec {
        short: "date-time-sensor",
        class: "airflow.providers.standard.sensors.date_time.DateTimeSensor",
        other_classes: &[
            "airflow.providers.standard.sensors.date_time.DateTimeSensorAsync",
            "airflow.sensors.date_time.DateTimeSensor",
            "airflow.sensors.date_time.DateTimeSensorAsync",
        ],
        kind: OperatorKind::DateTimeSensor,
        is_sensor: true,
        doc: "Waits for a point in time.",
        arguments: &[
            required(template("target_time", Time, "The point in time.")),
            arg("start_from_trigger", Flag, "Kept."),
            arg("end_from_trigger", Flag, "Kept."),
            arg("trigger_kwargs", Map, "Kept."),
        ],
    },
    Spec {
        short: "time-delta-sensor",
        class: "airflow.providers.standard.sensors.time_delta.TimeDeltaSensor",
        other_classes: &[
            "airflow.providers.standard.sensors.time_delta.TimeDeltaSensorAsync",
            "airflow.sensors.time_delta.TimeDeltaSensor",
            "airflow.sensors.time_delta.TimeDeltaSensorAsync",
        ],
        kind: OperatorKind::TimeDeltaSensor,
        is_sensor: true,
        doc: "Waits until a span has passed since the end of the run's data interval.",
        arguments: &[
            required(template(
                "delta",
                Duration,
                "The span. A bare number counts minutes, as upstream's does.",
            )),
            arg("deferrable", Flag, NO_SLOT),
            arg("end_from_trigger", Flag, "Kept."),
        ],
    },
];
