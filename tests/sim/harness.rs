//! Runs seeds, catches what goes wrong, and says how to see it again.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use crate::life::{Life, Stats};

/// Steps of a life before the world becomes kind.
const STEPS: usize = 60;
/// Lines of the trace that are shown of a broken life, where `SIM_TRACE` does not say.
const TRACE_LINES: usize = 80;
/// One seed of so many is lived twice, to see that history is the same.
const TWICE_EVERY: u64 = 40;

/// A life in which something happened that must not.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub seed: u64,
    /// What.
    pub problem: String,
    /// What came before it.
    pub trace: Vec<String>,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let asked = std::env::var("SIM_TRACE").ok();
        let n_lines = asked.and_then(|n| n.parse().ok()).unwrap_or(TRACE_LINES);
        let skipped = self.trace.len().saturating_sub(n_lines);
        for line in self.trace.iter().skip(skipped) {
            writeln!(f, "{line}")?;
        }
        let Self { seed, problem, .. } = self;
        writeln!(f, "seed {seed}: {problem}")?;
        write!(
            f,
            "see it again: SIM_SEED={seed} cargo test -p sim -- --nocapture"
        )
    }
}

/// Lives one life.
///
/// # Errors
/// With what happened that must not.
pub fn run(seed: u64, trace: bool) -> Result<Stats, Broken> {
    let mut life = Life::new(seed, trace);
    let lived = catch_unwind(AssertUnwindSafe(|| life.live(STEPS)));
    let problem = match lived {
        Ok(Ok(())) => return Ok(life.stats),
        Ok(Err(problem)) => problem,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            format!("panic: {}", text.unwrap_or_default())
        }
    };
    let trace = life.trace.take().unwrap_or_default();
    // What is broken may hang in its own drop.
    std::mem::forget(life);
    Err(Broken {
        seed,
        problem,
        trace,
    })
}

/// Lives many lives on all cores, and stops at the first that is broken.
///
/// # Errors
/// With the broken one, its trace included.
pub fn run_all(first: u64, n: u64) -> Result<Stats, Broken> {
    let next = AtomicU64::new(first);
    let stop = AtomicBool::new(false);
    let total = Mutex::new(Stats::default());
    let broken: Mutex<Option<Broken>> = Mutex::new(None);
    let work = || {
        while !stop.load(Relaxed) {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= first + n {
                break;
            }
            match run_checked(seed) {
                Ok(stats) => add(
                    &mut total.lock().unwrap_or_else(PoisonError::into_inner),
                    &stats,
                ),
                Err(found) => {
                    stop.store(true, Relaxed);
                    *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                }
            }
        }
    };
    let n_threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(work);
        }
    });
    let broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
    match broken {
        Some(broken) => Err(run(broken.seed, true).err().unwrap_or(broken)),
        None => Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn run_checked(seed: u64) -> Result<Stats, Broken> {
    let stats = run(seed, false)?;
    if seed.is_multiple_of(TWICE_EVERY) {
        let again = run(seed, false)?;
        if again != stats {
            let problem = format!("the same seed lived two lives: {stats:?} and {again:?}");
            return Err(Broken {
                seed,
                problem,
                trace: Vec::new(),
            });
        }
    }
    Ok(stats)
}

fn add(total: &mut Stats, one: &Stats) {
    let Stats {
        n_batches,
        n_failures,
        n_crashes,
        n_granted,
        n_refused,
        n_stale,
        n_begun,
        n_judged,
        n_mapped,
        n_runs,
        history,
    } = one;
    total.n_batches += n_batches;
    total.n_failures += n_failures;
    total.n_crashes += n_crashes;
    total.n_granted += n_granted;
    total.n_refused += n_refused;
    total.n_stale += n_stale;
    total.n_begun += n_begun;
    total.n_judged += n_judged;
    total.n_mapped += n_mapped;
    total.n_runs += n_runs;
    total.history ^= history;
}
