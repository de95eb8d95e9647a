//! What the machine itself can do: the floors that our figures are ratios to.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use kit::scratch;

use crate::stats::{median, spread};

/// The machine's floors.
pub struct Floors {
    /// One fdatasync of a 4 KiB overwrite, in milliseconds.
    pub fdatasync_ms: f64,
    fdatasync_spread: [f64; 2],
    /// Spawn and wait of `/bin/bash -c true`, one after the other, in milliseconds.
    pub spawn_ms: f64,
    /// The same, as many at once as there are cores, per second.
    pub spawns_per_s: f64,
    true_per_s: f64,
}

impl Floors {
    /// For the report.
    pub fn to_json(&self) -> Value {
        json!({
            "fdatasync_ms": self.fdatasync_ms, "fdatasync_spread_ms": self.fdatasync_spread,
            "spawn_bash_ms": self.spawn_ms, "spawn_bash_per_s": self.spawns_per_s,
            "spawn_true_per_s": self.true_per_s,
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
        })
    }
}

/// Measures them.
pub fn measure() -> Floors {
    let syncs = fdatasyncs();
    let spawns: Vec<_> = (0..200)
        .map(|_| spawn(&["/bin/bash", "-c", "true"]))
        .collect();
    Floors {
        fdatasync_ms: median(&syncs),
        fdatasync_spread: spread(&syncs),
        spawn_ms: median(&spawns),
        spawns_per_s: rate(&["/bin/bash", "-c", "true"]),
        true_per_s: rate(&["/bin/true"]),
    }
}

fn fdatasyncs() -> Vec<f64> {
    let folder = scratch("floors");
    let mut file = File::create(folder.join("sync")).unwrap();
    file.write_all(&vec![0; 1 << 20]).unwrap();
    file.sync_all().unwrap();
    let mut one = |at: u64| {
        file.seek(SeekFrom::Start(at % 256 * 4096)).unwrap();
        file.write_all(&[at as u8; 4096]).unwrap();
        let begin = Instant::now();
        file.sync_data().unwrap();
        begin.elapsed().as_secs_f64() * 1e3
    };
    let millis = (0..500).map(&mut one).collect();
    std::fs::remove_dir_all(folder).unwrap();
    millis
}

fn spawn(argv: &[&str]) -> f64 {
    let begin = Instant::now();
    let mut command = Command::new(argv[0]);
    command
        .args(&argv[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().unwrap();
    begin.elapsed().as_secs_f64() * 1e3
}

fn rate(argv: &[&'static str]) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (each, argv) = (1_000, argv.to_vec());
    let begin = Instant::now();
    let started: Vec<_> = (0..threads)
        .map(|_| {
            let argv = argv.clone();
            std::thread::spawn(move || {
                (0..each).for_each(|_| {
                    spawn(&argv);
                })
            })
        })
        .collect();
    started
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    (threads * each) as f64 / begin.elapsed().as_secs_f64()
}
