//! Dag files: versions, what goes stale, what is broken, what is said twice.

use std::sync::Arc;

use expect_test::{Expect, expect};
use model::{
    change::ImportError,
    command::{Command, PublishFile},
};

use super::{World, dsl::file, parse_dag};

fn shown(world: &World, expect: Expect) {
    let mut out = String::new();
    for row in world.book.dags.values() {
        let state = match (row.is_paused, row.is_stale) {
            (false, false) => "",
            (true, false) => " paused",
            (false, true) => " stale",
            (true, true) => " paused stale",
        };
        out += &format!("{} v{} of {}{state}\n", row.dag_id, row.version, row.file);
    }
    for file in world.book.files.values() {
        let error = file
            .error
            .as_ref()
            .map(|e| format!(": {} {}", e.code, e.message));
        out += &format!(
            "{} {:?}{}\n",
            file.path,
            file.dags,
            error.unwrap_or_default()
        );
    }
    expect.assert_eq(&out);
}

#[test]
fn a_version_is_made_when_runs_follow_the_last() {
    let mut world = World::new();
    world.publish("d", "a");
    world.publish("d", "a; b");
    world.publish("d", "a; b");
    shown(
        &world,
        expect![[r#"
        d v1 of d.yaml
        d.yaml [DagNo(1)]
    "#]],
    );
    world.play("start");
    world.publish("d", "a; b; c");
    world.publish("d", "a;  b; c");
    shown(
        &world,
        expect![[r#"
        d v2 of d.yaml
        d.yaml [DagNo(1)]
    "#]],
    );
    world.play("a ok; b ok; start");
    expect![[r#"
        r1 success
          a success 1
          b success 1
        r2 running
          a queued 1: handed to a worker, starting
          b queued 1: handed to a worker, starting
          c queued 1: handed to a worker, starting
        start r1.a#1, start r1.b#1, start r2.a#1, start r2.b#1, start r2.c#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn broken_files_keep_their_last_good_dags() {
    let mut world = World::new();
    world.publish("d", "a");
    let mut broken = file("d.yaml", "x");
    broken.error = Some(ImportError {
        at: world.now,
        code: "DAG-002".to_owned(),
        message: "no YAML".to_owned(),
        line: Some(1),
        column: None,
    });
    let dags = Vec::new();
    world.ask(Command::PublishFile(Box::new(PublishFile {
        file: broken,
        dags,
    })));
    shown(
        &world,
        expect![[r#"
        d v1 of d.yaml
        d.yaml [DagNo(1)]: DAG-002 no YAML
    "#]],
    );
    world.play("start");
    expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
        start a#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn a_dag_is_said_once() {
    let mut world = World::new();
    world.publish("d", "a");
    world.publish_dag("e.yaml", Arc::new(parse_dag("d", "b")), "b");
    shown(
        &world,
        expect![[r#"
        d v1 of d.yaml
        d.yaml [DagNo(1)]
        e.yaml []: RUN-021 dag `d` of e.yaml is in d.yaml already: rename one of them or remove one file
    "#]],
    );
    world.ask(Command::RemoveFile {
        path: "d.yaml".to_owned(),
    });
    shown(
        &world,
        expect![[r#"
        d v1 of d.yaml stale
        e.yaml []: RUN-021 dag `d` of e.yaml is in d.yaml already: rename one of them or remove one file
    "#]],
    );
    world.publish_dag("e.yaml", Arc::new(parse_dag("d", "b")), "b");
    shown(
        &world,
        expect![[r#"
        d v1 of e.yaml
        e.yaml [DagNo(1)]
    "#]],
    );
}

#[test]
fn dags_go_when_deleted() {
    let mut world = World::new();
    world.publish("d", "a");
    world.play("start; a run");
    world.ask(Command::DeleteDag { dag_id: "d".into() });
    world.play("a ok; start");
    world.ask(Command::DeleteDag { dag_id: "d".into() });
    world.ask(Command::DeleteDag { dag_id: "d".into() });
    assert!(world.book.runs.is_empty() && world.book.dags.is_empty());
    world.publish("d", "a");
    world.play("start");
    expect![[r#"
        r3 running
          a queued 1: handed to a worker, starting
        start ?#1, start ?#1, deleted r1, kill ?, deleted r2, start r3.a#1
        RUN-009 `a` is running: wait for it, or set its state first
        RUN-001 there is no dag `d`
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn new_dags_may_be_paused() {
    let mut world = World::new();
    world.publish("d", "!paused=yes; a");
    world.play("start");
    expect![[r#"
        r1 queued: the dag is paused
          a no_status 0: the dag is paused
    "#]]
    .assert_eq(&world.show());
}
