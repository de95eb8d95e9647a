//! Runs for partitions of assets.

use std::sync::Arc;

use expect_test::{Expect, expect};
use model::{
    Json, JsonMap,
    command::Command,
    effect::Effect,
    evaluation::{Evaluated, PartitionAsked, Question},
    report::{Happened, Outcome, Usage},
    schedule::Schedule,
    state::DagRunType,
};
use serde_json::json;

use super::{World, parse_dag};

fn mapper(class: &str, data: &Json) -> Json {
    json!({"__type": format!("airflow.partition_mappers.{class}"), "__var": data})
}

fn day(output: &str) -> Json {
    let data = json!({
        "timezone": "UTC", "input_format": "%Y-%m-%dT%H", "output_format": output,
    });
    mapper("temporal.StartOfDayMapper", &data)
}

/// As many of the segments as the policy says.
fn rollup(segments: &[&str], least: Option<i64>) -> Json {
    let window = json!({"__type": "airflow.partition_mappers.window.SegmentWindow",
        "__var": {"segments": segments}});
    let upstream = mapper(
        "fixed_key.FixedKeyMapper",
        &json!({"downstream_key": "all"}),
    );
    let mut data = json!({"upstream_mapper": upstream, "window": window});
    if let Some(least) = least {
        let class = "airflow.partition_mappers.wait_policy.MinimumCount";
        data["wait_policy"] = json!({"__type": class, "__var": {"n": least}});
    }
    mapper("base.RollupMapper", &data)
}

impl World {
    /// Publishes a dag whose runs are for partitions.
    fn publish_partitioned(&mut self, dag_id: &str, text: &str, default: &Json) {
        let mut dag = parse_dag(dag_id, text);
        let data = json!({
            "asset_condition": null, "partition_mapper_config": [],
            "default_partition_mapper": default,
        });
        dag.schedule = Schedule::PartitionedAsset { data };
        let text = format!("{text}{default}");
        self.publish_dag(&format!("{dag_id}.yaml"), Arc::new(dag), &text);
    }
    fn keyed(&mut self, asset: &str, key: Option<&str>) {
        let asset = self.book.assets.named(asset);
        self.ask(Command::AddAssetEvent {
            asset,
            extra: JsonMap::new(),
            partition_key: key.map(str::to_owned),
        });
    }
    fn show_partitions(&self) -> String {
        let mut text = String::new();
        for run in self.book.runs.values() {
            if run.run_type != DagRunType::AssetTriggered {
                continue;
            }
            let dag = &self.book.dags[&run.dag].dag_id;
            let key = run.partition_key.as_deref().unwrap_or("-");
            let date = run.partition_date.map(|date| date.isoformat());
            let date = date.unwrap_or_default();
            let n = self.book.assets.consumed[&run.no].len();
            text += format!("{dag} {} {key} of {n} {date}", run.state).trim_end();
            text += "\n";
        }
        for (dag, key) in self.book.assets.pending.keys() {
            let key = key.replace('\u{1}', "question ");
            text += &format!("pending {} {key}\n", self.book.dags[dag].dag_id);
        }
        text
    }
}

fn check(world: &World, expected: Expect) {
    expected.assert_eq(&world.show_partitions());
}

fn identity() -> Json {
    mapper("identity.IdentityMapper", &json!({}))
}

