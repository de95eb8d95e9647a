//! What dead worker processes left behind: ends that nobody has heard, and processes that nobody
//! watches. The latter are ended before they are reported lost, so that a new try never meets the
//! old.

use super::{Shared, tries};
use crate::{
    claims::Record,
    process::{
        group,
        procfs::{self, Identity, Stat},
        sys,
    },
    wire::{self, What},
};
use model::report::Outcome;
use rustix::process::{Signal, pidfd_send_signal};
use std::{io, os::fd::OwnedFd, sync::Arc};
use tokio::{io::unix::AsyncFd, time::timeout};

/// Takes over the claims of worker processes that are dead. What they began is in the table when
/// this returns; the reports follow when the processes have ended.
///
/// # Errors
/// When the claims or `/proc` cannot be read.
pub fn sweep(shared: &Arc<Shared>) -> io::Result<()> {
    let (orphans, dead) = shared.claims().inherit(&shared.paths.tries, &shared.me)?;
    if dead.is_empty() && orphans.is_empty() {
        return Ok(());
    }
    let all = procfs::all()?;
    // Warm interpreters and parses are in no journal; whatever is left of that session ends.
    for owner in dead {
        let (victims, grace) = (
            victims(&owner, None, &all, &shared.me),
            shared.limits.kill_grace,
        );
        tokio::spawn(async move { end_all(&victims, grace).await });
    }
    for record in orphans {
        let victims = victims(&record.owner, record.process, &all, &shared.me);
        if shared.table().begin(record.fence, record.key).is_some() {
            let shared = Arc::clone(shared);
            tokio::spawn(async move { fence_off(&shared, record, victims).await });
        }
    }
    Ok(())
}

/// The processes that are certainly of this try or of its dead worker's session. The session's
/// number is not used again as long as one of its members lives, unless its leader is somebody new.
fn victims(owner: &Identity, leader: Option<(u32, u64)>, all: &[Stat], me: &Identity) -> Vec<Stat> {
    if owner.boot != me.boot {
        return Vec::new();
    }
    let session_is_old = all
        .iter()
        .all(|s| s.pid != owner.pid || s.started_ticks == owner.started_ticks);
    let of_try = |s: &&Stat| {
        let is_leader = leader == Some((s.pid, s.started_ticks));
        let of_session = session_is_old
            && s.session == owner.pid
            && s.pid != owner.pid
            && s.started_ticks >= owner.started_ticks;
        // A try whose process is not known may be any of the session; all of them are lost anyway.
        let of_group = leader.is_none_or(|(pid, _)| s.group == pid);
        s.pid != me.pid && !s.zombie && (is_leader || (of_session && of_group))
    };
    all.iter().filter(of_try).copied().collect()
}

async fn fence_off(shared: &Arc<Shared>, record: Record, victims: Vec<Stat>) {
    let Record {
        fence,
        key,
        owner: _,
        process: _,
        end,
    } = record;
    let processes = victims.len();
    end_all(&victims, shared.limits.kill_grace).await;
    if let Some(report) = end {
        shared.table().report(report);
        shared.outgoing.notify_one();
        shared.changed.notify_one();
        return;
    }
    let message = match processes {
        0 => "the worker process died while the task ran; nothing of it is left".to_owned(),
        n => format!("the worker process died while the task ran; {n} processes of it were ended"),
    };
    let what = What::Finished {
        outcome: Outcome::Lost { message }.into(),
        usage: wire::Usage::default(),
    };
    tries::report(shared, fence, key, what);
}

/// TERM, then KILL; by descriptor, since ids may be used again meanwhile.
async fn end_all(victims: &[Stat], grace: std::time::Duration) {
    let mut watched: Vec<AsyncFd<OwnedFd>> = Vec::new();
    for victim in victims {
        let Some(fd) = same_process(victim) else {
            continue;
        };
        let _ = pidfd_send_signal(&fd, Signal::TERM);
        let _ = pidfd_send_signal(&fd, Signal::CONT);
        watched.extend(sys::watch(fd));
    }
    for signal in [None, Some(Signal::KILL)] {
        if let Some(signal) = signal {
            for fd in &watched {
                let _ = pidfd_send_signal(fd.get_ref(), signal);
            }
        }
        let all = async {
            for fd in &watched {
                let _ = fd.readable().await;
            }
        };
        if timeout(grace, all).await.is_ok() {
            break;
        }
    }
    // Members that were forked since the list was made.
    for victim in victims {
        if let Ok(pid) = group::pid(victim.group)
            && !group::members_of(victim).is_empty()
        {
            group::signal(pid, Signal::KILL);
        }
    }
}

fn same_process(victim: &Stat) -> Option<OwnedFd> {
    let fd = group::watch(victim.pid).ok()?;
    // The descriptor is of whoever has the id now; the start time tells whether that is the one
    // meant.
    let now = procfs::stat(victim.pid).ok()?;
    (now.started_ticks == victim.started_ticks).then_some(fd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(pid: u32, group: u32, session: u32, started_ticks: u64) -> Stat {
        Stat {
            pid,
            parent: 1,
            group,
            session,
            started_ticks,
            zombie: false,
        }
    }

    fn identity(boot: &str, pid: u32, started_ticks: u64) -> Identity {
        Identity {
            boot: boot.to_owned(),
            pid,
            started_ticks,
        }
    }

    #[test]
    fn only_certain_processes_are_victims() {
        let me = identity("b", 9, 900);
        let check = |owner: Identity, leader, all: &[Stat], expected: &[u32]| {
            let found = victims(&owner, leader, all, &me);
            let pids: Vec<u32> = found.iter().map(|s| s.pid).collect();
            assert_eq!(pids, expected);
        };
        let owner = || identity("b", 5, 500);
        let task = stat(20, 20, 5, 600);
        let child = stat(21, 20, 5, 610);
        let other_try = stat(30, 30, 5, 600);
        let stranger = stat(40, 20, 77, 620);
        let all = [task, child, other_try, stranger, stat(9, 9, 9, 900)];
        check(owner(), Some((20, 600)), &all, &[20, 21]);
        // The id was used again by a stranger: not the same start.
        check(owner(), Some((40, 1)), &all, &[]);
        // Died between the spawn and the note: all of the session.
        check(owner(), None, &all, &[20, 21, 30]);
        // Another boot or container: nothing.
        check(identity("a", 5, 500), Some((20, 600)), &all, &[]);
        // The dead worker's number has a new owner: its session is not ours.
        let reborn = [task, child, stat(5, 5, 5, 890)];
        check(owner(), None, &reborn, &[]);
        check(owner(), Some((20, 600)), &reborn, &[20]);
    }
}
