//! `templates` and `extends`: partial tasks that are taken into tasks, later ones over earlier
//! ones.

use std::{borrow::Cow, collections::HashMap};

use super::{
    fields::{SHAPE, texts_of},
    reader::{Reader, weigh},
};
use crate::{
    shape::Shape,
    suggest,
    yaml::{At, Entry, Node, Value},
};

/// Chains of templates longer than this are a mistake.
const CHAIN_MAX: usize = 64;

/// The templates, each written out once.
#[derive(Default)]
pub(super) struct Templates<'a> {
    written: HashMap<&'a str, &'a Node>,
    expanded: HashMap<&'a str, Option<Expanded>>,
}

struct Expanded {
    entries: Vec<Entry>,
    weight: (usize, usize),
}

impl<'a> Templates<'a> {
    pub fn read(node: Option<&'a Node>, reader: &mut Reader<'_>) -> Self {
        let mut written = HashMap::new();
        match node.map(|node| (&node.value, node.at)) {
            None | Some((Value::Null, _)) => {}
            Some((Value::Map(entries), _)) => {
                for entry in entries {
                    if matches!(entry.node.value, Value::Map(_)) {
                        written.insert(entry.key.as_str(), &entry.node);
                    } else {
                        let message = format!("the template `{}` must be a mapping", entry.key);
                        reader.problems.add(SHAPE, entry.node.at, message);
                    }
                }
            }
            Some((
                Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Time(_)
                | Value::Text(_)
                | Value::List(_),
                at,
            )) => {
                let message = "`templates` must be a mapping of names to partial tasks";
                reader.problems.add(SHAPE, at, message);
            }
        }
        Self {
            written,
            expanded: HashMap::new(),
        }
    }

    /// A task's entries with everything it extends taken in. `None` after a problem.
    pub fn apply<'t>(
        &mut self,
        task: &'t [Entry],
        reader: &mut Reader<'_>,
    ) -> Option<Cow<'t, [Entry]>> {
        let Some(extends) = task.iter().find(|entry| entry.key == "extends") else {
            return Some(Cow::Borrowed(task));
        };
        let base = self.all(&extends.node, &mut Vec::new(), reader)?;
        let own = task.iter().filter(|entry| entry.key != "extends");
        Some(Cow::Owned(merge(base, own.cloned())))
    }

    /// What a list of names stands for together.
    fn all(
        &mut self,
        names: &Node,
        chain: &mut Vec<String>,
        reader: &mut Reader<'_>,
    ) -> Option<Vec<Entry>> {
        if !Shape::Texts.fits(names) {
            let message = "`extends` must be the name of a template, or a list of names";
            reader.problems.add(SHAPE, names.at, message);
            return None;
        }
        let mut sum = Vec::new();
        for name in texts_of(names) {
            let one = self.one(&name, names.at, chain, reader)?;
            sum = merge(sum, one.into_iter());
        }
        Some(sum)
    }

    fn one(
        &mut self,
        name: &str,
        at: At,
        chain: &mut Vec<String>,
        reader: &mut Reader<'_>,
    ) -> Option<Vec<Entry>> {
        if let Some(known) = self.expanded.get(name) {
            // Paid before it is copied.
            let known = known
                .as_ref()
                .filter(|known| reader.spend(known.weight, at));
            return known.map(|known| known.entries.clone());
        }
        let Some((&key, &node)) = self.written.get_key_value(name) else {
            let hint = suggest::nearest(name, self.written.keys().copied());
            let message = format!("there is no template `{name}`{hint}");
            reader.problems.add(SHAPE, at, message);
            return None;
        };
        if chain.iter().any(|before| before == name) || chain.len() >= CHAIN_MAX {
            let message = format!(
                "the template `{name}` extends itself, by {}",
                chain.join(", ")
            );
            reader.problems.add(SHAPE, at, message);
            return None;
        }
        let Value::Map(entries) = &node.value else {
            return None;
        };
        chain.push(name.to_owned());
        let base = match node.get("extends") {
            Some(extends) => self.all(extends, chain, reader),
            None => Some(Vec::new()),
        };
        chain.pop();
        let expanded = base.map(|base| {
            let own = entries.iter().filter(|entry| entry.key != "extends");
            let entries = merge(base, own.cloned());
            let weight = weight(&entries);
            Expanded { entries, weight }
        });
        let expanded = expanded.filter(|expanded| reader.spend(expanded.weight, at));
        let entries = expanded.as_ref().map(|expanded| expanded.entries.clone());
        self.expanded.insert(key, expanded);
        entries
    }
}

fn weight(entries: &[Entry]) -> (usize, usize) {
    let weights = entries.iter().map(|entry| weigh(&entry.node));
    weights.fold((1, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// `over` replaces what `base` says; `with` is merged one level deep.
fn merge(mut base: Vec<Entry>, over: impl Iterator<Item = Entry>) -> Vec<Entry> {
    for entry in over {
        let Some(old) = base.iter_mut().find(|old| old.key == entry.key) else {
            base.push(entry);
            continue;
        };
        let Entry { key, at, node } = entry;
        old.at = at;
        match (&mut old.node.value, node.value) {
            (Value::Map(old), Value::Map(new)) if key == "with" || key == "run" => {
                let before = std::mem::take(old);
                *old = replace(before, new);
            }
            (old_value, value) => {
                *old_value = value;
                old.node.at = node.at;
            }
        }
    }
    base
}

/// One level deep: keys of `new` replace those of `old`.
fn replace(mut old: Vec<Entry>, new: Vec<Entry>) -> Vec<Entry> {
    let places: HashMap<String, usize> = old
        .iter()
        .enumerate()
        .map(|(n, entry)| (entry.key.clone(), n))
        .collect();
    for entry in new {
        match places.get(&entry.key).and_then(|n| old.get_mut(*n)) {
            Some(place) => *place = entry,
            None => old.push(entry),
        }
    }
    old
}
