//! The binary: arguments and wiring, no logic.

mod boot;
mod cli;
mod config;
mod telemetry;

fn main() -> std::process::ExitCode {
    cli::run()
}
