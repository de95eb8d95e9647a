//! Random dags and random histories: after each word the counters equal what the states say, the
//! book alone gives the same state, and no finished state is left but by a person's word.

use std::collections::BTreeMap;

use model::state::TaskInstanceState as State;
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
    );
    (
        proptest::collection::vec(task, 1..9),
        1..4_u8,
        any::<bool>(),
    )
        .prop_map(|(tasks, limit, fast)| {
            let fast = if fast { "yes" } else { "no" };
            let mut text = format!("!tasks={limit} runs=2 fail_fast={fast}; ");
            for (at, (edges, rule, retries, pool, slots, flags)) in tasks.into_iter().enumerate() {
                let above = (0..at).filter(|up| edges >> up & 1 == 1 && edges >> 15 == 1);
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
                text += "; ";
            }
            text
        })
}

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
        .map(|ti| {
            let run = &world.book.runs[&ti.key.run];
            format!(
                "{}.{}",
                run.run_id,
                world.book.names[&(run.dag, ti.key.task)]
            )
        })
        .collect();
    let task = usize::from(*which) % n_tasks;
    let run = u32::from(*how) % world.n_runs.max(1) + 1;
    let what = [
        "ok", "ok", "fail", "run", "skip", "defer 2m", "again 1m", "lost", "fatal",
    ];
    let state = ["success", "failed", "skipped"][usize::from(*how) % 3];
    match kind % 16 {
        0 if world.n_runs < 4 => format!("start 2025-12-0{}", world.n_runs + 1),
        0 | 1 => "tick 61s".to_owned(),
        2 => format!("clear r{run}.t{task} +down"),
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
            let what = if is_deferred { "fire x" } else { what };
            format!("{place} {what}")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
    #[test]
    fn counters_book_and_finished_states_hold(dag in dag(), history in history()) {
        let mut world = World::new();
        world.publish("d", &dag);
        world.play("pool p=2; pool q=-1; start 2025-12-31");
        let n_tasks = dag.matches("retries").count();
        for word in &history {
            let before: BTreeMap<_, _> =
                world.book.tis.values().map(|ti| (ti.key, ti.state)).collect();
            let text = say(&world, word, n_tasks);
            world.play(&text);
            let by_hand = ["clear", "mark", "start"].iter().any(|word| text.starts_with(word));
            for ti in world.book.tis.values() {
                let was = before.get(&ti.key).copied().unwrap_or(ti.state);
                // skip_downstream may overwrite nothing here: no branches are played.
                prop_assert!(!was.is_finished() || by_hand || was == ti.state, "{text}: {ti:?}");
            }
            let usage = world.live.pool_usage();
            for pool in usage.iter().filter(|pool| &*pool.pool.name == "default_pool") {
                prop_assert!(pool.occupied <= 128);
            }
        }
    }
}
