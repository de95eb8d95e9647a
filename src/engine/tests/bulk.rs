//! Large dags: what it costs, counted and not timed.

use model::change::Change;

use super::{
    World,
    dsl::{bare_task, parse_dag, trigger},
};
use crate::{decide, drain, step};
use model::{
    command::Command,
    dag::{Dag, OperatorKind},
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

/// Run with `--release --ignored --nocapture` for figures.
#[test]
#[ignore = "a measurement"]
fn figures() {
    for (n_tasks, chain) in [(10_000, false), (10_000, true), (100_000, true)] {
        let began = std::time::Instant::now();
        one_batch(n_tasks, chain);
        println!("{n_tasks} empties, chain {chain}: {:?}", began.elapsed());
    }
}
