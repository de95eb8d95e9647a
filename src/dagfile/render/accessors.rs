//! `var`, `conn` and `ti.xcom_pull`: what templates look up in the book.

use std::{fmt, sync::Arc};

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Object, ObjectRepr, ValueKind},
};
use model::{DagId, Json, MapIndex, RunId, TaskId};

use super::{Connection, Lookup, XComQuery, environment::rest_of, python, time::wrong};
use crate::document::value::RETURN_VALUE;

/// The book, and the texts looked up in it that must not be seen.
pub(super) struct Book {
    pub lookup: Arc<dyn Lookup>,
    pub secrets: std::sync::Mutex<Vec<String>>,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Book")
    }
}

/// Parts of names whose values are secret (upstream's list).
const SENSITIVE: [&str; 13] = [
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "secret",
    "token",
    "keyfile_dict",
    "service_account",
    "proxies",
];

fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase();
    SENSITIVE.iter().any(|part| name.contains(part))
}

impl Book {
    fn hide(&self, text: &str) {
        if !text.is_empty()
            && let Ok(mut secrets) = self.secrets.lock()
        {
            secrets.push(text.to_owned());
        }
    }

    /// A variable's text, if there is one.
    pub fn variable(&self, key: &str) -> Result<Option<String>, Error> {
        let value = self.lookup.variable(key).map_err(wrong)?;
        if let Some(text) = &value
            && is_sensitive(key)
        {
            self.hide(text);
        }
        Ok(value)
    }

    /// A connection, if there is one.
    pub fn connection(&self, conn_id: &str) -> Result<Option<Connection>, String> {
        let found = self.lookup.connection(conn_id)?;
        if let Some(connection) = &found {
            self.hide(connection.password.as_deref().unwrap_or_default());
            if let Some(Json::Object(extra)) = extra_of(connection) {
                for (name, value) in &extra {
                    if let Some(text) = value.as_str()
                        && is_sensitive(name)
                    {
                        self.hide(text);
                    }
                }
            }
        }
        Ok(found)
    }

    /// One task's XComs as a value: alone where the task is not mapped, a list where it is.
    pub fn xcom(&self, query: &XComQuery) -> Result<Option<Json>, String> {
        let mut found = self.lookup.xcom(query)?;
        match found.as_slice() {
            [] => Ok(None),
            [(index, _)] if *index == MapIndex::NONE || query.map_index.is_some() => {
                Ok(found.pop().map(|(_, value)| value))
            }
            _ => Ok(Some(found.into_iter().map(|(_, value)| value).collect())),
        }
    }
}

/// A connection's `extra` as JSON.
pub(super) fn extra_of(connection: &Connection) -> Option<Json> {
    serde_json::from_str(connection.extra.as_deref()?).ok()
}

/// `var.value` and `var.json`.
#[derive(Debug)]
pub(super) struct Variables {
    pub book: Arc<Book>,
    pub as_json: bool,
}

impl Variables {
    fn find(&self, key: &str) -> Result<Option<Value>, Error> {
        let Some(text) = self.book.variable(key)? else {
            return Ok(None);
        };
        if !self.as_json {
            return Ok(Some(text.into()));
        }
        let json: Json = serde_json::from_str(&text)
            .map_err(|e| wrong(format!("the variable `{key}` is not JSON: {e}")))?;
        Ok(Some(python::from_json(&json)))
    }
}

impl Object for Variables {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        match self.find(key) {
            Ok(Some(value)) => Some(value),
            Ok(None) => Some(missing(format!("there is no variable `{key}`"))),
            Err(error) => Some(missing(
                error.detail().unwrap_or("it cannot be read").to_owned(),
            )),
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "get" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (rest, kwargs) = rest_of(args)?;
        let key = rest.first().map(python::text).unwrap_or_default();
        let by_name: Option<Value> = kwargs.get("default")?;
        let older: Option<Value> = kwargs.get("default_var")?;
        let default = rest.get(1).cloned().or(by_name).or(older);
        match (self.find(&key)?, default) {
            (Some(value), _) | (None, Some(value)) => Ok(value),
            (None, None) => Err(wrong(format!("there is no variable `{key}`"))),
        }
    }
}

/// A value that fails with a reason as soon as it is used.
fn missing(reason: String) -> Value {
    Value::from(Error::new(ErrorKind::InvalidOperation, reason))
}

