//! What a task is expanded over, compiled: how its number of instances follows from what others
//! returned, and which instances of a task in the same mapped group belong to which of its own.

use model::{
    Json, TaskId,
    dag::{Dag, Expand, MapValue, Task, TaskGroup, XComArg},
    state::TriggerRule,
};

use super::position;

/// The expansion of one task: its own, that of the mapped groups around it, or both.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    /// Its own `expand`.
    pub own: Option<Length>,
    /// The mapped groups around it, the innermost first.
    pub groups: Vec<Group>,
    /// Tasks whose failure or skip it shares: those that its own expansion, or else that of the
    /// innermost group, needs.
    pub needs: Vec<u32>,
    /// All tasks that its number of instances depends on.
    pub sources: Vec<u32>,
    /// Whether a part of its upstream is enough for its trigger rule.
    pub is_fast: bool,
}

/// A mapped group, seen from a task.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub group_id: String,
    pub length: Length,
}

/// How long a list is.
#[derive(Debug, Clone)]
pub(crate) enum Length {
    /// So long.
    Known(u32),
    /// Nobody will ever know.
    Unknown,
    /// As what a task returned; of a mapped task, the number of instances that returned anything.
    Returned { task: u32, is_mapped: bool },
    /// All lengths multiplied.
    Product(Vec<Length>),
    /// As the shortest.
    Shortest(Vec<Length>),
    /// As the longest.
    Longest(Vec<Length>),
    /// All lengths added.
    Sum(Vec<Length>),
}

/// An edge between two tasks of one mapped group, seen from below. An instance depends on some
/// instances of `above` only.
#[derive(Debug)]
pub(crate) struct Near {
    pub above: u32,
    /// Whether `above` is expanded further inside of the group.
    pub is_further: bool,
    /// How the task itself is expanded inside of the group.
    pub inner: Length,
}

impl Length {
    /// Whether no task has a say in it.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Known(_) | Self::Unknown => true,
            Self::Returned { .. } => false,
            Self::Product(parts)
            | Self::Shortest(parts)
            | Self::Longest(parts)
            | Self::Sum(parts) => parts.iter().all(Self::is_fixed),
        }
    }
}

impl Mapping {
    /// Whether the number of instances is known before anything has run.
    pub fn is_fixed(&self) -> bool {
        self.lengths().all(Length::is_fixed)
    }
    /// The number of instances.
    pub fn lengths(&self) -> impl Iterator<Item = &Length> {
        let groups = self.groups.iter().map(|group| &group.length);
        self.own.iter().chain(groups)
    }
}

/// The expansion of a task; none where it has one instance only.
pub(super) fn mapping(dag: &Dag, task: &Task) -> Option<Box<Mapping>> {
    if !dag.needs_expansion(task) {
        return None;
    }
    let mut around: Vec<&TaskGroup> = dag
        .groups_of(task)
        .filter(|group| is_mapped(group))
        .collect();
    around.reverse();
    let own = task.expand.as_ref();
    let unknown = (task.is_mapped && own.is_none()).then_some(Length::Unknown);
    let groups = around.iter().filter_map(|group| {
        let length = length(dag, group.expand.as_ref()?);
        let group_id = group.group_id.clone();
        Some(Group { group_id, length })
    });
    let innermost = around.first().and_then(|group| group.expand.as_ref());
    let expansions = own
        .into_iter()
        .chain(around.iter().filter_map(|group| group.expand.as_ref()));
    Some(Box::new(Mapping {
        own: own.map(|expand| length(dag, expand)).or(unknown),
        groups: groups.collect(),
        needs: sources(dag, own.or(innermost)),
        sources: sources(dag, expansions),
        is_fast: !around.is_empty() && is_fast(task.trigger_rule),
    }))
}

fn is_mapped(group: &TaskGroup) -> bool {
    group.is_mapped()
}

const fn is_fast(rule: TriggerRule) -> bool {
    matches!(
        rule,
        TriggerRule::OneSuccess
            | TriggerRule::OneFailed
            | TriggerRule::OneDone
            | TriggerRule::NoneFailedMinOneSuccess
    )
}

fn sources<'a>(dag: &Dag, of: impl IntoIterator<Item = &'a Expand>) -> Vec<u32> {
    let names: Vec<&TaskId> = of.into_iter().flat_map(Expand::references).collect();
    let mut found: Vec<u32> = names
        .into_iter()
        .filter_map(|task| dag.position(task).map(position))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn length(dag: &Dag, expand: &Expand) -> Length {
    match expand {
        Expand::DictOfLists(values) if values.is_empty() => Length::Known(0),
        Expand::DictOfLists(values) => Length::Product(
            values
                .iter()
                .map(|(_, value)| of_value(dag, value))
                .collect(),
        ),
        Expand::ListOfDicts(value) => of_value(dag, value),
    }
}

fn of_value(dag: &Dag, value: &MapValue) -> Length {
    match value {
        MapValue::Literal(Json::Array(items)) => Length::Known(position(items.len())),
        MapValue::Literal(Json::Object(items)) => Length::Known(position(items.len())),
        MapValue::Literal(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {
            Length::Unknown
        }
        MapValue::XCom(arg) => of_arg(dag, arg),
    }
}

fn of_arg(dag: &Dag, arg: &XComArg) -> Length {
    let all = |args: &[XComArg]| args.iter().map(|arg| of_arg(dag, arg)).collect();
    match arg {
        XComArg::Plain { task_id, key: _ } => {
            let at = dag.position(task_id);
            match at.and_then(|at| Some((at, dag.tasks.get(at)?))) {
                // Of a task that only its group is mapped for upstream finds no length.
                Some((_, task)) if !task.is_mapped && dag.needs_expansion(task) => Length::Unknown,
                Some((at, task)) => Length::Returned {
                    task: position(at),
                    is_mapped: task.is_mapped,
                },
                None => Length::Unknown,
            }
        }
        XComArg::Map {
            arg,
            n_callables: _,
        } => of_arg(dag, arg),
        XComArg::Zip {
            args,
            fillvalue: None,
        } => Length::Shortest(all(args)),
        XComArg::Zip {
            args,
            fillvalue: Some(_),
        } => Length::Longest(all(args)),
        XComArg::Concat(args) => Length::Sum(all(args)),
    }
}

/// The edge between two tasks where they share a mapped group; `below` is the lower one.
pub(super) fn near(above: u32, up: &Mapping, below: &Mapping) -> Option<Near> {
    let shared = |group: &&Group| below.groups.iter().any(|g| g.group_id == group.group_id);
    let common = up.groups.iter().find(shared)?;
    let inside = |mapping: &Mapping| {
        let groups = mapping.groups.iter();
        let groups = groups.take_while(|group| group.group_id != common.group_id);
        let groups = groups.map(|group| group.length.clone());
        mapping
            .own
            .iter()
            .cloned()
            .chain(groups)
            .collect::<Vec<_>>()
    };
    Some(Near {
        above,
        is_further: !inside(up).is_empty(),
        inner: Length::Product(inside(below)),
    })
}
