//! A mapping read by a table of keys: unknown keys and wrong values are told, good ones handed out.

use model::TimeDelta;

use super::keys::Key;
use crate::{
    operators::OPERATORS,
    problem::Problems,
    shape::{self, Shape},
    suggest,
    yaml::{At, Entry, Node, Value},
};

pub(super) const SHAPE: &str = "DAG-003";
pub(super) const UNSUPPORTED: &str = "DAG-010";

/// The good values of a mapping, with another mapping behind it that gives defaults.
#[derive(Default)]
pub(super) struct Fields<'a> {
    own: Vec<&'a Entry>,
    defaults: Vec<&'a Entry>,
}

impl<'a> Fields<'a> {
    /// Checks `entries` by `keys`. `what` names the mapping in messages: "task `a`".
    pub fn read(
        entries: &'a [Entry],
        keys: &'static [Key],
        what: &str,
        problems: &mut Problems,
    ) -> Self {
        let mut own = Vec::with_capacity(entries.len());
        for entry in entries {
            if problems.is_full() {
                break;
            }
            match check(entry, keys) {
                Ok(()) => own.push(entry),
                Err((code, at, message)) => problems.add(code, at, format!("{what}: {message}")),
            }
        }
        let defaults = Vec::new();
        Self { own, defaults }
    }

    /// Puts defaults behind these values; they have been checked already.
    pub fn with_defaults(mut self, defaults: &[&'a Entry]) -> Self {
        self.defaults = defaults.to_vec();
        self
    }

    /// The entry of a key that has a value; null is no value.
    pub fn entry(&self, name: &str) -> Option<&'a Entry> {
        let own = self.own.iter().find(|entry| entry.key == name);
        let found = own.or_else(|| self.defaults.iter().find(|entry| entry.key == name));
        found
            .copied()
            .filter(|entry| entry.node.value != Value::Null)
    }

    /// Those of a key's own mapping, in order, that were well.
    pub fn own(&self) -> &[&'a Entry] {
        &self.own
    }

    pub fn node(&self, name: &str) -> Option<&'a Node> {
        self.entry(name).map(|entry| &entry.node)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.node(name)?.text().map(str::to_owned)
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.node(name)?.value {
            Value::Bool(flag) => Some(flag),
            Value::Null
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => None,
        }
    }

    pub fn whole(&self, name: &str) -> Option<u32> {
        let number = shape::number(self.node(name)?)?;
        // In range by its shape.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(number as u32)
    }

    pub fn duration(&self, name: &str) -> Option<TimeDelta> {
        shape::duration(self.node(name)?)
    }

    pub fn word<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        parse(self.node(name)?.text()?)
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        self.node(name).map(texts_of).unwrap_or_default()
    }
}

/// A text, or the texts of a list.
pub(super) fn texts_of(node: &Node) -> Vec<String> {
    match &node.value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect(),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::Map(_) => node.text().map(str::to_owned).into_iter().collect(),
    }
}

fn check(entry: &Entry, keys: &'static [Key]) -> Result<(), (&'static str, At, String)> {
    let name = &entry.key;
    let in_task = std::ptr::eq(keys, super::keys::TASK);
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        let arguments = OPERATORS.iter().flat_map(|spec| spec.arguments);
        let known = keys.iter().filter(|key| !key.is_refused);
        let hint = if in_task && arguments.into_iter().any(|arg| arg.name == name) {
            "; as an argument of an operator it belongs below `with`".to_owned()
        } else {
            suggest::nearest(name, known.map(|key| key.name))
        };
        let message = format!("the key `{name}` is not known{hint}");
        return Err((SHAPE, entry.at, message));
    };
    if key.is_refused {
        return Err((
            UNSUPPORTED,
            entry.at,
            format!("`{name}` cannot be used: {}", key.doc),
        ));
    }
    fits(key.shape, &entry.node)
        .map_err(|message| (SHAPE, entry.node.at, format!("`{name}` {message}")))?;
    match marker_in(&entry.node) {
        Some((marker, at))
            if !matches!(
                key.shape,
                Shape::Own("with" | "templates" | "default_args" | "tasks")
            ) =>
        {
            let message = format!("`{name}`: `{marker}` is only known below `with`");
            Err((SHAPE, at, message))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a value fits, or the end of the sentence that begins with its name.
pub(super) fn fits(shape: Shape, node: &Node) -> Result<(), String> {
    if shape.fits(node) {
        return Ok(());
    }
    let is = match node.value {
        Value::Int(number) => format!("`{number}`"),
        Value::Float(number) => format!("`{number}`"),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Text(ref text) | Value::Time(ref text) if text.chars().count() <= 40 => {
            format!("`{text}`")
        }
        Value::Null | Value::Text(_) | Value::Time(_) | Value::List(_) | Value::Map(_) => {
            node.value.kind().to_owned()
        }
    };
    let mut message = format!("must be {}, not {is}", shape.wants());
    if let (Shape::OneOf(words) | Shape::SomeOf(words), Some(text)) = (shape, node.text()) {
        message.push_str(&suggest::nearest(text, words.iter().copied()));
    }
    Err(message)
}

/// A marker of the value grammar where none belongs.
fn marker_in(node: &Node) -> Option<(&str, At)> {
    match &node.value {
        Value::Map(entries) => entries.iter().find_map(|entry| {
            if super::value::is_marker(&entry.key) {
                return Some((entry.key.as_str(), entry.at));
            }
            marker_in(&entry.node)
        }),
        Value::List(items) => items.iter().find_map(marker_in),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Time(_)
        | Value::Text(_) => None,
    }
}
