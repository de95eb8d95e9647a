//! Parser events become a tree. The stack is ours, so that depth is an error and not an overflow.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};
use model::limits::{DAG_YAML_BYTES_MAX, DAG_YAML_DEPTH_MAX, DAG_YAML_NODES_MAX};

use super::{At, Entry, Node, Value, scalar};
use crate::problem::Problem;

const CODE: &str = "DAG-002";

/// Reads the one document of a text; `None` when there is nothing but comments.
pub(crate) fn parse(text: &str) -> Result<Option<Node>, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            Problem::new(CODE, at(marker.line(), marker.col()), hint(text, &error))
        })?;
        builder.take(event, &span)?;
    }
    Ok(builder.root)
}

fn at(line: usize, column: usize) -> At {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    At {
        line: number(line),
        column: number(column).saturating_add(1),
    }
}

/// The parser's words, and what usually helps.
fn hint(text: &str, error: &granit_parser::ScanError) -> String {
    let line = text.lines().nth(error.marker().line().saturating_sub(1));
    let indent = line.map_or("", |line| {
        line.split(|c: char| !c.is_whitespace())
            .next()
            .unwrap_or("")
    });
    let words = error.info();
    let words = words.trim_end_matches('.');
    if indent.contains('\t') {
        format!("not valid YAML: {words}; the line is indented with a tab, use spaces")
    } else {
        format!("not valid YAML: {words}")
    }
}

/// A mapping or list that is being filled.
struct Frame {
    at: At,
    anchor: usize,
    value: Value,
    /// The key that waits for its value.
    key: Option<(String, At)>,
    /// Where the keys of a large mapping are looked up.
    keys: HashSet<String>,
    /// Values of `<<`.
    merges: Vec<Node>,
    merging: bool,
}

/// What an anchor stands for, with what repeating it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    documents: usize,
    nodes: usize,
    bytes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Problem> {
        let at = at(span.start.line(), span.start.col());
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Anchor(..) => {
                Ok(())
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                self.anchors.clear();
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = tagged(&text, style, tag.as_deref(), at)?;
                self.node(Node { at, value }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(at, anchor, Value::List(Vec::new()), tag.as_deref(), "seq")
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(at, anchor, Value::Map(Vec::new()), tag.as_deref(), "map")
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, at),
            // Only comes when it is asked for, as does whatever the parser may add.
            Event::UnresolvedAlias(_) | _ => Err(Problem::new(CODE, at, "not valid YAML")),
        }
    }

    fn open(
        &mut self,
        at: At,
        anchor: usize,
        value: Value,
        tag: Option<&Tag>,
        own: &str,
    ) -> Result<(), Problem> {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(own)
        {
            return Err(unknown_tag(tag, at));
        }
        if self.frames.len() >= DAG_YAML_DEPTH_MAX {
            return Err(too_deep(at));
        }
        if let Some(top) = self.frames.last()
            && matches!(top.value, Value::Map(_))
            && top.key.is_none()
            && !top.merging
        {
            return Err(not_a_key(at));
        }
        self.frames.push(Frame {
            at,
            anchor,
            value,
            key: None,
            keys: HashSet::new(),
            merges: Vec::new(),
            merging: false,
        });
        self.spend(1, 0, at)
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(mut frame) = self.frames.pop() else {
            return Ok(());
        };
        for merged in std::mem::take(&mut frame.merges) {
            merge(&mut frame.value, merged)?;
        }
        let (at, anchor) = (frame.at, frame.anchor);
        let node = Node {
            at,
            value: frame.value,
        };
        self.node(node, anchor)
    }

    fn alias(&mut self, anchor: usize, at: At) -> Result<(), Problem> {
        let Some(found) = self.anchors.get(&anchor) else {
            return Err(Problem::new(
                CODE,
                at,
                "the alias stands inside its own anchor",
            ));
        };
        if self.frames.len() + found.depth > DAG_YAML_DEPTH_MAX {
            return Err(too_deep(at));
        }
        let (nodes, bytes) = (found.nodes, found.bytes);
        // Paid before it is copied, so that a bomb costs nothing.
        self.spend(nodes, bytes, at)?;
        let node = self.anchors.get(&anchor).map(|found| found.node.clone());
        node.map_or(Ok(()), |node| self.place(node))
    }

    fn node(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if let Value::Text(text) | Value::Time(text) = &node.value {
            self.spend(1, text.len(), node.at)?;
        }
        if anchor != 0 {
            let (nodes, bytes, depth) = weigh(&node);
            self.spend(nodes, bytes, node.at)?;
            let anchored = Anchored {
                node: node.clone(),
                nodes,
                bytes,
                depth,
            };
            self.anchors.insert(anchor, anchored);
        }
        self.place(node)
    }

    fn spend(&mut self, nodes: usize, bytes: usize, at: At) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes > DAG_YAML_NODES_MAX || self.bytes > DAG_YAML_BYTES_MAX {
            let message = format!(
                "with its aliases written out the document is larger than {DAG_YAML_NODES_MAX} \
                 values or {} MiB",
                DAG_YAML_BYTES_MAX >> 20
            );
            return Err(Problem::new(CODE, at, message));
        }
        Ok(())
    }

    fn place(&mut self, node: Node) -> Result<(), Problem> {
        let Some(frame) = self.frames.last_mut() else {
            return self.place_root(node);
        };
        match &mut frame.value {
            Value::List(items) => {
                items.push(node);
                Ok(())
            }
            Value::Map(entries) => {
                if frame.merging {
                    frame.merging = false;
                    frame.merges.push(node);
                } else if let Some((key, at)) = frame.key.take() {
                    entries.push(Entry { key, at, node });
                } else {
                    frame.key = key_of(node, entries, &mut frame.keys)?;
                    frame.merging = frame.key.is_none();
                }
                Ok(())
            }
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_) => Ok(()),
        }
    }

    fn place_root(&mut self, node: Node) -> Result<(), Problem> {
        if node.value == Value::Null {
            return Ok(());
        }
        if self.root.is_some() {
            return Err(Problem::new(
                CODE,
                node.at,
                "the file holds several documents (`---`); write one dag to a file",
            ));
        }
        self.root = Some(node);
        Ok(())
    }
}

