//! Why a task instance or a run is where it is, and does not go on: the true present cause.

use model::{
    RunNo, TiKey, Timestamp,
    reason::Reason,
    run::DagRun,
    state::{DagRunState, TaskInstanceState as State},
    task_instance::TaskInstance,
};

use crate::{
    View,
    attempt::{
        At,
        defer::why,
        examine::{TASKS_NAMED, unfinished, unmet},
    },
    live::{Live, dags::LiveDag, run::LiveRun},
    plan::{PlanTask, edges::Kind},
    rules::{depends_on_past, judge::judge, trigger_rule::Verdict},
};

impl Live {
    /// Why a task instance is where it is, the most telling first. For one that has ended: what is
    /// kept of its end.
    #[must_use]
    pub fn task_reasons(&self, key: TiKey, view: &dyn View, now: Timestamp) -> Vec<Reason> {
        let live = self
            .runs
            .get(&key.run)
            .and_then(|run| Some((run, run.find(key)?)));
        let Some((run, at)) = live else {
            return view
                .task_instance(key)
                .and_then(|ti| ti.reason)
                .into_iter()
                .collect();
        };
        let (Some(slot), Some(dag)) = (run.slot(at), self.dags.get(&run.row.dag)) else {
            return Vec::new();
        };
        let ti = &slot.ti;
        match ti.state {
            State::Success
            | State::Failed
            | State::Skipped
            | State::UpstreamFailed
            | State::Removed => ti.reason.iter().cloned().collect(),
            State::Queued => vec![Reason::Starting],
            State::Running | State::Restarting => Vec::new(),
            State::Deferred | State::AwaitingInput => ti
                .deferral
                .iter()
                .map(|deferral| why(&deferral.trigger))
                .collect(),
            State::NoStatus | State::UpForRetry | State::UpForReschedule => {
                let mut reasons = self.waits(ti, now);
                reasons.extend(self.run_reasons(key.run, view, now));
                reasons.extend(upstream(run, at));
                reasons.extend(self.past(run, at, view));
                reasons
            }
            State::Scheduled => {
                let mut reasons = self.run_reasons(key.run, view, now);
                reasons.extend(self.slots(run, dag, at));
                reasons
            }
        }
    }

    /// Why a run does not go on as a whole; for one that has ended, why it ended so.
    #[must_use]
    pub fn run_reasons(&self, no: RunNo, view: &dyn View, now: Timestamp) -> Vec<Reason> {
        let Some(run) = self.runs.get(&no) else {
            let Some(row) = view.run(no) else {
                return Vec::new();
            };
            if row.state == DagRunState::Queued {
                return self.waiting_reasons(&row, now);
            }
            return row.reason.into_iter().collect();
        };
        if run.row.state.is_finished() {
            return run.row.reason.iter().cloned().collect();
        }
        self.waiting_reasons(&run.row, now)
    }

    /// Why a run that has not ended does not go on.
    fn waiting_reasons(&self, row: &DagRun, now: Timestamp) -> Vec<Reason> {
        let Some(dag) = self.dags.get(&row.dag) else {
            return Vec::new();
        };
        let mut reasons = Vec::new();
        if dag.row.is_paused {
            reasons.push(Reason::DagPaused);
        }
        if dag.row.is_stale {
            reasons.push(Reason::DagStale);
        }
        if let Some(disk) = self.disk {
            let (free_bytes, needed_bytes) = (disk.free_bytes, disk.needed_bytes);
            reasons.push(Reason::DiskFull {
                free_bytes,
                needed_bytes,
            });
        }
        if row.state == DagRunState::Queued {
            if row.run_after > now {
                reasons.push(Reason::RunNotBefore { at: row.run_after });
            }
            let backfill = row.backfill.and_then(|(no, _)| dag.backfills.get(&no));
            if let Some(paused) = backfill.filter(|backfill| backfill.is_paused()) {
                let backfill = paused.row.no;
                reasons.push(Reason::BackfillPaused { backfill });
            }
            let of_dag = (dag.n_running, dag.row.summary.max_active_runs);
            let of_backfill = backfill.map(|of| (of.n_running, of.row.max_active_runs));
            let (running, limit) = of_backfill.unwrap_or(of_dag);
            if running >= limit {
                reasons.push(Reason::MaxActiveRuns { running, limit });
            }
            if reasons.is_empty() {
                reasons.push(Reason::RunQueued);
            }
        }
        if let Some(at) = row.logical_date.filter(|at| *at > now) {
            reasons.push(Reason::LogicalDateInFuture { at });
        }
        reasons
    }

