//! Pages of lists.

use model::Timestamp;

/// Which way a list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

/// Which part of a list to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging<C> {
    /// Go on after this place: [`Page::next`] of the page before.
    pub after: Option<C>,
    /// Leave out this many entries first.
    pub skip: usize,
    /// Give at most this many.
    pub limit: usize,
}

impl<C> Paging<C> {
    /// The first page.
    #[must_use]
    pub const fn first(limit: usize) -> Self {
        Self {
            after: None,
            skip: 0,
            limit,
        }
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// The entries.
    pub items: Vec<T>,
    /// Where to go on; none when the list has ended.
    pub next: Option<C>,
    /// Whether the page ends because `LIST_SCAN_ROWS_MAX` rows were looked at, not because it is
    /// full.
    pub cut: bool,
    /// How many entries were left out: less than [`Paging::skip`] when the page was cut before.
    pub skipped: usize,
}

impl<T, C> Page<T, C> {
    pub(super) const fn empty() -> Self {
        Self {
            items: Vec::new(),
            next: None,
            cut: false,
            skipped: 0,
        }
    }
}

/// A span of time, open where an end is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// The first point that is in it.
    pub from: Option<Timestamp>,
    /// The last point that is in it.
    pub to: Option<Timestamp>,
}

impl TimeRange {
    /// Whether it holds everything, also what has no time.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
    /// Whether `at` is in it. What has no time is only in the open range.
    #[must_use]
    pub fn contains(&self, at: Option<Timestamp>) -> bool {
        match at {
            None => self.is_open(),
            Some(at) => {
                self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
            }
        }
    }
}

/// Counts the rows that a scan looks at.
pub(super) struct Budget(usize);

/// What looking up one record by its key costs, in rows of a scan.
pub(super) const LOOK_UP_ROWS: usize = 5;

impl Budget {
    pub(super) fn new() -> Self {
        Self(model::limits::LIST_SCAN_ROWS_MAX)
    }
    /// Whether one more row may be looked at.
    pub(super) fn take(&mut self) -> bool {
        let may = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        may
    }
    /// A record was looked up by its key.
    pub(super) fn looked_up(&mut self) {
        self.0 = self.0.saturating_sub(LOOK_UP_ROWS);
    }
}
