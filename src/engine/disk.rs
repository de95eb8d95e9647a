//! A full disk: nothing new starts until there is room.

use model::command::Reply;

use crate::{
    live::{Cx, DiskFull},
    run::next,
};

/// Takes in what the disk watch saw.
pub(crate) fn set(cx: &mut Cx, free_bytes: u64, needed_bytes: u64) -> Reply {
    let was_full = cx.live.disk.is_some();
    let full = free_bytes < needed_bytes;
    cx.live.disk = full.then_some(DiskFull {
        free_bytes,
        needed_bytes,
    });
    if full != was_full {
        let dags: Vec<_> = cx.live.dags.keys().copied().collect();
        for dag in dags {
            next::arm(cx.live, dag);
            cx.live.promote.insert(dag);
        }
        cx.live.ready.wake = true;
    }
    Reply::Done
}
