//! Which function answers which command.

use model::{
    Timestamp,
    command::{Command, Refusal, Reply},
};

use crate::{
    View,
    assets::{commands as assets, watch},
    attempt::{human, skip},
    audit,
    backfill::{change, create},
    callbacks, dags, disk, evaluate,
    live::{Cx, Live},
    pools, publish,
    run::{clear, delete, set_run, set_task, trigger},
    values,
};

/// Answers one command. What follows from it is done by the next [`crate::step`].
pub fn decide(live: &mut Live, view: &dyn View, command: Command, now: Timestamp) -> Reply {
    let mut cx = Cx { live, view, now };
    dispatch(&mut cx, command).unwrap_or_else(Reply::Refused)
}

#[allow(clippy::too_many_lines)] // A table: an arm for each command, and no logic.
fn dispatch(cx: &mut Cx, command: Command) -> Result<Reply, Refusal> {
    match command {
        Command::TriggerRun(ask) => trigger::trigger(cx, *ask),
        Command::SetPaused { dag_id, paused } => dags::set_paused(cx, &dag_id, paused),
        Command::Clear(ask) => clear::clear(cx, *ask),
        Command::SetTaskState(ask) => set_task::set(cx, *ask),
        Command::SetGroupState(ask) => set_task::set_group(cx, *ask),
        Command::DeleteTaskInstance { key } => delete::instance(cx, key),
        Command::SetRunState {
            dag_id,
            run_id,
            state,
            user,
        } => set_run::set(cx, &dag_id, &run_id, state, user),
        Command::SetRunNote {
            dag_id,
            run_id,
            note,
        } => values::run_note(cx, &dag_id, &run_id, note),
        Command::ForgetPartition { dag_id, run_id } => {
            values::forget_partition(cx, &dag_id, &run_id)
        }
        Command::SetTaskNote { key, note } => values::task_note(cx, key, note),
        Command::DeleteRun { dag_id, run_id } => delete::delete(cx, &dag_id, &run_id),
        Command::DeleteDag { dag_id } => dags::delete(cx, &dag_id),
        Command::PublishFile(file) => Ok(publish::file(cx, *file)),
        Command::RemoveFile { path } => Ok(publish::remove(cx, &path)),
        Command::PutPool { pool, only_new } => pools::put(cx, pool, only_new),
        Command::DeletePool { name } => pools::delete(cx, &name),
        Command::PutVariable { variable, only_new } => values::put_variable(cx, variable, only_new),
        Command::DeleteVariable { key } => values::delete_variable(cx, key),
        Command::PutXCom { key, name, value } => values::put_xcom(cx, key, name, value),
        Command::DeleteXCom { key, name } => values::delete_xcom(cx, key, name),
        Command::PushXCom {
            key,
            name,
            value,
            mapped_length,
        } => values::push_xcom(cx, key, name, value, mapped_length),
        Command::SkipDownstream { key, tasks } => skip::asked(cx, key, &tasks),
        Command::Keep { key, kept } => values::keep(cx, key, kept),
        Command::CallbackDone { no } => Ok(callbacks::done(cx, no)),
        Command::Evaluated {
            no,
            dag,
            version,
            answer,
        } => Ok(evaluate::answered(cx, (no, dag, version), answer)),
        Command::AskHuman(input) => human::ask(cx, *input),
        Command::AnswerHuman {
            key,
            chosen_options,
            params_input,
            by,
            for_others,
        } => {
            let given = human::Given {
                chosen_options,
                params_input,
            };
            human::answer(cx, key, given, (by, for_others))
        }
        Command::PutConnection {
            connection,
            only_new,
        } => values::put_connection(cx, connection, only_new),
        Command::DeleteConnection { conn_id } => values::delete_connection(cx, conn_id),
        Command::SetDisk {
            free_bytes,
            needed_bytes,
        } => Ok(disk::set(cx, free_bytes, needed_bytes)),
        Command::CreateBackfill(ask) => create::create(cx, *ask),
        Command::ChangeBackfill { no, act, user } => change::change(cx, no, act, user),
        Command::Prune { runs } => Ok(delete::prune(cx, runs)),
        Command::PruneAssetEvents { events } => Ok(assets::prune(cx, events)),
        Command::Audit(entry) => Ok(audit::asked(cx, *entry)),
        Command::PruneAudit { entries } => Ok(audit::prune(cx, entries)),
        Command::AddAssetEvent {
            asset,
            extra,
            partition_key,
        } => assets::add_event(cx, asset, extra, partition_key),
        Command::WatcherFired { trigger, payload } => {
            watch::fired(cx, trigger, &payload);
            Ok(Reply::Done)
        }
        Command::DeleteQueuedAssets { dag, asset, before } => {
            assets::delete_queued(cx, dag, asset, before)
        }
        Command::KeepAssetState { asset, key, state } => assets::keep(cx, asset, key, state),
    }
}
