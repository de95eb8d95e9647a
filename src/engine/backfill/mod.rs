//! Backfills: runs for all dates between two. They are made some in each step, and started in their
//! order, so many at once as the backfill allows.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod dates;
pub(crate) mod make;

pub use create::dry_run;

use model::backfill::Backfill;

use crate::live::{Live, backfills::LiveBackfill};

/// Marks a backfill's row as changed.
pub(crate) fn put(live: &mut Live, row: &Backfill) {
    live.dirty.backfills.insert(row.no, row.clone());
}

/// Ends the backfills of a dag that have nothing left to do, and lets go of those that are over.
pub(crate) fn settle(cx: &mut crate::live::Cx, dag: model::DagNo) {
    let now = cx.now;
    let Some(found) = cx.live.dags.get_mut(&dag) else {
        return;
    };
    let idle = found.backfills.values_mut().filter(|of| of.is_idle());
    let mut ended = Vec::new();
    for LiveBackfill { row, .. } in idle {
        if row.completed_at.is_none() {
            row.completed_at = Some(now);
            row.updated_at = now;
            ended.push(row.clone());
        }
    }
    found.backfills.retain(|_, of| !of.is_idle());
    for row in &ended {
        put(cx.live, row);
    }
}
