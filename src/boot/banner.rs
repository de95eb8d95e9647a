//! What is printed when it is ready: ten lines at most.

use std::net::SocketAddr;

use control::FolderStatus;
use model::TimeDelta;

use crate::{
    cli::{self, Trouble},
    config::Config,
};

/// Where it is reached, and what is prepared beside.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub address: SocketAddr,
    /// The version of Airflow.
    pub beside: Option<&'a str>,
}

/// Prints it.
pub fn print(
    config: &Config,
    Place { address, beside }: Place<'_>,
    store_bytes: u64,
    found: &FolderStatus,
    took: TimeDelta,
) -> Result<(), Trouble> {
    let dags = config.dags.display();
    let said = match (config.dags.is_dir(), found.scanned) {
        (false, _) => format!("{dags} is not there yet; dags appear when it is"),
        (true, false) => format!("{dags}, still reading"),
        (true, true) => {
            let broken = match found.n_errors {
                0 => String::new(),
                n => format!(", {n} broken (orrery dags list)"),
            };
            let python = match found.n_python {
                _ if beside.is_some() => String::new(),
                0 => String::new(),
                n => format!(
                    ", {n} Python files left alone without a runtime (orrery runtime create)"
                ),
            };
            format!("{dags}, {} files{broken}{python}", found.n_files)
        }
    };
    let beside = beside.map_or_else(String::new, |airflow| {
        format!(
            "\n  airflow Airflow {airflow} is being prepared for Python dags; the web UI shows how far it is"
        )
    });
    cli::line(&format!(
        "orrery {}\n  web UI  http://{address}\n  API     http://{address}/api/v2\n  data    {}, \
         store {:.1} MiB\n  dags    {said}{beside}\n  ready in {} ms",
        env!("CARGO_PKG_VERSION"),
        config.data.display(),
        store_bytes as f64 / f64::from(1 << 20),
        took.as_micros() / 1_000
    ))
}
