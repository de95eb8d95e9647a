//! Somebody at the keyboard who presses everything.

use model::{
    AssetNo, DagId, Json, JsonMap, PoolName, RunId, RunNo, TaskId, TiKey, TimeDelta, Timestamp,
    backfill::{BackfillAct, BackfillAsk, Reprocess},
    change::{Pool, Variable},
    command::{Clear, Command, SetTaskState, TriggerRun},
    execution::HitlUser,
    run::DagRun,
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
    task_instance::TaskInstance,
};
use serde_json::json;

use crate::{chance::Chance, dags::POOLS, python_dags::PARTITIONS};

/// What somebody sees on the screen, to press on.
#[derive(Debug, Default)]
pub struct Screen {
    /// Dags that exist.
    pub dags: Vec<DagId>,
    /// Runs with the id of their dag.
    pub runs: Vec<(DagId, DagRun)>,
    /// Task instances of one of the runs, with their ids: the last one in `runs`.
    pub instances: Vec<(TaskId, TaskInstance)>,
}

/// A request, sensible or not. Publishing is not among them, since it needs a document.
pub fn command(screen: &Screen, now: Timestamp, chance: &mut Chance) -> Command {
    let dag_id = chance
        .pick(&screen.dags)
        .cloned()
        .unwrap_or_else(|| DagId::from("no_such"));
    let (run_dag, run) = screen.runs.last().map_or_else(
        || (dag_id.clone(), None),
        |(dag, run)| (dag.clone(), Some(run.clone())),
    );
    let run_id = run
        .as_ref()
        .map_or_else(|| RunId::from("no_such"), |run| run.run_id.clone());
    if let Some(command) = answer_some(screen, 40, chance) {
        return command;
    }
    match chance.below(100) {
        0..35 => trigger(dag_id, screen, now, chance),
        35..45 => {
            let paused = chance.percent(40);
            Command::SetPaused { dag_id, paused }
        }
        45..60 => clear(run_dag, run_id, screen, chance),
        60..70 => set_state(run_dag, run_id, screen, chance),
        70..76 => {
            let states = [
                DagRunState::Success,
                DagRunState::Failed,
                DagRunState::Queued,
            ];
            let state = chance.pick(&states).copied().unwrap_or(DagRunState::Queued);
            let (dag_id, user) = (run_dag, None);
            Command::SetRunState {
                dag_id,
                run_id,
                state,
                user,
            }
        }
        76..79 => {
            let (dag_id, note) = (run_dag, Some("seen".to_owned()));
            Command::SetRunNote {
                dag_id,
                run_id,
                note,
            }
        }
        79..82 => {
            let dag_id = run_dag;
            Command::DeleteRun { dag_id, run_id }
        }
        82..83 => Command::DeleteDag { dag_id },
        83..86 => pool(chance),
        86..89 => backfill(dag_id, now, chance),
        89..93 => asset(screen, now, chance),
        93..97 => small(screen, chance),
        97..99 => {
            let free_bytes = if chance.percent(40) { 0 } else { 1_000 };
            let needed_bytes = 100;
            Command::SetDisk {
                free_bytes,
                needed_bytes,
            }
        }
        _ => {
            let runs = screen.runs.iter().map(|(_, run)| run.no).take(3);
            let runs = runs.chain([RunNo(9_999)]).collect();
            Command::Prune { runs }
        }
    }
}

/// Word that an asset has changed, or that nobody need know.
fn asset(screen: &Screen, now: Timestamp, chance: &mut Chance) -> Command {
    let asset = AssetNo(1 + chance.below(5) as u32);
    if chance.percent(12) {
        let before = chance.percent(30).then_some(now);
        let (dag, asset) = match (chance.pick(&screen.runs), chance.percent(50)) {
            (Some((_, run)), true) => (Some(run.dag), None),
            (_, _) => (None, Some(asset)),
        };
        return Command::DeleteQueuedAssets { dag, asset, before };
    }
    let key = chance.pick(&PARTITIONS).filter(|_| chance.percent(25));
    Command::AddAssetEvent {
        asset,
        extra: JsonMap::new(),
        partition_key: key.map(|key| (*key).to_owned()),
    }
}

