//! Lists of the audit log by time.

use model::{AuditNo, Timestamp, audit::AuditEntry};
use redb::{AccessGuard, ReadableTable, ReadableTableMetadata};

use super::{
    Snapshot,
    audit_index::{Common, Step},
    page::{Budget, Order, Page, Paging, TimeRange},
};
use crate::{
    AuditBy,
    error::ReadError,
    records::{self, audit::AuditRecord},
    tables::{self, key},
};

/// Which entries a list has.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of each of these attributes one of the values.
    pub by: Vec<(AuditBy, Vec<String>)>,
    /// When they were.
    pub at: TimeRange,
}

/// What a list keeps of what the filter takes.
pub type KeepAudit<'k> = &'k dyn Fn(AuditNo, &AuditEntry) -> bool;

/// A row on the way: its number, and its value where it is at hand.
struct Row {
    step: Step,
    value: Option<AccessGuard<'static, &'static [u8]>>,
}

type Rows<'s> = Box<dyn Iterator<Item = Result<Row, ReadError>> + 's>;

impl Snapshot {
    /// An entry.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn audit_entry(&self, no: AuditNo) -> Result<Option<AuditEntry>, ReadError> {
        let key = tables::audit::key(self.deployment, no);
        self.get_fixed(tables::audit::TABLE, &key, |value| {
            Ok(records::decode::<AuditRecord>(value)?.into())
        })
    }

    /// The newest entry.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn last_audit(&self) -> Result<Option<AuditNo>, ReadError> {
        let filter = AuditFilter::default();
        let mut rows = self.audit_rows(&filter, Order::Descending, None)?;
        Ok(rows.next().transpose()?.map(|row| row.step.no()))
    }

    /// Entries by time that the filter and `keep` take.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn audit(
        &self,
        filter: &AuditFilter,
        order: Order,
        paging: Paging<AuditNo>,
        keep: Option<KeepAudit<'_>>,
    ) -> Result<Page<(AuditNo, AuditEntry), AuditNo>, ReadError> {
        let Paging { after, skip, limit } = paging;
        let mut page = Page::empty();
        let mut budget = Budget::new();
        let mut last = after;
        for row in self.audit_rows(filter, order, after)? {
            let row = row?;
            let is_skipped = keep.is_none() && page.skipped < skip;
            page.cut = !is_skipped && !budget.take();
            if page.cut || page.items.len() >= limit {
                page.next = last;
                break;
            }
            let no = match row.step {
                Step::Found(no) => no,
                Step::Passed(no) => {
                    last = Some(no);
                    continue;
                }
            };
            last = Some(no);
            if is_skipped {
                page.skipped += 1;
                continue;
            }
            let Some(entry) = self.audit_of(row, &mut budget)? else {
                continue;
            };
            if keep.is_some_and(|keep| !keep(no, &entry)) {
                continue;
            }
            if page.skipped < skip {
                page.skipped += 1;
            } else {
                page.items.push((no, entry));
            }
        }
        Ok(page)
    }

    /// How many entries the filter and `keep` take, and whether the count stopped at
    /// `LIST_SCAN_ROWS_MAX` rows.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn count_audit(
        &self,
        filter: &AuditFilter,
        keep: Option<KeepAudit<'_>>,
    ) -> Result<(u64, bool), ReadError> {
        if keep.is_none()
            && *filter == AuditFilter::default()
            && let Some(all) = self.audit_length()?
        {
            return Ok((all, false));
        }
        let mut budget = Budget::new();
        let mut n = 0;
        for row in self.audit_rows(filter, Order::Descending, None)? {
            let row = row?;
            if !budget.take() {
                return Ok((n, true));
            }
            let Step::Found(no) = row.step else { continue };
            if let Some(keep) = keep {
                let entry = self.audit_of(row, &mut budget)?;
                if !entry.is_some_and(|entry| keep(no, &entry)) {
                    continue;
                }
            }
            n += 1;
        }
        Ok((n, false))
    }

    /// The oldest entries that may go: those before a point in time, and those beyond the number
    /// that is kept.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn audit_to_prune(
        &self,
        before: Option<Timestamp>,
        entries_max: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditNo>, ReadError> {
        let all = self.audit_length()?.unwrap_or(0);
        let beyond = entries_max.map_or(0, |most| all.saturating_sub(most));
        let filter = AuditFilter::default();
        let mut old = Vec::new();
        for row in self.audit_rows(&filter, Order::Ascending, None)? {
            let no = row?.step.no();
            let is_old = before.is_some_and(|before| no.at() < before);
            if old.len() >= limit || !(is_old || (old.len() as u64) < beyond) {
                break;
            }
            old.push(no);
        }
        Ok(old)
    }

    /// How many entries there are; none when the book has other deployments' too.
    fn audit_length(&self) -> Result<Option<u64>, ReadError> {
        let table = self.txn.open_table(tables::audit::TABLE)?;
        let own = key::b(self.deployment);
        for end in [table.first()?, table.last()?].into_iter().flatten() {
            if !end.0.value().starts_with(&own) {
                return Ok(None);
            }
        }
        Ok(Some(table.len()?))
    }

    fn audit_of(&self, row: Row, budget: &mut Budget) -> Result<Option<AuditEntry>, ReadError> {
        if let Some(value) = row.value {
            return Ok(Some(records::decode::<AuditRecord>(value.value())?.into()));
        }
        budget.looked_up();
        self.audit_entry(row.step.no())
    }

    /// The rows by the indexes that serve the filter, those after a place.
    fn audit_rows<'s>(
        &'s self,
        filter: &AuditFilter,
        order: Order,
        after: Option<AuditNo>,
    ) -> Result<Rows<'s>, ReadError> {
        let Some((first, last)) = span(filter.at, order, after) else {
            return Ok(Box::new(std::iter::empty()));
        };
        if filter.by.is_empty() {
            let key = |no| tables::audit::key(self.deployment, AuditNo(no));
            let rows = self.rows(tables::audit::TABLE, key(first), key(last), order)?;
            return Ok(Box::new(rows.map(|row| {
                let (key, value) = row?;
                let mut split = key::Split(&key);
                split.u32();
                let step = Step::Found(AuditNo(split.u64()));
                let value = Some(value);
                Ok(Row { step, value })
            })));
        }
        let common = Common::new(self, &filter.by, order, (first, last))?;
        Ok(Box::new(common.map(|step| {
            Ok(Row {
                step: step?,
                value: None,
            })
        })))
    }
}

/// The numbers from which to which a list goes; none where it is empty.
fn span(at: TimeRange, order: Order, after: Option<AuditNo>) -> Option<(u64, u64)> {
    let number = |at: Timestamp| AuditNo::first_at(at).0;
    if at.to.is_some_and(|to| to.as_micros() < 0) {
        return None;
    }
    let mut first = at.from.map_or(0, number);
    let mut last = at.to.map_or(u64::MAX, number);
    match (after, order) {
        (None, _) => {}
        (Some(AuditNo(no)), Order::Ascending) => first = first.max(no.checked_add(1)?),
        (Some(AuditNo(no)), Order::Descending) => last = last.min(no.checked_sub(1)?),
    }
    (first <= last).then_some((first, last))
}
