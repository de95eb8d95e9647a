//! What tasks of Python ask about assets, and that their events reach those who wait.

use std::sync::{Mutex, mpsc};

use model::{
    AssetNo, Fence, Json, TiKey,
    command::Command,
    execution::{Answer, Ask, Asker, AssetName, AssetRef, ErrorKind, TriggerFired},
    ports::Execution as _,
    report::{Happened, Outcome, Outlets, Usage},
    work::{Job, PythonTask, Work},
};
use serde_json::json;

use super::kit::{Node, Scripted};

fn asset(name: &str, watched: bool) -> Json {
    let watchers = json!([{"name": "w", "trigger": {"classpath": "t.T", "kwargs": {"a": 1}}}]);
    json!({"__type": "asset", "name": name, "uri": format!("s3://{name}/"), "group": "asset",
        "extra": {"e": 1}, "watchers": if watched { watchers } else { json!([]) }})
}

fn dag(dag_id: &str, timetable: &Json, inlets: &Json, outlets: &Json) -> Json {
    json!({"__version": 3, "dag": {
        "dag_id": dag_id, "fileloc": "/f.py", "relative_fileloc": "p.py", "timezone": "UTC",
        "timetable": timetable,
        "task_group": {"_group_id": null, "children": {"a": ["operator", "a"]}, "tooltip": "",
            "ui_color": "c", "ui_fgcolor": "f", "upstream_group_ids": [],
            "downstream_group_ids": [], "upstream_task_ids": [], "downstream_task_ids": [],
            "prefix_group_id": true},
        "tasks": [{"__type": "operator", "__var": {
            "task_id": "a", "task_type": "PythonOperator", "inlets": inlets, "outlets": outlets,
            "_task_module": "airflow.providers.standard.operators.python",
            "downstream_task_ids": []}}],
        "dag_dependencies": [], "edge_info": {}, "params": [],
    }})
}

struct Kit {
    node: Node,
    started: mpsc::Receiver<(TiKey, Fence, PythonTask)>,
}

impl Kit {
    /// A producer, a consumer of its asset, and one that waits for a watched asset.
    fn new() -> Self {
        let (tell, started) = mpsc::channel();
        let tell = Mutex::new(tell);
        let executor = Scripted::new(move |work: &Work| {
            if let Job::Python(task) = &work.job {
                let what = (work.key, work.fence, (**task).clone());
                tell.lock().unwrap().send(what).unwrap();
            }
            None
        });
        let none = json!({"__type": "airflow.timetables.simple.NullTimetable", "__var": {}});
        let by = |condition: Json| {
            json!({"__type": "airflow.timetables.simple.AssetTriggeredTimetable",
                "__var": {"asset_condition": condition}})
        };
        let alias = json!({"__type": "asset_alias", "name": "al", "group": "asset"});
        let texts = [
            dag(
                "p",
                &none,
                &json!([asset("in", false)]),
                &json!([asset("x", false), alias]),
            ),
            dag("c", &by(asset("x", false)), &json!([]), &json!([])),
            dag("w", &by(asset("watched", true)), &json!([]), &json!([])),
        ];
        let texts = texts.map(|dag| format!("# airflow\n{dag}\n"));
        let files = [
            ("p.py", &*texts[0]),
            ("c.py", &*texts[1]),
            ("w.py", &*texts[2]),
        ];
        let node = Node::new(&files, executor);
        Self { node, started }
    }
    fn next(&self) -> (Asker, PythonTask) {
        let wait = std::time::Duration::from_secs(20);
        let (key, fence, task) = self.started.recv_timeout(wait).unwrap();
        (Asker::Try { key, fence, n: 1 }, task)
    }
    fn ask(&self, who: &Asker, ask: Ask) -> Answer {
        let (tell, answer) = mpsc::channel();
        let give = Box::new(move |answer| tell.send(answer).unwrap());
        self.node.execution.ask(who.clone(), ask, give);
        answer
            .recv_timeout(std::time::Duration::from_secs(20))
            .unwrap()
    }
}

fn name(name: &str) -> AssetName {
    AssetName::Name(name.to_owned())
}

fn events_of(name: &str) -> Ask {
    Ask::GetAssetEventByAsset {
        name: Some(name.to_owned()),
        uri: None,
        after: None,
        before: None,
        limit: None,
        ascending: true,
    }
}

