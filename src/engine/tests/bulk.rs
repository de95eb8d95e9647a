//! Large dags: what it costs, counted and not timed.

use model::change::Change;

use super::{World, bare_task, dsl::trigger, parse_dag};
use crate::{decide, drain, step};
use model::{
    command::Command,
    dag::{Dag, OperatorKind},
    report::{Happened, Outcome, Report, Usage},
};

fn empties(n_tasks: usize, chain: bool) -> Dag {
    let mut dag = parse_dag("d", "");
    for at in 0..n_tasks {
        let mut task = bare_task(&format!("t{at}"));
        task.operator.kind = OperatorKind::Empty;
        if chain && at > 0 {
            task.upstream.push(at - 1);
            dag.tasks[at - 1].downstream.push(at);
        }
        dag.tasks.push(task);
    }
    dag
}

fn one_batch(n_tasks: usize, chain: bool) {
    let mut world = World::new();
    world.checks = false;
    world.publish_dag("d.yaml", std::sync::Arc::new(empties(n_tasks, chain)), "x");
    let ask = Command::TriggerRun(Box::new(trigger("d", None, None)));
    decide(&mut world.live, &world.book, ask, world.now);
    step(&mut world.live, &world.book, world.now);
    let drained = drain(&mut world.live);
    let new = drained.changes.iter().filter(|change| {
        matches!(change, Change::PutTaskInstance { was: None, ti, .. } if ti.state.is_finished())
    });
    assert_eq!(new.count(), n_tasks);
    assert_eq!(
        drained.changes.len(),
        n_tasks + 2,
        "and the run and the counters"
    );
    assert!(world.live.runs().next().is_none(), "it has left");
}

#[test]
fn empty_tasks_are_one_change_each() {
    one_batch(10_000, false);
    one_batch(10_000, true);
}

#[test]
fn a_step_is_bounded() {
    let mut world = World::new();
    world.checks = false;
    world.live.cascade_tasks_max = 100;
    world.publish_dag("d.yaml", std::sync::Arc::new(empties(250, true)), "x");
    let ask = Command::TriggerRun(Box::new(trigger("d", None, None)));
    decide(&mut world.live, &world.book, ask, world.now);
    let mut steps = 0;
    while world.live.next_wake().is_some_and(|at| at <= world.now) {
        world.batch();
        steps += 1;
    }
    assert_eq!(steps, 3);
    assert_eq!(
        world.book.runs.values().next().unwrap().state.as_str(),
        "success"
    );
}

/// Run with `--release -- --ignored --nocapture` for figures.
#[test]
#[ignore = "a measurement"]
fn figures() {
    for (n_dags, n_tasks, chain) in [
        (1, 10_000, false),
        (1, 10_000, true),
        (1, 100_000, true),
        (1_000, 10, true),
    ] {
        let mut world = World::new();
        world.checks = false;
        for no in 0..n_dags {
            let dag = Dag {
                dag_id: format!("d{no}").as_str().into(),
                ..empties(n_tasks, chain)
            };
            world.publish_dag(&format!("d{no}.yaml"), std::sync::Arc::new(dag), "x");
        }
        let mut spent = std::time::Duration::ZERO;
        let began = std::time::Instant::now();
        for no in 0..n_dags {
            let ask = trigger(&format!("d{no}"), None, None);
            let ask = Command::TriggerRun(Box::new(ask));
            decide(&mut world.live, &world.book, ask, world.now);
        }
        spent += began.elapsed();
        while world.live.next_wake().is_some_and(|at| at <= world.now) {
            let began = std::time::Instant::now();
            step(&mut world.live, &world.book, world.now);
            let drained = drain(&mut world.live);
            spent += began.elapsed();
            world.book.apply(drained.changes);
        }
        assert!(world.book.runs.values().all(|run| run.state.is_finished()));
        println!("{n_dags} dags of {n_tasks} empties, chain {chain}: {spent:?}");
    }
}

