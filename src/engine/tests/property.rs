//! Random dags and random histories: after each word the counters equal what the states say, the
//! book alone gives the same state, and no finished state is left but by a person's word.

use std::collections::BTreeMap;

use model::state::{DagRunType, TaskInstanceState as State};
use proptest::prelude::*;

use super::World;

fn dag() -> impl Strategy<Value = String> {
    let task = (
        any::<u16>(),
        0..13_usize,
        0..3_u8,
        prop_oneof![Just("default_pool"), Just("p"), Just("q")],
        1..3_u8,
        any::<[bool; 5]>(),
        any::<u8>(),
    );
    (
        proptest::collection::vec(task, 1..9),
        1..4_u8,
        any::<bool>(),
    )
        .prop_map(|(tasks, limit, fast)| {
            let fast = if fast { "yes" } else { "no" };
            // A mapped group of known length, one over what the first task returns, and one in it.
            let mut text = format!("!tasks={limit} runs=2 fail_fast={fast}; ");
            text += "!map.g=2; !map.h=t0; !map.h/i=2; ";
            let tasks = tasks.into_iter().enumerate();
            for (at, (edges, rule, retries, pool, slots, flags, more)) in tasks {
                // A task in a group is below what the group is expanded over.
                let is_below = |up: &usize| *up == 0 && matches!(more / 8 % 8, 2..5);
                let above =
                    (0..at).filter(|up| is_below(up) || edges >> up & 1 == 1 && edges >> 15 == 1);
                let above: Vec<String> = above.map(|up| format!("t{up}")).collect();
                let rule = model::state::TriggerRule::ALL[rule].as_str();
                let [is_empty, past, one, wait, plain] = flags;
                text += &format!("t{at}:{} retries={retries} pool={pool}", above.join(","));
                text += &format!(" slots={slots} delay=1m");
                let flag = |is: bool, flag: &str| if is { flag.to_owned() } else { String::new() };
                text += &flag(!plain, &format!(" rule={rule}"));
                text += &flag(is_empty && at % 2 == 0, " kind=empty");
                text += &flag(past && one, " past=yes");
                text += &flag(one && wait, " per_dag=1");
                text += &flag(wait && past, " wait_down=yes");
                text += &flag(edges % 3 == 0, [" out=x", " out=y", " out=x,y"][at % 3]);
                text += &expansion(at, more, above.first());
                text += "; ";
            }
            text
        })
}

/// Some tasks are expanded, in groups, or set up and tear down.
fn expansion(at: usize, more: u8, above: Option<&String>) -> String {
    let over = match (more % 8, above) {
        (0, Some(above)) => format!(" expand={above}"),
        (1, _) => " expand=2".to_owned(),
        (2, Some(above)) => format!(" expand=2*{above} per_run=2"),
        (3, _) => " setup=yes".to_owned(),
        (4, _) if at > 0 => " teardown=yes rule=all_done_setup_success".to_owned(),
        _ => String::new(),
    };
    let group = match (more / 8 % 8, at) {
        (0 | 1, _) => " in=g",
        (2 | 3, 1..) => " in=h",
        (4, 1..) => " in=h/i",
        _ => "",
    };
    over + group
}

/// Dags that wait for what the others update: their tasks end at once, or never.
const CONSUMERS: [&str; 5] = [
    "!assets=x&y runs=1; t",
    "!assets=x|y; t kind=empty",
    "!assets=x&(y|name:z) runs=2 catchup=yes; t kind=empty out=z",
    "t inlet=x=s3://elsewhere",
    "!assets=uri:s3://x runs=1; t kind=empty",
];

#[derive(Clone, Debug)]
struct Word(u8, u8, u8);

fn history() -> impl Strategy<Value = Vec<Word>> {
    let word = (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(a, b, c)| Word(a, b, c));
    proptest::collection::vec(word, 1..60)
}

