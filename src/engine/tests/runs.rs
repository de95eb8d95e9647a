//! Runs: when they start, how many, how they end.

use expect_test::expect;
use model::{
    Json,
    command::{Command, Reply},
    state::DagRunType,
};

use super::{World, check, dsl::trigger, parse_dag};

#[test]
fn s035_so_many_runs_at_once() {
    check(
        "!runs=1; a",
        "start; start",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
        r2 queued: 1 of 1 runs of the dag are active (max_active_runs)
          a no_status 0: 1 of 1 runs of the dag are active (max_active_runs)
        start r1.a#1
    "#]],
    );
    check(
        "!runs=1; a",
        "start; start; r1.a ok",
        expect![[r#"
        r1 success
          a success 1
        r2 running
          a queued 1: handed to a worker, starting
        start r1.a#1, start r2.a#1
    "#]],
    );
}

#[test]
fn s033_paused_dags_finish_what_runs() {
    check(
        "a; b:a; c",
        "start; a run; pause; a ok; c ok; start",
        expect![[r#"
            r1 running: the dag is paused
              a success 1
              b no_status 0: the dag is paused
              c success 1
            r2 queued: the dag is paused
              a no_status 0: the dag is paused
              b no_status 0: the dag is paused; waits for `a`
              c no_status 0: the dag is paused
            start r1.a#1, start r1.c#1
        "#]],
    );
    check(
        "a; b:a; c",
        "start; a run; pause; a ok; c ok; start; unpause",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
              c success 1
            r2 running
              a queued 1: handed to a worker, starting
              b no_status 0: waits for `a`
              c queued 1: handed to a worker, starting
            start r1.a#1, start r1.c#1, start r2.a#1, start r1.b#1, start r2.c#1
        "#]],
    );
    check(
        "a",
        "start; pause; a ok",
        expect![[r#"
        r1 success
          a success 1
        start a#1
    "#]],
    );
    check(
        "a pool=p",
        "pool p=0; start; pause; pool p=1; unpause",
        expect![[r#"
            r1 running
              a queued 1: handed to a worker, starting
            start a#1
        "#]],
    );
}

/// Their runs wait too, though nothing is left of them to do.
#[test]
fn s032_dags_without_a_file_wait_for_it() {
    let mut world = World::new();
    world.publish("d", "a; b:a");
    let mut seen = String::new();
    for words in ["start; a ok; gone; b ok; start", "restart", "pause"] {
        world.play(words);
        seen += &format!("-- {words}\n{}", world.show());
    }
    world.play("unpause");
    world.publish("d", "a; b:a");
    world.play("start; a ok; gone; b ok");
    seen += &format!("-- again\n{}", world.show());
    world.publish("d", "a; b:a");
    seen += &format!("-- put back\n{}", world.show());
    expect![[r#"
        -- start; a ok; gone; b ok; start
        r1 running: the dag's file is gone
          a success 1
          b success 1
        start r1.a#1, start r1.b#1
        RUN-019 dag `d` is not in the dag folder any more: put its file back
        -- restart
        r1 running: the dag's file is gone
          a success 1
          b success 1
        start r1.a#1, start r1.b#1
        RUN-019 dag `d` is not in the dag folder any more: put its file back
        -- pause
        r1 success
          a success 1
          b success 1
        start r1.a#1, start r1.b#1
        RUN-019 dag `d` is not in the dag folder any more: put its file back
        -- again
        r1 success
          a success 1
          b success 1
        r3 running: the dag's file is gone
          a success 1
          b success 1
        start r1.a#1, start r1.b#1, start r3.a#1, start r3.b#1
        RUN-019 dag `d` is not in the dag folder any more: put its file back
        -- put back
        r1 success
          a success 1
          b success 1
        r3 success
          a success 1
          b success 1
        start r1.a#1, start r1.b#1, start r3.a#1, start r3.b#1
        RUN-019 dag `d` is not in the dag folder any more: put its file back
    "#]]
    .assert_eq(&seen);
}

#[test]
fn runs_time_out() {
    check(
        "!timeout=1h; a; b:a; c",
        "start; a run; c defer; tick 1h",
        expect![[r#"
            r1 failed: the run took longer than 3600 s (dagrun_timeout)
              a skipped 1: the run took longer than 3600 s (dagrun_timeout)
              b skipped 0: the run took longer than 3600 s (dagrun_timeout)
              c skipped 1: the run took longer than 3600 s (dagrun_timeout)
            start a#1, start c#1, arm c, kill a, disarm c
        "#]],
    );
    check(
        "!timeout=1h; a",
        "start; a ok; tick 2h",
        expect![[r#"
        r1 success
          a success 1
        start a#1
    "#]],
    );
}

#[test]
fn s064_to_s065_the_past_must_have_ended_well() {
    let dag = "a past=yes; b:a";
    check(
        dag,
        "start 2025-12-01; start 2025-12-02",
        expect![[r#"
        r1 running
          a queued 1: handed to a worker, starting
          b no_status 0: waits for `a`
        r2 running
          a no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
          b no_status 0: waits for `a`
        start r1.a#1
    "#]],
    );
    check(
        dag,
        "start 2025-12-01; start 2025-12-02; r1.a ok",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
            r2 running
              a queued 1: handed to a worker, starting
              b no_status 0: waits for `a`
            start r1.a#1, start r2.a#1, start r1.b#1
        "#]],
    );
    check(
        dag,
        "start 2025-12-01; r1.a fail; start 2025-12-02",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
              b upstream_failed 0: upstream `a` failed
            r2 running
              a no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
              b no_status 0: waits for `a`
            start r1.a#1
        "#]],
    );
    check(
        dag,
        "start 2025-12-01; r1.a fail; start 2025-12-02; mark r1.a success",
        expect![[r#"
            r1 running
              a success 1: set by hand by ada
              b queued 1: handed to a worker, starting
            r2 running
              a queued 1: handed to a worker, starting
              b no_status 0: waits for `a`
            start r1.a#1, start r2.a#1, start r1.b#1
        "#]],
    );
    check(
        dag,
        "start 2025-12-01; r1.a fail; start 2025-12-02; restart; clear r1.a; r1.a ok",
        expect![[r#"
            r1 failed: task `b` failed
              a success 2
              b upstream_failed 0: upstream `a` failed
            r2 running
              a queued 1: handed to a worker, starting
              b no_status 0: waits for `a`
            start r1.a#1, start r1.a#2, start r2.a#1
        "#]],
    );
    let down = "a wait_down=yes; b:a";
    check(
        down,
        "start 2025-12-01; r1.a ok; start 2025-12-02",
        expect![[r#"
            r1 running
              a success 1
              b queued 1: handed to a worker, starting
            r2 running
              a no_status 0: the run before, `r1`, has not ended well here (depends_on_past)
              b no_status 0: waits for `a`
            start r1.a#1, start r1.b#1
        "#]],
    );
    check(
        down,
        "start 2025-12-01; r1.a ok; start 2025-12-02; r1.b ok",
        expect![[r#"
            r1 success
              a success 1
              b success 1
            r2 running
              a queued 1: handed to a worker, starting
              b no_status 0: waits for `a`
            start r1.a#1, start r1.b#1, start r2.a#1
        "#]],
    );
}

#[test]
fn s028_to_s030_runs_by_hand_and_by_id() {
    let mut world = World::new();
    world.publish("d", "!only=manual; a");
    let mut ask = |id: Option<&str>, date: Option<&str>, run_type| {
        let mut ask = trigger("d", id, date);
        ask.run_type = run_type;
        world.ask(Command::TriggerRun(Box::new(ask)));
    };
    ask(None, None, DagRunType::Manual);
    ask(None, None, DagRunType::Manual);
    ask(Some("x y"), None, DagRunType::Manual);
    ask(Some("a..b"), None, DagRunType::Manual);
    ask(Some("scheduled__1"), None, DagRunType::Manual);
    ask(Some("manual__1"), Some("2026-01-05"), DagRunType::Manual);
    ask(Some("manual__2"), Some("2026-01-05"), DagRunType::Manual);
    ask(Some("op"), None, DagRunType::OperatorTriggered);
    world.ask(Command::TriggerRun(Box::new(trigger("e", None, None))));
    expect![[r#"
        manual__2026-01-01T00:00:00+00:00 running
          a queued 1: handed to a worker, starting
        manual__1 running: the logical date 2026-01-05T00:00:00Z is in the future
          a no_status 0: the logical date 2026-01-05T00:00:00Z is in the future
        start a#1
        RUN-005 dag `d` has a run `manual__2026-01-01T00:00:00+00:00` already: choose another dag_run_id, or clear that run
        RUN-003 `x y` is no run id: use at most 250 of letters, digits and `_ . ~ : + -`, without `..`
        RUN-003 `a..b` is no run id: use at most 250 of letters, digits and `_ . ~ : + -`, without `..`
        RUN-004 run id `scheduled__1` begins with `scheduled__`, which is kept for runs of that type: choose another
        RUN-006 dag `d` has a run with logical date 2026-01-05T00:00:00Z already: choose another date or null, or clear that run
        RUN-007 dag `d` does not allow operator_triggered runs (allowed_run_types)
        RUN-001 there is no dag `e`
    "#]].assert_eq(&world.show());
}

#[test]
fn s151_a_run_by_a_task_has_the_interval_of_its_own_time() {
    let mut world = World::new();
    world.publish("d", "a; ! cron=@daily from=2030-01-01");
    for (run_type, date) in [
        (DagRunType::Manual, "2025-12-24"),
        (DagRunType::OperatorTriggered, "2025-12-25"),
    ] {
        let mut ask = trigger("d", Some(run_type.as_str()), Some(date));
        ask.run_type = run_type;
        world.ask(Command::TriggerRun(Box::new(ask)));
    }
    let shown = world.book.runs.values().map(|run| {
        let interval = run.data_interval.unwrap();
        format!("{} {}", run.run_id, interval.start)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "manual 2025-12-24T00:00:00Z",
            "operator_triggered 2026-01-01T00:00:00Z"
        ]
    );
}

#[test]
fn s040_a_run_outside_of_the_dates_of_its_tasks_has_none() {
    let mut dag = parse_dag("d", "a; b:a; c");
    dag.start_date = Some(model::Timestamp::parse("2025-12-10").unwrap());
    dag.tasks.get_mut(2).unwrap().end_date = Some(model::Timestamp::parse("2025-12-20").unwrap());
    let mut world = World::new();
    world.publish_dag("d.yaml", std::sync::Arc::new(dag), "x");
    for date in ["2025-12-09", "2025-12-10", "2025-12-24"] {
        world.ask(Command::TriggerRun(Box::new(trigger(
            "d",
            Some(date),
            Some(date),
        ))));
    }
    world.play("clear 2025-12-09.*");
    expect![[r#"
        2025-12-09 success
        2025-12-10 running
          a queued 1: handed to a worker, starting
          b no_status 0: waits for `a`
          c queued 1: handed to a worker, starting
        2025-12-24 running
          a queued 1: handed to a worker, starting
          b no_status 0: waits for `a`
        start a#1, start c#1, start a#1
    "#]]
    .assert_eq(&world.show());
    assert_eq!(world.book.tis.len(), 5);
}

/// It is never done: what waits for it waits for ever, and a run in which all do so fails.
#[test]
fn s044_what_waits_for_a_task_that_the_run_does_not_have() {
    for (below, expected) in [
        ("b:a,c", "b no_status"),
        ("b:a,c rule=all_done", "b no_status"),
        ("b:a,c rule=one_success", "b success"),
        ("b:a,c rule=always", "b success"),
        ("b:a,c past=yes", "b no_status"),
        ("b:a,c expand=2", "b[0] no_status"),
    ] {
        let mut dag = parse_dag("d", &format!("a; c; {below}"));
        dag.tasks.get_mut(0).unwrap().start_date = model::Timestamp::parse("2030-01-01").ok();
        let mut world = World::new();
        world.publish_dag("d.yaml", std::sync::Arc::new(dag), "x");
        let run = trigger("d", Some("r1"), Some("2025-12-24"));
        world.ask(Command::TriggerRun(Box::new(run)));
        world.play("c ok");
        if expected.ends_with("success") {
            world.play("b ok");
        }
        let seen = world.show();
        assert!(seen.contains(expected), "{below}:\n{seen}");
        let ends = match below {
            "b:a,c past=yes" => "r1 running",
            _ if expected.ends_with("success") => "r1 success",
            _ => "r1 failed: no task can go on",
        };
        assert!(seen.contains(ends), "{below}:\n{seen}");
        world.play("restart");
        assert!(world.show().contains(ends), "{below}:\n{}", world.show());
    }
}

#[test]
fn s064_a_run_without_the_task_is_none_that_was_before_it() {
    let mut dag = parse_dag("d", "!runs=1; a past=yes");
    dag.start_date = Some(model::Timestamp::parse("2025-12-10").unwrap());
    let mut world = World::new();
    world.publish_dag("d.yaml", std::sync::Arc::new(dag), "x");
    for date in ["2025-12-20", "2025-12-09", "2025-12-10"] {
        let run = trigger("d", Some(date), Some(date));
        world.ask(Command::TriggerRun(Box::new(run)));
    }
    // The second one ends at once, and is still in memory when the third one looks back at it.
    world.play("2025-12-20.a ok");
    expect![[r#"
        2025-12-20 success
          a success 1
        2025-12-09 success
        2025-12-10 running
          a queued 1: handed to a worker, starting
        start a#1, start a#1
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s136_a_run_by_hand_may_be_for_a_partition() {
    let by_day = serde_json::json!({
        "expression": "0 0 * * *", "timezone": "Asia/Taipei", "run_offset": 0,
        "run_immediately": false, "key_format": "%Y-%m-%d",
    });
    let by_month = serde_json::json!({
        "asset_condition": {"__type": "asset", "__var": {"name": "x", "uri": "x://x"}},
        "default_partition_mapper": {"__type": "airflow.partition_mappers.temporal.StartOfMonthMapper",
            "__var": {"timezone": "UTC", "input_format": "%Y-%m-%d", "output_format": "%Y-%m"}},
        "partition_mapper_config": [],
    });
    let table = [
        ("trigger.CronPartitionTimetable", by_day),
        ("simple.PartitionedAssetTimetable", by_month),
        ("simple.PartitionedAtRuntime", serde_json::json!({})),
        ("simple.NullTimetable", serde_json::json!({})),
    ];
    let mut told = String::new();
    for (class, data) in table {
        let mut dag = parse_dag("d", "a");
        dag.schedule =
            crate::timetable::decode(&format!("airflow.timetables.{class}"), &data).unwrap();
        let mut world = World::new();
        world.publish_dag("d.yaml", std::sync::Arc::new(dag), "x");
        for key in ["2025-12-24", "2025-12", " "] {
            let mut ask = trigger("d", None, None);
            ask.run_id = Some(format!("r{}", key.len()).into());
            ask.partition_key = Some(key.to_owned());
            let reply = world.ask(Command::TriggerRun(Box::new(ask)));
            let refused = if let Reply::Refused(refusal) = reply {
                Some(refusal.code)
            } else {
                None
            };
            let code = refused.unwrap_or("made");
            told += &format!("{class} `{key}`: {code}\n");
        }
        for run in world.book.runs.values() {
            told += &format!(
                "  {:?} {:?}\n",
                run.partition_key,
                run.partition_date.map(|at| at.to_string())
            );
        }
    }
    expect![[r#"
        trigger.CronPartitionTimetable `2025-12-24`: made
        trigger.CronPartitionTimetable `2025-12`: RUN-092
        trigger.CronPartitionTimetable ` `: RUN-092
          Some("2025-12-24") Some("2025-12-23T16:00:00Z")
        simple.PartitionedAssetTimetable `2025-12-24`: RUN-092
        simple.PartitionedAssetTimetable `2025-12`: made
        simple.PartitionedAssetTimetable ` `: RUN-092
          Some("2025-12") Some("2025-12-01T00:00:00Z")
        simple.PartitionedAtRuntime `2025-12-24`: made
        simple.PartitionedAtRuntime `2025-12`: made
        simple.PartitionedAtRuntime ` `: RUN-092
          Some("2025-12-24") None
          Some("2025-12") None
        simple.NullTimetable `2025-12-24`: RUN-092
        simple.NullTimetable `2025-12`: RUN-092
        simple.NullTimetable ` `: RUN-092
    "#]]
    .assert_eq(&told);
}

#[test]
fn s151_a_trigger_may_run_an_existing_one_again() {
    let mut world = World::new();
    world.publish("d", "a");
    world.play("start; a ok");
    let mut ask = trigger("d", Some("r1"), None);
    ask.reset = true;
    world.ask(Command::TriggerRun(Box::new(ask)));
    expect![[r#"
        r1 running
          a queued 2: handed to a worker, starting
        start a#1, start a#2
    "#]]
    .assert_eq(&world.show());
}

#[test]
fn s031_conf_is_kept_as_it_was_given() {
    let mut dag = parse_dag("d", "a");
    for (name, default) in [
        ("x", Json::from(1)),
        ("o", serde_json::json!({"a": 1, "b": 2})),
    ] {
        dag.params.push(model::dag::Param {
            name: name.to_owned(),
            default: Some(default),
            description: None,
            schema: serde_json::json!({}),
            source: None,
        });
    }
    let mut world = World::new();
    world.publish_dag("d.yaml", std::sync::Arc::new(dag), "x");
    let mut ask = trigger("d", Some("r1"), None);
    ask.conf = serde_json::json!({"o": {"b": 3}, "y": 4});
    assert!(matches!(
        world.ask(Command::TriggerRun(Box::new(ask))),
        Reply::Run { .. }
    ));
    let conf = &world.book.runs.values().next().unwrap().conf;
    assert_eq!(*conf, serde_json::json!({"o": {"b": 3}, "y": 4}));
}

#[test]
fn a_dag_that_keeps_failing_is_paused() {
    check(
        "!failures=2; a",
        "start; a fail; start; a fail; start",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
            r2 failed: task `a` failed
              a failed 1: it broke
            r3 queued: the dag is paused
              a no_status 0: the dag is paused
            start r1.a#1, start r2.a#1
        "#]],
    );
    check(
        "!failures=2; a",
        "start; a fail; start; a ok; start; a fail; start; ",
        expect![[r#"
            r1 failed: task `a` failed
              a failed 1: it broke
            r2 success
              a success 1
            r3 failed: task `a` failed
              a failed 1: it broke
            r4 running
              a queued 1: handed to a worker, starting
            start r1.a#1, start r2.a#1, start r3.a#1, start r4.a#1
        "#]],
    );
}

#[test]
fn runs_go_when_deleted() {
    check(
        "a",
        "start; drop-run r1; r1.a ok; drop-run r1",
        expect![[r#"
            start ?#1, deleted r1
            RUN-009 run `r1` is running: set it to failed first
        "#]],
    );
}

#[test]
fn s014_scheduled_runs_come_by_the_clock() {
    let mut world = World::new();
    world.publish("d", "!cron=@hourly from=2026-01-01T00:00:00Z; a kind=empty");
    world.play("tick 30m; tick 31m; tick 5h");
    expect![[r#"
        scheduled__2026-01-01T00:00:00+00:00 success
          a success 1
        scheduled__2026-01-01T01:00:00+00:00 success
          a success 1
        scheduled__2026-01-01T06:00:00+00:00 success
          a success 1
    "#]]
    .assert_eq(&world.show());
    let mut world = World::new();
    world.publish(
        "d",
        "!cron=@daily from=2025-12-20 catchup=yes runs=2; a kind=empty; b:a",
    );
    expect![[r#"
        scheduled__2025-12-20T00:00:00+00:00 running
          a success 1
          b queued 1: handed to a worker, starting
        scheduled__2025-12-21T00:00:00+00:00 running
          a success 1
          b queued 1: handed to a worker, starting
        start b#1, start b#1
    "#]]
    .assert_eq(&world.show());
}
