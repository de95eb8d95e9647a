//! Assets and their aliases.

use model::{
    AliasNo, AssetNo, Fence, Json, JsonMap, Timestamp,
    asset::{AliasRow, AssetRow, Watcher},
};
use serde::{Deserialize, Serialize};

use super::{Record, json};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct AssetRecord {
    name: String,
    uri: String,
    group: String,
    extra: Option<String>,
    is_active: bool,
    created_at: i64,
    updated_at: i64,
    watchers: Vec<WatcherRecord>,
}

#[derive(Serialize, Deserialize)]
struct WatcherRecord {
    name: String,
    classpath: String,
    kwargs: String,
    trigger: u64,
    since: i64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AliasRecord {
    name: String,
    group: String,
    assets: Vec<u32>,
}

impl Record for AssetRecord {
    const TABLE: &'static str = tables::assets::NAME;
}

impl Record for AliasRecord {
    const TABLE: &'static str = tables::asset_aliases::NAME;
}

/// The text of an object; none for an empty one.
pub(super) fn text(map: &JsonMap) -> Option<String> {
    (!map.is_empty()).then(|| json::text(&Json::Object(map.clone())))
}

/// The object in a text.
pub(super) fn object(table: &'static str, text: Option<&str>) -> Result<JsonMap, ReadError> {
    match text.map(|text| json::parse(table, text)).transpose()? {
        None => Ok(JsonMap::new()),
        Some(Json::Object(map)) => Ok(map),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
            Err(ReadError::record(table, "its extra is no object"))
        }
    }
}

impl From<&AssetRow> for AssetRecord {
    fn from(row: &AssetRow) -> Self {
        let AssetRow {
            no: _, // The key.
            name,
            uri,
            group,
            extra,
            is_active,
            created_at,
            updated_at,
            watchers,
        } = row;
        Self {
            name: name.clone(),
            uri: uri.clone(),
            group: group.clone(),
            extra: text(extra),
            is_active: *is_active,
            created_at: created_at.as_micros(),
            updated_at: updated_at.as_micros(),
            watchers: watchers.iter().map(WatcherRecord::from).collect(),
        }
    }
}

impl AssetRecord {
    pub(crate) fn into_row(self, no: AssetNo) -> Result<AssetRow, ReadError> {
        let Self {
            name,
            uri,
            group,
            extra,
            is_active,
            created_at,
            updated_at,
            watchers,
        } = self;
        let watchers = watchers.into_iter().map(WatcherRecord::into_watcher);
        Ok(AssetRow {
            no,
            name,
            uri,
            group,
            extra: object(Self::TABLE, extra.as_deref())?,
            is_active,
            created_at: Timestamp::from_micros(created_at),
            updated_at: Timestamp::from_micros(updated_at),
            watchers: watchers.collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Watcher> for WatcherRecord {
    fn from(watcher: &Watcher) -> Self {
        let Watcher {
            name,
            classpath,
            kwargs,
            trigger,
            since,
        } = watcher;
        Self {
            name: name.clone(),
            classpath: classpath.clone(),
            kwargs: json::text(&Json::Object(kwargs.clone())),
            trigger: trigger.0,
            since: since.as_micros(),
        }
    }
}

impl WatcherRecord {
    fn into_watcher(self) -> Result<Watcher, ReadError> {
        let Self {
            name,
            classpath,
            kwargs,
            trigger,
            since,
        } = self;
        Ok(Watcher {
            name,
            classpath,
            kwargs: object(AssetRecord::TABLE, Some(&kwargs))?,
            trigger: Fence(trigger),
            since: Timestamp::from_micros(since),
        })
    }
}

impl From<&AliasRow> for AliasRecord {
    fn from(row: &AliasRow) -> Self {
        let AliasRow {
            no: _, // The key.
            name,
            group,
            assets,
        } = row;
        Self {
            name: name.clone(),
            group: group.clone(),
            assets: assets.iter().map(|asset| asset.0).collect(),
        }
    }
}

impl AliasRecord {
    pub(crate) fn into_row(self, no: AliasNo) -> AliasRow {
        let Self {
            name,
            group,
            assets,
        } = self;
        AliasRow {
            no,
            name,
            group,
            assets: assets.into_iter().map(AssetNo).collect(),
        }
    }
}
