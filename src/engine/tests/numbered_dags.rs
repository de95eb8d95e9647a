//! Upstream's numbered behaviours of dags: their versions, their dates, their end.

use std::sync::Arc;

use expect_test::{Expect, expect};
use model::{
    Timestamp,
    command::{Command, Reply},
    schedule::Schedule,
};

use super::{World, dag_text::parse_dag};

#[test]
fn s025_runs_of_a_list_of_dates() {
    let date = |text: &str| Timestamp::parse(text).unwrap();
    let mut dag = parse_dag("d", "a kind=empty; ! catchup=yes");
    dag.schedule = Schedule::Events {
        dates: ["2025-12-30", "2026-01-02", "2026-01-03"]
            .map(date)
            .to_vec(),
        restrict_to_events: true,
        description: None,
        summary: None,
    };
    let mut world = World::new();
    world.publish_dag("d.yaml", Arc::new(dag), "d");
    world.play("tick 1d; tick 6h");
    let dates: Vec<_> = world
        .book
        .runs
        .values()
        .map(|run| run.logical_date)
        .collect();
    assert_eq!(
        dates,
        ["2025-12-30", "2026-01-02"].map(|text| Some(date(text)))
    );
    // A run by hand belongs to the event before it.
    world.start("d", Some("2026-01-02T05:00:00Z"));
    let last = world.book.runs.values().last().unwrap();
    let interval = last.data_interval.unwrap();
    assert_eq!(interval.start, date("2026-01-02"));
    world.play("tick 9d");
    assert_eq!(world.book.runs.len(), 4);
}

#[test]
fn s148_a_version_is_overwritten_until_a_run_follows_it() {
    let mut world = World::new();
    let versions = |world: &World| world.book.versions.len();
    world.publish("d", "a");
    world.publish("d", "a; b:a");
    assert_eq!(versions(&world), 1, "nobody has seen the first");
    world.start("d", None);
    world.publish("d", "a; b:a");
    assert_eq!(versions(&world), 1, "nothing has changed");
    world.publish("d", "a; b:a; c:b");
    assert_eq!(versions(&world), 2);
    world.publish("d", "a; b:a; c");
    assert_eq!(versions(&world), 2, "nobody has seen the second");
    let run = world.book.runs.values().next().unwrap();
    assert_eq!(run.version.0, 1);
}

#[test]
fn s155_a_dag_is_deleted_with_all_of_it_unless_a_task_runs() {
    let mut world = World::new();
    world.publish("d", "a; b:a");
    world.start("d", None);
    world.play("a run");
    let dag_id = model::DagId::from("d");
    let delete = Command::DeleteDag { dag_id };
    let Reply::Refused(refusal) = world.ask(delete.clone()) else {
        panic!("a task runs");
    };
    assert_eq!(refusal.code, "RUN-009");
    world.play("a ok");
    assert!(matches!(world.ask(delete.clone()), Reply::Done));
    let book = &world.book;
    assert!(book.dags.is_empty() && book.runs.is_empty() && book.tis.is_empty());
    assert!(book.versions.is_empty() && book.names.is_empty());
    let Reply::Refused(refusal) = world.ask(delete) else {
        panic!("it is gone");
    };
    assert_eq!(refusal.code, "RUN-001");
}

#[test]
fn s146_each_clear_counts_and_a_running_run_goes_on() {
    let mut world = World::new();
    world.publish("d", "a retries=2; b:a");
    world.start("d", None);
    world.play("a run; a ok; b run; tick 1m; clear a");
    let run = |world: &World| world.book.runs.values().next().unwrap().clone();
    let cleared = run(&world);
    assert_eq!(
        (cleared.state.as_str(), cleared.clear_number),
        ("running", 1)
    );
    assert_eq!(cleared.queued_at, Some(world.now));
    assert_eq!(world.book.tis[&world.key("a")].max_tries, 3);
    world.play("a run; a ok; b ok; tick 1m; clear b");
    let cleared = run(&world);
    assert_eq!(
        (cleared.state.as_str(), cleared.clear_number),
        ("running", 2)
    );
    assert_eq!(cleared.start_date, Some(world.now));
    // Left as it is where the run is not to be reset.
    world.play("b run; b ok; clear b keep");
    let cleared = run(&world);
    assert_eq!(
        (cleared.state.as_str(), cleared.clear_number),
        ("success", 2)
    );
}

#[test]
fn s147_what_a_clear_refuses_and_a_dry_run_does_not() {
    let mut world = World::new();
    world.publish("d", "a; b:a");
    world.start("d", None);
    world.play("a run; clear a careful dry");
    assert_eq!(world.replies, [""; 0]);
    world.play("clear a careful; clear r1.a +past; clear r1.a +future");
    let codes: Vec<&str> = world.replies.iter().map(|reply| &reply[..7]).collect();
    assert_eq!(codes, ["RUN-009", "RUN-091", "RUN-091"]);
}

