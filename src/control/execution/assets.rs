//! Assets, their events, and what they keep.

use model::{
    AssetEventNo, Json, JsonMap, Timestamp,
    asset::{AssetState, StateWriter},
    command::Command,
    dag::AssetLike,
    execution::{Answer, Asker, Asset, AssetEvent, AssetName, AssetRef, CreatedRun, ErrorKind},
    limits::ASSET_EVENTS_ANSWER_MAX,
};
use store::{AssetEventFilter, EventsOf, Order, Paging, Snapshot, TimeRange};

use super::{Desk, Plan, Planned, Wrong, find, now, ok};
use crate::queries::assets::{self, EventDetails, Known, MadeRun};

pub(super) fn get(desk: &Desk, asset: AssetName) -> Planned {
    let found = assets::active(&desk.reader.snapshot()?, &asset)?;
    now(match found {
        Some(row) => Answer::AssetResult(Box::new(words(row))),
        None => not_found(asset),
    })
}

fn not_found(asset: AssetName) -> Answer {
    let (name, value) = match asset {
        AssetName::Name(name) => ("name", name),
        AssetName::Uri(uri) => ("uri", uri),
    };
    Answer::Error {
        kind: ErrorKind::AssetNotFound,
        detail: [(name.to_owned(), value.into())].into_iter().collect(),
    }
}

fn words(row: model::asset::AssetRow) -> Asset {
    Asset {
        name: row.name,
        uri: row.uri,
        group: row.group,
        extra: Some(row.extra),
    }
}

pub(super) fn by_alias(desk: &Desk, alias_name: &str) -> Planned {
    let book = desk.reader.snapshot()?;
    let mut found = Vec::new();
    let mut aliases = book.asset_aliases()?.into_iter();
    if let Some(alias) = aliases.find(|alias| alias.name == alias_name) {
        for no in alias.assets {
            found.extend(book.asset(no)?.map(words));
        }
    }
    now(Answer::AssetsByAliasResult { assets: found })
}

/// Which part of the events is asked for.
pub(super) struct Part {
    /// Inclusive.
    at: TimeRange,
    limit: Option<i64>,
    ascending: bool,
}

impl Part {
    pub(super) const fn new(
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        limit: Option<i64>,
        ascending: bool,
    ) -> Self {
        Self {
            at: TimeRange { from, to },
            limit,
            ascending,
        }
    }
}

pub(super) fn events_of_asset(
    desk: &Desk,
    name: Option<String>,
    uri: Option<String>,
    part: &Part,
) -> Planned {
    let book = desk.reader.snapshot()?;
    let found = match (name, uri) {
        (Some(name), Some(uri)) => assets::by_both(&book, &name, &uri)?,
        (Some(name), None) => assets::active(&book, &AssetName::Name(name))?,
        (None, Some(uri)) => assets::active(&book, &AssetName::Uri(uri))?,
        (None, None) => return Err(Wrong::new(400, "name and uri cannot both be None")),
    };
    events(&book, found.map(|row| EventsOf::Asset(row.no)), part)
}

pub(super) fn events_of_alias(desk: &Desk, alias_name: &str, part: &Part) -> Planned {
    let book = desk.reader.snapshot()?;
    let mut aliases = book.asset_aliases()?.into_iter();
    let found = aliases.find(|alias| alias.name == alias_name);
    events(&book, found.map(|row| EventsOf::Alias(row.no)), part)
}

