//! The value grammar below `with`: markers become templates, XComs and file texts, all else is
//! literal.

use model::{Json, TaskId, dag::Argument};

use super::{fields::SHAPE, reader::Reader};
use crate::{
    suggest,
    yaml::{At, Entry, Node, Value},
};

const XCOM: [&str; 2] = ["$x", "$xcom"];
const TEMPLATE: [&str; 2] = ["$t", "$template"];
const FILE: [&str; 2] = ["$f", "$file"];
const CONST: &str = "$const";
/// The key of what a task returns.
pub(crate) const RETURN_VALUE: &str = "return_value";

pub(super) fn is_marker(key: &str) -> bool {
    key == CONST || XCOM.contains(&key) || TEMPLATE.contains(&key) || FILE.contains(&key)
}

/// What `{$const: value}` holds.
pub(super) fn constant(node: &Node) -> Option<&Node> {
    node.get(CONST)
}

/// An argument as read, and whether a marker stands in it.
pub(super) struct Read {
    pub argument: Argument,
    /// `$t`, `$x` or `$f` somewhere in it; allowed in template fields only.
    pub has_marker: bool,
}

/// Reads one argument. `name` is for messages: "task `a`: `bash_command`". The tasks whose XComs
/// are taken are put into `xcoms`.
pub(super) fn read(
    node: &Node,
    name: &str,
    reader: &mut Reader<'_>,
    xcoms: &mut Vec<(String, At)>,
) -> Option<Read> {
    let mut walk = Walk {
        name,
        reader,
        xcoms,
        has_marker: false,
    };
    let argument = walk.value(node)?;
    let has_marker = walk.has_marker;
    Some(Read {
        argument,
        has_marker,
    })
}

struct Walk<'a, 'b> {
    name: &'a str,
    reader: &'a mut Reader<'b>,
    xcoms: &'a mut Vec<(String, At)>,
    has_marker: bool,
}

impl Walk<'_, '_> {
    fn wrong<T>(&mut self, at: At, message: &str) -> Option<T> {
        let message = format!("{}: {message}", self.name);
        self.reader.problems.add(SHAPE, at, message);
        None
    }

    fn value(&mut self, node: &Node) -> Option<Argument> {
        match &node.value {
            Value::Map(entries) => self.map(entries),
            Value::List(items) => {
                let items: Option<Vec<Argument>> =
                    items.iter().map(|item| self.value(item)).collect();
                Some(list(items?))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_) => Some(Argument::Literal(node.to_json())),
        }
    }

    fn map(&mut self, entries: &[Entry]) -> Option<Argument> {
        if let [entry] = entries
            && is_marker(&entry.key)
        {
            return self.marker(entry);
        }
        if let Some(entry) = entries.iter().find(|entry| entry.key.starts_with('$')) {
            let key = &entry.key;
            let message = if is_marker(key) {
                format!("`{key}` must stand alone in its mapping")
            } else {
                let known = XCOM.iter().chain(&TEMPLATE).chain(&FILE).copied();
                let hint = suggest::nearest(key, known);
                format!(
                    "`{key}` is no marker; put a mapping with `$` in a key below `$const`{hint}"
                )
            };
            return self.wrong(entry.at, &message);
        }
        let pairs: Option<Vec<(String, Argument)>> = entries
            .iter()
            .map(|entry| Some((entry.key.clone(), self.value(&entry.node)?)))
            .collect();
        Some(object(pairs?))
    }

    fn marker(&mut self, entry: &Entry) -> Option<Argument> {
        let (key, node) = (entry.key.as_str(), &entry.node);
        if key == CONST {
            return Some(Argument::Literal(node.to_json()));
        }
        self.has_marker = true;
        if XCOM.contains(&key) {
            return self.xcom(node);
        }
        if FILE.contains(&key) {
            return self.file(node).map(|text| Argument::Literal(text.into()));
        }
        match &node.value {
            Value::Text(text) | Value::Time(text) => Some(Argument::Template(text.clone())),
            Value::Map(inner) => match inner.as_slice() {
                [inner] if FILE.contains(&inner.key.as_str()) => {
                    self.file(&inner.node).map(Argument::Template)
                }
                _ => self.wrong(node.at, "`$t` takes a text, or `{$f: path}`"),
            },
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) => {
                self.wrong(node.at, "`$t` takes a text, or `{$f: path}`")
            }
        }
    }

    fn xcom(&mut self, node: &Node) -> Option<Argument> {
        const WANTS: &str = "`$x` takes a task id, or `{task: id, key: name}`";
        let (task, at, key) = match &node.value {
            Value::Map(entries) => {
                if let Some(other) = entries.iter().find(|e| e.key != "task" && e.key != "key") {
                    return self.wrong(
                        other.at,
                        &format!("`{}` is not known here; {WANTS}", other.key),
                    );
                }
                let Some(task) = node.get("task") else {
                    return self.wrong(node.at, WANTS);
                };
                let key = match node.get("key") {
                    None => RETURN_VALUE,
                    Some(key) if key.value == Value::Null => RETURN_VALUE,
                    Some(key) => match key.text() {
                        Some(key) => key,
                        None => return self.wrong(key.at, WANTS),
                    },
                };
                (task, task.at, key)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_)
            | Value::List(_) => (node, node.at, RETURN_VALUE),
        };
        let Some(task) = crate::shape::id_of(task) else {
            return self.wrong(node.at, WANTS);
        };
        self.xcoms.push((task.clone(), at));
        Some(Argument::XCom {
            task_id: TaskId::from(task),
            key: key.to_owned(),
        })
    }

    fn file(&mut self, node: &Node) -> Option<String> {
        match node.text() {
            Some(path) => self.reader.file(path, node.at),
            None => self.wrong(node.at, "`$f` takes the path of a file beside the dag"),
        }
    }
}

/// A list without markers is a literal as a whole.
fn list(items: Vec<Argument>) -> Argument {
    let literal = |item: &Argument| matches!(item, Argument::Literal(_));
    if !items.iter().all(literal) {
        return Argument::List(items);
    }
    let json = items.into_iter().filter_map(literal_of).collect();
    Argument::Literal(Json::Array(json))
}

fn object(pairs: Vec<(String, Argument)>) -> Argument {
    let literal = |(_, item): &(String, Argument)| matches!(item, Argument::Literal(_));
    if !pairs.iter().all(literal) {
        return Argument::Object(pairs);
    }
    let pairs = pairs.into_iter();
    let json = pairs.filter_map(|(name, item)| Some((name, literal_of(item)?)));
    Argument::Literal(Json::Object(json.collect()))
}

fn literal_of(argument: Argument) -> Option<Json> {
    match argument {
        Argument::Literal(json) => Some(json),
        Argument::Template(_) | Argument::XCom { .. } | Argument::List(_) | Argument::Object(_) => {
            None
        }
    }
}
