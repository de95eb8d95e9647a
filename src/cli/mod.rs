//! What can be typed. One line for each command; the work is in the file of its name.

mod backfill;
mod bulk;
mod check;
mod client;
mod configuration;
mod connections;
mod dags;
mod explain;
mod output;
mod runs;
mod runtime;
mod serve;
mod traceback;
mod variables;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

pub use client::ADDRESS_FILE;
pub use output::{Trouble, line};

/// Managed orchestration in one file: runs Airflow dags with scheduler, web UI, API and store.
#[derive(Parser)]
#[command(
    name = "orrery",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the platform: scheduler, workers, web UI and API.
    Serve(Settings),
    /// The same with example dags in a folder `.orrery` here, to look around; fetches an Airflow
    /// for Python dags while it runs.
    Demo(serve::Demo),
    /// Lists, triggers, pauses and checks dags.
    #[command(subcommand)]
    Dags(dags::Dags),
    /// Lists and shows runs, and prints task logs.
    #[command(subcommand)]
    Runs(runs::Runs),
    /// Makes runs for past dates of a schedule.
    #[command(subcommand)]
    Backfill(backfill::Backfill),
    /// Lists, shows, sets, imports and deletes connections.
    #[command(subcommand)]
    Connections(connections::Connections),
    /// Lists, shows, sets, imports and deletes variables.
    #[command(subcommand)]
    Variables(variables::Variables),
    /// Makes, checks and moves the Airflow installations that Python dags run in.
    #[command(subcommand)]
    Runtime(runtime::Runtime),
    /// Shows the configuration.
    #[command(subcommand)]
    Config(configuration::Configuration),
    /// Explains an error code, such as DAG-003.
    Explain {
        /// The code; all of them when absent.
        code: Option<String>,
    },
    /// Prints the version.
    Version,
    /// The process that runs tasks; started by `serve`.
    #[command(hide = true)]
    Worker {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
}

/// Flags that stand above the configuration file and the environment.
#[derive(Args, Clone, Default)]
pub struct Settings {
    /// The configuration file [default: /etc/orrery/orrery.toml where there is one].
    #[arg(long, env = "ORRERY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything: book, logs, keys.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The folder with the dag files.
    #[arg(long, value_name = "DIR")]
    dags: Option<String>,
    /// Address and port of the web UI and the API.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The runtime that Python dags run in.
    #[arg(long, value_name = "NAME")]
    runtime: Option<String>,
    /// Any key of the configuration, as in `--set scheduler.parallelism=8`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Where the running server is found.
#[derive(Args, Clone)]
pub struct Server {
    /// The server's address [default: what the server in the data folder says of itself].
    #[arg(long, env = "ORRERY_SERVER", value_name = "URL")]
    server: Option<String>,
    /// The server's data folder.
    #[arg(long, env = "ORRERY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs what was typed.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(settings) => serve::serve(&settings),
        Command::Demo(settings) => serve::demo(&settings),
        Command::Dags(command) => dags::run(command),
        Command::Runs(command) => runs::run(command),
        Command::Backfill(command) => backfill::run(command),
        Command::Connections(command) => connections::run(command),
        Command::Variables(command) => variables::run(command),
        Command::Runtime(command) => runtime::run(&command),
        Command::Config(command) => configuration::run(&command),
        Command::Explain { code } => explain::run(code.as_deref()),
        Command::Version => output::line(&format!("orrery {}", env!("CARGO_PKG_VERSION"))),
        Command::Worker { data } => serve::worker(data),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => trouble.tell(),
    }
}
