//! Lives as many lives as one asks for: `cargo run --release -p sim -- --seeds 100000`.

use std::process::ExitCode;

/// Seeds between two lines of progress.
const REPORT_EVERY: u64 = 1_000;

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
    while first < end {
        let n = REPORT_EVERY.min(end - first);
        match sim::run_all(first, n) {
            Ok(stats) => println!("seeds {first} to {}: {stats:?}", first + n - 1),
            Err(broken) => {
                println!("{broken}");
                return ExitCode::FAILURE;
            }
        }
        first += n;
    }
    ExitCode::SUCCESS
}
