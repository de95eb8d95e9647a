//! Backfills, by the numbers of upstream's behaviours.

use expect_test::{Expect, expect};
use model::{
    Timestamp,
    backfill::{BackfillAct, BackfillAsk, Reprocess},
    change::NextRun,
    command::{Command, Reply},
    schedule::DataInterval,
    state::{DagRunState, DagRunType},
};
use serde_json::json;

use super::dsl::World;

/// A dag of every day whose own schedule is over.
const DAILY: &str = "a; ! cron=@daily from=2025-01-01 to=2025-12-31";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn ask(from: &str, to: &str) -> BackfillAsk {
    BackfillAsk {
        dag_id: "d".into(),
        from_date: time(from),
        to_date: time(to),
        conf: None,
        reprocess: Reprocess::None,
        max_active_runs: 10,
        backwards: false,
        latest_version: None,
        user: Some("ada".to_owned()),
        dates: Vec::new(),
    }
}

fn world(dag: &str) -> World {
    let mut world = World::new();
    world.publish("d", dag);
    world
}

impl World {
    fn backfill(&mut self, ask: BackfillAsk) -> String {
        match self.ask(Command::CreateBackfill(Box::new(ask))) {
            Reply::Backfill(made) => format!("{} dates", made.n_dates),
            Reply::Refused(refusal) => format!("{:?} {}", refusal.kind, refusal.code),
            Reply::Done | Reply::Run { .. } | Reply::TaskInstances(_) | Reply::AssetEvent(_) => {
                panic!("no backfill")
            }
        }
    }
    fn act_on(&mut self, no: u64, act: BackfillAct) -> Reply {
        let user = Some("ada".to_owned());
        self.ask(Command::ChangeBackfill { no, act, user })
    }
    /// Each run: its id without the midnight, its state, its place.
    fn runs(&self) -> String {
        let runs = self.book.runs.values().map(|run| {
            let place = run.backfill.map_or(0, |(_, place)| place);
            let id = run.run_id.replace("T00:00:00+00:00", "");
            format!("{id} {} {place}", run.state)
        });
        runs.collect::<Vec<_>>().join("\n")
    }
    fn told(&self, no: u64) -> String {
        let row = &self.book.backfills[&no];
        format!(
            "{}/{} in flight {} existing {}{}{}",
            row.n_done,
            row.n_dates,
            row.n_in_flight,
            row.n_existing,
            if row.is_paused { " paused" } else { "" },
            if row.completed_at.is_some() {
                " over"
            } else {
                ""
            },
        )
    }
    fn finish(&mut self, run: &str, how: &str) {
        self.play(&format!("{run}.a run; {run}.a {how}"));
    }
}

fn check_runs(world: &World, expect: Expect) {
    expect.assert_eq(&world.runs());
}

#[test]
fn s141_backfills_that_cannot_be_are_refused() {
    let refused = |dag: &str, ask: BackfillAsk| world(dag).backfill(ask);
    let past = || ask("2025-12-01", "2025-12-03");
    assert_eq!(refused(DAILY, past()), "3 dates");
    let unknown = BackfillAsk {
        dag_id: "x".into(),
        ..past()
    };
    assert_eq!(refused(DAILY, unknown), "NotFound RUN-001");
    assert_eq!(refused("a", past()), "Unprocessable RUN-081");
    let reversed = ask("2025-12-03", "2025-12-01");
    assert_eq!(refused(DAILY, reversed), "Unprocessable RUN-082");
    let future = ask("2026-02-01", "2026-03-01");
    assert_eq!(refused(DAILY, future), "Unprocessable RUN-083");
    let between = ask("2025-12-01T01:00:00Z", "2025-12-01T02:00:00Z");
    assert_eq!(refused(DAILY, between), "Unprocessable RUN-086");
    let none = BackfillAsk {
        max_active_runs: 0,
        ..past()
    };
    assert_eq!(refused(DAILY, none), "Unprocessable RUN-088");
    let many = BackfillAsk {
        from_date: time("1990-01-01"),
        ..past()
    };
    let minutely = "a; ! cron=*_*_*_*_* from=2025-01-01 to=2025-12-31".replace('_', " ");
    let minutely = minutely.replace("* * * * *", "@hourly");
    assert_eq!(refused(&minutely, many), "Unprocessable RUN-087");
}

