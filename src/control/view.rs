//! What the engine may know of the book: one snapshot for a batch, taken when first needed.

use std::{
    cell::{OnceCell, RefCell},
    sync::Arc,
};

use engine::View;
use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, RunNo, TiKey, Timestamp, VersionNo,
    asset::EventSource,
    backfill::Backfill,
    change::{Kept, KeptValue},
    dag::Dag,
    human::HumanInput,
    run::DagRun,
    state::DagRunType,
    task_instance::TaskInstance,
};
use store::{EventsOf, ReadError, Snapshot};

use crate::{dag_cache::DagError, queries, reader::Reader};

/// A view of the book as of the last commit.
///
/// The engine's questions have no errors. When the book cannot be read they are answered with
/// nothing, the failure is kept, and the batch is given up before it is committed.
pub struct BookView<'a> {
    reader: &'a Reader,
    snapshot: OnceCell<Option<Snapshot>>,
    failure: RefCell<Option<ReadError>>,
}

impl<'a> BookView<'a> {
    /// A view that has not looked yet.
    #[must_use]
    pub fn new(reader: &'a Reader) -> Self {
        Self {
            reader,
            snapshot: OnceCell::new(),
            failure: RefCell::new(None),
        }
    }

    /// The first thing that could not be read.
    ///
    /// # Errors
    /// When there is one; what was decided since is worth nothing.
    pub fn check(self) -> Result<(), ReadError> {
        self.failure.into_inner().map_or(Ok(()), Err)
    }

    fn read<T: Default>(&self, read: impl FnOnce(&Snapshot) -> Result<T, ReadError>) -> T {
        let snapshot = self
            .snapshot
            .get_or_init(|| self.keep(self.reader.snapshot()));
        let value = snapshot
            .as_ref()
            .and_then(|snapshot| self.keep(read(snapshot)));
        value.unwrap_or_default()
    }

    fn keep<T>(&self, result: Result<T, ReadError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(e) => {
                self.failure.borrow_mut().get_or_insert(e);
                None
            }
        }
    }
}

impl View for BookView<'_> {
    fn run_no(&self, dag: DagNo, run_id: &str) -> Option<RunNo> {
        self.read(|book| book.run_no(dag, run_id))
    }
    fn run_no_by_logical_date(&self, dag: DagNo, at: Timestamp) -> Option<RunNo> {
        self.read(|book| book.run_no_by_logical_date(dag, at))
    }
    fn run(&self, run: RunNo) -> Option<DagRun> {
        self.read(|book| book.run(run))
    }
    fn task_instances(&self, run: RunNo) -> Vec<TaskInstance> {
        self.read(|book| book.task_instances(run))
    }
    fn task_instance(&self, key: TiKey) -> Option<TaskInstance> {
        self.read(|book| book.task_instance(key))
    }
    fn runs_between(
        &self,
        dag: DagNo,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Vec<RunNo> {
        self.read(|book| book.runs_between(dag, from, to))
    }
    fn previous_run(&self, dag: DagNo, before: Timestamp, scheduled_only: bool) -> Option<RunNo> {
        let keep = |_, kind| !scheduled_only || kind != DagRunType::Manual;
        self.read(|book| book.previous_run(dag, before, keep))
    }
    fn last_runs(&self, dag: DagNo, n: usize) -> Vec<RunNo> {
        self.read(|book| book.last_runs(dag, n))
    }
    fn dag(&self, dag: DagNo, version: VersionNo) -> Option<Arc<Dag>> {
        self.read(|book| match self.reader.dags.get(book, dag, version) {
            Ok(cached) => Ok(cached.map(|cached| Arc::clone(&cached.dag))),
            Err(DagError::Read(e)) => Err(e),
            // One dag that cannot be made again must not hold up all others.
            Err(DagError::Source { .. }) => Ok(None),
        })
    }
    fn asset_events(
        &self,
        asset: AssetNo,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Vec<AssetEventNo> {
        self.read(|book| book.asset_events_between(EventsOf::Asset(asset), after, until))
    }
    fn alias_events(
        &self,
        alias: AliasNo,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Vec<AssetEventNo> {
        self.read(|book| book.asset_events_between(EventsOf::Alias(alias), after, until))
    }
    fn asset_event_source(&self, event: AssetEventNo) -> Option<EventSource> {
        self.read(|book| book.asset_event(event))?.source
    }
    fn last_asset_run(
        &self,
        dag: DagNo,
        before: Timestamp,
        is_there: &dyn Fn(RunNo) -> bool,
    ) -> Option<Timestamp> {
        self.read(|book| book.last_run_of_type(dag, DagRunType::AssetTriggered, before, is_there))
    }
    fn backfill(&self, no: u64) -> Option<Backfill> {
        self.read(|book| book.backfill(no))
    }
    fn variable(&self, key: &str) -> Option<String> {
        if let Some(value) = self.reader.environment.variable(key) {
            return Some(value.to_owned());
        }
        let found = self.read(|book| book.variable(key))?;
        // One that cannot be opened is as good as none.
        let opened = queries::variables::open(self.reader, found).ok()?;
        Some(opened.value)
    }
    fn variable_exists(&self, key: &str) -> bool {
        self.read(|book| book.variable(key)).is_some()
    }
    fn kept(&self, key: TiKey, what: &Kept) -> Option<KeptValue> {
        self.read(|book| book.kept(key, what))
    }
    fn human_input(&self, key: TiKey, try_number: u32) -> Option<HumanInput> {
        self.read(|book| book.human_input(key, try_number))
    }
    fn connection_exists(&self, conn_id: &str) -> bool {
        self.read(|book| book.connection(conn_id)).is_some()
    }
}
