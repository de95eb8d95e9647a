//! What a task that ended well says of its outlets becomes events, as upstream's
//! `register_asset_changes_in_db` has it.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AliasNo, AssetNo, Json, JsonMap, Timestamp,
    asset::EventSource,
    dag::{AssetLike, OperatorKind},
    execution::AssetRef,
    report::Outlets,
};

use super::{
    emit::{Word, emit},
    register,
};
use crate::{attempt::At, audit, live::Cx};

/// Extra and partition of the events that a task asks for, by name and URI of the asset.
type Payloads = BTreeMap<(String, String), Vec<(JsonMap, Option<String>)>>;

/// Whose outlets they are.
struct Of {
    source: EventSource,
    partition_key: Option<String>,
    partition_date: Option<Timestamp>,
}

/// Emits the events of a task that ended well. One of Python has said what its outlets are; for any
/// other the dag does.
pub(crate) fn succeeded(cx: &mut Cx, place: At, said: Outlets) {
    let Some((of, outlets)) = outlets(cx, place, said.assets) else {
        return;
    };
    if outlets.is_empty() {
        return;
    }
    let payloads = payloads(&said.events);
    for asset in named(cx, &of, &outlets) {
        updated(cx, &of, asset, &payloads);
    }
    let aliases = outlets.iter().filter(|outlet| outlet.kind == "AssetAlias");
    let aliases: BTreeSet<&str> = aliases
        .filter_map(|outlet| outlet.name.as_deref())
        .collect();
    if !aliases.is_empty() {
        through_aliases(cx, &of, &aliases, &said.events);
    }
}

fn outlets(cx: &Cx, place: At, said: Vec<AssetRef>) -> Option<(Of, Vec<AssetRef>)> {
    let run = cx.run(place.run)?;
    let (task, slot) = (run.task(place.at)?, run.slot(place.at)?);
    if task.outlets.is_empty() && said.is_empty() {
        return None;
    }
    // Upstream's task says its outlets itself; ours has those of its file where it says none.
    let outlets = if task.operator.kind == OperatorKind::Python || !said.is_empty() {
        said
    } else {
        task.outlets.iter().filter_map(reference).collect()
    };
    let dag_id = cx.live.dags.get(&run.row.dag)?.row.dag_id.clone();
    let of = Of {
        source: EventSource {
            dag: run.row.dag,
            dag_id,
            run: run.row.no,
            run_id: run.row.run_id.clone(),
            task_id: task.task_id.clone(),
            map: slot.ti.key.map,
        },
        partition_key: run.row.partition_key.clone(),
        partition_date: run.row.partition_date,
    };
    Some((of, outlets))
}

/// An outlet of the dag as a Python task would name it.
fn reference(outlet: &AssetLike) -> Option<AssetRef> {
    let of = |kind: &str, name: Option<&String>, uri: Option<&String>| AssetRef {
        name: name.cloned(),
        uri: uri.cloned(),
        kind: kind.to_owned(),
    };
    match outlet {
        AssetLike::Asset(asset) => Some(of("Asset", Some(&asset.name), Some(&asset.uri))),
        AssetLike::Alias { name, .. } => Some(of("AssetAlias", Some(name), None)),
        AssetLike::Named(name) => Some(of("AssetNameRef", Some(name), None)),
        AssetLike::At(uri) => Some(of("AssetUriRef", None, Some(uri))),
        AssetLike::Other(_) => None,
    }
}

/// The active assets among the outlets: by both names first, then by name, then by URI.
fn named(cx: &mut Cx, of: &Of, outlets: &[AssetRef]) -> Vec<AssetNo> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut seen = BTreeSet::new();
    for kind in ["Asset", "AssetNameRef", "AssetUriRef"] {
        for outlet in outlets.iter().filter(|outlet| outlet.kind == kind) {
            let (name, uri) = (outlet.name.as_deref(), outlet.uri.as_deref());
            if !seen.insert((kind, name, uri)) {
                continue;
            }
            let assets = &cx.live.assets;
            let asset = match (kind, name, uri) {
                ("Asset", Some(name), Some(uri)) => {
                    let asset = assets.by_name.get(name);
                    asset.filter(|no| assets.rows.get(*no).is_some_and(|row| row.uri == uri))
                }
                ("AssetNameRef", Some(name), _) => assets.by_name.get(name),
                ("AssetUriRef", _, Some(uri)) => assets.by_uri.get(uri),
                _ => continue,
            };
            match asset {
                Some(asset) => found.push(*asset),
                None => missing.push(name.or(uri).unwrap_or_default().to_owned()),
            }
        }
    }
    for name in missing {
        let EventSource {
            dag_id, task_id, ..
        } = &of.source;
        let text = format!(
            "task `{task_id}` of dag `{dag_id}` has the outlet `{name}`, which is not active: no \
             event was made; another asset has its name or its URI, or no dag names it"
        );
        audit::of_source(cx, Some(&of.source), "inactive asset", text);
    }
    found
}

