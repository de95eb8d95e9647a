//! Signals to a process group, and what is left of one.

use super::procfs;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::{io, os::fd::OwnedFd};

/// The process of a number.
///
/// # Errors
/// When no process can have it.
pub fn pid(number: u32) -> io::Result<Pid> {
    let raw = i32::try_from(number).ok().and_then(Pid::from_raw);
    raw.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

/// Sends a signal to all of a group. A group without members is no error.
pub fn signal(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

/// The members of a group that still run, as descriptors that tell of their end. Empty in the usual
/// case, for one system call; else `/proc` is read.
pub fn members(group: Pid) -> Vec<OwnedFd> {
    if rustix::process::test_kill_process_group(group).is_err() {
        return Vec::new();
    }
    let number = group.as_raw_nonzero().get().unsigned_abs();
    let all = procfs::all().unwrap_or_default();
    let in_group = all.iter().filter(|s| s.group == number && !s.zombie);
    in_group.filter_map(|s| watch(s.pid).ok()).collect()
}

/// The processes that are now in the group and session that `member` was in.
pub fn members_of(member: &procfs::Stat) -> Vec<procfs::Stat> {
    let mut all = procfs::all().unwrap_or_default();
    all.retain(|s| s.group == member.group && s.session == member.session && !s.zombie);
    all
}

/// A descriptor that is readable once the process has ended.
///
/// # Errors
/// When there is no such process, or no more descriptors.
pub fn watch(number: u32) -> io::Result<OwnedFd> {
    Ok(pidfd_open(pid(number)?, PidfdFlags::NONBLOCK)?)
}