fn events(book: &Snapshot, of: Option<EventsOf>, part: &Part) -> Planned {
    let Some(of) = of else {
        let asset_events = Vec::new();
        return now(Answer::AssetEventsResult { asset_events });
    };
    // As upstream has it, a limit of 0 is none.
    let limit = part.limit.filter(|limit| *limit > 0);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.unwrap_or(usize::MAX).min(ASSET_EVENTS_ANSWER_MAX);
    let filter = AssetEventFilter {
        of: Some(of),
        at: part.at,
    };
    let order = if part.ascending {
        Order::Ascending
    } else {
        Order::Descending
    };
    let mut known = Known::default();
    let mut asset_events = Vec::new();
    let mut after: Option<AssetEventNo> = None;
    while asset_events.len() < limit {
        let paging = Paging {
            after,
            skip: 0,
            limit: limit - asset_events.len(),
        };
        let page = book.asset_events(&filter, order, paging, None)?;
        for event in page.items {
            let details = known.event(book, event, true)?;
            asset_events.extend(details.map(event_words));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    now(Answer::AssetEventsResult { asset_events })
}

fn event_words(details: EventDetails) -> AssetEvent {
    let EventDetails {
        event,
        asset,
        aliases: _,
        runs,
    } = details;
    let timestamp = event.at();
    let source = event.source;
    AssetEvent {
        id: event.no.0.cast_signed(),
        timestamp,
        extra: Some(event.extra),
        asset: words(asset),
        created_dagruns: runs.into_iter().filter_map(run_words).collect(),
        source_map_index: Some(source.as_ref().map_or(-1, |source| i64::from(source.map.0))),
        source_dag_id: source.as_ref().map(|source| source.dag_id.clone()),
        source_run_id: source.as_ref().map(|source| source.run_id.clone()),
        source_task_id: source.map(|source| source.task_id),
        partition_key: event.partition_key,
    }
}

/// A run that has not been started has no place in upstream's words.
fn run_words(made: MadeRun) -> Option<CreatedRun> {
    let MadeRun { dag_id, run, .. } = made;
    Some(CreatedRun {
        run_id: run.run_id,
        dag_id,
        logical_date: run.logical_date,
        start_date: run.start_date?,
        end_date: run.end_date,
        state: run.state,
        data_interval_start: run.data_interval.map(|interval| interval.start),
        data_interval_end: run.data_interval.map(|interval| interval.end),
        partition_key: run.partition_key,
    })
}

/// The inlets and outlets of the task that asks which are not active.
pub(super) fn inactive(desk: &Desk, who: &Asker) -> Planned {
    let book = desk.reader.snapshot()?;
    let ti = find::mine(&book, who)?;
    let mut inactive_assets: Vec<AssetRef> = Vec::new();
    let dag = match book.run(ti.key.run)? {
        Some(run) => desk.reader.dags.get(&book, run.dag, ti.version).ok(),
        None => None,
    };
    let Some(dag) = dag.flatten() else {
        return now(Answer::InactiveAssetsResult { inactive_assets });
    };
    let task = dag.task(ti.key.task);
    let names = task.map(|task| task.inlets.iter().chain(&task.outlets));
    for name in names.into_iter().flatten() {
        let AssetLike::Asset(asset) = name else {
            continue;
        };
        let active = book.asset_named(&asset.name)?;
        if active.is_some_and(|row| row.uri == asset.uri) {
            continue;
        }
        let found = AssetRef {
            name: Some(asset.name.clone()),
            uri: Some(asset.uri.clone()),
            kind: "Asset".to_owned(),
        };
        if !inactive_assets.contains(&found) {
            inactive_assets.push(found);
        }
    }
    now(Answer::InactiveAssetsResult { inactive_assets })
}

pub(super) fn get_state(desk: &Desk, asset: &AssetName, key: String) -> Planned {
    let book = desk.reader.snapshot()?;
    let found = match assets::active(&book, asset)? {
        Some(row) => book.asset_state(row.no, &key)?,
        None => None,
    };
    now(match found {
        Some(state) => Answer::AssetStateStoreResult { value: state.value },
        None => Answer::Error {
            kind: ErrorKind::AssetStoreNotFound,
            detail: [("key".to_owned(), key.into())].into_iter().collect(),
        },
    })
}

pub(super) fn set_state(
    desk: &Desk,
    who: &Asker,
    asset: &AssetName,
    key: String,
    value: Json,
) -> Planned {
    let by = writer(desk, who)?;
    let state = AssetState {
        value,
        updated_at: desk.clock.now(),
        by,
    };
    keep(desk, asset, Some(key), Some(Box::new(state)))
}

pub(super) fn delete_state(desk: &Desk, asset: &AssetName, key: Option<String>) -> Planned {
    keep(desk, asset, key, None)
}

fn keep(
    desk: &Desk,
    asset: &AssetName,
    key: Option<String>,
    state: Option<Box<AssetState>>,
) -> Planned {
    let found = assets::active(&desk.reader.snapshot()?, asset)?;
    let Some(row) = found else {
        let (AssetName::Name(name) | AssetName::Uri(name)) = asset;
        return Err(Wrong::new(404, format!("Asset {name} not found")));
    };
    let asset = row.no;
    let command = Command::KeepAssetState { asset, key, state };
    Ok(Plan::Do(Box::new(command), ok))
}

fn writer(desk: &Desk, who: &Asker) -> Result<StateWriter, Wrong> {
    let Asker::Try { .. } = who else {
        return Ok(StateWriter::Watcher);
    };
    let book = desk.reader.snapshot()?;
    let key = find::mine(&book, who)?.key;
    let run = book.run(key.run)?;
    let run = run.ok_or_else(|| Wrong::new(410, "the run is gone"))?;
    let dag_id = book.dag(run.dag)?.map(|row| row.dag_id);
    let mut names = book.task_names(run.dag)?.into_iter();
    let task_id = names.find(|(no, _)| *no == key.task).map(|(_, name)| name);
    match (dag_id, task_id) {
        (Some(dag_id), Some(task_id)) => Ok(StateWriter::Task {
            dag_id,
            run_id: run.run_id,
            task_id,
            map: key.map,
        }),
        (None, _) | (_, None) => Err(Wrong::new(410, "the task is gone")),
    }
}

/// The words in which a run's own events are told to its tasks.
pub(crate) fn consumed_words(details: EventDetails) -> model::execution::ConsumedEvent {
    let EventDetails {
        event,
        asset,
        aliases,
        runs: _,
    } = details;
    let timestamp = event.at();
    let source = event.source;
    let extra: JsonMap = event.extra;
    model::execution::ConsumedEvent {
        asset_name: asset.name,
        asset_uri: asset.uri,
        asset_extra: asset.extra,
        extra,
        source_map_index: Some(source.as_ref().map_or(-1, |source| i64::from(source.map.0))),
        source_dag_id: source.as_ref().map(|source| source.dag_id.clone()),
        source_run_id: source.as_ref().map(|source| source.run_id.clone()),
        source_task_id: source.map(|source| source.task_id),
        source_aliases: aliases,
        timestamp,
        partition_key: event.partition_key,
    }
}
