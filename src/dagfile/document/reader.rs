//! What reading one document shares: what is wrong so far, the files taken in, and how much may
//! still be copied.

use model::limits::{DAG_YAML_BYTES_MAX, DAG_YAML_NODES_MAX};

use crate::{
    problem::{Problem, Problems},
    yaml::{At, Node, Value},
};

const TOO_LARGE: &str = "DAG-001";
const FILE: &str = "DAG-008";

pub(crate) struct Reader<'a> {
    pub problems: Problems,
    pub warnings: Vec<Problem>,
    /// The files that were taken in, by their path as written.
    pub taken: Vec<(String, String)>,
    files: &'a dyn Fn(&str) -> Result<String, String>,
    /// Values and bytes that may still be copied by `extends`, `default_args` and `$f`.
    values: usize,
    bytes: usize,
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a dyn Fn(&str) -> Result<String, String>) -> Self {
        Self {
            problems: Problems::default(),
            warnings: Vec::new(),
            taken: Vec::new(),
            files,
            values: DAG_YAML_NODES_MAX,
            bytes: DAG_YAML_BYTES_MAX,
        }
    }

    pub fn warn(&mut self, at: At, message: impl Into<String>) {
        const WARNINGS_MAX: usize = 100;
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(Problem::new("DAG-009", at, message));
        }
    }

    /// Pays for a copy. False, and a problem, when there is no room for it.
    pub fn spend(&mut self, (values, bytes): (usize, usize), at: At) -> bool {
        match (
            self.values.checked_sub(values),
            self.bytes.checked_sub(bytes),
        ) {
            (Some(values), Some(bytes)) => {
                (self.values, self.bytes) = (values, bytes);
                true
            }
            (Some(_) | None, Some(_) | None) => {
                let message = format!(
                    "with its templates and files written out the dag is larger than \
                     {DAG_YAML_NODES_MAX} values or {} MiB",
                    DAG_YAML_BYTES_MAX >> 20
                );
                self.problems.add(TOO_LARGE, at, message);
                false
            }
        }
    }

    /// The text of a file beside the dag.
    pub fn file(&mut self, path: &str, at: At) -> Option<String> {
        if let Err(why) = inside(path) {
            self.problems.add(FILE, at, format!("`$f: {path}` {why}"));
            return None;
        }
        let known = self.taken.iter().find(|(name, _)| name == path);
        let is_new = known.is_none();
        let text = match known {
            Some((_, text)) => Ok(text.clone()),
            None => (self.files)(path),
        };
        match text {
            Ok(text) => {
                if !self.spend((1, text.len()), at) {
                    return None;
                }
                if is_new {
                    self.taken.push((path.to_owned(), text.clone()));
                }
                Some(text)
            }
            Err(why) => {
                let message = format!("`$f: {path}` cannot be read: {why}");
                self.problems.add(FILE, at, message);
                None
            }
        }
    }
}

/// A path may only lead to what lies beside the dag or below.
fn inside(path: &str) -> Result<(), &'static str> {
    if path.is_empty() || path.contains('\0') {
        return Err("is no path");
    }
    if path.starts_with(['/', '~']) || path.contains('\\') {
        return Err("must be relative to the dag's folder, with `/`");
    }
    if path.split('/').any(|part| part == "..") {
        return Err("must not leave the dag's folder");
    }
    Ok(())
}

/// What copying a node costs: values and bytes of text.
pub(super) fn weigh(node: &Node) -> (usize, usize) {
    let add =
        |sum: (usize, usize), (values, bytes): (usize, usize)| (sum.0 + values, sum.1 + bytes);
    match &node.value {
        Value::Text(text) | Value::Time(text) => (1, text.len()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => (1, 0),
        Value::List(items) => items.iter().map(weigh).fold((1, 0), add),
        Value::Map(entries) => entries.iter().fold((1, 0), |sum, entry| {
            add(add(sum, weigh(&entry.node)), (0, entry.key.len()))
        }),
    }
}