/// Somebody chooses what all are asked.
pub fn answer(key: TiKey) -> Command {
    let by = HitlUser {
        id: "7".to_owned(),
        name: "ada".to_owned(),
    };
    Command::AnswerHuman {
        key,
        chosen_options: vec!["yes".to_owned()],
        params_input: JsonMap::new(),
        by: Some(by),
        for_others: false,
    }
}

/// A run of a dag, or an answer: nothing that changes what is there.
pub fn trigger_something(screen: &Screen, now: Timestamp, chance: &mut Chance) -> Command {
    if let Some(command) = answer_some(screen, 60, chance) {
        return command;
    }
    if chance.percent(20) {
        let asset = AssetNo(1 + chance.below(5) as u32);
        let (extra, partition_key) = (JsonMap::new(), None);
        return Command::AddAssetEvent {
            asset,
            extra,
            partition_key,
        };
    }
    let dag_id = chance.pick(&screen.dags).cloned();
    let mut command = trigger(
        dag_id.unwrap_or_else(|| DagId::from("no_such")),
        screen,
        now,
        chance,
    );
    if let Command::TriggerRun(trigger) = &mut command {
        trigger.reset = false;
    }
    command
}

/// An answer to the first who waits for one, in so many of a hundred cases.
fn answer_some(screen: &Screen, percent: u64, chance: &mut Chance) -> Option<Command> {
    let waits = |ti: &&TaskInstance| ti.state == TaskInstanceState::AwaitingInput;
    let ti = screen.instances.iter().map(|(_, ti)| ti).find(waits)?;
    chance.percent(percent).then(|| answer(ti.key))
}

/// Variables, XComs and remarks.
fn small(screen: &Screen, chance: &mut Chance) -> Command {
    let key = chance.pick(&screen.instances).map(|(_, ti)| ti.key);
    let name = if chance.percent(50) {
        "return_value"
    } else {
        "note"
    }
    .to_owned();
    match (key, chance.below(4)) {
        (Some(key), 0) => {
            let value = json!([1]);
            Command::PutXCom { key, name, value }
        }
        (Some(key), 1) => Command::DeleteXCom { key, name },
        (Some(key), 2) => {
            let note = Some(name);
            Command::SetTaskNote { key, note }
        }
        (_, 3) => {
            let key = name;
            Command::DeleteVariable { key }
        }
        (_, _) => {
            let (key, sealed, description) = (name, vec![1, 2, 3], None);
            let variable = Variable {
                key,
                sealed,
                description,
            };
            let only_new = chance.percent(30);
            Command::PutVariable { variable, only_new }
        }
    }
}

fn trigger(dag_id: DagId, screen: &Screen, now: Timestamp, chance: &mut Chance) -> Command {
    let old = chance.pick(&screen.runs).map(|(_, run)| run.clone());
    let old_date = old.as_ref().and_then(|run| run.logical_date);
    let logical_date = match chance.below(4) {
        0 => None,
        1 => old_date,
        _ => Some(now.plus(TimeDelta::from_secs(-chance.between(0, 50_000)))),
    };
    let later = now.plus(TimeDelta::from_secs(chance.between(0, 900)));
    let old_id = old.map(|run| run.run_id).filter(|_| chance.percent(15));
    Command::TriggerRun(Box::new(TriggerRun {
        dag_id,
        run_id: old_id,
        run_type: DagRunType::Manual,
        logical_date,
        data_interval: None,
        run_after: chance.percent(15).then_some(later),
        conf: Json::Object(serde_json::Map::new()),
        note: None,
        triggered_by: TriggeredBy::RestApi,
        user: None,
        partition_key: None,
        reset: chance.percent(15),
    }))
}

