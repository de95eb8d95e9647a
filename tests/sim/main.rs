//! Lives as many lives as one asks for: `cargo run --release -p sim -- --seeds 100000`.

use std::process::ExitCode;

/// Seeds between two lines of progress.
const REPORT_EVERY: u64 = 1_000;
/// Broken lives after which it gives up.
const BROKEN_MAX: u32 = 10;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut first, mut n) = (0, 1_000);
    while let Some(name) = args.next() {
        let value = args.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--seeds", Some(value)) => n = value,
            ("--first", Some(value)) => first = value,
            _ => {
                eprintln!("usage: sim [--first SEED] [--seeds COUNT]");
                return ExitCode::from(2);
            }
        }
    }
    let end = first + n;
    let mut n_broken = 0;
    while first < end && n_broken < BROKEN_MAX {
        let n = REPORT_EVERY.min(end - first);
        match sim::run_all(first, n) {
            Ok(stats) => {
                println!("seeds {first} to {}: {stats:?}", first + n - 1);
                first += n;
            }
            Err(broken) => {
                println!("{broken}");
                n_broken += 1;
                first = broken.seed + 1;
            }
        }
    }
    ExitCode::from(u8::from(n_broken > 0))
}