#[test]
fn s141_one_backfill_at_a_time() {
    let mut world = world(DAILY);
    assert_eq!(world.backfill(ask("2025-12-01", "2025-12-03")), "3 dates");
    assert_eq!(
        world.backfill(ask("2025-12-05", "2025-12-06")),
        "Conflict RUN-080"
    );
    world.act_on(1, BackfillAct::Cancel);
    assert_eq!(world.backfill(ask("2025-12-05", "2025-12-06")), "2 dates");
    assert!(world.book.backfills.contains_key(&2));
}

#[test]
fn s141_a_dry_run_may_be_asked_for_beside_a_backfill_and_come_to_nothing() {
    let mut world = world(DAILY);
    let dry = |world: &World, ask: &BackfillAsk| {
        let runs = crate::backfill_dry_run(&world.live, &world.book, ask, world.now);
        runs.map_or_else(|e| e.code.to_owned(), |runs| runs.len().to_string())
    };
    let between = ask("2025-12-01T01:00:00Z", "2025-12-01T02:00:00Z");
    assert_eq!(dry(&world, &between), "0");
    assert_eq!(world.backfill(ask("2025-12-01", "2025-12-03")), "3 dates");
    assert_eq!(dry(&world, &ask("2025-12-03", "2025-12-05")), "2");
    assert_eq!(dry(&world, &ask("2025-12-05", "2025-12-03")), "RUN-082");
}

