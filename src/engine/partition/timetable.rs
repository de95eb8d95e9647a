//! The timetable of a dag that waits for partitions: which mapper an asset has.

use std::collections::{BTreeMap, BTreeSet};

use model::{Json, JsonMap, Timestamp};

use super::decode::decode_or_ask;
use super::error::{DecodeError, MapError};
use super::mapper::Mapper;

/// The mappers of a `PartitionedAssetTimetable`. Its condition is read elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Partitioned {
    by_name: BTreeMap<String, Mapper>,
    by_uri: BTreeMap<String, Mapper>,
    default: Mapper,
    /// The assets of the condition: their names, or the URIs of those that are named by none.
    waits_for: Vec<(String, String)>,
}

impl Partitioned {
    /// Reads the data of the timetable: [`model::schedule::Schedule::PartitionedAsset`].
    ///
    /// # Errors
    /// When a mapper, a window or a wait policy is none. A plugin's is one to be asked.
    pub fn decode(data: &Json) -> Result<Self, DecodeError> {
        let (mut by_name, mut by_uri) = (BTreeMap::new(), BTreeMap::new());
        let config = data.get("partition_mapper_config").and_then(Json::as_array);
        for pair in config.into_iter().flatten() {
            let mapper = decode_or_ask(pair.get(1).unwrap_or(&Json::Null))?;
            let (names, uris) = named(pair.get(0).unwrap_or(&Json::Null));
            by_name.extend(names.into_iter().map(|name| (name, mapper.clone())));
            by_uri.extend(uris.into_iter().map(|uri| (uri, mapper.clone())));
        }
        let default = match data.get("default_partition_mapper") {
            Some(mapper) => decode_or_ask(mapper)?,
            None => Mapper::identity(),
        };
        let (names, uris) = named(data.get("asset_condition").unwrap_or(&Json::Null));
        let waits_for = if names.is_empty() {
            uris.into_iter().map(|uri| (String::new(), uri)).collect()
        } else {
            names
                .into_iter()
                .map(|name| (name, String::new()))
                .collect()
        };
        Ok(Self {
            by_name,
            by_uri,
            default,
            waits_for,
        })
    }

    /// The date of a run with this key: the one that all mappers agree on, which say any.
    ///
    /// # Errors
    /// When a mapper has no such key.
    pub fn date(&self, key: &str) -> Result<Option<Timestamp>, MapError> {
        let mut found = BTreeSet::new();
        for (name, uri) in &self.waits_for {
            found.extend(self.mapper(name, uri).partition_date(key)?);
        }
        Ok(found.first().copied().filter(|_| found.len() == 1))
    }

    /// The mapper of an asset: by its name where there is one, else by its URI (both may be empty
    /// for a reference), else the default.
    #[must_use]
    pub fn mapper(&self, name: &str, uri: &str) -> &Mapper {
        let found = if name.is_empty() {
            self.by_uri.get(uri)
        } else {
            self.by_name.get(name)
        };
        found.unwrap_or(&self.default)
    }
}

/// The names and URIs of all assets in an asset, a reference or a condition.
fn named(like: &Json) -> (Vec<String>, Vec<String>) {
    let none = JsonMap::new();
    let data = like.get("__var").unwrap_or(like);
    let data = data.as_object().unwrap_or(&none);
    if like.get("__type").and_then(Json::as_str) == Some("asset_alias") {
        return (Vec::new(), Vec::new());
    }
    let text = |name: &str| data.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut names: Vec<String> = text("name").into_iter().collect();
    let mut uris: Vec<String> = text("uri").into_iter().collect();
    let objects = data.get("objects").and_then(Json::as_array);
    for object in objects.into_iter().flatten() {
        let (name, uri) = named(object);
        names.extend(name);
        uris.extend(uri);
    }
    (names, uris)
}
