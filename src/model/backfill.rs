//! Backfills: runs of a dag for all dates of its timetable between two.

use crate::{DagId, DagNo, Json, Timestamp, VersionNo, change::NextRun};

/// A backfill. Its runs name it, with their place in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Backfill {
    /// Its number, from 1.
    pub no: u64,
    /// Whose runs it makes.
    pub dag: DagNo,
    /// The first date that counts.
    pub from_date: Timestamp,
    /// The last date that counts.
    pub to_date: Timestamp,
    /// Params of its runs, an object; none leaves runs that are made again as they are.
    pub conf: Option<Json>,
    /// What is done where there is a run already.
    pub reprocess: Reprocess,
    /// Runs of it that run at once.
    pub max_active_runs: u32,
    /// From the last date to the first.
    pub backwards: bool,
    /// Whether runs that are made again follow the latest version of the dag.
    pub latest_version: bool,
    /// Whether its queued runs stay queued.
    pub is_paused: bool,
    /// When it was asked for; dates are past that were then.
    pub created_at: Timestamp,
    /// When a person, or its end, last changed it.
    pub updated_at: Timestamp,
    /// When all its runs had ended, or it was cancelled.
    pub completed_at: Option<Timestamp>,
    /// Who asked for it.
    pub user: Option<String>,
    /// The version of the dag whose timetable says the dates.
    pub version: VersionNo,
    /// How many dates there are.
    pub n_dates: u32,
    /// How many of them, in order, have been seen to.
    pub n_done: u32,
    /// Dates without a run of it, since one was under way.
    pub n_in_flight: u32,
    /// Dates without a run of it, since one was there that is not to be made again.
    pub n_existing: u32,
    /// All dates in order, where only Python could tell them, until all are seen to.
    pub dates: Vec<NextRun>,
}

/// What is done for a date that has a run already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reprocess {
    /// Nothing.
    #[default]
    None,
    /// It is made again if it failed.
    Failed,
    /// It is made again if it has ended.
    Completed,
}

impl Reprocess {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::None, Self::Failed, Self::Completed];

    /// Upstream's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Failed => "failed",
            Self::Completed => "completed",
        }
    }
    /// From upstream's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|of| of.as_str() == text)
    }
}

/// A backfill to create, or to say what it would do.
#[derive(Clone, Debug, PartialEq)]
pub struct BackfillAsk {
    /// Whose runs to make.
    pub dag_id: DagId,
    /// The first date that counts.
    pub from_date: Timestamp,
    /// The last date that counts.
    pub to_date: Timestamp,
    /// Params of its runs, an object.
    pub conf: Option<Json>,
    /// What to do where there is a run already.
    pub reprocess: Reprocess,
    /// Runs of it that run at once, 1 or more.
    pub max_active_runs: u32,
    /// From the last date to the first.
    pub backwards: bool,
    /// Whether runs that are made again follow the latest version; as the dag says when absent.
    pub latest_version: Option<bool>,
    /// Who asks.
    pub user: Option<String>,
    /// What a timetable that only Python knows says of these dates, from the first to the last.
    pub dates: Vec<NextRun>,
}

/// What may be asked of a backfill that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillAct {
    /// Its queued runs stay queued.
    Pause,
    /// They start again.
    Unpause,
    /// Its queued runs fail, those that run go on, and it is over.
    Cancel,
}
