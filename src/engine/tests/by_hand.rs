//! What people do to a group, to one instance and to a run's partition.

use expect_test::expect;
use model::{
    RunId, TaskId,
    command::{Command, Reply, SetGroupState},
    state::TaskInstanceState,
};

use super::{World, check};

impl World {
    pub fn drop_ti(&mut self, name: &str) {
        let key = self.key(name);
        self.ask(Command::DeleteTaskInstance { key });
    }
    pub fn mark_group(&mut self, of: (RunId, TaskId), state: &str, words: &[&str]) {
        let has = |flag: &str| words.contains(&flag);
        self.ask(Command::SetGroupState(Box::new(SetGroupState {
            dag_id: "d".into(),
            run_id: of.0,
            group_id: of.1.to_string(),
            state: TaskInstanceState::parse(state).unwrap(),
            include_upstream: has("+up"),
            include_downstream: has("+down"),
            include_future: has("+future"),
            include_past: has("+past"),
            dry_run: has("dry"),
            user: None,
        })));
    }
}

#[test]
fn a_group_is_set_as_one() {
    let dag = "a; !map.g=2; b:a in=g; c:b in=g; d:c; e:d";
    check(
        dag,
        "start; a ok; b[0] ok; b[1] fail; mark-group g success",
        expect![[r#"
            r1 running
              a success 1
              b[0] success 1
              b[1] success 1: set by hand
              c[0] success 1: set by hand
              c[1] success 0: set by hand
              d queued 1: handed to a worker, starting
              e no_status 0: waits for `d`
            start a#1, start b[0]#1, start b[1]#1, start c[0]#1, kill c[0], start d#1
        "#]],
    );
    let mut world = World::new();
    world.publish("d", dag);
    world.play("start; a ok; mark-group g skipped dry; mark-group h failed; mark-group g running");
    world.play("mark-group g failed; mark-group g failed +up; mark-group g failed +up");
    expect![[r#"
        r1 failed: task `a` failed
          a failed 1: set by hand
          b[0] failed 1: set by hand
          b[1] failed 1: set by hand
          c[0] failed 0: set by hand
          c[1] failed 0: set by hand
          d upstream_failed 0: upstream `c` failed
          e upstream_failed 0: upstream `d` failed
        start a#1, start b[0]#1, start b[1]#1, kill b[0], kill b[1]
        RUN-008 there is no task group `h` in dag `d`
        RUN-010 state `running` cannot be set by hand
        RUN-040 all task instances of group `g` are failed already: nothing to set
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn an_instance_is_deleted_and_its_run_goes_on() {
    check(
        "a; b:a; c:b",
        "start; a run; drop-ti a; restart",
        expect![[r#"
            r1 failed: no task can go on (all_tasks_deadlocked)
              b no_status 0
              c no_status 0
            start a#1, kill a
        "#]],
    );
    check(
        "a; m:a expand=3; z:m",
        "start; a ok; m[0] ok; drop-ti m[1]; restart; m[2] ok; drop-ti m[2]; drop-ti m[0]; restart; \
         drop-ti m[0]; z ok; clear z",
        expect![[r#"
            r1 running
              a success 1
              z queued 2: handed to a worker, starting
            start a#1, start m[0]#1, start m[1]#1, start m[2]#1, kill m[1], adopt m[2] if begun, start z#1, adopt z if begun, start z#2
            RUN-020 there is no such task instance
        "#]],
    );
    check(
        "a; b:a",
        "start; a ok; b fail; drop-ti b; clear a",
        expect![[r#"
            r1 running
              a queued 2: handed to a worker, starting
            start a#1, start b#1, start a#2
        "#]],
    );
}

#[test]
fn a_run_forgets_its_partition() {
    let mut world = World::new();
    world.publish("d", "a");
    world.play("start");
    let no = *world.book.runs.keys().next().unwrap();
    let ask = |run_id: &str| Command::ForgetPartition {
        dag_id: "d".into(),
        run_id: run_id.into(),
    };
    if let Some(run) = world.book.runs.get_mut(&no) {
        run.partition_key = Some("k".to_owned());
        run.partition_date = Some(world.now);
    }
    world.restart();
    assert!(matches!(world.ask(ask("r1")), Reply::Done));
    let run = &world.book.runs[&no];
    assert_eq!((&run.partition_key, run.partition_date), (&None, None));
    world.ask(ask("r2"));
    expect!["RUN-002 dag `d` has no run `r2`"].assert_eq(&world.replies.join("\n"));
}
