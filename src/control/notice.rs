//! Word of what a commit changed, for live views. A reader that falls behind looks again at all.

use model::{DagNo, RunNo};

/// What one commit touched.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Notice {
    /// Dags whose row or versions changed, or whose runs did.
    pub dags: Vec<DagNo>,
    /// Runs that changed, or whose task instances did.
    pub runs: Vec<RunNo>,
    /// Whether pools or their use changed.
    pub pools: bool,
    /// Whether dag files or their errors changed.
    pub import_errors: bool,
}

impl Notice {
    /// Nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dags.is_empty() && self.runs.is_empty() && !self.pools && !self.import_errors
    }
}

/// Notices that a slow reader may be behind before it is told to look again at all.
pub(crate) const NOTICES_MAX: usize = 1_024;