/// `conn`.
#[derive(Debug)]
pub(super) struct Connections(pub Arc<Book>);

impl Object for Connections {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let conn_id = key.as_str()?;
        Some(match self.0.connection(conn_id) {
            Ok(Some(connection)) => Value::from_object(connection),
            Ok(None) => missing(format!("there is no connection `{conn_id}`")),
            Err(why) => missing(why),
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "get" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (rest, kwargs) = rest_of(args)?;
        let conn_id = rest.first().map(python::text).unwrap_or_default();
        let by_name: Option<Value> = kwargs.get("default_conn")?;
        Ok(match self.0.connection(&conn_id).map_err(wrong)? {
            Some(connection) => Value::from_object(connection),
            None => rest
                .get(1)
                .cloned()
                .or(by_name)
                .unwrap_or_else(|| Value::from(())),
        })
    }
}

impl Object for Connection {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::from(()), Value::from);
        Some(match key.as_str()? {
            "conn_id" => self.conn_id.as_str().into(),
            "conn_type" => self.conn_type.as_str().into(),
            "description" => text(&self.description),
            "host" => text(&self.host),
            "schema" => text(&self.schema),
            "login" => text(&self.login),
            "password" => text(&self.password),
            "port" => self.port.map_or(Value::from(()), Value::from),
            "extra" => text(&self.extra),
            "extra_dejson" => {
                let extra = extra_of(self).unwrap_or_else(|| Json::Object(model::JsonMap::new()));
                python::from_json(&extra)
            }
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.conn_id)
    }
}

/// Whose XComs are meant where a call does not say.
#[derive(Debug)]
pub(super) struct Own {
    pub dag_id: DagId,
    pub run_id: RunId,
    pub task_id: TaskId,
}

/// `ti.xcom_pull(task_ids=None, dag_id=None, key='return_value', include_prior_dates=False,
/// map_indexes=..., default=None, run_id=None)`.
pub(super) fn xcom_pull(book: &Book, own: &Own, args: &[Value]) -> Result<Value, Error> {
    let (rest, kwargs) = rest_of(args)?;
    let get = |n: usize, name: &str| -> Result<Option<Value>, Error> {
        let by_name: Option<Value> = kwargs.get(name)?;
        Ok(rest
            .get(n)
            .cloned()
            .or(by_name)
            .filter(|value| !value.is_none()))
    };
    let task_ids = get(0, "task_ids")?;
    let text = |value: Option<Value>, own: &str| value.map_or(own.to_owned(), |v| python::text(&v));
    let mut query = XComQuery {
        dag_id: text(get(1, "dag_id")?, &own.dag_id).into(),
        key: text(get(2, "key")?, RETURN_VALUE),
        include_prior_dates: get(3, "include_prior_dates")?.is_some_and(|v| v.is_true()),
        run_id: text(get(usize::MAX, "run_id")?, &own.run_id).into(),
        task_id: own.task_id.clone(),
        map_index: None,
    };
    let indexes = get(usize::MAX, "map_indexes")?;
    let default = get(usize::MAX, "default")?.unwrap_or_else(|| Value::from(()));
    kwargs.assert_all_used()?;
    let (tasks, one_task) = match &task_ids {
        None => (vec![own.task_id.to_string()], true),
        Some(ids) if ids.as_str().is_some() => (vec![python::text(ids)], true),
        Some(ids) => (ids.try_iter()?.map(|id| python::text(&id)).collect(), false),
    };
    let (indexes, one_index) = match &indexes {
        None => (vec![None], true),
        Some(list) if list.kind() != ValueKind::Number => {
            let each: Result<Vec<_>, _> = list.try_iter()?.map(i32::try_from).collect();
            (each?.into_iter().map(Some).collect(), false)
        }
        Some(index) => (vec![Some(i32::try_from(index.clone())?)], true),
    };
    let mut found = Vec::new();
    for task in &tasks {
        query.task_id = TaskId::from(task.as_str());
        for index in &indexes {
            query.map_index = index.map(MapIndex);
            let value = book.xcom(&query).map_err(wrong)?;
            found.push(value.map_or_else(|| default.clone(), |json| python::from_json(&json)));
        }
    }
    if one_task && one_index {
        return Ok(found.pop().unwrap_or(default));
    }
    Ok(found.into())
}