/// What ran without an index keeps that where others say how many there are; where the version
/// itself does, it is removed. Cleared it becomes the first of them.
#[test]
fn s040_what_ran_alone_and_is_mapped_now() {
    let mut world = World::new();
    world.python = true;
    world.publish("d", "a; m:a; n:a; z:m,n");
    world.play("start; a returns 2; m ok; n run");
    world.publish("d", "a; m:a expand=a; n:a expand=2; z:m,n");
    let now = |world: &World, expected: Expect| expected.assert_eq(&world.show());
    now(
        &world,
        expect![[r#"
        r1 running
          a success 1
          m success 1
          n removed 1: the task is mapped now, and this is none of its indexes: clear it to have them run
          z queued 1: handed to a worker, starting
        start a#1, start m#1, start n#1, kill n, start z#1
    "#]],
    );
    world.play("clear m; clear n; restart");
    now(
        &world,
        expect![[r#"
        r1 running
          a success 1
          m[0] queued 2: handed to a worker, starting
          m[1] queued 1: handed to a worker, starting
          n[0] queued 2: handed to a worker, starting
          n[1] queued 1: handed to a worker, starting
          z queued 1: handed to a worker, starting
        start a#1, start m#1, start n#1, kill n, start z#1, start m[0]#2, start m[1]#1, start n[0]#2, start n[1]#1, adopt m[0] if begun, adopt n[0] if begun, adopt z if begun, adopt m[1] if begun, adopt n[1] if begun
    "#]],
    );
    world.play("m[0] ok; m[1] ok; n[0] ok; n[1] ok; z ok");
    now(
        &world,
        expect![[r#"
        r1 success
          a success 1
          m[0] success 2
          m[1] success 1
          n[0] success 2
          n[1] success 1
          z success 1
        start a#1, start m#1, start n#1, kill n, start z#1, start m[0]#2, start m[1]#1, start n[0]#2, start n[1]#1, adopt m[0] if begun, adopt n[0] if begun, adopt z if begun, adopt m[1] if begun, adopt n[1] if begun
    "#]],
    );
    // Of a finished run that is to follow the newest version the same, after it was cleared.
    world.publish("d", "a; m:a; n:a; z:m,n");
    world.play("start; a returns 1; m ok; n ok; z ok");
    world.publish("d", "a; m:a expand=a; n:a expand=1; z:m,n");
    let others = world.effects.len();
    world.play("clear r2.n latest; drop-run r1");
    world.effects.drain(..others);
    now(
        &world,
        expect![[r#"
        r2 success
          a success 1
          m success 1
          n removed 1: the task is mapped now, and this is none of its indexes: clear it to have them run
          z success 1
        deleted r1
    "#]],
    );
    world.play("clear r2.m +down; clear r2.n; restart");
    now(
        &world,
        expect![[r#"
        r2 running
          a success 1
          m[0] queued 2: handed to a worker, starting
          n[0] queued 2: handed to a worker, starting
          z no_status 1: waits for `m`, `n`
        deleted r1, start r2.m[0]#2, start r2.n[0]#2, adopt r2.m[0] if begun, adopt r2.n[0] if begun
    "#]],
    );
}

/// What ran by index keeps its indexes where it is not mapped any more, and runs by them.
#[test]
fn s040_what_was_mapped_and_is_not_any_more() {
    let mut world = World::new();
    world.publish("d", "a; m:a expand=3; z:m");
    world.play("start; a ok; m[0] ok; m[1] run");
    world.publish("d", "a; m:a retries=1; z:m");
    world.play("restart; m[1] ok; m[2] ok; z ok; clear r1.m +down; restart");
    expect![[r#"
        r1 running
          a success 1
          m[0] queued 2: handed to a worker, starting
          m[1] queued 2: handed to a worker, starting
          m[2] queued 2: handed to a worker, starting
          z no_status 1: waits for `m` and 2 more
        start a#1, start m[0]#1, start m[1]#1, start m[2]#1, adopt m[1], adopt m[2] if begun, start z#1, start m[0]#2, start m[1]#2, start m[2]#2, adopt m[0] if begun, adopt m[1] if begun, adopt m[2] if begun
    "#]].assert_eq(&world.show());
    world.play("m[0] ok; m[1] ok; m[2] ok");
    expect![[r#"
        r1 running
          a success 1
          m[0] success 2
          m[1] success 2
          m[2] success 2
          z queued 2: handed to a worker, starting
        start a#1, start m[0]#1, start m[1]#1, start m[2]#1, adopt m[1], adopt m[2] if begun, start z#1, start m[0]#2, start m[1]#2, start m[2]#2, adopt m[0] if begun, adopt m[1] if begun, adopt m[2] if begun, start z#2
    "#]].assert_eq(&world.show());
}
