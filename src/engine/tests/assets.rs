//! Assets: events, conditions, and the runs that follow.

use expect_test::{Expect, expect};
use model::{
    AssetEventNo, DagNo, Fence, Json, RunNo, TiKey, Timestamp,
    asset::{AssetState, StateWriter},
    command::{Command, Reply},
    dag::OperatorKind,
    effect::Effect,
    execution::AssetRef,
    report::{Happened, Outcome, Outlets, Usage},
    state::DagRunType,
};
use serde_json::json;

use super::World;

impl World {
    /// An event over the API.
    fn event(&mut self, asset: &str) -> Reply {
        let asset = self.book.assets.named(asset);
        self.ask(Command::AddAssetEvent {
            asset,
            extra: [("from".to_owned(), json!("api"))].into_iter().collect(),
            partition_key: None,
        })
    }
    fn dag_no(&self, dag_id: &str) -> DagNo {
        self.live.dag_no(dag_id).unwrap()
    }
    fn pause(&mut self, dag_id: &str, paused: bool) {
        let dag_id = dag_id.into();
        self.ask(Command::SetPaused { dag_id, paused });
    }
    /// Ends the only instance of a task of a dag's only live run.
    fn end(&mut self, dag_id: &str, task_id: &str, outlets: Outlets) {
        let dag = self.dag_no(dag_id);
        let run = self.live.runs().find(|run| run.dag == dag).unwrap().no;
        let names = self.book.names.iter();
        let mut names = names.filter(|((of, _), name)| *of == dag && &***name == task_id);
        let task = names.next().unwrap().0.1;
        let mut tis = self.live.task_instances(run);
        let key: TiKey = tis.find(|ti| ti.key.task == task).unwrap().key;
        drop(tis);
        let outcome = Outcome::Success {
            xcoms: Vec::new(),
            skip: Vec::new(),
            outlets: Box::new(outlets),
        };
        let usage = Usage::default();
        assert!(self.tell(key, Happened::Finished { outcome, usage }));
    }
    /// The events: time, asset, what is said, who said it.
    fn show_events(&self) -> String {
        let mut text = String::new();
        for event in self.book.assets.events.values() {
            let source = event.source.as_ref();
            let by = source.map_or("-".to_owned(), |by| {
                format!("{}.{}[{}] {}", by.dag_id, by.task_id, by.map, by.run_id)
            });
            let aliases = event.aliases.iter();
            let aliases: Vec<_> = aliases
                .map(|no| self.book.assets.aliases[no].name.as_str())
                .collect();
            let name = self.book.assets.name(event.asset);
            let extra = Json::Object(event.extra.clone());
            let key = event.partition_key.as_deref().unwrap_or("");
            text += &format!("{name} {extra} by {by} {} {key}", aliases.join(","));
            text = text.trim_end().to_owned() + "\n";
        }
        text
    }
    /// The runs that assets made, with what they consumed; then what waits.
    fn show_runs(&self) -> String {
        let mut text = String::new();
        for run in self.book.runs.values() {
            if run.run_type != DagRunType::AssetTriggered {
                continue;
            }
            assert_eq!((run.logical_date, run.data_interval), (None, None));
            let dag = &self.book.dags[&run.dag].dag_id;
            let consumed = self.book.assets.consumed[&run.no].iter();
            let consumed: Vec<String> = consumed.map(|no| self.seconds(*no)).collect();
            let id = run
                .run_id
                .strip_prefix("asset_triggered__2026-01-01T")
                .unwrap();
            text += format!("{dag} {id} of {}", consumed.join(" ")).trim_end();
            text += "\n";
        }
        for ((dag, asset), at) in &self.book.assets.queue {
            let dag = &self.book.dags[dag].dag_id;
            let at = self.seconds(AssetEventNo::first_at(*at));
            let name = self.book.assets.name(*asset);
            let at = at.split_once('@').unwrap().1;
            text += &format!("waits {dag} {name} since {at}\n");
        }
        text
    }
    fn seconds(&self, no: AssetEventNo) -> String {
        let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let name = self.book.assets.events.get(&no);
        let name = name.map_or("?", |event| self.book.assets.name(event.asset));
        format!("{name}@{}", no.at().since(start).as_micros() / 1_000_000)
    }
    fn finish_all(&mut self) {
        let runs: Vec<RunNo> = self.live.runs().map(|run| run.no).collect();
        for run in runs {
            let keys: Vec<TiKey> = self.live.task_instances(run).map(|ti| ti.key).collect();
            for key in keys {
                let outcome = Outcome::Success {
                    xcoms: Vec::new(),
                    skip: Vec::new(),
                    outlets: Box::default(),
                };
                let usage = Usage::default();
                self.tell(key, Happened::Finished { outcome, usage });
            }
        }
    }
}

