//! Lists of asset events by time.

use model::{AssetEventNo, AssetNo, DeploymentId, Timestamp, asset::AssetEvent};

use super::{
    Snapshot,
    page::{Budget, Order, Page, Paging, TimeRange},
};
use crate::{
    EventsOf,
    error::ReadError,
    records::{self, asset_event::AssetEventRecord},
    tables::{self, key},
};

/// Which events a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AssetEventFilter {
    /// Of this alone.
    pub of: Option<EventsOf>,
    /// When they were.
    pub at: TimeRange,
}

type Numbers = Box<dyn Iterator<Item = Result<AssetEventNo, ReadError>>>;

impl Snapshot {
    /// An event.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn asset_event(&self, no: AssetEventNo) -> Result<Option<AssetEvent>, ReadError> {
        let key = tables::asset_events::key(self.deployment, no);
        self.get_fixed(tables::asset_events::TABLE, &key, |value| {
            records::decode::<AssetEventRecord>(value)?.into_event(no)
        })
    }

    /// The newest event of an asset, or of all.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn last_asset_event(
        &self,
        of: Option<EventsOf>,
    ) -> Result<Option<AssetEventNo>, ReadError> {
        let filter = AssetEventFilter {
            of,
            at: TimeRange::default(),
        };
        let mut all = self.event_numbers(&filter, Order::Descending, None)?;
        all.next().transpose()
    }

    /// The events after one point in time and not after another, oldest first.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_events_between(
        &self,
        of: EventsOf,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Result<Vec<AssetEventNo>, ReadError> {
        let filter = AssetEventFilter {
            of: Some(of),
            at: TimeRange {
                from: after.map(|at| Timestamp::from_micros(at.as_micros().saturating_add(1))),
                to: Some(until),
            },
        };
        self.event_numbers(&filter, Order::Ascending, None)?
            .collect()
    }

    /// Events by time that the filter and `keep` take.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_events(
        &self,
        filter: &AssetEventFilter,
        order: Order,
        paging: Paging<AssetEventNo>,
        keep: Option<&dyn Fn(&AssetEvent) -> bool>,
    ) -> Result<Page<AssetEvent, AssetEventNo>, ReadError> {
        let Paging { after, skip, limit } = paging;
        let mut page = Page::empty();
        let mut budget = Budget::new();
        let mut last = after;
        for no in self.event_numbers(filter, order, after)? {
            let no = no?;
            if keep.is_none() && page.skipped < skip {
                page.skipped += 1;
                last = Some(no);
                continue;
            }
            page.cut = !budget.take();
            if page.cut || page.items.len() >= limit {
                page.next = last;
                break;
            }
            last = Some(no);
            budget.looked_up();
            let event = self.asset_event(no)?;
            let Some(event) = event.filter(|event| keep.is_none_or(|keep| keep(event))) else {
                continue;
            };
            if page.skipped < skip {
                page.skipped += 1;
            } else {
                page.items.push(event);
            }
        }
        Ok(page)
    }

    /// How many events the filter and `keep` take, and whether the count stopped at
    /// `LIST_SCAN_ROWS_MAX` rows.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn count_asset_events(
        &self,
        filter: &AssetEventFilter,
        keep: Option<&dyn Fn(&AssetEvent) -> bool>,
    ) -> Result<(u64, bool), ReadError> {
        let mut budget = Budget::new();
        let mut n = 0;
        for no in self.event_numbers(filter, Order::Descending, None)? {
            let no = no?;
            if !budget.take() {
                return Ok((n, true));
            }
            if let Some(keep) = keep {
                budget.looked_up();
                if !self.asset_event(no)?.is_some_and(|event| keep(&event)) {
                    continue;
                }
            }
            n += 1;
        }
        Ok((n, false))
    }

    /// Events before a point in time, but for the last of each asset. Go on until [`Page::next`] is
    /// none: a page may be empty and not the last.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_events_to_prune(
        &self,
        before: Timestamp,
        paging: Paging<AssetEventNo>,
    ) -> Result<Page<AssetEventNo, AssetEventNo>, ReadError> {
        let filter = AssetEventFilter {
            of: None,
            at: TimeRange {
                from: None,
                to: Some(Timestamp::from_micros(before.as_micros().saturating_sub(1))),
            },
        };
        let is_last = |event: &AssetEvent| -> Result<bool, ReadError> {
            let of: AssetNo = event.asset;
            Ok(self.last_asset_event(Some(EventsOf::Asset(of)))? == Some(event.no))
        };
        let mut page = Page::empty();
        let mut budget = Budget::new();
        let mut last = paging.after;
        for no in self.event_numbers(&filter, Order::Ascending, paging.after)? {
            let no = no?;
            page.cut = !budget.take();
            if page.cut || page.items.len() >= paging.limit {
                page.next = last;
                break;
            }
            last = Some(no);
            budget.looked_up();
            if let Some(event) = self.asset_event(no)?
                && !is_last(&event)?
            {
                page.items.push(no);
            }
        }
        Ok(page)
    }

    /// The numbers of events by the index that serves the filter, those after a place.
    fn event_numbers(
        &self,
        filter: &AssetEventFilter,
        order: Order,
        after: Option<AssetEventNo>,
    ) -> Result<Numbers, ReadError> {
        let number = |at: Timestamp| AssetEventNo::first_at(at).0;
        let TimeRange { from, to } = filter.at;
        let mut first = from.map_or(0, number);
        let mut last = to.map_or(u64::MAX, number);
        if to.is_some_and(|to| to.as_micros() < 0) {
            return Ok(Box::new(std::iter::empty()));
        }
        match (after, order) {
            (None, _) => {}
            (Some(AssetEventNo(no)), Order::Ascending) => first = first.max(no.saturating_add(1)),
            (Some(AssetEventNo(0)), Order::Descending) => return Ok(Box::new(std::iter::empty())),
            (Some(AssetEventNo(no)), Order::Descending) => last = last.min(no - 1),
        }
        if first > last {
            return Ok(Box::new(std::iter::empty()));
        }
        let span = (AssetEventNo(first), AssetEventNo(last));
        match filter.of {
            Some(of) => self.numbers_of(self.deployment, of, span, order),
            None => {
                let key = |no| tables::asset_events::key(self.deployment, no);
                let (first, last) = (key(span.0), key(span.1));
                let rows = self.rows(tables::asset_events::TABLE, first, last, order)?;
                Ok(Box::new(rows.map(|row| {
                    let (key, _) = row?;
                    let mut split = key::Split(&key);
                    split.u32();
                    Ok(split.event())
                })))
            }
        }
    }

    fn numbers_of(
        &self,
        deployment: DeploymentId,
        of: EventsOf,
        (first, last): (AssetEventNo, AssetEventNo),
        order: Order,
    ) -> Result<Numbers, ReadError> {
        let key = |no| tables::asset_events_by::key(deployment, of, no);
        let rows = self.rows(tables::asset_events_by::TABLE, key(first), key(last), order)?;
        Ok(Box::new(rows.map(|row| {
            let (key, _) = row?;
            let no = key.last_chunk::<8>().copied().unwrap_or_default();
            Ok(AssetEventNo(u64::from_be_bytes(no)))
        })))
    }
}
