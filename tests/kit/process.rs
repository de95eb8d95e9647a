//! Looking at processes, and ending those that were started here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The binary under test: `KIT_BINARY`, or the development build. (`ORRERY_…` is what the server
/// itself reads, and it refuses what it does not know.)
pub fn binary() -> PathBuf {
    let built = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/x86_64-unknown-linux-gnu/debug/orrery"
    );
    let path = std::env::var_os("KIT_BINARY").map_or_else(|| PathBuf::from(built), PathBuf::from);
    path.canonicalize()
        .unwrap_or_else(|_| panic!("{}: run `cargo build -p orrery`", path.display()))
}

/// A command of the binary under test that knows nothing of this process's own settings: each
/// `ORRERY_*` variable, `ORRERY_BINARY` among them, would be a setting of the binary.
pub fn command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ORRERY_") {
            command.env_remove(name);
        }
    }
    command
}

/// Ends a process at once.
pub fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-9", &pid.to_string()]).output();
}

/// Asks a process to end: a worker process ends its tasks first.
pub fn terminate(pid: u32) {
    let _ = Command::new("kill").arg(pid.to_string()).output();
}

/// CPU time of a process in seconds.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .to_owned();
    let fields: Vec<f64> = after
        .split_whitespace()
        .map(|f| f.parse().unwrap_or(0.0))
        .collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

/// Proportional set size of a process in MiB.
pub fn pss_mib(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find(|line| line.starts_with("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// Processes whose command line has all these words.
pub fn with_words(words: &[&str]) -> Vec<u32> {
    let has = |pid: &u32| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let have: Vec<_> = line.split('\0').collect();
        words.iter().all(|word| have.contains(word))
    };
    all().into_iter().filter(has).collect()
}

fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}
