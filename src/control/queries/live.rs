//! Questions about what is live, asked on the writer thread: why something waits, how full pools
//! are.

pub use engine::PoolUsage;
use model::{
    RunNo, TiKey, backfill::BackfillAsk, change::NextRun, command::Refusal, reason::Reason,
};

use crate::{control::Control, trigger};

/// Why a task instance is where it is, the most telling first; none when the layer has stopped.
pub async fn task_reasons(control: &Control, key: TiKey) -> Option<Vec<Reason>> {
    control
        .ask(move |live, view, now| live.task_reasons(key, view, now))
        .await
}

/// The same for several at once.
pub async fn tasks_reasons(control: &Control, keys: Vec<TiKey>) -> Option<Vec<Vec<Reason>>> {
    let ask = move |live: &engine::Live, view: &dyn engine::View, now| {
        keys.iter()
            .map(|key| live.task_reasons(*key, view, now))
            .collect()
    };
    control.ask(ask).await
}

/// Why a run is where it is.
pub async fn run_reasons(control: &Control, run: RunNo) -> Option<Vec<Reason>> {
    control
        .ask(move |live, view, now| live.run_reasons(run, view, now))
        .await
}

/// How full the pools are.
pub async fn pool_usage(control: &Control) -> Option<Vec<PoolUsage>> {
    control.ask(|live, _, _| live.pool_usage()).await
}

/// The runs that a backfill would make, or make again; none when the layer has stopped.
pub async fn backfill_dates(
    control: &Control,
    mut ask: BackfillAsk,
) -> Option<Result<Vec<NextRun>, Refusal>> {
    let reader = control.reader();
    if let Err(refusal) = trigger::check_backfill(reader, &ask) {
        return Some(Err(refusal));
    }
    if let Err(refusal) = trigger::ask_dates(reader, &control.0.asks, &mut ask).await {
        return Some(Err(refusal));
    }
    let asked = control.ask(move |live, view, now| engine::backfill_dry_run(live, view, &ask, now));
    asked.await
}
