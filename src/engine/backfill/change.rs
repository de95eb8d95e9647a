//! Pausing, unpausing and cancelling a backfill.

use model::{
    DagNo, RunNo,
    backfill::BackfillAct,
    command::{Refusal, Reply},
    reason::Reason,
    state::DagRunState,
};

use super::put;
use crate::{live::Cx, refusals, run::enter};

/// Does what is asked of a backfill that is not over.
pub(crate) fn change(
    cx: &mut Cx,
    no: u64,
    act: BackfillAct,
    user: Option<String>,
) -> Result<Reply, Refusal> {
    let found = cx.live.dags.iter();
    let found = found.filter(|(_, dag)| dag.backfills.contains_key(&no));
    let dag = match found.map(|(dag, _)| *dag).next() {
        Some(dag) => dag,
        None if cx.view.backfill(no).is_some() => return Err(refusals::backfill_is_over(no)),
        None => return Err(refusals::no_backfill(no)),
    };
    let now = cx.now;
    let Some(row) = row(cx, dag, no) else {
        return Err(refusals::no_backfill(no));
    };
    if row.completed_at.is_some() {
        return Err(refusals::backfill_is_over(no));
    }
    let paused = match act {
        BackfillAct::Pause | BackfillAct::Cancel => true,
        BackfillAct::Unpause => false,
    };
    if row.is_paused != paused {
        row.is_paused = paused;
        row.updated_at = now;
    }
    if act == BackfillAct::Cancel {
        cancel(cx, dag, no, user);
    }
    cx.live.promote.insert(dag);
    let Some(row) = row_of(cx, dag, no) else {
        return Err(refusals::no_backfill(no));
    };
    put(cx.live, &row);
    Ok(Reply::Backfill(Box::new(row)))
}

fn row<'a>(cx: &'a mut Cx, dag: DagNo, no: u64) -> Option<&'a mut model::backfill::Backfill> {
    let dag = cx.live.dags.get_mut(&dag)?;
    dag.backfills.get_mut(&no).map(|backfill| &mut backfill.row)
}

fn row_of(cx: &Cx, dag: DagNo, no: u64) -> Option<model::backfill::Backfill> {
    let backfill = cx.live.dags.get(&dag)?.backfills.get(&no)?;
    Some(backfill.row.clone())
}

/// Queued runs fail, without a look at their tasks, as upstream has it; those that run go on.
fn cancel(cx: &mut Cx, dag: DagNo, no: u64, user: Option<String>) {
    let now = cx.now;
    let Some(backfill) = cx.live.dags.get_mut(&dag) else {
        return;
    };
    let Some(backfill) = backfill.backfills.get_mut(&no) else {
        return;
    };
    backfill.todo.clear();
    backfill.row.n_dates = backfill.row.n_done;
    backfill.row.dates.clear();
    backfill.row.completed_at = Some(now);
    backfill.row.updated_at = now;
    cx.live.making.remove(&(no, dag));
    let waiting: Vec<RunNo> = backfill.waiting.keys().map(|(_, run)| *run).collect();
    let reason = Some(Reason::SetByHand { user });
    for run in waiting {
        if cx.live.runs.contains_key(&run) {
            enter(cx, run, DagRunState::Failed, reason.clone());
            continue;
        }
        let Some(mut row) = cx.view.run(run) else {
            continue;
        };
        if let Some(dag) = cx.live.dags.get_mut(&dag) {
            dag.count(&row, DagRunState::Queued, false);
        }
        row.state = DagRunState::Failed;
        row.end_date = Some(now);
        row.reason.clone_from(&reason);
        cx.live.dirty.waiting.insert(run, row);
    }
}
