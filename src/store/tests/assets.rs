//! Assets: each row is read back, and what is kept twice agrees.

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, DeploymentId, Fence, MapIndex, RunNo, TaskNo, Timestamp,
    asset::{
        AliasRow, AssetEvent, AssetRow, AssetState, Condition, DagAssets, EventSource, PendingRun,
        QueuedAsset, StateWriter, Watcher,
    },
    change::Change,
};
use serde_json::json;

use super::storage::Memory;
use crate::{
    AssetEventFilter, AssetRef, EventsOf, Named, Options, Order, Paging, Snapshot, TimeRange,
};

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;

fn at(us: i64) -> Timestamp {
    Timestamp::from_micros(us)
}

fn asset(no: u32) -> AssetRow {
    AssetRow {
        no: AssetNo(no),
        name: format!("a{no}"),
        uri: format!("s3://bucket/a{no}"),
        group: "asset".to_owned(),
        extra: json!({ "n": no }).as_object().unwrap().clone(),
        is_active: no != 2,
        created_at: at(5),
        updated_at: at(6),
        watchers: vec![Watcher {
            name: "w".to_owned(),
            classpath: "a.b.C".to_owned(),
            kwargs: json!({ "x": [1] }).as_object().unwrap().clone(),
            trigger: Fence(9),
            since: at(7),
        }],
    }
}

fn event(no: u64, asset: u32, run: u64) -> AssetEvent {
    AssetEvent {
        no: AssetEventNo(no),
        asset: AssetNo(asset),
        extra: json!({ "e": no }).as_object().unwrap().clone(),
        source: (run > 0).then(|| EventSource {
            dag: DagNo(1),
            dag_id: "producer".into(),
            run: RunNo(run),
            run_id: format!("run_{run}").into(),
            task_id: "t".into(),
            map: MapIndex(3),
        }),
        aliases: if no.is_multiple_of(2) {
            vec![AliasNo(4)]
        } else {
            Vec::new()
        },
        partition_key: (run > 1).then(|| "2026-01-01".to_owned()),
    }
}

fn put(event: AssetEvent) -> Change {
    Change::PutAssetEvent(Box::new(event))
}

fn list(book: &Snapshot, of: Option<EventsOf>, from: Option<i64>, order: Order) -> Vec<u64> {
    let filter = AssetEventFilter {
        of,
        at: TimeRange {
            from: from.map(at),
            to: None,
        },
    };
    let mut found = Vec::new();
    let mut paging = Paging::first(2);
    loop {
        let page = book.asset_events(&filter, order, paging, None).unwrap();
        found.extend(page.items.iter().map(|event| event.no.0));
        let Some(next) = page.next else { break };
        paging.after = Some(next);
    }
    let (n, cut) = book.count_asset_events(&filter, None).unwrap();
    assert_eq!((n, cut), (found.len() as u64, false));
    found
}

