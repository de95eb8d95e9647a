//! The configuration: a value, checked once and handed down.
//!
//! `assets/config/default.toml` is the list of all keys: what stands there is known, all else is
//! refused.

mod layers;
mod read;
mod show;

use std::{net::SocketAddr, path::PathBuf};

pub use layers::{Layers, Mistakes};
pub use show::show;

/// What is in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// The dag folder.
    pub dags: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Task instances queued or running at once.
    pub parallelism: u32,
    /// Whether new dags are paused.
    pub dags_are_paused_at_creation: bool,
    /// Slots of `default_pool` at the first start.
    pub default_pool_slots: i32,
    /// Names of environment variables that tasks get.
    pub pass_environment: Vec<String>,
    /// The runtime of Python dags; empty for none.
    pub runtime: String,
    /// How long a warm interpreter without children stays, in seconds.
    pub zygote_idle_s: u64,
    /// How long a dag file that was read once may serve tasks, in seconds; 0 for never.
    pub dag_age_s: u64,
    /// Whether tasks may run as other users of the system.
    pub run_as_user: bool,
    /// Children after which a warm interpreter is replaced.
    pub zygote_forks: u64,
    /// MiB by which a warm interpreter may grow before it is replaced.
    pub zygote_growth_mib: u64,
    /// Memory of a Python task's process in MiB; 0 for what the machine has.
    pub task_memory_mib: u64,
    /// Page cache of the book in MiB.
    pub cache_mib: u64,
    /// Age of runs in days; 0 keeps them.
    pub runs_days: u32,
    /// Runs of each dag that are kept; 0 is no limit.
    pub runs_per_dag_max: usize,
    /// Runs of each dag that stay.
    pub runs_per_dag_min: usize,
    /// Age of entries of the audit log in days; 0 keeps them.
    pub audit_days: u32,
    /// Entries of the audit log that are kept; 0 is no limit.
    pub audit_entries_max: u64,
    /// Book and logs in MiB; 0 is no limit.
    pub disk_budget_mib: u64,
    /// Free space below which nothing is started, in MiB.
    pub disk_free_min_mib: u64,
    /// Filter of the log.
    pub log_level: String,
    /// Whether the log is JSON.
    pub log_json: bool,
}

impl Config {
    /// Reads the layers; all mistakes are told together.
    ///
    /// # Errors
    /// [`Mistakes`] with a sentence for each.
    pub fn of(layers: &Layers) -> Result<Self, Mistakes> {
        let mut read = read::Reader::new(layers);
        let config = Self {
            data: read.text("data").into(),
            dags: read.text("dags").into(),
            listen: read.loopback("listen"),
            parallelism: read.whole("scheduler.parallelism", 1),
            dags_are_paused_at_creation: read.flag("scheduler.dags_are_paused_at_creation"),
            default_pool_slots: read.whole("scheduler.default_pool_slots", -1),
            pass_environment: read.texts("worker.pass_environment"),
            runtime: read.text("airflow.runtime"),
            zygote_idle_s: read.whole("airflow.zygote_idle_s", 1),
            dag_age_s: read.whole("airflow.dag_age_s", 0),
            run_as_user: read.flag("airflow.run_as_user"),
            zygote_forks: read.whole("airflow.zygote_forks", 1),
            zygote_growth_mib: read.whole("airflow.zygote_growth_mib", 1),
            task_memory_mib: read.whole("airflow.task_memory_mib", 0),
            cache_mib: read.whole("store.cache_mib", 1),
            runs_days: read.whole("retention.runs_days", 0),
            runs_per_dag_max: read.whole("retention.runs_per_dag_max", 0),
            runs_per_dag_min: read.whole("retention.runs_per_dag_min", 1),
            audit_days: read.whole("retention.audit_days", 0),
            audit_entries_max: read.whole("retention.audit_entries_max", 0),
            disk_budget_mib: read.whole("retention.disk_budget_mib", 0),
            disk_free_min_mib: read.whole("retention.disk_free_min_mib", 0),
            log_level: read.text("log.level"),
            log_json: read.choice("log.format", &["text", "json"]) == "json",
        };
        let _: u32 = read.choice_of_number("version", &[1]);
        read.finish().map(|()| config)
    }
}

#[cfg(test)]
mod tests;