/// Turns a random word into one that can be said now.
fn say(world: &World, word: &Word, n_tasks: usize) -> String {
    let Word(kind, which, how) = word;
    let held: Vec<String> = world
        .book
        .tis
        .values()
        .filter(|ti| ti.fence.is_some())
        // Those of runs that assets made stay as they are.
        .filter(|ti| world.book.runs[&ti.key.run].run_type == DagRunType::Manual)
        .map(|ti| {
            let run = &world.book.runs[&ti.key.run];
            let name = &world.book.names[&(run.dag, ti.key.task)];
            format!("{}.{}", run.run_id, super::dsl::named(name, ti.key))
        })
        .collect();
    let task = usize::from(*which) % n_tasks;
    let run = u32::from(*how) % world.n_runs.max(1) + 1;
    let what = [
        "ok",
        "returns 2",
        "fail",
        "run",
        "skip",
        "defer 2m",
        "again 1m",
        "lost",
        "fatal",
        "returns 1",
        "returns 3",
        "returns 2",
        "returns 0",
        "suspend 2m",
    ];
    let state = ["success", "failed", "skipped"][usize::from(*how) % 3];
    match kind % 16 {
        0 if world.n_runs < 4 => format!("start 2025-12-0{}", world.n_runs + 1),
        0 | 1 => "tick 61s".to_owned(),
        2 => format!("clear r{run}.t{task} +down"),
        9 => format!("clear r{run}.t{task}[{}]", which / 16 % 3),
        10 if how % 4 == 0 => "tick 11m".to_owned(),
        3 => format!("mark r{run}.t{task} {state}"),
        4 => ["pause", "unpause", "unpause"][usize::from(*how) % 3].to_owned(),
        5 => format!("pool p={}", how % 4),
        6 => "restart".to_owned(),
        7 if how % 4 == 0 => format!("mark-run r{run} failed"),
        8 if how % 4 == 0 => format!("drop-run r{run}"),
        _ if held.is_empty() => "tick 30s".to_owned(),
        _ => {
            let place = &held[usize::from(*which) % held.len()];
            let deferred = world.live.task_instance(world.key(place)).unwrap();
            let is_deferred = deferred.state == State::Deferred;
            let what = what[usize::from(*how) % what.len()];
            let ends = ["fire x", "broken"][usize::from(kind % 2)];
            let what = if is_deferred { ends } else { what };
            format!("{place} {what}")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]
    #[test]
    fn counters_book_and_finished_states_hold(dag in dag(), history in history()) {
        let mut world = World::new();
        world.publish("d", &dag);
        world.publish("c", CONSUMERS[0]);
        world.publish("e", CONSUMERS[1]);
        world.play("pool p=2; pool q=-1; start 2025-12-31");
        let n_tasks = dag.matches("retries").count();
        for word in &history {
            let before: BTreeMap<_, _> =
                world.book.tis.values().map(|ti| (ti.key, ti.state)).collect();
            if word.0 % 16 == 11 {
                let consumer = CONSUMERS[usize::from(word.2) % CONSUMERS.len()];
                world.publish(["c", "e"][usize::from(word.1) % 2], consumer);
            }
            let text = say(&world, word, n_tasks);
            world.play(&text);
            let by_hand = ["clear", "mark", "start"].iter().any(|word| text.starts_with(word));
            for ti in world.book.tis.values() {
                let was = before.get(&ti.key).copied().unwrap_or(ti.state);
                // skip_downstream may overwrite nothing here: no branches are played.
                // What is cleared may grow shorter when it runs again.
                let is_shorter = ti.state == State::Removed;
                let stays = !was.is_finished() || by_hand || was == ti.state || is_shorter;
                prop_assert!(stays, "{text}: {ti:?}");
            }
            let usage = world.live.pool_usage();
            for pool in usage.iter().filter(|pool| &*pool.pool.name == "default_pool") {
                prop_assert!(pool.occupied <= 128);
            }
        }
    }
}
