//! Rendered arguments become work, operator by operator.

use std::collections::BTreeMap;

use model::{
    Json, JsonMap, TimeDelta, Timestamp,
    dag::OperatorKind,
    schedule::DataInterval,
    task_instance::{Deferral, Trigger},
    work::{Job, Process},
};

use super::{Rendering, branch, fields::Fields, http, python, trigger};
use crate::RenderError;

pub(super) const ARGUMENT: &str = "DAG-021";
/// Upstream's `[sensors] default_timeout`: seven days.
const SENSOR_TIMEOUT: TimeDelta = TimeDelta::from_secs(7 * 24 * 60 * 60);
const POKE_INTERVAL: TimeDelta = TimeDelta::from_secs(60);

/// The arguments as values, with the words to say what is wrong with them.
pub(super) struct Values<'a> {
    pub fields: &'a Fields<'a>,
    pub values: BTreeMap<&'a str, Json>,
}

/// What a task's arguments ask for.
pub(super) fn make(values: &Values<'_>) -> Result<Rendering, RenderError> {
    match values.fields.task.operator.kind {
        OperatorKind::Empty => Ok(Rendering::Empty),
        OperatorKind::Bash => bash(values).map(|process| Rendering::Job(Job::Process(process))),
        OperatorKind::Http => http::make(values).map(|ask| Rendering::Job(Job::Http(ask))),
        OperatorKind::Branch => branch::make(values),
        OperatorKind::TriggerDag => {
            trigger::make(values).map(|ask| Rendering::TriggerDag(Box::new(ask)))
        }
        OperatorKind::FileSensor => file_sensor(values),
        OperatorKind::DateTimeSensor => date_time_sensor(values),
        OperatorKind::TimeDeltaSensor => time_delta_sensor(values),
        OperatorKind::Python => {
            let class = &values.fields.task.operator.class;
            let message = format!("`{class}` needs the Python runtime, which is not set up");
            Err(values.fields.wrong(ARGUMENT, &message))
        }
    }
}

impl Values<'_> {
    /// The value of an argument; null is none.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub fn wrong<T>(&self, name: &str, wants: &str) -> Result<T, RenderError> {
        let is = self
            .get(name)
            .map_or("nothing".to_owned(), |value| shorten(&value.to_string()));
        let message = format!("`{name}` must be {wants}, not {is}");
        Err(self.fields.wrong(ARGUMENT, &message))
    }

    /// A text; other scalars are taken as Python would print them.
    pub fn text(&self, name: &str) -> Result<Option<String>, RenderError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Array(_) | Json::Object(_)) => self.wrong(name, "a text"),
            Some(value) => Ok(Some(python::json_text(value))),
        }
    }

    pub fn required(&self, name: &str) -> Result<String, RenderError> {
        match self.text(name)? {
            Some(text) => Ok(text),
            None => self.wrong(name, "a text"),
        }
    }

    /// A flag; a template gives it as a text.
    pub fn flag(&self, name: &str) -> Result<bool, RenderError> {
        match self.get(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(Json::String(text)) => match text.trim().to_lowercase().as_str() {
                "true" | "1" | "yes" => Ok(true),
                "false" | "0" | "no" | "none" | "" => Ok(false),
                _ => self.wrong(name, "true or false"),
            },
            Some(_) => self.wrong(name, "true or false"),
        }
    }

    pub fn duration(&self, name: &str) -> Result<Option<TimeDelta>, RenderError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match TimeDelta::parse(&text) {
            Ok(span) if span >= TimeDelta::ZERO => Ok(Some(span)),
            Ok(_) | Err(_) => self.wrong(name, "a duration"),
        }
    }

    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, RenderError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match crate::shape::time_of(&text, &self.fields.dag.timezone) {
            Some((at, _)) => Ok(Some(at)),
            None => self.wrong(name, "a date or time in ISO 8601"),
        }
    }

    /// Names and texts, in order.
    pub fn pairs(&self, name: &str) -> Result<Option<Vec<(String, String)>>, RenderError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Object(map)) => Ok(Some(pairs_of(map))),
            Some(_) => self.wrong(name, "a mapping of names to texts"),
        }
    }
}

pub(super) fn pairs_of(map: &JsonMap) -> Vec<(String, String)> {
    let pairs = map.iter();
    pairs
        .map(|(name, value)| (name.clone(), python::json_text(value)))
        .collect()
}