fn text(value: &Json, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn object(value: &Json, name: &str) -> JsonMap {
    let found = value.get(name).and_then(Json::as_object);
    found.cloned().unwrap_or_default()
}

fn key(event: &Json) -> Option<(String, String)> {
    let key = event.get("dest_asset_key")?;
    Some((text(key, "name")?, text(key, "uri")?))
}

fn is_through_alias(event: &Json) -> bool {
    event.get("source_alias_name").is_some()
}

fn payloads(events: &[Json]) -> Payloads {
    let mut payloads = Payloads::new();
    for event in events.iter().filter(|event| !is_through_alias(event)) {
        if let Some(key) = key(event) {
            let payload = (object(event, "extra"), text(event, "partition_key"));
            payloads.entry(key).or_default().push(payload);
        }
    }
    payloads
}

/// One event for each that the task asks for, or one without a word.
fn updated(cx: &mut Cx, of: &Of, asset: AssetNo, payloads: &Payloads) {
    let row = cx.live.assets.rows.get(&asset);
    let key = row.map(|row| (row.name.clone(), row.uri.clone()));
    let payloads = key.and_then(|key| payloads.get(&key));
    let plain = [(JsonMap::new(), None)];
    let payloads = payloads.map_or(plain.as_slice(), Vec::as_slice);
    for (extra, partition_key) in payloads {
        let partition_key = partition_key.clone().or_else(|| of.partition_key.clone());
        // The run's date is that of the run's own partition.
        let is_own = partition_key == of.partition_key;
        let word = Word {
            extra: extra.clone(),
            source: Some(of.source.clone()),
            aliases: Vec::new(),
            partition_key,
            partition_date: of.partition_date.filter(|_| is_own),
        };
        emit(cx, asset, word);
    }
}

/// An event that came through aliases.
struct ThroughAlias {
    /// Name and URI of the asset.
    key: (String, String),
    of_asset: JsonMap,
    extra: JsonMap,
    aliases: BTreeSet<String>,
}

/// One event for each asset and each thing that is said of it, however many aliases lead to it.
fn through_aliases(cx: &mut Cx, of: &Of, aliases: &BTreeSet<&str>, events: &[Json]) {
    type Said = ((String, String), String, String);
    let mut places: BTreeMap<Said, usize> = BTreeMap::new();
    let mut said: Vec<ThroughAlias> = Vec::new();
    for event in events {
        let Some(alias) = text(event, "source_alias_name") else {
            continue;
        };
        let Some(key) = key(event).filter(|_| aliases.contains(alias.as_str())) else {
            continue;
        };
        let (of_asset, extra) = (object(event, "dest_asset_extra"), object(event, "extra"));
        let words = |map: &JsonMap| Json::Object(map.clone()).to_string();
        let place = places.entry((key.clone(), words(&of_asset), words(&extra)));
        let place = *place.or_insert(said.len());
        match said.get_mut(place) {
            Some(known) => drop(known.aliases.insert(alias)),
            None => said.push(ThroughAlias {
                key,
                of_asset,
                extra,
                aliases: BTreeSet::from([alias]),
            }),
        }
    }
    for ThroughAlias {
        key: (name, uri),
        of_asset,
        extra,
        aliases,
    } in said
    {
        let asset = register::known(cx, &name, &uri, "asset", &of_asset);
        let aliases: Vec<AliasNo> = aliases
            .iter()
            .map(|name| register::alias(cx, name, "asset"))
            .collect();
        let word = Word {
            extra,
            source: Some(of.source.clone()),
            aliases,
            partition_key: of.partition_key.clone(),
            partition_date: of.partition_date,
        };
        emit(cx, asset, word);
    }
}
