//! Counters, gauges and histograms, rendered as Prometheus text.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use model::{
    change::Change,
    state::{DagRunState, TaskInstanceState},
};

/// All numbers of a running control layer.
#[derive(Default)]
pub struct Metrics {
    finished: [AtomicU64; TaskInstanceState::ALL.len()],
    runs: [AtomicU64; DagRunState::ALL.len()],
    /// Commands and reports of each batch.
    pub batch_inputs: Histogram<1>,
    /// How long commits take.
    pub commit_us: Histogram<1_000_000>,
    /// From the commit of a start to the executor's being told.
    pub launch_us: Histogram<1_000_000>,
    /// Commits that failed.
    pub commit_failures: AtomicU64,
    /// Reports that carried an old fence.
    pub stale_reports: AtomicU64,
    /// Commands and reports that wait.
    pub queue_depth: AtomicU64,
    /// Runs that are not finished.
    pub live_runs: AtomicU64,
    /// How late the last step was, in microseconds.
    pub scheduler_lag_us: AtomicU64,
    /// When the last batch was, in microseconds since 1970.
    pub heartbeat_us: AtomicU64,
    /// Dag files with an error.
    pub import_errors: AtomicU64,
    /// Dag files that were read.
    pub files_read: AtomicU64,
    /// Bytes of the store's file.
    pub store_bytes: AtomicU64,
    /// Bytes that are free on its disk.
    pub disk_free_bytes: AtomicU64,
    /// 1 while there is too little room to start work.
    pub disk_full: AtomicU64,
}

/// A histogram over fixed buckets; a value of `UNIT` is shown as 1.
pub struct Histogram<const UNIT: u64> {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    sum: AtomicU64,
}

/// Upper bounds of the buckets, in the histogram's own unit.
const BOUNDS: [u64; 14] = [
    1, 5, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000,
];

