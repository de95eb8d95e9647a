//! History is bounded: old runs go, and when the book or the logs outgrow the disk budget the
//! oldest go sooner. What is deleted gives its space back to the system.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use model::{
    RunNo, TimeDelta, Timestamp,
    command::Command,
    limits::{ASSET_EVENTS_PRUNE_MAX, AUDIT_PRUNE_MAX},
};
use store::{Paging, ReadError};

use super::Keeper;

/// How long history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Days after its end that a run is kept; for ever when absent.
    pub days_max: Option<u32>,
    /// Runs of each dag that are kept; all when absent.
    pub runs_per_dag_max: Option<usize>,
    /// The last runs of each dag, which stay however old they are.
    pub runs_per_dag_min: usize,
    /// Days that an entry of the audit log is kept; for ever when absent.
    pub audit_days_max: Option<u32>,
    /// Entries of the audit log that are kept, the newest; all when absent.
    pub audit_entries_max: Option<u64>,
    /// Bytes of book and logs together, beyond which the oldest finished runs go; no end when
    /// absent.
    pub disk_budget_bytes: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            days_max: Some(90),
            runs_per_dag_max: Some(10_000),
            runs_per_dag_min: 10,
            audit_days_max: Some(400),
            audit_entries_max: Some(5_000_000),
            disk_budget_bytes: Some(20 << 30),
        }
    }
}

/// Runs that one command deletes, and commands of one round.
const PRUNE_RUNS_MAX: usize = 50;
const PRUNE_COMMANDS_MAX: usize = 4;
/// How much of the time measuring the log folder may take: one part in this many.
const MEASURE_SHARE: u32 = 200;

/// What rounds know of each other.
#[derive(Default)]
pub(super) struct Rounds {
    /// The size of the log folder, when it is measured next, and how much was deleted since.
    logs_bytes: u64,
    measure_at: Option<Instant>,
    deleted: bool,
}

impl Keeper {
    /// One round; true when another should follow soon.
    pub(super) fn retain(&self, rounds: &mut Rounds) -> bool {
        let more = match self.prune(rounds) {
            Ok(more) => more,
            Err(e) => {
                tracing::warn!(target: "control", "old runs cannot be looked for: {e}");
                false
            }
        };
        // Once at the end of a spell, since compaction holds up the writer.
        if !more && std::mem::take(&mut rounds.deleted) {
            self.handle.compact();
        }
        more
    }

    fn prune(&self, rounds: &mut Rounds) -> Result<bool, ReadError> {
        let runs = self.old_runs(false)?;
        let by_age = !runs.is_empty();
        let runs = if by_age || !self.is_over_budget(rounds) {
            runs
        } else {
            self.old_runs(true)?
        };
        for part in runs.chunks(PRUNE_RUNS_MAX).take(PRUNE_COMMANDS_MAX) {
            let command = Command::Prune {
                runs: part.to_vec(),
            };
            if self.handle.command_blocking(command).is_err() {
                return Ok(false);
            }
            rounds.deleted = true;
        }
        if !runs.is_empty() && !by_age {
            rounds.measure_at = None;
        }
        let events = self.prune_asset_events(rounds)?;
        let audit = self.prune_audit(rounds)?;
        Ok(!runs.is_empty() || events || audit)
    }

    /// Entries of the audit log go with age, and when there are too many, whatever becomes of what
    /// they speak of; true when there were some.
    fn prune_audit(&self, rounds: &mut Rounds) -> Result<bool, ReadError> {
        let Options {
            audit_days_max,
            audit_entries_max,
            ..
        } = self.retention;
        let before = audit_days_max.map(|days| self.days_ago(days));
        let book = self.reader.snapshot()?;
        let entries = book.audit_to_prune(before, audit_entries_max, AUDIT_PRUNE_MAX)?;
        drop(book);
        if entries.is_empty() {
            return Ok(false);
        }
        let command = Command::PruneAudit { entries };
        let is_done = self.handle.command_blocking(command).is_ok();
        rounds.deleted |= is_done;
        Ok(is_done)
    }

    /// Asset events go with age alone, the last one of each asset never; true when there were some.
    fn prune_asset_events(&self, rounds: &mut Rounds) -> Result<bool, ReadError> {
        let Some(before) = self.ended_before(false) else {
            return Ok(false);
        };
        let mut after = None;
        loop {
            let paging = Paging {
                after,
                skip: 0,
                limit: ASSET_EVENTS_PRUNE_MAX,
            };
            let book = self.reader.snapshot()?;
            let page = book.asset_events_to_prune(before, paging)?;
            drop(book);
            if !page.items.is_empty() {
                let events = page.items;
                let command = Command::PruneAssetEvents { events };
                rounds.deleted |= self.handle.command_blocking(command).is_ok();
                return Ok(rounds.deleted);
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    /// What ended before may go by its age.
    fn ended_before(&self, any_age: bool) -> Option<Timestamp> {
        if any_age {
            return Some(self.clock.now());
        }
        Some(self.days_ago(self.retention.days_max?))
    }

    fn days_ago(&self, days: u32) -> Timestamp {
        let day_s = 24 * 60 * 60;
        let ago = TimeDelta::from_secs(-i64::from(days) * day_s);
        self.clock.now().plus(ago)
    }

    /// Finished runs that may go; with `any_age` all that are not among the last of their dag.
    fn old_runs(&self, any_age: bool) -> Result<Vec<RunNo>, ReadError> {
        let Options {
            runs_per_dag_max,
            runs_per_dag_min,
            ..
        } = self.retention;
        let ended_before = self.ended_before(any_age);
        if ended_before.is_none() && runs_per_dag_max.is_none() {
            return Ok(Vec::new());
        }
        let retention = store::Retention {
            ended_before,
            runs_per_dag_max,
            runs_per_dag_min,
        };
        let limit = PRUNE_RUNS_MAX * PRUNE_COMMANDS_MAX;
        let mut after = None;
        loop {
            let paging = Paging {
                after,
                skip: 0,
                limit,
            };
            // A snapshot for each part, so that none lives long.
            let page = self.reader.snapshot()?.runs_to_prune(&retention, paging)?;
            if !page.items.is_empty() || page.next.is_none() {
                return Ok(page.items);
            }
            after = page.next;
        }
    }

    fn is_over_budget(&self, rounds: &mut Rounds) -> bool {
        let Some(budget) = self.retention.disk_budget_bytes else {
            return false;
        };
        let since = Instant::now();
        if rounds.measure_at.is_none_or(|at| since >= at) {
            rounds.logs_bytes = size_bytes(&self.logs);
            let pause = since.elapsed() * MEASURE_SHARE;
            rounds.measure_at = Some(Instant::now() + pause.max(Duration::from_secs(60)));
        }
        // Free pages count once they are given back; else all runs would go while we wait for that.
        let book = match self.reader.store.stats() {
            Ok(stats) => stats.file_bytes.saturating_sub(stats.free_bytes),
            Err(_) => self.reader.store.bytes(),
        };
        let total = rounds.logs_bytes.saturating_add(book);
        if total > budget {
            let (total, budget) = (total >> 20, budget >> 20);
            tracing::warn!(target: "control", "book and logs take {total} MiB of {budget} MiB: \
                the oldest finished runs are deleted");
        }
        total > budget
    }
}

fn size_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => size_bytes(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
