//! What must hold of the book at any time, and the whole of it as text, to compare two moments.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    DagNo,
    run::DagRun,
    state::{DagRunState, TaskInstanceState},
    task_instance::TaskInstance,
};
use store::{AssetEventFilter, Order, Paging, ReadError, Snapshot};

/// Everything that the book says, a line for each row.
///
/// # Errors
/// When it cannot be read.
pub fn text(book: &Snapshot) -> Result<Vec<String>, ReadError> {
    let mut lines = vec![format!("{:?}", book.counters()?)];
    lines.extend(book.pools()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.variables()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.files()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.backfills()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.assets()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.asset_aliases()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.dags_assets()?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.asset_queue(None)?.iter().map(|row| format!("{row:?}")));
    lines.extend(book.pending_runs()?.iter().map(|row| format!("{row:?}")));
    lines.extend(
        book.human_inputs(None)?
            .iter()
            .map(|row| format!("{row:?}")),
    );
    let all = AssetEventFilter::default();
    let page = Paging::first(usize::MAX);
    let events = book.asset_events(&all, Order::Ascending, page, None)?;
    lines.extend(events.items.iter().map(|row| format!("{row:?}")));
    for row in book.dags(None, usize::MAX)? {
        lines.push(format!("{row:?}"));
        lines.push(format!("{:?}", book.task_names(row.no)?));
        lines.push(format!("{:?}", book.version(row.no, row.version)?));
    }
    for (run, instances) in runs(book)? {
        lines.push(format!("{run:?}"));
        lines.push(format!("{:?}", book.consumed(run.no)?));
        for ti in instances {
            lines.push(format!("{ti:?}"));
            lines.extend(book.tries(ti.key)?.iter().map(|row| format!("try {row:?}")));
        }
        lines.extend(
            book.xcoms_of_run(run.no)?
                .iter()
                .map(|row| format!("{row:?}")),
        );
    }
    Ok(lines)
}

/// All runs with their task instances.
///
/// # Errors
/// When the book cannot be read.
pub fn runs(book: &Snapshot) -> Result<Vec<(DagRun, Vec<TaskInstance>)>, ReadError> {
    let mut all = Vec::new();
    for row in book.dags(None, usize::MAX)? {
        for no in book.last_runs(row.no, usize::MAX)? {
            if let Some(run) = book.run(no)? {
                all.push((run, book.task_instances(no)?));
            }
        }
    }
    all.sort_by_key(|(run, _)| run.no);
    Ok(all)
}

/// What the book says that cannot be.
///
/// # Errors
/// When it cannot be read.
pub fn wrongs(book: &Snapshot) -> Result<Vec<String>, ReadError> {
    let mut wrong = Vec::new();
    let runs = runs(book)?;
    counts(book, &runs, &mut wrong)?;
    unique(book, &runs, &mut wrong)?;
    backfills(book, &runs, &mut wrong)?;
    for (run, instances) in &runs {
        crate::mapping::indexes(run, instances, &mut wrong);
        for ti in instances {
            states(run, ti, &mut wrong);
        }
    }
    Ok(wrong)
}

type Rows = [(DagRun, Vec<TaskInstance>)];

/// The counters in the book equal recounting.
fn counts(book: &Snapshot, runs: &Rows, wrong: &mut Vec<String>) -> Result<(), ReadError> {
    let mut by_run: BTreeMap<(Option<DagNo>, DagRunState), u64> = BTreeMap::new();
    let mut by_ti: BTreeMap<(Option<DagNo>, TaskInstanceState), u64> = BTreeMap::new();
    let mut dags: BTreeSet<Option<DagNo>> = [None].into();
    for (run, instances) in runs {
        for dag in [None, Some(run.dag)] {
            dags.insert(dag);
            *by_run.entry((dag, run.state)).or_default() += 1;
            for ti in instances {
                *by_ti.entry((dag, ti.state)).or_default() += 1;
            }
        }
        let told = book.ti_counts_of_run(run.no)?;
        for state in TaskInstanceState::ALL {
            let n = instances.iter().filter(|ti| ti.state == *state).count() as u64;
            if told.of(*state) != n {
                let told = told.of(*state);
                wrong.push(format!("run {} counts {told} {state}, and has {n}", run.no));
            }
        }
    }
    for dag in dags {
        let (told_runs, told_tis) = (book.run_counts(dag)?, book.ti_counts(dag)?);
        for state in DagRunState::ALL {
            let n = by_run.get(&(dag, *state)).copied().unwrap_or(0);
            if told_runs.of(*state) != n {
                let told = told_runs.of(*state);
                wrong.push(format!("{dag:?} counts {told} {state} runs, and has {n}"));
            }
        }
        for state in TaskInstanceState::ALL {
            let n = by_ti.get(&(dag, *state)).copied().unwrap_or(0);
            if told_tis.of(*state) != n {
                let told = told_tis.of(*state);
                wrong.push(format!(
                    "{dag:?} counts {told} {state} instances, and has {n}"
                ));
            }
        }
    }
    let live: BTreeSet<_> = book.live_runs()?.into_iter().collect();
    let unfinished = runs.iter().filter(|(run, _)| !run.state.is_finished());
    let unfinished: BTreeSet<_> = unfinished.map(|(run, _)| run.no).collect();
    if live != unfinished {
        wrong.push(format!(
            "live runs are {live:?}, unfinished ones {unfinished:?}"
        ));
    }
    Ok(())
}

