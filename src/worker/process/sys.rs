//! The calls that have no safe wrapper.

use model::report::Usage;
use rustix::process::Pid;
use std::{
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::process::ExitStatusExt,
    },
    process::ExitStatus,
};
use tokio::io::{Interest, unix::AsyncFd};

/// Waits for a child that has ended (its pidfd was readable), and frees its id.
///
/// # Errors
/// When it is no child of this process.
pub fn reap(pid: Pid) -> io::Result<(ExitStatus, Usage)> {
    let mut status = 0;
    // SAFETY: `rusage` is plain numbers, for which all-zero bytes are a value.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live, writable values of the right types.
        let got = unsafe {
            libc::wait4(
                pid.as_raw_nonzero().get(),
                &raw mut status,
                0,
                &raw mut used,
            )
        };
        if got >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let us = |t: libc::timeval| {
        let us = t.tv_sec.saturating_mul(1_000_000).saturating_add(t.tv_usec);
        u64::try_from(us).unwrap_or(0)
    };
    let usage = Usage {
        cpu_us: us(used.ru_utime).saturating_add(us(used.ru_stime)),
        // The kernel counts from before exec, so this is never below the worker process's own size.
        memory_peak_bytes: u64::try_from(used.ru_maxrss)
            .unwrap_or(0)
            .saturating_mul(1024),
    };
    Ok((ExitStatus::from_raw(status), usage))
}

/// Watches a descriptor for something to read; for a pidfd that is the end of its process.
///
/// # Errors
/// When the system has no room for it.
pub fn watch<T: AsRawFd + Into<OwnedFd>>(owner: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: an owner of a descriptor (that is what `Into<OwnedFd>` says) keeps it open and the
    // same as long as it lives, and nothing here gives out a mutable reference to it.
    let watched = unsafe { AsyncFd::register_with_interest(owner, Interest::READABLE) };
    Ok(watched?)
}

/// The same for a socket that is also written.
///
/// # Errors
/// When the system has no room for it.
pub fn watch_both(owner: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    let both = Interest::READABLE | Interest::WRITABLE;
    // SAFETY: as above.
    let watched = unsafe { AsyncFd::register_with_interest(owner, both) };
    Ok(watched?)
}

/// Makes this process the next parent of children whose parent dies.
///
/// # Errors
/// When the system does not know of that.
pub fn adopt_orphans() -> io::Result<()> {
    // SAFETY: it takes numbers and changes a flag of this process.
    let done = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Gives memory that is free back to the system; after a thousand tries at once that is most of it.
pub fn give_back_memory() {
    // SAFETY: it takes a number, and the allocator locks what it touches.
    let _ = unsafe { libc::malloc_trim(0) };
}
