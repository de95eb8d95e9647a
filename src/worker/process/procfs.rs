//! Who is who among processes, by `/proc`: ids alone are used again, ids with a start time are not.

use serde::{Deserialize, Serialize};
use std::{fs, io};

/// A process for as long as this boot and its process namespace last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The boot and the process namespace.
    pub boot: String,
    /// Its id; for a worker process also its session, which its tasks inherit.
    pub pid: u32,
    /// Its start time in clock ticks since boot.
    pub started_ticks: u64,
}

/// What `/proc/PID/stat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The process.
    pub pid: u32,
    /// Its parent.
    pub parent: u32,
    /// Its group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// Its start in clock ticks since boot (field 22).
    pub started_ticks: u64,
    /// Dead and not yet waited for.
    pub zombie: bool,
}

impl Identity {
    /// This process.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn me() -> io::Result<Self> {
        let pid = std::process::id();
        Ok(Self {
            boot: boot()?,
            pid,
            started_ticks: stat(pid)?.started_ticks,
        })
    }

    /// Whether this process still runs, seen from `me`.
    #[must_use]
    pub fn is_alive(&self, me: &Self) -> bool {
        self.boot == me.boot
            && stat(self.pid).is_ok_and(|s| s.started_ticks == self.started_ticks && !s.zombie)
    }
}

/// Reads one process's line.
///
/// # Errors
/// When there is no such process.
pub fn stat(pid: u32) -> io::Result<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat"))?;
    parse(pid, &text).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

/// All processes that can be seen.
///
/// # Errors
/// When `/proc` cannot be listed.
pub fn all() -> io::Result<Vec<Stat>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        // It may have ended since it was listed.
        if let Ok(one) = stat(pid) {
            found.push(one);
        }
    }
    Ok(found)
}

/// Bytes of memory that a process has to itself or shares; 0 when it is gone.
pub fn resident_bytes(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: u64 = text
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages.saturating_mul(rustix::param::page_size() as u64)
}

/// CPU time in microseconds (to a tick) and largest memory in bytes that a process has used so far.
pub fn usage(pid: u32) -> (u64, u64) {
    let stat = fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = memchr::memrchr(b')', &stat).map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(stat.get(after..).unwrap_or_default());
    let number = |text: Option<&str>| text.and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
    let mut fields = text.split_ascii_whitespace().skip(11);
    let ticks = number(fields.next()) + number(fields.next());
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak_kib = number(peak.and_then(|peak| peak.split_ascii_whitespace().next()));
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    (
        ticks.saturating_mul(1_000_000) / per_second,
        peak_kib * 1024,
    )
}

fn boot() -> io::Result<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let namespace = fs::read_link("/proc/self/ns/pid")?;
    Ok(format!("{} {}", id.trim(), namespace.display()))
}

/// The name in parentheses may itself hold spaces and parentheses, so fields count from the last
/// one.
fn parse(pid: u32, text: &[u8]) -> Option<Stat> {
    let after = memchr::memrchr(b')', text)? + 1;
    let text = std::str::from_utf8(text.get(after..)?).ok()?;
    let mut fields = text.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let started_ticks = fields.nth(15)?.parse().ok()?;
    Some(Stat {
        pid,
        parent,
        group,
        session,
        started_ticks,
        zombie: matches!(state, "Z" | "X"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stat_lines_with_odd_names() {
        let line = b"77 (a) b (c) S 1 70 60 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 999 1";
        let expected = Stat {
            pid: 77,
            parent: 1,
            group: 70,
            session: 60,
            started_ticks: 12345,
            zombie: false,
        };
        assert_eq!(parse(77, line), Some(expected));
        assert_eq!(parse(77, b"77 (a"), None);
    }

    #[test]
    fn this_process_is_alive() {
        let me = Identity::me().unwrap();
        assert!(me.is_alive(&me));
        let other = Identity {
            started_ticks: me.started_ticks + 1,
            ..me.clone()
        };
        assert!(!other.is_alive(&me));
        assert!(all().unwrap().iter().any(|s| s.pid == me.pid));
    }
}