#[test]
fn s141_only_what_is_past_counts_and_a_dry_run_says_the_same() {
    let mut world = world(DAILY);
    // The clock shows the first midnight of 2026, whose interval has not ended before.
    let wide = ask("2025-12-30", "2026-01-10");
    let live = &world.live;
    let dry = crate::backfill_dry_run(live, &world.book, &wide, world.now).unwrap();
    let dates: Vec<String> = dry
        .iter()
        .map(|run| run.logical_date.unwrap().to_string())
        .collect();
    assert_eq!(dates, ["2025-12-30T00:00:00Z", "2025-12-31T00:00:00Z"]);
    world.backfill(wide);
    check_runs(
        &world,
        expect![[r#"
        backfill__2025-12-30 running 1
        backfill__2025-12-31 running 2"#]],
    );
}

#[test]
fn s142_runs_that_are_there_stay_or_are_made_again() {
    let history = |reprocess: Reprocess| {
        let mut world = world(DAILY);
        for (day, end) in [("03", ""), ("04", "r2.a fail"), ("05", "r3.a ok")] {
            world.start("d", Some(&format!("2025-12-{day}")));
            if !end.is_empty() {
                let run = end.split('.').next().unwrap();
                world.play(&format!("{run}.a run; {end}"));
            }
        }
        let ask = BackfillAsk {
            reprocess,
            conf: Some(json!({"n": 1})),
            ..ask("2025-12-03", "2025-12-06")
        };
        world.backfill(ask);
        let run = world
            .book
            .runs
            .values()
            .find(|run| &*run.run_id == "r2")
            .unwrap();
        let is_new = run.run_type == DagRunType::Backfill && run.conf == json!({"n": 1});
        assert_eq!(is_new, reprocess != Reprocess::None);
        assert_eq!(run.clear_number, u32::from(is_new));
        format!("{}\n{}", world.told(1), world.runs())
    };
    expect![[r#"
        4/4 in flight 1 existing 2
        r1 running 0
        r2 failed 0
        r3 success 0
        backfill__2025-12-06 running 4"#]]
    .assert_eq(&history(Reprocess::None));
    expect![[r#"
        4/4 in flight 1 existing 1
        r1 running 0
        r2 running 2
        r3 success 0
        backfill__2025-12-06 running 4"#]]
    .assert_eq(&history(Reprocess::Failed));
    expect![[r#"
        4/4 in flight 1 existing 0
        r1 running 0
        r2 running 2
        r3 running 3
        backfill__2025-12-06 running 4"#]]
    .assert_eq(&history(Reprocess::Completed));
}

#[test]
fn s143_what_looks_back_runs_forward_and_without_gaps() {
    let dag = "a past=yes; ! cron=@daily from=2025-01-01 to=2025-12-31";
    let refused = |reprocess, backwards| {
        world(dag).backfill(BackfillAsk {
            reprocess,
            backwards,
            ..ask("2025-12-01", "2025-12-03")
        })
    };
    assert_eq!(refused(Reprocess::Failed, true), "Unprocessable RUN-084");
    assert_eq!(refused(Reprocess::None, false), "Unprocessable RUN-085");
    assert_eq!(refused(Reprocess::Failed, false), "3 dates");
}

#[test]
fn s064_the_first_run_of_a_backfill_does_not_look_back() {
    let mut world = world("a past=yes; ! cron=@daily from=2025-01-01 to=2025-12-31");
    world.start("d", Some("2025-12-01"));
    world.play("r1.a run; r1.a fail");
    world.backfill(BackfillAsk {
        reprocess: Reprocess::Failed,
        ..ask("2025-12-02", "2025-12-04")
    });
    expect![[r#"
        r1 failed: task `a` failed
          a failed 1: it broke
        backfill__2025-12-02T00:00:00+00:00 running
          a queued 1: handed to a worker, starting
        backfill__2025-12-03T00:00:00+00:00 running
          a no_status 0: the run before, `backfill__2025-12-02T00:00:00+00:00`, has not ended well here (depends_on_past)
        backfill__2025-12-04T00:00:00+00:00 running
          a no_status 0: the run before, `backfill__2025-12-03T00:00:00+00:00`, has not ended well here (depends_on_past)
        start a#1, start a#1
    "#]].assert_eq(&world.show());
    let first = "backfill__2025-12-02T00:00:00+00:00";
    world.finish(first, "ok");
    expect![[r#"
        r1 failed: task `a` failed
          a failed 1: it broke
        backfill__2025-12-02T00:00:00+00:00 success
          a success 1
        backfill__2025-12-03T00:00:00+00:00 running
          a queued 1: handed to a worker, starting
        backfill__2025-12-04T00:00:00+00:00 running
          a no_status 0: the run before, `backfill__2025-12-03T00:00:00+00:00`, has not ended well here (depends_on_past)
        start a#1, start a#1, start a#1
    "#]].assert_eq(&world.show());
}

#[test]
fn s144_runs_start_in_order_as_many_as_the_backfill_allows() {
    for backwards in [false, true] {
        let mut world = world(DAILY);
        world.backfill(BackfillAsk {
            max_active_runs: 2,
            backwards,
            ..ask("2025-12-01", "2025-12-04")
        });
        let day = |no: u32| {
            let day = if backwards { 5 - no } else { no };
            format!("backfill__2025-12-0{day}T00:00:00+00:00")
        };
        let state = |world: &World, no: u32| {
            let id = day(no);
            let mut runs = world.book.runs.values();
            let run = runs.find(|run| *run.run_id == *id).unwrap();
            assert_eq!(run.backfill, Some((1, no)));
            assert_eq!(run.run_type, DagRunType::Backfill);
            run.state
        };
        let running = |world: &World| {
            let is = |no: &u32| state(world, *no) == DagRunState::Running;
            (1..=4).filter(is).collect::<Vec<_>>()
        };
        assert_eq!(running(&world), [1, 2]);
        world.finish(&day(2), "ok");
        assert_eq!(running(&world), [1, 3]);
        world.finish(&day(1), "fail");
        world.restart();
        assert_eq!(running(&world), [3, 4]);
        assert_eq!(world.told(1), "4/4 in flight 0 existing 0");
    }
}

#[test]
fn s144_what_runs_is_not_queued_by_hand() {
    let mut world = world(DAILY);
    world.backfill(ask("2025-12-01", "2025-12-01"));
    let run_id = "backfill__2025-12-01T00:00:00+00:00";
    world.play(&format!("{run_id}.a run; mark-run {run_id} queued"));
    let run = world.book.runs.values().next().unwrap();
    assert_eq!(run.state, DagRunState::Running);
    world.restart();
    world.finish(run_id, "ok");
    let run = world.book.runs.values().next().unwrap();
    assert_eq!(run.state, DagRunState::Success);
}

#[test]
fn s144_a_paused_backfill_starts_nothing_and_a_cancelled_one_is_over() {
    let mut world = world(DAILY);
    world.backfill(BackfillAsk {
        max_active_runs: 1,
        ..ask("2025-12-01", "2025-12-03")
    });
    world.act_on(1, BackfillAct::Pause);
    let first = "backfill__2025-12-01T00:00:00+00:00";
    world.finish(first, "ok");
    expect![[r#"
        backfill__2025-12-01T00:00:00+00:00 success
          a success 1
        backfill__2025-12-02T00:00:00+00:00 queued: backfill 1 is paused
          a no_status 0
        backfill__2025-12-03T00:00:00+00:00 queued: backfill 1 is paused
          a no_status 0
        start a#1
    "#]]
    .assert_eq(&world.show());
    world.act_on(1, BackfillAct::Unpause);
    world.act_on(1, BackfillAct::Cancel);
    expect![[r#"
        3/3 in flight 0 existing 0 paused over
        backfill__2025-12-01T00:00:00+00:00 success
          a success 1
        backfill__2025-12-02T00:00:00+00:00 running
          a queued 1: handed to a worker, starting
        backfill__2025-12-03T00:00:00+00:00 failed: set by hand by ada
          a no_status 0
        start a#1, start a#1
    "#]]
    .assert_eq(&format!("{}\n{}", world.told(1), world.show()));
    for act in [
        BackfillAct::Pause,
        BackfillAct::Unpause,
        BackfillAct::Cancel,
    ] {
        let Reply::Refused(refusal) = world.act_on(1, act) else {
            panic!("{act:?}");
        };
        assert_eq!(refusal.code, "RUN-090");
    }
    // What still runs goes on, and what was cancelled may be cleared.
    world.finish("backfill__2025-12-02T00:00:00+00:00", "ok");
    world.play("clear backfill__2025-12-03T00:00:00+00:00.*");
    check_runs(
        &world,
        expect![[r#"
        backfill__2025-12-01 success 1
        backfill__2025-12-02 success 2
        backfill__2025-12-03 running 3"#]],
    );
}

#[test]
fn s145_a_backfill_is_over_with_its_last_run() {
    let mut world = world(DAILY);
    world.backfill(ask("2025-12-01", "2025-12-02"));
    world.finish("backfill__2025-12-01T00:00:00+00:00", "ok");
    assert_eq!(world.told(1), "2/2 in flight 0 existing 0");
    world.finish("backfill__2025-12-02T00:00:00+00:00", "fail");
    assert_eq!(world.told(1), "2/2 in flight 0 existing 0 over");
    // One that has nothing to make is over at once.
    world.backfill(ask("2025-12-01", "2025-12-02"));
    assert_eq!(world.told(2), "2/2 in flight 0 existing 2 over");
}

#[test]
fn s035_and_s017_backfills_have_a_limit_of_their_own() {
    let mut world = world("a; ! cron=@daily from=2025-01-01 to=2025-12-31 runs=1");
    world.backfill(BackfillAsk {
        max_active_runs: 2,
        ..ask("2025-12-01", "2025-12-04")
    });
    world.start("d", None);
    world.start("d", None);
    check_runs(
        &world,
        expect![[r#"
        backfill__2025-12-01 running 1
        backfill__2025-12-02 running 2
        backfill__2025-12-03 queued 3
        backfill__2025-12-04 queued 4
        r1 running 0
        r2 queued 0"#]],
    );
}

#[test]
fn s036_runs_of_backfills_come_last() {
    let mut world = world("a; ! cron=@daily from=2025-01-01 to=2025-12-31 runs=1 paused=yes");
    world.backfill(BackfillAsk {
        max_active_runs: 1,
        ..ask("2025-12-01", "2025-12-02")
    });
    world.start("d", None);
    let started = |world: &World| {
        let runs = world.book.runs.values();
        let mut started: Vec<_> = runs.filter(|run| run.start_date.is_some()).collect();
        started.sort_by_key(|run| run.no);
        started
            .iter()
            .map(|run| run.run_id.to_string())
            .collect::<Vec<_>>()
    };
    assert!(started(&world).is_empty());
    world.play("unpause");
    assert_eq!(
        started(&world),
        ["backfill__2025-12-01T00:00:00+00:00", "r1"]
    );
    let order: Vec<String> = world
        .effects
        .iter()
        .map(|effect| format!("{effect:?}"))
        .collect();
    assert!(!order.is_empty());
}

#[test]
fn a_backfill_goes_on_after_a_restart_in_the_middle_of_its_making() {
    let mut world = world(&format!("{DAILY} tasks=x").replace(" tasks=x", ""));
    let big = ask("2015-01-01", "2025-12-30");
    let n_dates = 4_017;
    crate::decide(
        &mut world.live,
        &world.book,
        Command::CreateBackfill(Box::new(big)),
        world.now,
    );
    world.checks = false;
    world.batch();
    let row = world.book.backfills[&1].clone();
    assert!(row.n_done > 0 && row.n_done < n_dates, "{row:?}");
    world.restart();
    assert_eq!(
        world.told(1),
        format!("{n_dates}/{n_dates} in flight 0 existing 0")
    );
    assert_eq!(world.book.runs.len(), n_dates as usize);
    // What waits is not in memory.
    assert_eq!(world.live.runs().count(), 10);
    let mut places: Vec<_> = world.book.runs.values().map(|run| run.backfill).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), n_dates as usize);
    world.act_on(1, BackfillAct::Cancel);
    let failed = world
        .book
        .runs
        .values()
        .filter(|run| run.state == DagRunState::Failed);
    assert_eq!(failed.count(), n_dates as usize - 10);
}

#[test]
fn s136_partitions_are_filled_on_the_clocks_of_their_zone() {
    let mut dag = super::dag_text::parse_dag("d", DAILY);
    dag.schedule = crate::timetable::decode(
        "airflow.timetables.trigger.CronPartitionTimetable",
        &json!({
            "expression": "0 0 * * *", "timezone": "Asia/Taipei", "run_offset": 0,
            "run_immediately": false, "key_format": "%Y-%m-%d",
        }),
    )
    .unwrap();
    let mut world = World::new();
    world.publish_dag("d.yaml", std::sync::Arc::new(dag), "d");
    let days = ask("2025-12-01", "2025-12-03");
    world.backfill(days.clone());
    let shown = |world: &World| {
        let runs = world.book.runs.values().map(|run| {
            let key = run.partition_key.clone().unwrap_or_default();
            format!("{key} {} {}", run.run_after, run.state)
        });
        runs.collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        2025-12-01 2025-11-30T16:00:00Z running
        2025-12-02 2025-12-01T16:00:00Z running
        2025-12-03 2025-12-02T16:00:00Z running"#]]
    .assert_eq(&shown(&world));
    // A partition that is made again has another run; the old one stays.
    let first = world.book.runs.values().next().unwrap().run_id.to_string();
    world.play("tick 1m");
    let key = world.key(&format!("{first}.a"));
    assert_eq!(key.run.0, 1);
}

#[test]
fn s141_dates_that_only_python_knows_come_with_the_request() {
    let mut dag = super::dag_text::parse_dag("d", "a");
    let (class, data) = ("workdays.Workdays".to_owned(), serde_json::json!({}));
    dag.schedule = model::schedule::Schedule::Other { class, data };
    // So that it is not asked for its own runs.
    dag.allowed_run_types = Some(vec![DagRunType::Backfill]);
    let mut world = World::new();
    world.publish_dag("d.yaml", std::sync::Arc::new(dag), "d");
    let one = |start: &str, end: &str| NextRun {
        logical_date: Some(time(start)),
        data_interval: Some(DataInterval {
            start: time(start),
            end: time(end),
        }),
        run_after: time(end),
        partition_key: None,
        partition_date: None,
    };
    let all = vec![
        one("2025-12-05", "2025-12-08"),
        one("2025-12-08", "2025-12-09"),
        // It has not ended.
        one("2025-12-31", "2026-01-09"),
    ];
    let asked = |dates: &[NextRun]| BackfillAsk {
        dates: dates.to_vec(),
        backwards: true,
        ..ask("2025-12-05", "2025-12-31")
    };
    assert_eq!(world.backfill(asked(&[])), "Unprocessable RUN-086");
    assert_eq!(world.backfill(asked(&all)), "2 dates");
    check_runs(
        &world,
        expect![[r#"
            backfill__2025-12-09 running 1
            backfill__2025-12-08 running 2"#]],
    );
    // They are told once, and forgotten when all runs are there.
    assert!(world.book.backfills[&1].dates.is_empty());
}