fn some_tasks(screen: &Screen, chance: &mut Chance) -> Vec<(TaskId, Option<i32>)> {
    let all = chance.percent(30);
    let chosen = screen
        .instances
        .iter()
        .filter(|_| !all && chance.percent(40));
    chosen.map(|(task_id, _)| (task_id.clone(), None)).collect()
}

fn clear(dag_id: DagId, run_id: RunId, screen: &Screen, chance: &mut Chance) -> Command {
    let across = chance.percent(20);
    Command::Clear(Box::new(Clear {
        dag_id: Some(dag_id),
        run_id: (!across).then_some(run_id),
        start_date: None,
        end_date: None,
        tasks: some_tasks(screen, chance),
        include_upstream: chance.percent(20),
        include_downstream: chance.percent(50),
        include_future: chance.percent(15),
        include_past: chance.percent(15),
        only_failed: chance.percent(40),
        only_running: chance.percent(10),
        only_new: !across && chance.percent(5),
        reset_dag_runs: chance.percent(80),
        prevent_running_task: chance.percent(10),
        run_on_latest_version: chance.percent(20).then_some(true),
        dry_run: chance.percent(10),
        note: None,
    }))
}

fn set_state(dag_id: DagId, run_id: RunId, screen: &Screen, chance: &mut Chance) -> Command {
    let states = [
        TaskInstanceState::Success,
        TaskInstanceState::Failed,
        TaskInstanceState::Skipped,
    ];
    let task_id = chance
        .pick(&screen.instances)
        .map(|(task_id, _)| task_id.clone());
    Command::SetTaskState(Box::new(SetTaskState {
        dag_id,
        run_id,
        task_id: task_id.unwrap_or_else(|| TaskId::from("no_such")),
        map_index: None,
        state: chance
            .pick(&states)
            .copied()
            .unwrap_or(TaskInstanceState::Success),
        include_upstream: chance.percent(20),
        include_downstream: chance.percent(20),
        include_future: chance.percent(10),
        include_past: chance.percent(10),
        dry_run: chance.percent(10),
        user: None,
    }))
}

/// Creates a backfill of the last hours, or changes one.
fn backfill(dag_id: DagId, now: Timestamp, chance: &mut Chance) -> Command {
    if chance.percent(40) {
        let acts = [
            BackfillAct::Pause,
            BackfillAct::Unpause,
            BackfillAct::Cancel,
        ];
        let act = chance.pick(&acts).copied().unwrap_or(BackfillAct::Unpause);
        let no = 1 + chance.below(6) as u64;
        return Command::ChangeBackfill {
            no,
            act,
            user: None,
        };
    }
    let ago = |s: i64| now.plus(TimeDelta::from_secs(-s));
    Command::CreateBackfill(Box::new(BackfillAsk {
        dag_id,
        from_date: ago(chance.between(1_000, 30_000)),
        to_date: ago(chance.between(-500, 9_000)),
        conf: chance.percent(20).then(|| json!({ "n": 1 })),
        reprocess: chance.pick(Reprocess::ALL).copied().unwrap_or_default(),
        max_active_runs: chance.below(5) as u32,
        backwards: chance.percent(30),
        latest_version: chance.percent(30).then_some(true),
        user: None,
        dates: Vec::new(),
    }))
}

fn pool(chance: &mut Chance) -> Command {
    let name = PoolName::from(chance.pick(&POOLS).copied().unwrap_or("db"));
    if chance.percent(20) {
        return Command::DeletePool { name };
    }
    let slots = if chance.percent(10) {
        -1
    } else {
        chance.below(6) as i32
    };
    let include_deferred = chance.percent(30);
    let pool = Pool {
        name,
        slots,
        description: None,
        include_deferred,
    };
    Command::PutPool {
        pool,
        only_new: chance.percent(20),
    }
}
