//! How much memory a process may take for itself.
//!
//! The bound is on private writable memory (`RLIMIT_DATA`), whose excess is an error that Python
//! tells as `MemoryError`, and not on address space, of which harmless programs reserve much. All
//! children are also named to the kernel as the first to end when the machine has no memory left.

use super::group;
use model::limits::PYTHON_OTHERS_BYTES_MAX;
use rustix::process::{Resource, Rlimit, prlimit};
use std::fs;

/// In `oom_score_adj`: more than what a server has, less than what is to go first of all.
const FIRST_TO_GO: &str = "500";

/// Bytes for a session of this kind. `task` is what was chosen for tasks, 0 for all there is.
pub fn bytes_for(op: &str, task: u64) -> u64 {
    let machine = machine();
    match (op, task) {
        ("task", 0) => machine,
        ("task", chosen) => chosen,
        (_, _) => PYTHON_OTHERS_BYTES_MAX.min(machine / 2),
    }
}

/// Bounds a process that does nothing yet; what it starts has the bound too.
pub fn bound(pid: u32, bytes: u64) {
    let Ok(raw) = group::pid(pid) else {
        return;
    };
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    // It may have ended already, or have a lower bound, which cannot be raised.
    let _ = prlimit(Some(raw), Resource::Data, limit);
    let _ = fs::write(format!("/proc/{pid}/oom_score_adj"), FIRST_TO_GO);
}

/// Bytes of memory and swap of this machine, or of the control group that we are in.
fn machine() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let bytes = (kib("MemTotal:") + kib("SwapTotal:")).saturating_mul(1024);
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").unwrap_or_default();
    let group = group.trim().parse().unwrap_or(u64::MAX);
    match bytes.min(group) {
        // Nobody can tell.
        0 => u64::MAX / 2,
        bytes => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_bound() {
        assert!(machine() > 64 << 20);
        assert_eq!(bytes_for("task", 0), machine());
        assert_eq!(bytes_for("task", 7), 7);
        assert!(bytes_for("parse", 7) <= PYTHON_OTHERS_BYTES_MAX);
    }
}