#[test]
fn s134_one_pending_run_for_each_partition() {
    let mut world = World::new();
    world.publish_partitioned("c", "!assets=x&y runs=1; t", &identity());
    world.keyed("x", Some("k"));
    world.keyed("x", Some("j"));
    world.keyed("x", Some("k"));
    check(&world, expect![["pending c j\npending c k\n"]]);
    world.play("tick 1s; restart");
    world.keyed("y", Some("k"));
    check(
        &world,
        expect![[r#"
            c running k of 3
            pending c j
        "#]],
    );
    // As upstream has it, the limit holds up the run and not its creation.
    world.keyed("y", Some("j"));
    check(
        &world,
        expect![[r#"
            c running k of 3
            c queued j of 2
        "#]],
    );
    // The same partition again is a new run.
    world.keyed("x", Some("k"));
    check(
        &world,
        expect![[r#"
            c running k of 3
            c queued j of 2
            pending c k
        "#]],
    );
    // Other mappers, other runs.
    world.publish_partitioned("c", "!assets=x&y runs=1; t", &day("%Y"));
    assert!(world.book.assets.pending.is_empty());
    world.publish_partitioned("c", "!assets=x; t", &identity());
    world.keyed("x", Some("k"));
    let runs = world.show_partitions();
    assert!(
        runs.ends_with("c queued k of 1\n") || runs.ends_with("c running k of 1\n"),
        "{runs}"
    );
    // Nobody is asked while the dag is paused.
    world.ask(Command::SetPaused {
        dag_id: "c".into(),
        paused: true,
    });
    world.keyed("x", Some("paused"));
    assert_eq!(world.show_partitions(), runs);
}

#[test]
fn s134_a_rollup_waits_for_its_window() {
    let mut world = World::new();
    let all = rollup(&["a", "b", "c"], None);
    world.publish_partitioned("all", "!assets=x; t", &all);
    world.publish_partitioned("two", "!assets=x; t", &rollup(&["a", "b", "c"], Some(2)));
    world.keyed("x", Some("a"));
    world.keyed("x", Some("a"));
    world.keyed("x", Some("b"));
    world.keyed("x", Some("other"));
    check(
        &world,
        expect![[r#"
            two running all of 3
            pending all all
            pending two all
        "#]],
    );
    world.play("restart");
    world.keyed("x", Some("c"));
    check(
        &world,
        expect![[r#"
            two running all of 3
            all running all of 5
            pending two all
        "#]],
    );
}

#[test]
fn s134_runs_have_the_date_of_their_partition() {
    let mut world = World::new();
    world.publish_partitioned("days", "!assets=x; t", &day("%Y-%m-%d"));
    world.publish_partitioned("same", "!assets=x; t", &identity());
    world.publish("d", "a out=x");
    world.keyed("x", Some("2026-02-03T04"));
    check(
        &world,
        expect![[r#"
            days running 2026-02-03 of 1 2026-02-03T00:00:00+00:00
            same running 2026-02-03T04 of 1
        "#]],
    );
}

#[test]
fn s135_what_cannot_be_mapped_stops_no_other() {
    let mut world = World::new();
    world.publish_partitioned("bad", "!assets=x; t", &day("%Y"));
    world.publish_partitioned("good", "!assets=x; t", &identity());
    let week = json!({"__type": "airflow.partition_mappers.window.WeekWindow",
        "__var": {"direction": "forward"}});
    let fan_out = mapper(
        "temporal.FanOutMapper",
        &json!({"upstream_mapper": day("%Y-%m-%d"), "downstream_mapper": day("%Y-%m-%d"),
            "window": week, "max_downstream_keys": 3}),
    );
    world.publish_partitioned("wide", "!assets=y; t", &fan_out);
    world.publish("plain", "!assets=x; t");
    world.effects.clear();
    world.keyed("x", Some("no date"));
    check(&world, expect![["good running no date of 1\n"]]);
    let told = world.show_audit();
    let failed = told.matches("failed to map partition_key").count();
    assert_eq!(failed, 1, "{told}");
    world.book.audit.clear();
    world.keyed("y", Some("2026-02-02T00"));
    let told = world.show_audit();
    assert!(told.starts_with("partition fan-out exceeded"), "{told}");
}

impl World {
    /// Publishes a dag with a mapper that only Python knows.
    fn publish_asked(&mut self, data: &Json) {
        let mapper = json!({"__type": "mine.Mapper", "__var": data});
        self.publish_partitioned("c", "!assets=x; t", &mapper);
    }
    /// Answers the last question, and gives its key.
    fn map(&mut self, asks: Result<Vec<PartitionAsked>, String>) -> String {
        let mut asked = Vec::new();
        for effect in &self.effects {
            if let Effect::Evaluate(of) = effect {
                asked.push(of.clone());
            }
        }
        let asked = asked.pop().unwrap();
        let Question::Partition { row, key, .. } = asked.question else {
            panic!("{asked:?}");
        };
        self.ask(Command::Evaluated {
            no: asked.no,
            dag: asked.dag,
            version: asked.version,
            answer: Ok(Evaluated::Partition { row, asks }),
        });
        key
    }
}

fn wants(key: &str, needs: Option<&[&str]>) -> PartitionAsked {
    PartitionAsked {
        key: key.to_owned(),
        date: model::Timestamp::parse("2026-02-02").ok(),
        needs: needs.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()),
    }
}

#[test]
fn s135_a_mapper_of_a_plugin_is_asked_until_it_has_answered() {
    let mut world = World::new();
    world.publish_asked(&json!({"max_downstream_keys": 2}));
    world.keyed("x", Some("eu::a"));
    check(
        &world,
        expect![[r#"
        pending c question 1767225600000001-1
    "#]],
    );
    // It dies without an answer, so that it is asked again.
    world.effects.clear();
    world.play("restart");
    assert_eq!(world.map(Ok(vec![wants("a", None)])), "eu::a");
    check(
        &world,
        expect![["c running a of 1 2026-02-02T00:00:00+00:00\n"]],
    );
    // The first one's answer comes all the same.
    world.map(Ok(vec![wants("late", None)]));
    assert_eq!(world.book.runs.len(), 1);
    world.keyed("x", Some("wide"));
    world.map(Ok(["a", "b", "c"].map(|key| wants(key, None)).to_vec()));
    world.keyed("x", Some("bad"));
    world.map(Err("ValueError: no such region".to_owned()));
    expect![[r#"
        partition fan-out exceeded: partition `wide` for dag `c`: 3 downstream keys, exceeding max_downstream_keys=2
        failed to map partition_key: partition `bad` for dag `c`: ValueError: no such region
    "#]].assert_eq(&world.show_audit());
    assert_eq!(world.book.runs.len(), 1);
    assert!(world.book.assets.pending.is_empty());
    // A question to another mapper is worth nothing.
    world.keyed("x", Some("k"));
    world.publish_asked(&json!({"other": 1}));
    world.map(Ok(vec![wants("k", None)]));
    assert_eq!(world.book.runs.len(), 1);
    assert!(world.book.assets.pending.is_empty());
}

#[test]
fn s133_a_rollup_of_a_plugin_waits_for_what_it_has_said() {
    for (policy, needed) in [(None, 2), (Some(1), 1)] {
        let mut world = World::new();
        let class = "airflow.partition_mappers.wait_policy.MinimumCount";
        let wait = policy.map(|n| json!({"__type": class, "__var": {"n": n}}));
        let data = wait.map_or(json!({}), |wait| json!({"wait_policy": wait}));
        world.publish_asked(&data);
        for (n, key) in (1..).zip(["k1", "k1", "k2"]) {
            world.keyed("x", Some(key));
            world.map(Ok(vec![wants("k", Some(&["k1", "k2"]))]));
            world.play("restart");
            let n_runs = if needed == 1 { n } else { n / 3 };
            assert_eq!(world.book.runs.len(), n_runs, "{policy:?} {n}");
        }
    }
}

#[test]
fn s132_those_who_want_partitions_are_told_of_events_without() {
    let mut world = World::new();
    world.publish_partitioned("c", "!assets=x; t", &identity());
    world.publish("plain", "!assets=x; t");
    world.play("tick 1s");
    world.effects.clear();
    world.keyed("x", None);
    check(&world, expect![["plain running - of 1\n"]]);
    expect![[r#"
        missing partition key: asset `x` was updated by somebody without a partition, and these dags wait for partitions of it: c
    "#]]
    .assert_eq(&world.show_audit());
}

#[test]
fn s134_what_a_task_says_of_partitions() {
    let mut world = World::new();
    world.publish("d", "a out=x");
    world.publish_partitioned("c", "!assets=x; t", &identity());
    world.python = true;
    world.publish("d", "a kind=python out=x");
    drop(world.start("d", None));
    let event = |key: Json| {
        json!({"dest_asset_key": {"name": "x", "uri": "s3://x"}, "extra": {},
            "partition_key": key})
    };
    let outlet = model::execution::AssetRef {
        name: Some("x".to_owned()),
        uri: Some("s3://x".to_owned()),
        kind: "Asset".to_owned(),
    };
    let outlets = model::report::Outlets {
        assets: vec![outlet],
        events: vec![event(json!("k1")), event(json!("k2")), event(Json::Null)],
    };
    let outcome = Outcome::Success {
        xcoms: Vec::new(),
        skip: Vec::new(),
        outlets: Box::new(outlets),
    };
    let usage = Usage::default();
    let key = world.key("a");
    assert!(world.tell(key, Happened::Finished { outcome, usage }));
    check(
        &world,
        expect![[r#"
            c running k1 of 1
            c running k2 of 1
        "#]],
    );
    expect![[r#"
        missing partition key d r1 a[-1]#1: asset `x` was updated by task `a` of run `r1` of dag `d` without a partition, and these dags wait for partitions of it: c
    "#]].assert_eq(&world.show_audit());
    let ids: Vec<&str> = world.book.runs.values().map(|run| &*run.run_id).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
}
