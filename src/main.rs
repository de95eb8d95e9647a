//! The binary: arguments and wiring, no logic.

mod boot;
mod cli;
mod config;
mod memory;
mod telemetry;

fn main() -> std::process::ExitCode {
    memory::limit_heaps();
    cli::run()
}
