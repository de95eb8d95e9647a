//! Asset events with all that belongs to them.

use std::collections::HashMap;

use model::{
    AliasNo, AssetEventNo, AssetNo, DagId, DagNo, RunNo,
    asset::{AssetEvent, AssetRow},
    execution::AssetName,
    limits::ASSET_EVENT_RUNS_MAX,
    run::DagRun,
};
use store::{ReadError, Snapshot};

/// An event with its asset, its aliases' names and the runs that it made.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDetails {
    /// The event.
    pub event: AssetEvent,
    /// Its asset.
    pub asset: AssetRow,
    /// Names of the aliases through which it came.
    pub aliases: Vec<String>,
    /// The runs that it made, at most `ASSET_EVENT_RUNS_MAX`.
    pub runs: Vec<MadeRun>,
}

/// A run that asset events made.
#[derive(Clone, Debug, PartialEq)]
pub struct MadeRun {
    /// Its dag's id.
    pub dag_id: DagId,
    /// The run.
    pub run: DagRun,
    /// Whether this event is the last that it was made for.
    pub is_triggering: bool,
}

/// What was looked up already.
#[derive(Default)]
pub struct Known {
    assets: HashMap<AssetNo, Option<AssetRow>>,
    aliases: HashMap<AliasNo, Option<String>>,
    dags: HashMap<DagNo, Option<DagId>>,
    last: HashMap<RunNo, Option<AssetEventNo>>,
}

impl Known {
    /// An event with its asset and aliases; none when its asset is not known.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn event(
        &mut self,
        book: &Snapshot,
        event: AssetEvent,
        with_runs: bool,
    ) -> Result<Option<EventDetails>, ReadError> {
        let Some(asset) = self.asset(book, event.asset)? else {
            return Ok(None);
        };
        let mut aliases = Vec::new();
        for alias in &event.aliases {
            aliases.extend(self.alias(book, *alias)?);
        }
        let runs = if with_runs {
            self.runs(book, event.no)?
        } else {
            Vec::new()
        };
        Ok(Some(EventDetails {
            event,
            asset,
            aliases,
            runs,
        }))
    }

    fn asset(&mut self, book: &Snapshot, no: AssetNo) -> Result<Option<AssetRow>, ReadError> {
        if let Some(known) = self.assets.get(&no) {
            return Ok(known.clone());
        }
        let found = book.asset(no)?;
        self.assets.insert(no, found.clone());
        Ok(found)
    }

    fn alias(&mut self, book: &Snapshot, no: AliasNo) -> Result<Option<String>, ReadError> {
        if let Some(known) = self.aliases.get(&no) {
            return Ok(known.clone());
        }
        let found = book.asset_alias(no)?.map(|alias| alias.name);
        self.aliases.insert(no, found.clone());
        Ok(found)
    }

    fn dag(&mut self, book: &Snapshot, no: DagNo) -> Result<Option<DagId>, ReadError> {
        if let Some(known) = self.dags.get(&no) {
            return Ok(known.clone());
        }
        let found = book.dag(no)?.map(|row| row.dag_id);
        self.dags.insert(no, found.clone());
        Ok(found)
    }

    fn runs(&mut self, book: &Snapshot, event: AssetEventNo) -> Result<Vec<MadeRun>, ReadError> {
        let mut runs = Vec::new();
        for no in book.runs_of_event(event, ASSET_EVENT_RUNS_MAX)? {
            let Some(run) = book.run(no)? else { continue };
            let Some(dag_id) = self.dag(book, run.dag)? else {
                continue;
            };
            let last = match self.last.get(&no) {
                Some(last) => *last,
                None => book.consumed(no)?.last().copied(),
            };
            self.last.insert(no, last);
            runs.push(MadeRun {
                dag_id,
                run,
                is_triggering: last == Some(event),
            });
        }
        Ok(runs)
    }
}

/// The events that a run was made for, in order.
///
/// # Errors
/// When the book cannot be read.
pub fn consumed(
    book: &Snapshot,
    run: RunNo,
    with_runs: bool,
) -> Result<Vec<EventDetails>, ReadError> {
    let mut known = Known::default();
    let mut found = Vec::new();
    for no in book.consumed(run)? {
        if let Some(event) = book.asset_event(no)? {
            found.extend(known.event(book, event, with_runs)?);
        }
    }
    Ok(found)
}

/// The active asset with a name or at a URI.
///
/// # Errors
/// When the book cannot be read.
pub fn active(book: &Snapshot, asset: &AssetName) -> Result<Option<AssetRow>, ReadError> {
    match asset {
        AssetName::Name(name) => book.asset_named(name),
        AssetName::Uri(uri) => book.asset_at(uri),
    }
}

/// The asset with a name and a URI, active or not.
///
/// # Errors
/// When the book cannot be read.
pub fn by_both(book: &Snapshot, name: &str, uri: &str) -> Result<Option<AssetRow>, ReadError> {
    let active = book.asset_named(name)?.filter(|row| row.uri == uri);
    if active.is_some() {
        return Ok(active);
    }
    let mut all = book.assets()?.into_iter();
    Ok(all.find(|row| row.name == name && row.uri == uri))
}
