//! Waits for processes that became our children because their parent died: descendants of tasks
//! that nobody watches. Whoever has a child to watch waits for it at once; what is still there
//! after two looks belongs to nobody.

use crate::process::{
    group,
    procfs::{self, Stat},
    sys,
};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use std::{collections::HashSet, time::Duration};
use tokio::{signal::unix::Signal, time::sleep};

/// Between two looks.
const LOOK_AFTER: Duration = Duration::from_secs(2);

/// Runs as long as the worker process.
pub async fn reap_all(mut child_ended: Signal) {
    let mut seen = HashSet::new();
    while child_ended.recv().await.is_some() {
        loop {
            sleep(LOOK_AFTER).await;
            if !is_any_dead() {
                seen.clear();
                break;
            }
            seen = look(&seen);
        }
    }
}

/// One system call in the usual case.
fn is_any_dead() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::All, options), Ok(Some(_)))
}

/// Waits for those that were dead already at the look before; gives those that are dead now.
fn look(before: &HashSet<(u32, u64)>) -> HashSet<(u32, u64)> {
    let me = std::process::id();
    let all = procfs::all().unwrap_or_default();
    let name = |stat: &Stat| (stat.pid, stat.started_ticks);
    let dead = all.iter().filter(|stat| stat.parent == me && stat.zombie);
    let (old, new): (Vec<_>, Vec<_>) = dead.map(name).partition(|name| before.contains(name));
    for (pid, _) in old {
        if let Ok(pid) = group::pid(pid) {
            let _ = sys::reap(pid);
        }
    }
    new.into_iter().collect()
}