    fn waits(&self, ti: &TaskInstance, now: Timestamp) -> Vec<Reason> {
        let Some(at) = ti.not_before.filter(|at| *at >= now) else {
            return Vec::new();
        };
        let (try_number, max_tries) = (ti.try_number, ti.max_tries);
        if ti.state == State::UpForRetry {
            let retry = Reason::RetryAt {
                at,
                try_number,
                max_tries,
            };
            return std::iter::once(retry).chain(ti.reason.clone()).collect();
        }
        vec![Reason::RescheduleAt { at }]
    }

    fn past(&self, run: &LiveRun, at: u32, view: &dyn View) -> Option<Reason> {
        if upstream(run, at).is_some() {
            return None;
        }
        let place = At {
            run: run.row.no,
            at,
        };
        let run_id = depends_on_past::asked(self, view, place)?;
        Some(Reason::DependsOnPast { run_id })
    }

    /// Which limits a scheduled instance waits for.
    fn slots(&self, run: &LiveRun, dag: &LiveDag, at: u32) -> Vec<Reason> {
        let Some(task) = run.planned(at) else {
            return Vec::new();
        };
        let mut reasons: Vec<Reason> = self.pool(task).into_iter().collect();
        let (active, limit) = (run.n_executing, dag.row.summary.max_active_tasks);
        if active >= limit {
            reasons.push(Reason::MaxActiveTasks { active, limit });
        }
        let active = dag.limits.get(&task.no).map_or(0, |limit| limit.active);
        if let Some(limit) = task.per_dag.filter(|limit| active >= *limit) {
            reasons.push(Reason::MaxActivePerDag { active, limit });
        }
        let own = run.slot(at).and_then(|slot| run.limits.get(&slot.task));
        let active = own.map_or(0, |limit| limit.active);
        if let Some(limit) = task.per_run.filter(|limit| active >= *limit) {
            reasons.push(Reason::MaxActivePerRun { active, limit });
        }
        let (active, limit) = (self.executing, self.options.parallelism);
        if active >= limit {
            reasons.push(Reason::Parallelism { active, limit });
        }
        reasons
    }

    fn pool(&self, task: &PlanTask) -> Option<Reason> {
        let entry = self.pools.get(task.pool)?;
        let pool = entry.name.clone();
        let Some(row) = &entry.row else {
            return Some(Reason::PoolMissing { pool });
        };
        let (asked, slots) = (task.pool_slots, i64::from(row.slots));
        if row.slots > 0 && i64::from(asked) > slots {
            return Some(Reason::PoolTooSmall { pool, asked, slots });
        }
        let occupied = entry.occupied();
        let full = entry.open() < i64::from(asked);
        full.then_some(Reason::PoolFull {
            pool,
            occupied,
            slots,
        })
    }
}

/// Upstream tasks that have not ended, while the trigger rule waits for them.
fn upstream(run: &LiveRun, at: u32) -> Option<Reason> {
    if judge(run, at) != Verdict::Wait {
        return None;
    }
    let task = run.task(at)?;
    let seen = run.sees(at);
    let lacks = |kind| {
        let tally = seen.get(kind);
        tally.n_tasks.saturating_sub(tally.counts.done())
    };
    let n_direct = lacks(Kind::Direct);
    if n_direct > 0 {
        let tasks = unfinished(run, at, TASKS_NAMED);
        return Some(Reason::WaitsFor {
            tasks,
            n_tasks: n_direct,
        });
    }
    let n_tasks = lacks(Kind::Setup) + lacks(Kind::Scope);
    if n_tasks == 0 {
        return Some(unmet(run, at, task.trigger_rule));
    }
    let position = run.slot(at)?.task;
    let waits_for = |above: &u32| {
        let edges = run
            .plan
            .plan(*above)
            .map(|task| task.edges.as_slice())
            .unwrap_or_default();
        edges
            .iter()
            .any(|edge| edge.below == position && edge.kind != Kind::Direct)
            && !run.is_task_done(*above)
    };
    let above = (0..crate::plan::position(run.plan.tasks.len())).filter(waits_for);
    let tasks = above
        .filter_map(|at| run.plan.task(at))
        .map(|task| task.task_id.clone());
    let tasks = tasks.take(TASKS_NAMED).collect();
    Some(Reason::WaitsFor { tasks, n_tasks })
}