fn check_runs(world: &World, expected: Expect) {
    expected.assert_eq(&world.show_runs());
}

fn outlet(kind: &str, name: &str) -> AssetRef {
    AssetRef {
        name: (kind != "AssetUriRef").then(|| name.to_owned()),
        uri: (kind == "Asset" || kind == "AssetUriRef").then(|| format!("s3://{name}")),
        kind: kind.to_owned(),
    }
}

#[test]
fn s125_success_emits_an_event_for_each_outlet() {
    let mut world = World::new();
    world.publish("d", "a out=x,y; b out=z");
    world.publish("other", "t out=gone");
    world.play("start; tick 1s; a ok; b fail");
    // Of Python: what the task says counts, not what the dag says.
    world.python = true;
    world.publish("py", "t kind=python out=x,y,name:z");
    world.ask(Command::RemoveFile {
        path: "other.yaml".to_owned(),
    });
    drop(world.start("py", None));
    let event = |name: &str, extra: Json, key: Json| {
        json!({
            "dest_asset_key": {"name": name, "uri": format!("s3://{name}")},
            "extra": extra, "partition_key": key,
        })
    };
    let outlets = Outlets {
        assets: vec![
            outlet("Asset", "x"),
            outlet("Asset", "y"),
            outlet("Asset", "gone"),
            outlet("Asset", "never"),
            outlet("AssetNameRef", "z"),
            outlet("AssetUriRef", "nowhere"),
        ],
        events: vec![
            event("y", json!({"n": 1}), Json::Null),
            event("y", json!({"n": 2}), json!("k")),
            event("z", json!({"z": true}), Json::Null),
        ],
    };
    world.effects.clear();
    world.end("py", "t", outlets);
    expect![[r#"
        x {} by d.a[-1] r1
        y {} by d.a[-1] r1
        x {} by py.t[-1] r2
        y {"n":1} by py.t[-1] r2
        y {"n":2} by py.t[-1] r2  k
        z {"z":true} by py.t[-1] r2
    "#]]
    .assert_eq(&world.show_events());
    let told = world.show_audit();
    assert_eq!(
        told.matches("inactive asset py r2 t[-1]#1: ").count(),
        3,
        "{told}"
    );
}

#[test]
fn s126_aliases_are_resolved_when_the_task_ends() {
    let mut world = World::new();
    world.python = true;
    world.publish("py", "t kind=python out=alias:al,alias:bl");
    world.publish("by_alias", "!assets=alias:al; t");
    world.publish("by_asset", "!assets=x; t");
    world.publish("by_both", "!assets=alias:al&x; t");
    drop(world.start("py", None));
    let event = |alias: &str, name: &str, n: i32| {
        json!({
            "source_alias_name": alias,
            "dest_asset_key": {"name": name, "uri": format!("s3://{name}")},
            "dest_asset_extra": {"made": true},
            "extra": {"n": n},
        })
    };
    let outlets = Outlets {
        assets: vec![outlet("AssetAlias", "al"), outlet("AssetAlias", "bl")],
        events: vec![
            event("al", "x", 1),
            event("bl", "x", 1),
            event("al", "new", 2),
            event("unknown", "x", 3),
        ],
    };
    world.now = world.now.plus(super::dsl::span("1s"));
    world.end("py", "t", outlets);
    expect![[r#"
        x {"n":1} by py.t[-1] r1 al,bl
        new {"n":2} by py.t[-1] r1 al
    "#]]
    .assert_eq(&world.show_events());
    check_runs(
        &world,
        expect![[r#"
            by_alias 00:00:01.000001+00:00 of x@1 new@1
            by_asset 00:00:01+00:00 of x@1
            by_both 00:00:01.000001+00:00 of x@1 new@1
        "#]],
    );
    assert_eq!(world.book.assets.active(), ["new", "x"].into());
    // From now on the alias leads to the asset, whoever updates it; but only who waits for the asset
    // itself is queued then, as upstream has it.
    world.finish_all();
    world.play("tick 1s");
    world.event("new");
    check_runs(
        &world,
        expect![[r#"
            by_alias 00:00:01.000001+00:00 of x@1 new@1
            by_asset 00:00:01+00:00 of x@1
            by_both 00:00:01.000001+00:00 of x@1 new@1
        "#]],
    );
}

#[test]
fn s127_paused_dags_are_not_queued_but_consume_later() {
    let mut world = World::new();
    world.publish("c", "!assets=x; t");
    world.pause("c", true);
    world.play("tick 1s");
    world.event("x");
    world.play("tick 1s");
    world.pause("c", false);
    check_runs(&world, expect![""]);
    world.play("tick 1s");
    world.event("x");
    check_runs(&world, expect![["c 00:00:03+00:00 of x@1 x@3\n"]]);
}

/// An event of the very instant in which a dag begins to wait for it comes after that.
#[test]
fn s129_an_event_at_once_is_consumed_too() {
    let mut world = World::new();
    world.publish("c", "!assets=x; t");
    world.event("x");
    let consumed = |world: &World| {
        let consumed = world.book.assets.consumed.values();
        consumed.map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(consumed(&world), [1]);
    // And so it does when the server was away between the two.
    world.publish("later", "!assets=y; t");
    world.restart();
    world.event("y");
    assert_eq!(consumed(&world), [1, 1]);
}

#[test]
fn s128_the_condition_is_a_tree_and_the_queue_is_emptied() {
    let mut world = World::new();
    world.publish("and", "!assets=x&y; t");
    world.publish("or", "!assets=x|y; t");
    world.publish("tree", "!assets=x&(y|name:z); t");
    world.publish("uri", "!assets=uri:s3://z; t");
    world.publish("p", "t out=z");
    world.play("tick 1s");
    world.event("x");
    check_runs(
        &world,
        expect![[r#"
            or 00:00:01+00:00 of x@1
            waits and x since 1
            waits tree x since 1
        "#]],
    );
    world.play("tick 1s");
    world.event("x");
    world.play("restart; tick 1s");
    world.event("z");
    check_runs(
        &world,
        expect![[r#"
            or 00:00:01+00:00 of x@1
            or 00:00:02+00:00 of x@2
            tree 00:00:03+00:00 of x@1 x@2
            uri 00:00:03+00:00 of
            waits and x since 1
        "#]],
    );
    world.play("tick 1s");
    world.event("y");
    check_runs(
        &world,
        expect![[r#"
            or 00:00:01+00:00 of x@1
            or 00:00:02+00:00 of x@2
            tree 00:00:03+00:00 of x@1 x@2
            uri 00:00:03+00:00 of
            and 00:00:04+00:00 of x@1 x@2 y@4
            or 00:00:04+00:00 of y@4
            waits tree y since 4
        "#]],
    );
    // A dag that waits for nothing any more has nothing queued.
    world.publish("tree", "t");
    assert!(world.book.assets.queue.is_empty());
    // What it does not wait for any more counts for nothing when it waits for it again.
    world.publish("and", "!assets=x&y; t");
    world.event("x");
    world.publish("and", "!assets=y&z; t");
    world.publish("and", "!assets=x&y; t");
    assert!(world.book.assets.queue.is_empty());
}

#[test]
fn s129_a_run_consumes_what_came_since_the_last_one() {
    let mut world = World::new();
    world.publish("p", "t out=x,y");
    world.event("x");
    world.play("tick 1s");
    world.publish("late", "!assets=x; t");
    world.publish("catches_up", "!assets=x catchup=yes; t");
    world.play("tick 1s");
    world.event("x");
    let expected = expect![[r#"
        late 00:00:02+00:00 of x@2
        catches_up 00:00:02+00:00 of x@0 x@2
    "#]];
    check_runs(&world, expected);
    let run = world.live.runs().next().unwrap();
    assert_eq!(run.triggered_by.as_str(), "asset");
    // The time of a run is that of the newest row that waits, which is its first event.
    world.publish("both", "!assets=x&y; t");
    world.play("tick 1s");
    world.event("x");
    world.play("tick 1s");
    world.event("x");
    world.play("tick 1s");
    world.event("y");
    world.play("tick 1s");
    world.event("y");
    world.play("tick 1s");
    world.event("x");
    let runs = world.show_runs();
    let both: Vec<_> = runs
        .lines()
        .filter(|line| line.starts_with("both"))
        .collect();
    let expected = [
        "both 00:00:05+00:00 of x@3 x@4 y@5",
        "both 00:00:07+00:00 of y@6 x@7",
    ];
    assert_eq!(both, expected);
}

#[test]
fn s130_dags_with_all_their_runs_wait() {
    let mut world = World::new();
    world.publish("c", "!assets=x runs=1; t");
    for _ in 0..3 {
        world.play("tick 1s");
        world.event("x");
    }
    check_runs(
        &world,
        expect![[r#"
            c 00:00:01+00:00 of x@1
            waits c x since 2
        "#]],
    );
    world.play("tick 1s");
    world.finish_all();
    // The one at 3 is not in the window yet; the next run has it.
    check_runs(
        &world,
        expect![[r#"
            c 00:00:01+00:00 of x@1
            c 00:00:02+00:00 of x@2
        "#]],
    );
}

#[test]
fn s131_assets_or_time() {
    let mut world = World::new();
    world.publish(
        "c",
        "!assets_or=x cron=@hourly from=2026-01-01T00:00:00Z; t",
    );
    world.play("tick 1s");
    world.event("x");
    world.play("tick 1h");
    let runs = world.book.runs.values();
    let runs: Vec<_> = runs
        .map(|run| (run.run_type, run.run_after.isoformat()))
        .collect();
    let (asset, scheduled) = (DagRunType::AssetTriggered, DagRunType::Scheduled);
    let at = |text: &str| format!("2026-01-01T{text}+00:00");
    let expected = [
        (scheduled, at("00:00:00")),
        (asset, at("00:00:01")),
        (scheduled, at("01:00:00")),
    ];
    assert_eq!(runs, expected);
}

#[test]
fn s132_events_of_partitions_are_for_those_who_want_partitions() {
    let mut world = World::new();
    world.publish("c", "!assets=x; t");
    world.play("tick 1s");
    let asset = world.book.assets.named("x");
    world.ask(Command::AddAssetEvent {
        asset,
        extra: model::JsonMap::new(),
        partition_key: Some("k".to_owned()),
    });
    check_runs(&world, expect![""]);
    world.play("tick 1s");
    world.event("x");
    // It is among what the next run consumes, as upstream has it.
    check_runs(&world, expect![["c 00:00:02+00:00 of x@1 x@2\n"]]);
}

#[test]
fn s072_an_empty_task_with_outlets_is_not_passed() {
    let mut world = World::new();
    world.publish("d", "a kind=empty out=x; b kind=empty");
    world.play("start");
    assert_eq!(world.book.assets.events.len(), 0);
    world.play("a ok");
    assert_eq!(world.book.assets.events.len(), 1);
}

#[test]
fn s137_what_nobody_names_is_not_active() {
    let mut world = World::new();
    let active = |world: &World| {
        let active = world.book.assets.active().into_iter();
        active.collect::<Vec<_>>().join(" ")
    };
    world.publish("c", "!assets=x&y; t inlet=i out=o");
    assert_eq!(active(&world), "i o x y");
    let asset = world.book.assets.named("x");
    world.ask(Command::KeepAssetState {
        asset,
        key: Some("k".to_owned()),
        state: Some(Box::new(AssetState {
            value: json!(1),
            updated_at: world.now,
            by: StateWriter::Api,
        })),
    });
    assert_eq!(world.book.assets.states.len(), 1);
    // `z` has the URI of `y` and waits until that is free.
    world.publish("e", "!assets=z=s3://y; t");
    world.event("z");
    assert_eq!(active(&world), "i o x y");
    assert_eq!(world.book.assets.events.len(), 1);
    world.publish("c", "t inlet=i");
    assert_eq!(active(&world), "i z");
    assert!(world.book.assets.states.is_empty());
    world.ask(Command::RemoveFile {
        path: "e.yaml".to_owned(),
    });
    assert_eq!(active(&world), "i");
    world.publish("c", "!assets=y; t");
    world.publish("e", "!assets=z=s3://y; t");
    assert_eq!(active(&world), "y");
    world.ask(Command::DeleteDag { dag_id: "c".into() });
    assert_eq!(active(&world), "z");
    assert_eq!(world.book.assets.rows.len(), 5);
}

#[test]
fn s139_queued_events_may_be_forgotten() {
    let mut world = World::new();
    world.publish("c", "!assets=x&y; t");
    world.publish("e", "!assets=x&y; t");
    world.event("x");
    world.play("tick 1s");
    world.event("y");
    world.finish_all();
    world.play("tick 1s");
    world.event("x");
    let (c, x) = (world.dag_no("c"), world.book.assets.named("x"));
    let before = Some(world.now);
    let forget = |dag, asset, before| Command::DeleteQueuedAssets { dag, asset, before };
    world.ask(forget(Some(c), Some(x), before));
    world.ask(forget(Some(c), None, None));
    assert_eq!(world.book.assets.queue.len(), 1);
    world.ask(forget(None, Some(x), None));
    assert!(world.book.assets.queue.is_empty());
    let refused = ["RUN-061 no such asset events wait for a run"];
    assert_eq!(world.replies, refused);
    let events = world.book.assets.events.keys().copied().collect();
    world.ask(Command::PruneAssetEvents { events });
    assert!(world.book.assets.events.is_empty());
    world.ask(Command::AddAssetEvent {
        asset: model::AssetNo(99),
        extra: model::JsonMap::new(),
        partition_key: None,
    });
    assert_eq!(
        world.replies.last().unwrap(),
        "RUN-060 there is no asset with id 99"
    );
}

#[test]
fn s140_watchers_make_events() {
    let mut world = World::new();
    #[allow(clippy::wildcard_enum_match_arm)] // All others are not about watching.
    let watched = |world: &mut World| {
        let effects = std::mem::take(&mut world.effects).into_iter();
        let effects = effects.filter_map(|effect| match effect {
            Effect::Watch { trigger, .. } => Some((true, trigger)),
            Effect::Unwatch { trigger } => Some((false, trigger)),
            _ => None,
        });
        effects.collect::<Vec<_>>()
    };
    world.publish("c", "!watched=x; t");
    world.publish("e", "!watched=y; t");
    let begun = watched(&mut world);
    let [(true, trigger)] = begun[..] else {
        panic!("{begun:?}")
    };
    world.play("tick 1s");
    let fire = |trigger| Command::WatcherFired {
        trigger,
        payload: json!("p"),
    };
    world.ask(fire(trigger));
    world.ask(fire(Fence(9_999)));
    check_runs(
        &world,
        expect![[r#"
            c 00:00:01+00:00 of x@1
            e 00:00:01.000001+00:00 of y@1
        "#]],
    );
    expect![[r#"
        x {"from_trigger":true,"payload":"p"} by -
        y {"from_trigger":true,"payload":"p"} by -
    "#]]
    .assert_eq(&world.show_events());
    // Both dags must be paused before nobody watches.
    world.pause("c", true);
    assert_eq!(watched(&mut world), []);
    world.pause("e", true);
    assert_eq!(watched(&mut world), [(false, trigger)]);
    world.pause("e", false);
    assert_eq!(watched(&mut world), [(true, trigger)]);
    world.restart();
    assert_eq!(watched(&mut world), [(true, trigger)]);
    world.publish("e", "!assets=y; t");
    assert_eq!(watched(&mut world), [(false, trigger)]);
}

#[test]
fn a_thousand_consumers_of_one_event() {
    let mut world = World::new();
    world.checks = false;
    for n in 0..1_000 {
        world.publish(&format!("c{n}"), "!assets=x; t");
    }
    let reads = *world.book.runs_read.borrow();
    world.event("x");
    let runs = world.book.runs.values();
    let made = runs.filter(|run| run.run_type == DagRunType::AssetTriggered);
    assert_eq!(made.count(), 1_000);
    assert_eq!(*world.book.runs_read.borrow(), reads);
    let kinds = world.book.sources.values();
    assert!(kinds.flat_map(|dag| &dag.tasks).all(|task| {
        // Nothing of it needs Python.
        task.operator.kind != OperatorKind::Python
    }));
}