/// A list that a task returned is expanded over, and all instances end one after the other. Run
/// with `--release -- --ignored --nocapture` for figures.
#[test]
#[ignore = "a measurement"]
fn figures_of_mapping() {
    for dag in [
        "a; m:a expand=a; z:m",
        "a; m:a expand=a; n:m expand=10000",
        "a; !map.g=a; s:a in=g; t:s in=g; u:t in=g; z:u",
    ] {
        let mut world = World::new();
        world.checks = false;
        world.options.parallelism = 100_000;
        world.options.max_map_length = 100_000;
        world.live = crate::Live::new(world.options.clone());
        world.publish("d", &format!("!tasks=100000; {dag}"));
        world.play("pool default_pool=-1; start; a run");
        let fence = world
            .live
            .task_instance(world.key("a"))
            .and_then(|ti| ti.fence)
            .unwrap();
        let list = model::Json::Array(vec![model::Json::Null; 10_000]);
        let xcoms = vec![("return_value".to_owned(), list)];
        let (key, at) = (world.key("a"), world.now);
        let began = std::time::Instant::now();
        let what = success(xcoms);
        let word = Report {
            key,
            fence,
            at,
            what,
        };
        assert!(crate::report(&mut world.live, &world.book, word, at));
        step(&mut world.live, &world.book, at);
        let drained = drain(&mut world.live);
        println!("{dag}: expanded and started: {:?}", began.elapsed());
        let mut ends = Vec::new();
        for effect in drained.effects {
            if let model::effect::Effect::Start { key, fence, .. } = effect {
                let what = success(Vec::new());
                ends.push(Report {
                    key,
                    fence,
                    at,
                    what,
                });
            }
        }
        let (n_ends, began) = (ends.len(), std::time::Instant::now());
        for word in ends {
            assert!(crate::report(&mut world.live, &world.book, word, at));
            step(&mut world.live, &world.book, at);
            drain(&mut world.live);
        }
        println!(
            "{dag}: each of {n_ends} ends: {:?}",
            began.elapsed() / 10_000
        );
    }
}

fn success(xcoms: Vec<(String, model::Json)>) -> Happened {
    let outcome = Outcome::Success {
        xcoms,
        skip: Vec::new(),
        outlets: Box::default(),
    };
    let usage = Usage::default();
    Happened::Finished { outcome, usage }
}

/// Run with `--release -- --ignored --nocapture` for figures.
#[test]
#[ignore = "a measurement"]
fn figures_of_a_full_pool() {
    let mut world = World::new();
    world.checks = false;
    let mut dag = empties(100_000, false);
    for task in &mut dag.tasks {
        task.operator.kind = OperatorKind::Bash;
    }
    dag.max_active_tasks = 16;
    world.publish_dag("d.yaml", std::sync::Arc::new(dag), "x");
    let began = std::time::Instant::now();
    world.start("d", None);
    println!("100,000 ready, 16 started, written: {:?}", began.elapsed());
    let began = std::time::Instant::now();
    let run = world.live.runs().next().unwrap().no;
    for at in 0..1_000 {
        let (task, map) = (model::TaskNo(at), model::MapIndex::NONE);
        let key = model::TiKey { run, task, map };
        let fence = world
            .live
            .task_instance(key)
            .and_then(|ti| ti.fence)
            .unwrap();
        let outcome = Outcome::Success {
            xcoms: Vec::new(),
            skip: Vec::new(),
            outlets: Box::default(),
        };
        let what = Happened::Finished {
            outcome,
            usage: Usage::default(),
        };
        let word = Report {
            key,
            fence,
            at: world.now,
            what,
        };
        assert!(crate::report(&mut world.live, &world.book, word, world.now));
        step(&mut world.live, &world.book, world.now);
        assert_eq!(drain(&mut world.live).effects.len(), 1);
    }
    println!("1,000 ends and starts among them: {:?}", began.elapsed());
}
