//! Assets: what tasks read and update, and what a schedule waits for.

use model::{
    Json, JsonMap,
    dag::{Asset, AssetCondition, AssetLike, AssetWatcher},
    schedule::Schedule,
};

use super::{
    fields::{Fields, PROPERTY, Read, wrong},
    plain::plain,
};

/// Inlets or outlets. What is no asset is kept as it is.
pub(super) fn list(fields: &Fields<'_>, name: &str) -> Read<Vec<AssetLike>> {
    let value = fields.get(name);
    // A single one may stand without a list.
    let items = match value {
        None => &[],
        Some(Json::Array(items)) => items.as_slice(),
        Some(value) => std::slice::from_ref(value),
    };
    let items = items.iter().map(|item| {
        let found = like(item);
        found.ok_or_else(|| fields.wrong(name, "a list of assets, each with its name and uri"))
    });
    items.collect()
}

/// The condition in a schedule, where it has one.
pub(super) fn condition(schedule: &Schedule) -> Read<Option<AssetCondition>> {
    let value = match schedule {
        Schedule::Asset { condition } | Schedule::AssetOrTime { condition, .. } => condition,
        Schedule::PartitionedAsset { data } => data.get("asset_condition").unwrap_or(&Json::Null),
        Schedule::Null
        | Schedule::Once
        | Schedule::Continuous
        | Schedule::CronTrigger(_)
        | Schedule::DeltaTrigger { .. }
        | Schedule::MultipleCronTrigger(_)
        | Schedule::CronDataInterval { .. }
        | Schedule::DeltaDataInterval { .. }
        | Schedule::Events { .. }
        | Schedule::CronPartition { .. }
        | Schedule::PartitionedAtRuntime
        | Schedule::Other { .. } => return Ok(None),
    };
    let found = tree(value).ok_or_else(|| {
        let message = "the dag: the timetable's `asset_condition` is no condition of assets";
        wrong(PROPERTY, message.to_owned())
    })?;
    Ok(Some(found))
}

fn tree(value: &Json) -> Option<AssetCondition> {
    let (kind, data) = parts(value)?;
    let objects = || {
        let objects = data.get("objects")?.as_array()?;
        objects.iter().map(tree).collect::<Option<Vec<_>>>()
    };
    match kind {
        "asset_all" => Some(AssetCondition::All(objects()?)),
        "asset_any" => Some(AssetCondition::Any(objects()?)),
        _ => match like(value)? {
            AssetLike::Other(_) => None,
            leaf @ (AssetLike::Asset(_)
            | AssetLike::Alias { .. }
            | AssetLike::Named(_)
            | AssetLike::At(_)) => Some(AssetCondition::One(leaf)),
        },
    }
}

/// The type and the data, which is in `__var` or beside the type.
fn parts(value: &Json) -> Option<(&str, &Json)> {
    let kind = value.get("__type")?.as_str()?;
    Some((kind, value.get("__var").unwrap_or(value)))
}

fn like(value: &Json) -> Option<AssetLike> {
    let Some((kind, data)) = parts(value) else {
        return Some(AssetLike::Other(value.clone()));
    };
    let text = |name: &str| data.get(name).and_then(Json::as_str).map(str::to_owned);
    match kind {
        "asset" => asset(data).map(|asset| AssetLike::Asset(Box::new(asset))),
        "asset_alias" => Some(AssetLike::Alias {
            name: text("name")?,
            group: text("group").unwrap_or_default(),
        }),
        "asset_ref" => match text("name") {
            Some(name) => Some(AssetLike::Named(name)),
            None => Some(AssetLike::At(text("uri")?)),
        },
        _ => Some(AssetLike::Other(value.clone())),
    }
}

fn asset(data: &Json) -> Option<Asset> {
    let text = |name: &str| data.get(name).and_then(Json::as_str).map(str::to_owned);
    let uri = text("uri")?;
    let extra = match data.get("extra").map(plain) {
        None | Some(Json::Null) => JsonMap::new(),
        Some(Json::Object(extra)) => extra,
        Some(Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => return None,
    };
    let watchers = match data.get("watchers") {
        None | Some(Json::Null) => Vec::new(),
        Some(watchers) => {
            let watchers = watchers.as_array()?.iter().map(watcher);
            watchers.collect::<Option<_>>()?
        }
    };
    Some(Asset {
        name: text("name").unwrap_or_else(|| uri.clone()),
        uri,
        group: text("group").unwrap_or_else(|| "asset".to_owned()),
        extra,
        watchers,
        access_control: data.get("access_control").cloned(),
    })
}

fn watcher(value: &Json) -> Option<AssetWatcher> {
    let trigger = value.get("trigger")?;
    let name = value.get("name").and_then(Json::as_str);
    Some(AssetWatcher {
        name: name.unwrap_or_default().to_owned(),
        classpath: trigger.get("classpath")?.as_str()?.to_owned(),
        kwargs: trigger.get("kwargs")?.as_object()?.clone(),
    })
}