#[test]
#[allow(clippy::too_many_lines)] // What is expected is data.
fn events_are_listed_by_what_they_are_of() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let changes = [
        put(event(100, 1, 1)),
        put(event(101, 1, 2)),
        put(event(102, 2, 1)),
        put(event(103, 1, 0)),
        Change::PutConsumed {
            run: RunNo(7),
            events: vec![AssetEventNo(102), AssetEventNo(100)],
        },
        Change::PutConsumed {
            run: RunNo(8),
            events: vec![AssetEventNo(100)],
        },
    ];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    writer
        .commit(DeploymentId(2), &[put(event(90, 1, 1))])
        .unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(
        book.asset_event(AssetEventNo(101)).unwrap(),
        Some(event(101, 1, 2))
    );
    let up = |of| list(&book, of, None, Order::Ascending);
    assert_eq!(up(None), [100, 101, 102, 103]);
    assert_eq!(up(Some(EventsOf::Asset(AssetNo(1)))), [100, 101, 103]);
    assert_eq!(up(Some(EventsOf::Alias(AliasNo(4)))), [100, 102]);
    assert_eq!(up(Some(EventsOf::Dag(DagNo(1)))), [100, 101, 102]);
    assert_eq!(up(Some(EventsOf::Run(RunNo(2)))), [101]);
    assert_eq!(list(&book, None, Some(102), Order::Descending), [103, 102]);
    let of = EventsOf::Asset(AssetNo(1));
    let between = book
        .asset_events_between(of, Some(at(100)), at(102))
        .unwrap();
    assert_eq!(between, [AssetEventNo(101)]);
    assert_eq!(
        book.last_asset_event(Some(of)).unwrap(),
        Some(AssetEventNo(103))
    );
    let consumed = book.consumed(RunNo(7)).unwrap();
    assert_eq!(consumed, [AssetEventNo(102), AssetEventNo(100)]);
    let runs = book.runs_of_event(AssetEventNo(100), 9).unwrap();
    assert_eq!(runs, [RunNo(7), RunNo(8)]);
    let old = book
        .asset_events_to_prune(at(103), Paging::first(10))
        .unwrap();
    assert_eq!(old.items, [AssetEventNo(100), AssetEventNo(101)]);

    let changes = [
        Change::DeleteRun { run: RunNo(7) },
        Change::DeleteAssetEvent {
            event: AssetEventNo(102),
        },
    ];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(
        book.runs_of_event(AssetEventNo(100), 9).unwrap(),
        [RunNo(8)]
    );
    assert!(book.consumed(RunNo(7)).unwrap().is_empty());
    assert!(
        list(
            &book,
            Some(EventsOf::Alias(AliasNo(4))),
            None,
            Order::Ascending
        ) == [100]
    );
    assert!(
        list(
            &book,
            Some(EventsOf::Asset(AssetNo(2))),
            None,
            Order::Ascending
        )
        .is_empty()
    );
}