/// A backfill is over when it has nothing left, runs no more at once than it may, gives each place
/// once, and a dag has one that is not over.
fn backfills(book: &Snapshot, runs: &Rows, wrong: &mut Vec<String>) -> Result<(), ReadError> {
    let mut open: BTreeSet<DagNo> = BTreeSet::new();
    for backfill in book.backfills()? {
        let no = backfill.no;
        let of = |run: &DagRun| run.backfill.is_some_and(|(of, _)| of == no);
        let own: Vec<&DagRun> = runs
            .iter()
            .map(|(run, _)| run)
            .filter(|run| of(run))
            .collect();
        let mut places: Vec<u32> = own
            .iter()
            .filter_map(|run| run.backfill)
            .map(|of| of.1)
            .collect();
        places.sort_unstable();
        if places.windows(2).any(|pair| pair[0] == pair[1]) {
            wrong.push(format!("backfill {no} gives a place twice"));
        }
        let is = |state| own.iter().filter(|run| run.state == state).count();
        let (queued, running) = (is(DagRunState::Queued), is(DagRunState::Running));
        if running > backfill.max_active_runs as usize && backfill.completed_at.is_none() {
            wrong.push(format!("backfill {no} runs {running} at once"));
        }
        if backfill.n_done > backfill.n_dates {
            wrong.push(format!("backfill {no} has seen to more dates than it has"));
        }
        let is_idle = queued + running == 0 && backfill.n_done == backfill.n_dates;
        if backfill.completed_at.is_none() {
            if !open.insert(backfill.dag) {
                wrong.push(format!("{:?} has two backfills", backfill.dag));
            }
            if is_idle {
                wrong.push(format!("backfill {no} has nothing left and is not over"));
            }
        }
    }
    Ok(())
}

/// Numbers, ids and dates are given once, and found where they should be.
fn unique(book: &Snapshot, runs: &Rows, wrong: &mut Vec<String>) -> Result<(), ReadError> {
    let counters = book.counters()?;
    let mut fences = BTreeSet::new();
    let mut dates = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (run, instances) in runs {
        if run.no >= counters.run {
            wrong.push(format!(
                "run {} is not below the counter {}",
                run.no, counters.run
            ));
        }
        if !ids.insert((run.dag, run.run_id.clone())) {
            wrong.push(format!("run id {} is there twice", run.run_id));
        }
        if book.run_no(run.dag, &run.run_id)? != Some(run.no) {
            wrong.push(format!("run {} is not found by its id", run.no));
        }
        if let Some(date) = run.logical_date {
            if !dates.insert((run.dag, date)) {
                wrong.push(format!("logical date {date} is there twice"));
            }
            if book.run_no_by_logical_date(run.dag, date)? != Some(run.no) {
                wrong.push(format!("run {} is not found by its logical date", run.no));
            }
        }
        for ti in instances {
            if let Some(fence) = ti.fence {
                if fence >= counters.fence {
                    wrong.push(format!("fence {fence} is not below the counter"));
                }
                if !fences.insert(fence) {
                    wrong.push(format!("fence {fence} is held twice"));
                }
            }
        }
    }
    Ok(())
}

/// A task instance's state and its fields agree.
fn states(run: &DagRun, ti: &TaskInstance, wrong: &mut Vec<String>) {
    let mut is = |bad: bool, what: &str| {
        if bad {
            wrong.push(format!(
                "{:?} of run {} is {}: {what}",
                ti.key, run.run_id, ti.state
            ));
        }
    };
    use TaskInstanceState as S;
    let (has_fence, state) = (ti.fence.is_some(), ti.state);
    is(state.is_executing() && !has_fence, "it has no fence");
    is(
        state == S::Deferred && ti.deferral.is_none(),
        "it waits for nothing",
    );
    is(
        state == S::UpForRetry && ti.not_before.is_none(),
        "it has no time to try again",
    );
    is(
        state == S::UpForReschedule && ti.not_before.is_none(),
        "it has no time to look again",
    );
    is(
        state.is_executing() && run.state.is_finished(),
        "its run has ended",
    );
    is(
        matches!(state, S::Running) && ti.start_date.is_none(),
        "it has no start",
    );
    is(
        matches!(state, S::Success | S::Failed) && ti.end_date.is_none(),
        "it has no end",
    );
}