impl<const UNIT: u64> Default for Histogram<UNIT> {
    fn default() -> Self {
        Self {
            buckets: Default::default(),
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }
}

impl<const UNIT: u64> Histogram<UNIT> {
    /// Adds a value.
    pub fn add(&self, value: u64) {
        let at = BOUNDS.iter().position(|bound| value <= *bound);
        if let Some(bucket) = at.and_then(|at| self.buckets.get(at)) {
            bucket.fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    /// Adds a span in microseconds.
    pub fn add_time(&self, span: Duration) {
        self.add(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
    }

    #[allow(clippy::cast_precision_loss)] // Metrics are floating point by definition.
    fn render(&self, out: &mut String, name: &str, help: &str) {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut sum = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            sum += bucket.load(Relaxed);
            let le = *bound as f64 / UNIT as f64;
            let _ = writeln!(out, "{name}_bucket{{le=\"{le}\"}} {sum}");
        }
        let count = self.count.load(Relaxed);
        let total = self.sum.load(Relaxed) as f64 / UNIT as f64;
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{name}_sum {total}\n{name}_count {count}");
    }
}

impl Metrics {
    /// Counts what a committed batch finished.
    pub fn count(&self, changes: &[Change]) {
        for change in changes {
            if let Change::PutTaskInstance { ti, was, .. } = change
                && ti.state.is_finished()
                && *was != Some(ti.state)
                && let Some(counter) = self.finished.get(ti.state as usize)
            {
                counter.fetch_add(1, Relaxed);
            }
            if let Change::PutRun { run, was } = change
                && run.state.is_finished()
                && *was != Some(run.state)
                && let Some(counter) = self.runs.get(run.state as usize)
            {
                counter.fetch_add(1, Relaxed);
            }
        }
    }

    /// How many task instances ended in this state since the start.
    #[must_use]
    pub fn finished(&self, state: TaskInstanceState) -> u64 {
        self.finished
            .get(state as usize)
            .map_or(0, |counter| counter.load(Relaxed))
    }

    /// All of it as Prometheus text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::with_capacity(8 * 1024);
        let finished = TaskInstanceState::ALL.iter().zip(&self.finished);
        let finished = finished.filter(|(state, _)| state.is_finished());
        family(
            &mut out,
            "orrery_task_instances_finished_total",
            "Task instances that ended, by state.",
            finished.map(|(state, n)| (state.as_str(), n.load(Relaxed))),
        );
        let runs = DagRunState::ALL.iter().zip(&self.runs);
        family(
            &mut out,
            "orrery_dag_runs_finished_total",
            "Dag runs that ended, by state.",
            runs.filter(|(state, _)| state.is_finished())
                .map(|(state, n)| (state.as_str(), n.load(Relaxed))),
        );
        self.batch_inputs
            .render(&mut out, "orrery_batch_inputs", "Inputs of each batch.");
        self.commit_us
            .render(&mut out, "orrery_commit_seconds", "How long commits take.");
        self.launch_us.render(
            &mut out,
            "orrery_launch_seconds",
            "From the commit of a start to the executor.",
        );
        for (name, kind, help, value) in self.plain() {
            let _ = writeln!(
                out,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
            );
        }
        out
    }

    fn plain(&self) -> [(&'static str, &'static str, &'static str, u64); 11] {
        let (c, g) = ("counter", "gauge");
        let n = |value: &AtomicU64| value.load(Relaxed);
        [
            (
                "orrery_commit_failures_total",
                c,
                "Commits failed.",
                n(&self.commit_failures),
            ),
            (
                "orrery_stale_reports_total",
                c,
                "Reports with old fences.",
                n(&self.stale_reports),
            ),
            (
                "orrery_queue_depth",
                g,
                "Inputs that wait.",
                n(&self.queue_depth),
            ),
            (
                "orrery_live_runs",
                g,
                "Runs that are not finished.",
                n(&self.live_runs),
            ),
            (
                "orrery_scheduler_lag_us",
                g,
                "Lateness of a step.",
                n(&self.scheduler_lag_us),
            ),
            (
                "orrery_heartbeat_us",
                g,
                "Time of the last batch.",
                n(&self.heartbeat_us),
            ),
            (
                "orrery_import_errors",
                g,
                "Dag files with an error.",
                n(&self.import_errors),
            ),
            (
                "orrery_dag_files_read_total",
                c,
                "Dag files read.",
                n(&self.files_read),
            ),
            (
                "orrery_store_bytes",
                g,
                "Bytes of the store's file.",
                n(&self.store_bytes),
            ),
            (
                "orrery_disk_free_bytes",
                g,
                "Bytes free.",
                n(&self.disk_free_bytes),
            ),
            (
                "orrery_disk_full",
                g,
                "Whether there is too little room to start work.",
                n(&self.disk_full),
            ),
        ]
    }
}

/// Adds how full the pools are.
pub(crate) fn render_pools(out: &mut String, pools: &[engine::PoolUsage]) {
    let _ = writeln!(
        out,
        "# HELP orrery_pool_slots Slots of pools.\n# TYPE orrery_pool_slots gauge"
    );
    for usage in pools {
        // Pool names are keys: letters, digits, `_`, `-`, `.`, and need no escape.
        let pool = &usage.pool.name;
        for (state, n) in [
            ("running", usage.running),
            ("queued", usage.queued),
            ("scheduled", usage.scheduled),
            ("deferred", usage.deferred),
            ("open", usage.open),
        ] {
            let _ = writeln!(
                out,
                "orrery_pool_slots{{pool=\"{pool}\",state=\"{state}\"}} {n}"
            );
        }
    }
}

fn family<'a>(
    out: &mut String,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = (&'a str, u64)>,
) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
    for (state, n) in rows {
        let _ = writeln!(out, "{name}{{state=\"{state}\"}} {n}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_are_cumulative_and_in_seconds() {
        let metrics = Metrics::default();
        metrics.commit_us.add(300);
        metrics.commit_us.add(2_000_000);
        let text = metrics.render();
        for line in [
            "orrery_commit_seconds_bucket{le=\"0.00025\"} 0",
            "orrery_commit_seconds_bucket{le=\"0.0005\"} 1",
            "orrery_commit_seconds_bucket{le=\"+Inf\"} 2",
            "orrery_commit_seconds_sum 2.0003",
            "orrery_task_instances_finished_total{state=\"success\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