#[test]
#[allow(clippy::too_many_lines)] // What is expected is data.
fn assets_and_who_names_them_are_read_back() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let alias = AliasRow {
        no: AliasNo(4),
        name: "al".to_owned(),
        group: "asset".to_owned(),
        assets: [AssetNo(1), AssetNo(2)].into(),
    };
    let leaves = vec![
        Condition::Asset(AssetNo(1)),
        Condition::Alias(AliasNo(4)),
        Condition::Any(vec![
            Condition::Named("a".into()),
            Condition::At("b".into()),
        ]),
    ];
    let mut names = DagAssets {
        dag: DagNo(3),
        condition: Some(Condition::All(leaves)),
        is_partitioned: true,
        schedule: [(AssetNo(1), at(10))].into(),
        aliases: [AliasNo(4)].into(),
        inlets: [((AssetNo(1), TaskNo(2)), at(11))].into(),
        outlets: [((AssetNo(2), TaskNo(0)), at(12))].into(),
    };
    let queued = QueuedAsset {
        dag: DagNo(3),
        asset: AssetNo(1),
        at: at(-3),
    };
    let pending = PendingRun {
        dag: DagNo(3),
        key: "2026/ü".to_owned(),
        since: AssetEventNo(100),
        date: Some(at(1)),
        mappers: "m".to_owned(),
        events: vec![(AssetEventNo(100), AssetNo(1), "k".to_owned())],
        is_question: false,
        needs: Vec::new(),
    };
    // One whose mapper only Python knows.
    let asked = PendingRun {
        key: "asked".to_owned(),
        is_question: true,
        needs: vec![(AssetNo(1), vec!["k".to_owned(), "l".to_owned()])],
        ..pending.clone()
    };
    let changes = [
        Change::PutAsset(Box::new(asset(1))),
        Change::PutAsset(Box::new(asset(2))),
        Change::PutAlias(Box::new(alias.clone())),
        Change::PutDagAssets(Box::new(names.clone())),
        Change::PutQueuedAsset(queued),
        Change::PutPendingRun(Box::new(pending.clone())),
        Change::PutPendingRun(Box::new(asked.clone())),
    ];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.assets().unwrap(), [asset(1), asset(2)]);
    assert_eq!(book.asset(AssetNo(2)).unwrap(), Some(asset(2)));
    assert_eq!(book.asset_named("a1").unwrap(), Some(asset(1)));
    assert_eq!(book.asset_at("s3://bucket/a1").unwrap(), Some(asset(1)));
    assert_eq!(book.asset_named("a2").unwrap(), None);
    assert_eq!(book.asset_aliases().unwrap(), std::slice::from_ref(&alias));
    assert_eq!(book.asset_alias(AliasNo(4)).unwrap(), Some(alias));
    assert_eq!(book.dags_assets().unwrap(), [names.clone()]);
    assert_eq!(book.asset_queue(None).unwrap(), [queued]);
    assert!(book.asset_queue(Some(DagNo(1))).unwrap().is_empty());
    assert_eq!(book.pending_runs().unwrap(), [pending, asked.clone()]);
    let named = |named, since| AssetRef {
        dag: DagNo(3),
        named,
        since: at(since),
    };
    let refs = [
        named(Named::Schedule, 10),
        named(Named::Inlet(TaskNo(2)), 11),
    ];
    assert_eq!(book.asset_refs(AssetNo(1)).unwrap(), refs);

    names.inlets.clear();
    let mut heir = asset(3);
    heir.name = "a1".to_owned();
    let mut retired = asset(1);
    retired.is_active = false;
    let changes = [
        Change::PutAsset(Box::new(heir.clone())),
        Change::PutAsset(Box::new(retired)),
        Change::PutDagAssets(Box::new(names)),
        Change::DeleteQueuedAsset {
            dag: DagNo(3),
            asset: AssetNo(1),
        },
        Change::DeletePendingRun {
            dag: DagNo(3),
            key: "2026/ü".to_owned(),
        },
    ];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(book.asset_refs(AssetNo(1)).unwrap(), refs[..1]);
    assert!(book.asset_queue(None).unwrap().is_empty());
    assert_eq!(book.pending_runs().unwrap(), [asked]);
    assert_eq!(book.asset_named("a1").unwrap(), Some(heir));
    assert_eq!(book.asset_at("s3://bucket/a1").unwrap(), None);
    let changes = [Change::DeleteDagAssets { dag: DagNo(3) }];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert!(book.asset_refs(AssetNo(2)).unwrap().is_empty());
    assert_eq!(book.dag_assets(DagNo(3)).unwrap(), None);
}

#[test]
fn values_that_an_asset_keeps() {
    let (store, mut writer) = crate::open_backend(Memory::default(), &Options::default()).unwrap();
    let value = |n: i64, by| AssetState {
        value: json!({ "n": n }),
        updated_at: at(n),
        by,
    };
    let put = |asset, key: &str, state: &AssetState| Change::PutAssetState {
        asset: AssetNo(asset),
        key: key.to_owned(),
        state: Box::new(state.clone()),
    };
    let by_task = StateWriter::Task {
        dag_id: "d".into(),
        run_id: "r".into(),
        task_id: "t".into(),
        map: MapIndex::NONE,
    };
    let (one, two) = (value(1, by_task), value(2, StateWriter::Api));
    let changes = [put(1, "a", &one), put(1, "b", &two), put(2, "a", &two)];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(
        book.asset_state(AssetNo(1), "a").unwrap(),
        Some(one.clone())
    );
    let all = book.asset_states(AssetNo(1)).unwrap();
    assert_eq!(all, [("a".to_owned(), one), ("b".to_owned(), two.clone())]);
    let delete = |asset, key: Option<&str>| Change::DeleteAssetState {
        asset: AssetNo(asset),
        key: key.map(str::to_owned),
    };
    let changes = [delete(1, None), put(1, "c", &two), delete(2, Some("a"))];
    writer.commit(DEPLOYMENT, &changes).unwrap();
    let book = store.snapshot(DEPLOYMENT).unwrap();
    assert_eq!(
        book.asset_states(AssetNo(1)).unwrap(),
        [("c".to_owned(), two)]
    );
    assert!(book.asset_states(AssetNo(2)).unwrap().is_empty());
}
