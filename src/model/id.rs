//! Names and numbers of things. Names are the user's; numbers are the book's and are compact keys.

use std::{fmt, sync::Arc};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A deployment; the first part of every key in the store.
    DeploymentId(u32)
}
number! {
    /// A dag of a deployment, never used again for another dag id.
    DagNo(u32)
}
number! {
    /// A task of a dag by its id, the same in all versions of the dag.
    TaskNo(u32)
}
number! {
    /// A version of a dag, counted from 1.
    VersionNo(u32)
}
number! {
    /// A dag run, in order of creation within its deployment, never used again.
    RunNo(u64)
}
number! {
    /// The permission to report on one start of one try. Rises with every start; a report that
    /// carries an older one is dropped. 64 bits do not wrap: a million starts a second last 584,000
    /// years.
    Fence(u64)
}
number! {
    /// An asset of a deployment, never used again.
    AssetNo(u32)
}
number! {
    /// An alias of assets, never used again.
    AliasNo(u32)
}
number! {
    /// An asset event: its time in microseconds since 1970, or the next number that is free.
    #[derive(Default)]
    AssetEventNo(u64)
}
number! {
    /// An entry of the audit log: its time in microseconds since 1970, or the next number that is
    /// free.
    #[derive(Default)]
    AuditNo(u64)
}
number! {
    /// Which of a mapped task's instances; -1 where the task is not mapped, or not expanded yet.
    MapIndex(i32)
}

impl DeploymentId {
    /// The deployment that exists from the first start.
    pub const DEFAULT: Self = Self(1);
}

impl MapIndex {
    /// Not mapped.
    pub const NONE: Self = Self(-1);
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

name! {
    /// A dag's id.
    DagId
}
name! {
    /// A task's id within its dag.
    TaskId
}
name! {
    /// A dag run's id within its dag.
    RunId
}
name! {
    /// A pool's name within its deployment.
    PoolName
}

/// One task instance: a task of a run, at a map index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TiKey {
    /// The run.
    pub run: RunNo,
    /// The task within the run's dag.
    pub task: TaskNo,
    /// The map index.
    pub map: MapIndex,
}

/// Whether `text` may be a dag id, task id or pool name: letters, digits, `_`, `-`, `.`, at most
/// 250 characters (`airflow.utils.helpers.validate_key`).
#[must_use]
pub fn is_key(text: &str) -> bool {
    let ok = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text.chars().count() <= crate::limits::KEY_CHARS_MAX && text.chars().all(ok)
}