fn shorten(text: &str) -> String {
    const SHOWN_MAX: usize = 80;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("`{}...`", text.get(..at).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

fn bash(values: &Values<'_>) -> Result<Process, RenderError> {
    // Linux takes no longer argument (MAX_ARG_STRLEN), and none may hold a NUL.
    const ARGUMENT_BYTES_MAX: usize = 128 * 1024 - 1;
    let command = values.required("bash_command")?;
    if command.len() > ARGUMENT_BYTES_MAX {
        let message = format!(
            "`bash_command` has {} bytes, more than the {ARGUMENT_BYTES_MAX} that Linux takes; put \
             the script into a file and run that",
            command.len()
        );
        return Err(values.fields.wrong(ARGUMENT, &message));
    }
    if command.contains('\0') {
        return values.wrong("bash_command", "a text without NUL");
    }
    let context = values.fields.context;
    let mut env = match values.pairs("env")? {
        None => context.base_env.clone(),
        Some(own) if values.flag("append_env")? => {
            let mut env = context.base_env.clone();
            own.into_iter()
                .for_each(|(name, value)| set(&mut env, name, value));
            env
        }
        Some(own) => own,
    };
    for (name, value) in airflow_context(values) {
        set(&mut env, name.to_owned(), value);
    }
    if env
        .iter()
        .any(|(name, value)| name.contains(['=', '\0']) || value.contains('\0'))
    {
        return values.wrong("env", "a mapping of names without `=` to texts without NUL");
    }
    Ok(Process {
        argv: vec!["/bin/bash".to_owned(), "-c".to_owned(), command],
        env,
        cwd: values.text("cwd")?,
        skip_on_exit_code: skip_codes(values)?,
        push_last_line: values.fields.task.do_xcom_push,
    })
}

fn set(env: &mut Vec<(String, String)>, name: String, value: String) {
    match env.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => env.push((name, value)),
    }
}

/// 99 unless said otherwise; null means none.
fn skip_codes(values: &Values<'_>) -> Result<Vec<i32>, RenderError> {
    const NAME: &str = "skip_on_exit_code";
    let code = |value: &Json| value.as_i64().and_then(|code| i32::try_from(code).ok());
    match values.values.get(NAME) {
        None => Ok(vec![99]),
        Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(codes)) => match codes.iter().map(code).collect() {
            Some(codes) => Ok(codes),
            None => values.wrong(NAME, "exit codes"),
        },
        Some(value) => match code(value) {
            Some(code) => Ok(vec![code]),
            None => values.wrong(NAME, "exit codes"),
        },
    }
}

/// What every process is told of its task, by upstream's names.
fn airflow_context(values: &Values<'_>) -> Vec<(&'static str, String)> {
    let Fields {
        dag, task, context, ..
    } = values.fields;
    let mut env = vec![
        ("AIRFLOW_CTX_DAG_OWNER", task.owner.clone()),
        ("AIRFLOW_CTX_DAG_ID", dag.dag_id.to_string()),
        ("AIRFLOW_CTX_TASK_ID", task.task_id.to_string()),
    ];
    if let Some(at) = context.run.logical_date {
        env.push(("AIRFLOW_CTX_LOGICAL_DATE", at.isoformat()));
    }
    env.push(("AIRFLOW_CTX_TRY_NUMBER", context.try_number.to_string()));
    env.push(("AIRFLOW_CTX_DAG_RUN_ID", context.run.run_id.to_string()));
    if let Some(email) = task.extra.get("email") {
        let texts = match email {
            Json::Array(items) => items
                .iter()
                .map(python::json_text)
                .collect::<Vec<_>>()
                .join(","),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                python::json_text(email)
            }
        };
        env.push(("AIRFLOW_CTX_DAG_EMAIL", texts));
    }
    env
}

fn wait(values: &Values<'_>, trigger: Trigger) -> Result<Rendering, RenderError> {
    let timeout = values.duration("timeout")?.unwrap_or(SENSOR_TIMEOUT);
    Ok(Rendering::Defer(Deferral {
        trigger,
        timeout: Some(values.fields.context.start_date.plus(timeout)),
        soft_fail: values.flag("soft_fail")? || values.flag("never_fail")?,
        resume: None,
    }))
}

fn file_sensor(values: &Values<'_>) -> Result<Rendering, RenderError> {
    const DEFAULT: &str = "fs_default";
    let path = values.required("filepath")?;
    let own = values.text("fs_conn_id")?;
    let conn_id = own.as_deref().unwrap_or(DEFAULT);
    let base = match values.fields.connection(conn_id)? {
        Some(connection) => {
            let extra = super::accessors::extra_of(&connection);
            let path = extra.as_ref().and_then(|extra| extra.get("path")?.as_str());
            path.unwrap_or_default().to_owned()
        }
        None if own.is_none() => String::new(),
        None => {
            let message = format!("there is no connection `{conn_id}`");
            return Err(values.fields.wrong(ARGUMENT, &message));
        }
    };
    // As `os.path.join`: an absolute path stands for itself.
    let path = match base.as_str() {
        _ if path.starts_with('/') => path,
        "" => path,
        base => format!("{}/{path}", base.trim_end_matches('/')),
    };
    let poke = values.duration("poke_interval")?.unwrap_or(POKE_INTERVAL);
    let trigger = Trigger::File {
        path,
        recursive: values.flag("recursive")?,
        poke_interval_us: u64::try_from(poke.as_micros()).unwrap_or(0),
    };
    wait(values, trigger)
}

fn date_time_sensor(values: &Values<'_>) -> Result<Rendering, RenderError> {
    match values.time("target_time")? {
        Some(at) => wait(values, Trigger::At(at)),
        None => values.wrong("target_time", "a date or time in ISO 8601"),
    }
}

/// From the end of the data interval, or from `run_after` where there is none. A bare number counts
/// minutes.
fn time_delta_sensor(values: &Values<'_>) -> Result<Rendering, RenderError> {
    let text = values.required("delta")?;
    let minutes = text.trim().parse::<i64>().ok();
    let span = match (minutes, TimeDelta::parse(&text)) {
        (Some(minutes), _) => TimeDelta::from_secs(minutes.saturating_mul(60)),
        (None, Ok(span)) => span,
        (None, Err(_)) => return values.wrong("delta", "a duration, or a number of minutes"),
    };
    let run = values.fields.context.run;
    let base = run
        .data_interval
        .map_or(run.run_after, |DataInterval { end, .. }| end);
    wait(values, Trigger::At(base.plus(span)))
}
