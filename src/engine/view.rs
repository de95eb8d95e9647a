//! What the book says about things that are not live.

use std::sync::Arc;

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, RunNo, TiKey, Timestamp, VersionNo,
    asset::EventSource,
    backfill::Backfill,
    change::{Kept, KeptValue},
    dag::Dag,
    human::HumanInput,
    run::DagRun,
    task_instance::TaskInstance,
};

/// Reads the book as of the last commit. What this batch has changed is in [`crate::Live`] alone.
pub trait View {
    /// The run of a dag with this id.
    fn run_no(&self, dag: DagNo, run_id: &str) -> Option<RunNo>;
    /// The run of a dag with this logical date.
    fn run_no_by_logical_date(&self, dag: DagNo, at: Timestamp) -> Option<RunNo>;
    /// A run's row.
    fn run(&self, run: RunNo) -> Option<DagRun>;
    /// All task instances of a run, removed ones too.
    fn task_instances(&self, run: RunNo) -> Vec<TaskInstance>;
    /// Runs with a logical date from `from` to `to`, both inclusive, oldest first.
    fn runs_between(
        &self,
        dag: DagNo,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Vec<RunNo>;
    /// The run with the greatest logical date before `before`, those of persons left out where only
    /// scheduled ones count.
    fn previous_run(&self, dag: DagNo, before: Timestamp, scheduled_only: bool) -> Option<RunNo>;
    /// At most `n` runs by `run_after`, newest first.
    fn last_runs(&self, dag: DagNo, n: usize) -> Vec<RunNo>;
    /// A version of a dag, imported again from its source when it is not in memory.
    fn dag(&self, dag: DagNo, version: VersionNo) -> Option<Arc<Dag>>;
    /// A backfill.
    fn backfill(&self, no: u64) -> Option<Backfill>;
    /// The value of a variable, opened.
    fn variable(&self, key: &str) -> Option<String>;
    /// Whether there is a variable with this key.
    fn variable_exists(&self, key: &str) -> bool;
    /// Whether the book has a connection with this id.
    fn connection_exists(&self, conn_id: &str) -> bool;
    /// What a task instance keeps.
    fn kept(&self, key: TiKey, what: &Kept) -> Option<KeptValue>;
    /// The question that a try asks people.
    fn human_input(&self, key: TiKey, try_number: u32) -> Option<HumanInput>;
    /// The events of an asset after one point in time and not after another.
    fn asset_events(
        &self,
        asset: AssetNo,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Vec<AssetEventNo>;
    /// The same of an alias.
    fn alias_events(
        &self,
        alias: AliasNo,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Vec<AssetEventNo>;
    /// The task instance that an event comes from.
    fn asset_event_source(&self, event: AssetEventNo) -> Option<EventSource>;
    /// The greatest `run_after`, before `before`, of a run of the dag that assets made.
    fn last_asset_run(
        &self,
        dag: DagNo,
        before: Timestamp,
        is_there: &dyn Fn(RunNo) -> bool,
    ) -> Option<Timestamp>;
    /// One task instance.
    fn task_instance(&self, key: TiKey) -> Option<TaskInstance> {
        self.task_instances(key.run)
            .into_iter()
            .find(|ti| ti.key == key)
    }
}