#[test]
#[allow(clippy::too_many_lines)] // One story from start to end.
fn s138_tasks_ask_about_assets_and_their_events_reach_consumers() {
    let kit = Kit::new();
    kit.node.trigger("p", "r", Json::Null);
    let (who, _) = kit.next();
    let ti_id = "any".to_owned();
    let inactive = Answer::InactiveAssetsResult {
        inactive_assets: Vec::new(),
    };
    assert_eq!(
        kit.ask(&who, Ask::ValidateInletsAndOutlets { ti_id }),
        inactive
    );
    let Answer::AssetResult(found) = kit.ask(&who, Ask::GetAsset { asset: name("x") }) else {
        panic!("no asset")
    };
    assert_eq!(
        (&*found.uri, found.extra),
        ("s3://x/", json!({"e": 1}).as_object().cloned())
    );
    let missing = kit.ask(
        &who,
        Ask::GetAsset {
            asset: AssetName::Uri("s3://no".to_owned()),
        },
    );
    assert!(matches!(
        missing,
        Answer::Error {
            kind: ErrorKind::AssetNotFound,
            ..
        }
    ));
    values(&kit, &who);

    let Asker::Try { key, fence, .. } = who.clone() else {
        panic!("no try")
    };
    let dest = |name: &str| json!({"name": name, "uri": format!("s3://{name}/")});
    let outlet = |kind: &str, name: &str| AssetRef {
        name: Some(name.to_owned()),
        uri: Some(format!("s3://{name}/")),
        kind: kind.to_owned(),
    };
    let outcome = Outcome::Success {
        xcoms: Vec::new(),
        skip: Vec::new(),
        outlets: Box::new(Outlets {
            assets: vec![outlet("Asset", "x"), outlet("AssetAlias", "al")],
            events: vec![
                json!({"dest_asset_key": dest("x"), "extra": {"rows": 3}}),
                json!({"source_alias_name": "al", "dest_asset_key": dest("new"),
                    "dest_asset_extra": {}, "extra": {"k": "v"}}),
            ],
        }),
    };
    let usage = Usage::default();
    kit.node
        .executor
        .tell(key, fence, vec![Happened::Finished { outcome, usage }]);
    // The consumer begins, and is told what it was made for.
    let (who, task) = kit.next();
    let run = &task.startup.ti_context.dag_run;
    assert_eq!(&*run.dag_id, "c");
    let [event] = &run.consumed_asset_events[..] else {
        panic!("{run:?}")
    };
    assert_eq!(event.extra, json!({"rows": 3}).as_object().unwrap().clone());
    assert_eq!(event.source_dag_id.as_deref(), Some("p"));
    let Answer::AssetEventsResult { asset_events } = kit.ask(&who, events_of("x")) else {
        panic!("no events")
    };
    assert_eq!(asset_events.len(), 1);
    assert_eq!(&*asset_events[0].created_dagruns[0].dag_id, "c");
    let by_alias = Ask::GetAssetEventByAssetAlias {
        alias_name: "al".to_owned(),
        after: None,
        before: None,
        limit: Some(5),
        ascending: false,
    };
    let Answer::AssetEventsResult { asset_events } = kit.ask(&who, by_alias) else {
        panic!("no events")
    };
    assert_eq!(asset_events[0].asset.name, "new");
    let alias_name = "al".to_owned();
    let Answer::AssetsByAliasResult { assets } =
        kit.ask(&who, Ask::GetAssetsByAlias { alias_name })
    else {
        panic!("no assets")
    };
    assert_eq!(assets[0].name, "new");
}

/// What an asset keeps.
fn values(kit: &Kit, who: &Asker) {
    let (asset, key) = (name("x"), "k".to_owned());
    let get = || Ask::GetAssetStateStore {
        asset: name("x"),
        key: "k".to_owned(),
    };
    let value = json!({"at": 1});
    let set = Ask::SetAssetStateStore {
        asset: asset.clone(),
        key: key.clone(),
        value: value.clone(),
    };
    let ok = Answer::OKResponse { ok: true };
    assert_eq!(kit.ask(who, set), ok);
    assert_eq!(kit.ask(who, get()), Answer::AssetStateStoreResult { value });
    assert_eq!(
        kit.ask(
            who,
            Ask::DeleteAssetStateStore {
                asset: asset.clone(),
                key
            }
        ),
        ok
    );
    assert!(matches!(
        kit.ask(who, get()),
        Answer::Error {
            kind: ErrorKind::AssetStoreNotFound,
            ..
        }
    ));
    assert_eq!(kit.ask(who, Ask::ClearAssetStateStore { asset }), ok);
}

#[test]
fn s140_a_watcher_in_the_triggerer_makes_runs() {
    let kit = Kit::new();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let created = loop {
        if let Some(created) = kit.node.triggerer.all().into_iter().next() {
            break created;
        }
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    };
    let id = created.split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(created, format!("create {id} t.T None"));
    kit.node.execution.trigger_fired(TriggerFired {
        trigger_id: id,
        payload: json!("news"),
        end: None,
        seq: Some(3),
    });
    let (_, task) = kit.next();
    let run = &task.startup.ti_context.dag_run;
    assert_eq!(&*run.dag_id, "w");
    let extra = json!({"from_trigger": true, "payload": "news"});
    assert_eq!(
        Json::Object(run.consumed_asset_events[0].extra.clone()),
        extra
    );
    while !kit.node.triggerer.all().contains(&"confirm 3".to_owned()) {
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    }
    let dag_id = "w".into();
    kit.node.command(Command::SetPaused {
        dag_id,
        paused: true,
    });
    while !kit.node.triggerer.all().contains(&format!("cancel {id}")) {
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    }
}

/// Run by hand, with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn a_thousand_consumers_of_one_event() {
    let timetable = json!({"__type": "airflow.timetables.simple.AssetTriggeredTimetable",
        "__var": {"asset_condition": asset("x", false)}});
    let mut text = "# airflow\n".to_owned();
    for n in 0..1_000 {
        let dag = dag(&format!("c{n}"), &timetable, &json!([]), &json!([]));
        text += &format!("{dag}\n");
    }
    let node = Node::new(&[("c.py", &text)], Scripted::new(|_| None));
    for _ in 0..5 {
        let since = std::time::Instant::now();
        let reply = node.command(Command::AddAssetEvent {
            asset: AssetNo(1),
            extra: model::JsonMap::new(),
            partition_key: None,
        });
        eprintln!(
            "1,000 runs queued and in the book: {:?} {reply:?}",
            since.elapsed()
        );
    }
}
