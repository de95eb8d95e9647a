//! Assets as a dag's file names them.

use crate::{Json, JsonMap};

/// An asset.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Asset {
    /// The name.
    pub name: String,
    /// Where it is.
    pub uri: String,
    /// What kind it is; `asset` by default.
    pub group: String,
    /// Whatever the author adds.
    pub extra: JsonMap,
    /// What updates it from outside.
    pub watchers: Vec<AssetWatcher>,
    /// Which teams may produce and consume it, as serialised; absent means all.
    pub access_control: Option<Json>,
}

/// A trigger that updates an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetWatcher {
    /// The name.
    pub name: String,
    /// The trigger's class path.
    pub classpath: String,
    /// Its arguments, as serialised.
    pub kwargs: JsonMap,
}

/// An asset, or what stands for some: an inlet, an outlet or a leaf of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum AssetLike {
    /// An asset itself.
    Asset(Box<Asset>),
    /// An alias, which tasks resolve to assets at run time.
    Alias {
        /// The name.
        name: String,
        /// What kind it is.
        group: String,
    },
    /// The asset with a name, declared elsewhere.
    Named(String),
    /// The asset at a URI, declared elsewhere.
    At(String),
    /// What is no asset at all (inlets may be anything), as serialised.
    Other(Json),
}

/// When assets have been updated enough for a run.
#[derive(Clone, Debug, PartialEq)]
pub enum AssetCondition {
    /// This one.
    One(AssetLike),
    /// All of these.
    All(Vec<AssetCondition>),
    /// Any of these.
    Any(Vec<AssetCondition>),
}

impl AssetCondition {
    /// The leaves, from left to right, with repeats.
    #[must_use]
    pub fn leaves(&self) -> Vec<&AssetLike> {
        match self {
            Self::One(leaf) => vec![leaf],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::leaves).collect(),
        }
    }
}
