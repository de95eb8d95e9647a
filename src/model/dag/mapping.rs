//! What a mapped task or task group is expanded over.

use crate::{Json, TaskId};

/// What `expand` or `expand_kwargs` was called with.
#[derive(Clone, Debug, PartialEq)]
pub enum Expand {
    /// `expand(a=..., b=...)`: the product of the values, the last name counting fastest.
    DictOfLists(Vec<(String, MapValue)>),
    /// `expand_kwargs(...)`: one instance for each object of the list.
    ListOfDicts(MapValue),
}

/// Where a list to expand over comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum MapValue {
    /// Known when the file was read: a list, an object, or a list in which single items are
    /// references still (those stay as they were serialised).
    Literal(Json),
    /// Known when the tasks that it names have ended.
    XCom(XComArg),
}

/// A reference to what tasks return.
#[derive(Clone, Debug, PartialEq)]
pub enum XComArg {
    /// One XCom of one task, or of all its instances where it is mapped.
    Plain {
        /// Whose.
        task_id: TaskId,
        /// Its key, `return_value` by default.
        key: String,
    },
    /// Each item passed through functions, which only the dag's file knows.
    Map {
        /// The items.
        arg: Box<XComArg>,
        /// How many functions, one after the other.
        n_callables: u32,
    },
    /// Items side by side, as long as the shortest.
    Zip {
        /// The lists.
        args: Vec<XComArg>,
        /// What stands in for missing items; then it is as long as the longest.
        fillvalue: Option<Json>,
    },
    /// One after the other.
    Concat(Vec<XComArg>),
}

impl Expand {
    /// The tasks whose XComs are needed, in the order in which they are named, with repeats.
    #[must_use]
    pub fn references(&self) -> Vec<&TaskId> {
        let mut found = Vec::new();
        let values: Vec<&MapValue> = match self {
            Self::DictOfLists(values) => values.iter().map(|(_, value)| value).collect(),
            Self::ListOfDicts(value) => vec![value],
        };
        for value in values {
            match value {
                MapValue::Literal(_) => {}
                MapValue::XCom(arg) => arg.collect(&mut found),
            }
        }
        found
    }
}

impl XComArg {
    /// The tasks that it names, in order, with repeats.
    #[must_use]
    pub fn references(&self) -> Vec<&TaskId> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a TaskId>) {
        match self {
            Self::Plain { task_id, key: _ } => found.push(task_id),
            Self::Map {
                arg,
                n_callables: _,
            } => arg.collect(found),
            Self::Zip { args, fillvalue: _ } | Self::Concat(args) => {
                for arg in args {
                    arg.collect(found);
                }
            }
        }
    }
}