/// The key that a node is, or `None` for `<<`. The keys of a large mapping are kept in `known`.
fn key_of(
    node: Node,
    entries: &[Entry],
    known: &mut HashSet<String>,
) -> Result<Option<(String, At)>, Problem> {
    const LOOKED_THROUGH_MAX: usize = 16;
    let at = node.at;
    let key = match node.value {
        Value::Text(text) if text == scalar::MERGE => return Ok(None),
        Value::Text(text) | Value::Time(text) => text,
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::List(_) | Value::Map(_) => return Err(not_a_key(at)),
    };
    if entries.len() >= LOOKED_THROUGH_MAX {
        if known.is_empty() {
            known.extend(entries.iter().map(|entry| entry.key.clone()));
        }
        if known.insert(key.clone()) {
            return Ok(Some((key, at)));
        }
    }
    match entries.iter().find(|entry| entry.key == key) {
        Some(first) => Err(Problem::new(
            CODE,
            at,
            format!(
                "the key `{key}` stands here twice, first in line {}",
                first.at.line
            ),
        )),
        None => Ok(Some((key, at))),
    }
}

fn not_a_key(at: At) -> Problem {
    Problem::new(CODE, at, "a key must be a text, not a list or a mapping")
}

/// `<<`: what the mapping does not say itself; of several, the first wins.
fn merge(into: &mut Value, from: Node) -> Result<(), Problem> {
    let Value::Map(entries) = into else {
        return Ok(());
    };
    let at = from.at;
    match from.value {
        Value::Map(others) => {
            let known: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
            entries.extend(
                others
                    .into_iter()
                    .filter(|entry| !known.contains(&entry.key)),
            );
            Ok(())
        }
        Value::List(items) => items.into_iter().try_for_each(|item| match item.value {
            Value::Map(_) => merge(into, item),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_)
            | Value::List(_) => Err(not_mergeable(item.at)),
        }),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Time(_)
        | Value::Text(_) => Err(not_mergeable(at)),
    }
}

fn not_mergeable(at: At) -> Problem {
    Problem::new(CODE, at, "`<<` takes a mapping, or a list of mappings")
}

fn too_deep(at: At) -> Problem {
    let message = format!("nested deeper than {DAG_YAML_DEPTH_MAX} levels");
    Problem::new(CODE, at, message)
}

fn unknown_tag(tag: &Tag, at: At) -> Problem {
    let message = format!("the tag `{tag}` is not known; a dag file has none of its own");
    Problem::new(CODE, at, message)
}

/// Values, bytes of text and depth.
fn weigh(node: &Node) -> (usize, usize, usize) {
    let add = |sum: (usize, usize, usize), node: &Node| {
        let (nodes, bytes, depth) = weigh(node);
        (sum.0 + nodes, sum.1 + bytes, sum.2.max(depth + 1))
    };
    match &node.value {
        Value::Text(text) | Value::Time(text) => (1, text.len(), 0),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => (1, 0, 0),
        Value::List(items) => items.iter().fold((1, 0, 1), add),
        Value::Map(entries) => entries.iter().fold((1, 0, 1), |sum, entry| {
            let (nodes, bytes, depth) = add(sum, &entry.node);
            (nodes, bytes + entry.key.len(), depth)
        }),
    }
}

fn tagged(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: At) -> Result<Value, Problem> {
    let plain = style == ScalarStyle::Plain;
    let Some(tag) = tag else {
        return Ok(scalar::resolve(text, plain));
    };
    let value = scalar::resolve(text, true);
    let ok = match tag.core_suffix() {
        Some("str") => return Ok(Value::Text(text.to_owned())),
        Some("null") => value == Value::Null,
        Some("bool") => matches!(value, Value::Bool(_)),
        Some("int") => matches!(value, Value::Int(_)),
        Some("float") => matches!(value, Value::Int(_) | Value::Float(_)),
        Some("timestamp") => matches!(value, Value::Time(_)),
        Some(_) | None => return Err(unknown_tag(tag, at)),
    };
    let wrong = || {
        Problem::new(
            CODE,
            at,
            format!("`{text}` is not what the tag `{tag}` says"),
        )
    };
    ok.then_some(value).ok_or_else(wrong)
}
