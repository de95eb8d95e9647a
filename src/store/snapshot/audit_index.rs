//! The index of the audit log: entries that have one of some values in each of some attributes.
//!
//! A value's entries are rows in order of time, so what several attributes have in common is found
//! by going along all of them at once: whoever lags behind jumps to where the furthest is.

use std::collections::BTreeSet;

use model::AuditNo;

use super::{Snapshot, page::Order};
use crate::{
    AuditBy,
    error::ReadError,
    tables::{audit_by, key},
};

/// Rows that are read one by one before a jump is tried, which costs about as much as these.
const STEPS_BEFORE_JUMP: usize = 8;

/// How far a list came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An entry.
    Found(AuditNo),
    /// Nothing up to and with this number.
    Passed(AuditNo),
}

impl Step {
    pub(super) const fn no(self) -> AuditNo {
        match self {
            Self::Found(no) | Self::Passed(no) => no,
        }
    }
}

/// Entries that all of the attributes have in common.
pub(super) struct Common<'s> {
    order: Order,
    attributes: Vec<Attribute<'s>>,
    failed: bool,
}

/// Entries that have one of the values.
struct Attribute<'s> {
    order: Order,
    columns: Vec<Column<'s>>,
    /// Where each column is that has not ended, so that those behind are found at once.
    heads: BTreeSet<(u64, usize)>,
}

/// The entries of one value.
struct Column<'s> {
    snapshot: &'s Snapshot,
    prefix: Vec<u8>,
    order: Order,
    /// Where the list ends in its order.
    end: u64,
    head: Option<u64>,
    rows: Box<dyn Iterator<Item = Result<u64, ReadError>>>,
}

impl<'s> Common<'s> {
    pub(super) fn new(
        snapshot: &'s Snapshot,
        by: &[(AuditBy, Vec<String>)],
        order: Order,
        (first, last): (u64, u64),
    ) -> Result<Self, ReadError> {
        let (from, end) = match order {
            Order::Ascending => (first, last),
            Order::Descending => (last, first),
        };
        let mut attributes = Vec::new();
        for (by, values) in by {
            let mut attribute = Attribute {
                order,
                columns: Vec::new(),
                heads: BTreeSet::new(),
            };
            for value in values {
                let prefix = audit_by::prefix(snapshot.deployment, *by, value);
                let mut column = Column {
                    snapshot,
                    prefix,
                    order,
                    end,
                    head: None,
                    rows: Box::new(std::iter::empty()),
                };
                column.jump(from)?;
                let place = attribute.columns.len();
                attribute
                    .heads
                    .extend(column.head.map(|head| (head, place)));
                attribute.columns.push(column);
            }
            attributes.push(attribute);
        }
        Ok(Self {
            order,
            attributes,
            failed: false,
        })
    }

    fn step(&mut self) -> Result<Option<Step>, ReadError> {
        let mut furthest: Option<u64> = None;
        for attribute in &self.attributes {
            let Some(head) = attribute.head() else {
                return Ok(None);
            };
            let is_further = furthest.is_none_or(|at| !is_at(self.order, at, head));
            furthest = if is_further { Some(head) } else { furthest };
        }
        let Some(target) = furthest else {
            return Ok(None);
        };
        let mut is_common = true;
        for attribute in &mut self.attributes {
            attribute.seek(target)?;
            is_common &= attribute.head() == Some(target);
        }
        if !is_common {
            return Ok(Some(Step::Passed(AuditNo(before(self.order, target)))));
        }
        let Some(next) = after(self.order, target) else {
            // The last number there is.
            self.attributes.clear();
            return Ok(Some(Step::Found(AuditNo(target))));
        };
        for attribute in &mut self.attributes {
            attribute.seek(next)?;
        }
        Ok(Some(Step::Found(AuditNo(target))))
    }
}

impl Iterator for Common<'_> {
    type Item = Result<Step, ReadError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}

impl Attribute<'_> {
    fn first(&self) -> Option<(u64, usize)> {
        match self.order {
            Order::Ascending => self.heads.first().copied(),
            Order::Descending => self.heads.last().copied(),
        }
    }
    fn head(&self) -> Option<u64> {
        self.first().map(|(head, _)| head)
    }
    fn seek(&mut self, to: u64) -> Result<(), ReadError> {
        while let Some((head, place)) = self.first() {
            if is_at(self.order, head, to) {
                break;
            }
            self.heads.remove(&(head, place));
            if let Some(column) = self.columns.get_mut(place) {
                column.seek(to)?;
                self.heads.extend(column.head.map(|head| (head, place)));
            }
        }
        Ok(())
    }
}

impl Column<'_> {
    /// Goes to the first row at `to` or after it.
    fn seek(&mut self, to: u64) -> Result<(), ReadError> {
        for _ in 0..STEPS_BEFORE_JUMP {
            if self.head.is_none_or(|head| is_at(self.order, head, to)) {
                return Ok(());
            }
            self.head = self.rows.next().transpose()?;
        }
        if self.head.is_none_or(|head| is_at(self.order, head, to)) {
            return Ok(());
        }
        self.jump(to)
    }
    fn jump(&mut self, to: u64) -> Result<(), ReadError> {
        let (first, last) = match self.order {
            Order::Ascending => (to, self.end),
            Order::Descending => (self.end, to),
        };
        self.head = None;
        if first <= last {
            let key = |no| audit_by::key(&self.prefix, AuditNo(no));
            let (first, last) = (key(first), key(last));
            let rows = self
                .snapshot
                .named_keys(audit_by::TABLE, &first, &last, self.order)?;
            self.rows = Box::new(rows.map(|key| Ok(audit_by::entry(&key?).0)));
            self.head = self.rows.next().transpose()?;
        }
        Ok(())
    }
}

/// Whether a list that is at `head` has come to `to`.
fn is_at(order: Order, head: u64, to: u64) -> bool {
    match order {
        Order::Ascending => head >= to,
        Order::Descending => head <= to,
    }
}

fn after(order: Order, no: u64) -> Option<u64> {
    match order {
        Order::Ascending => no.checked_add(1),
        Order::Descending => no.checked_sub(1),
    }
}

fn before(order: Order, no: u64) -> u64 {
    match order {
        Order::Ascending => no.saturating_sub(1),
        Order::Descending => no.saturating_add(1),
    }
}

impl Snapshot {
    /// The values of an attribute that `keep` takes; none when there are more than `most`, or too
    /// many to look at.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn audit_values(
        &self,
        by: AuditBy,
        most: usize,
        keep: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, ReadError> {
        let all = audit_by::all(self.deployment, by);
        let (mut from, end) = (all.clone(), key::after(&all));
        let table = self.txn.open_table(audit_by::TABLE)?;
        let mut found = Vec::new();
        for _ in 0..model::limits::LIST_SCAN_ROWS_MAX {
            let mut rows = table.range::<&[u8]>(from.as_slice()..end.as_slice())?;
            let Some(row) = rows.next().transpose()? else {
                return Ok(Some(found));
            };
            let Some((value, prefix)) = audit_by::value(row.0.value()) else {
                return Err(ReadError::record(audit_by::NAME, "a key has no value"));
            };
            if keep(value) {
                found.push(value.to_owned());
            }
            if found.len() > most {
                return Ok(None);
            }
            let next = key::after(prefix);
            drop(rows);
            from = next;
        }
        Ok(None)
    }
}
