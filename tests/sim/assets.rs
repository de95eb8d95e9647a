//! Assets: no event is lost, none makes two runs of one dag, and each run has its events.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AssetEventNo, TiKey, Timestamp,
    asset::{AssetEvent, DagAssets},
    execution::AssetRef,
    run::DagRun,
    state::DagRunType,
};
use store::{AssetEventFilter, EventsOf, Order, Paging, ReadError, Snapshot};

use crate::rules::Touched;

/// What the book says of events and runs that cannot be.
pub fn wrongs(book: &Snapshot, touched: &Touched) -> Result<Vec<String>, ReadError> {
    let mut wrong = Vec::new();
    let events = events(book)?;
    let mut runs: BTreeMap<_, Vec<DagRun>> = BTreeMap::new();
    for (run, _) in crate::book::runs(book)? {
        let is_own = run.run_type == DagRunType::AssetTriggered;
        if is_own {
            runs.entry(run.dag).or_default().push(run);
        } else if !book.consumed(run.no)?.is_empty() {
            wrong.push(format!(
                "run {} consumes events, and is no run of them",
                run.run_id
            ));
        }
    }
    for (dag, mut runs) in runs {
        runs.sort_by_key(|run| (run.run_after, run.no));
        let consumed: Vec<Vec<AssetEventNo>> = runs
            .iter()
            .map(|run| book.consumed(run.no))
            .collect::<Result<_, _>>()?;
        for (run, consumed) in runs.iter().zip(&consumed) {
            let missing = consumed.iter().find(|no| !events.contains_key(no));
            if consumed.is_empty() || missing.is_some() {
                let id = &run.run_id;
                wrong.push(format!("run {id} was made for events {consumed:?}"));
            }
        }
        let row = book.dag(dag)?;
        let is_touched = row.is_none_or(|row| touched.has_lost_runs(&row.dag_id));
        if let Some(row) = book.dag_assets(dag)?.filter(|_| !is_touched) {
            served(&row, &runs, &consumed, &events, &mut wrong);
        }
    }
    Ok(wrong)
}

/// Between two runs of a dag no event falls through, and none is in both.
fn served(
    row: &DagAssets,
    runs: &[DagRun],
    consumed: &[Vec<AssetEventNo>],
    events: &BTreeMap<AssetEventNo, AssetEvent>,
    wrong: &mut Vec<String>,
) {
    // Runs for partitions consume what asked for them, whenever it was.
    let of_time = |run: &&DagRun| run.partition_key.is_none();
    let mut seen = BTreeSet::new();
    for (run, consumed) in runs.iter().zip(consumed).filter(|(run, _)| of_time(run)) {
        if let Some(twice) = consumed.iter().find(|no| !seen.insert(**no)) {
            let id = &run.run_id;
            wrong.push(format!("event {twice} is in {id} and in a run before it"));
        }
        if !consumed.iter().any(|no| no.at() == run.run_after) {
            let id = &run.run_id;
            wrong.push(format!("{id} does not have the event that made it"));
        }
    }
    if row.is_partitioned {
        return;
    }
    for (no, event) in events {
        let since = row.schedule.get(&event.asset);
        let is_wanted = since.is_some_and(|since| no.at() > *since);
        let next = runs
            .iter()
            .zip(consumed)
            .filter(|(run, _)| of_time(run))
            .find(|(run, _)| run.run_after >= no.at());
        if let Some((run, consumed)) = next.filter(|_| is_wanted)
            && !consumed.contains(no)
        {
            wrong.push(format!(
                "{} does not have event {no}, and none before",
                run.run_id
            ));
        }
    }
}

fn events(book: &Snapshot) -> Result<BTreeMap<AssetEventNo, AssetEvent>, ReadError> {
    let all = book.asset_events(
        &AssetEventFilter::default(),
        Order::Ascending,
        Paging::first(usize::MAX),
        None,
    )?;
    Ok(all
        .items
        .into_iter()
        .map(|event| (event.no, event))
        .collect())
}

/// The first of the outlets of a try of which there is no event since `now`.
pub fn lost(
    book: &Snapshot,
    key: TiKey,
    now: Timestamp,
    outlets: &[AssetRef],
) -> Result<Option<String>, ReadError> {
    for outlet in outlets.iter().filter(|outlet| outlet.kind == "Asset") {
        let name = outlet.name.as_deref().unwrap_or_default();
        let Some(asset) = book.asset_named(name)?.filter(|asset| asset.is_active) else {
            continue;
        };
        let of = Some(EventsOf::Run(key.run));
        let filter = AssetEventFilter {
            of,
            ..AssetEventFilter::default()
        };
        let is_own = |event: &AssetEvent| {
            let source = event.source.as_ref();
            let is_from = source.is_some_and(|from| from.map == key.map && from.run == key.run);
            is_from && event.asset == asset.no && event.at() >= now
        };
        let first = Paging::first(1);
        let found = book.asset_events(&filter, Order::Descending, first, Some(&is_own))?;
        if found.items.is_empty() {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}
