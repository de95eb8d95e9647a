//! The states of task instances and runs: Airflow 3.3's, by its names (`airflow.utils.state`).

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All of them, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Upstream's word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
            /// From upstream's word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The state of a task instance. The order is part of the book: add at the end.
    TaskInstanceState {
        /// Upstream's `None`, shown as `no_status`.
        NoStatus = "no_status",
        /// The task is no longer in the dag.
        Removed = "removed",
        /// Its dependencies are met.
        Scheduled = "scheduled",
        /// Handed to the executor.
        Queued = "queued",
        /// The worker said so.
        Running = "running",
        /// Ended well.
        Success = "success",
        /// Cleared while it ran; the process is being ended.
        Restarting = "restarting",
        /// Ended badly, no try left.
        Failed = "failed",
        /// Waits for its next try.
        UpForRetry = "up_for_retry",
        /// A sensor that looks again later.
        UpForReschedule = "up_for_reschedule",
        /// Will not run because of what comes before it.
        UpstreamFailed = "upstream_failed",
        /// Not to be run.
        Skipped = "skipped",
        /// Waits for a trigger.
        Deferred = "deferred",
        /// Waits for a person.
        AwaitingInput = "awaiting_input",
    }
}

words! {
    /// The state of a dag run.
    DagRunState {
        /// Waits for `max_active_runs`, or for its time.
        Queued = "queued",
        /// Its tasks are being scheduled.
        Running = "running",
        /// All that matters ended well.
        Success = "success",
        /// A leaf failed, it timed out, or it cannot go on.
        Failed = "failed",
    }
}

words! {
    /// How a run came to be (`airflow.utils.types.DagRunType`).
    DagRunType {
        /// Part of a backfill.
        Backfill = "backfill",
        /// By the dag's timetable.
        Scheduled = "scheduled",
        /// By a person or the API.
        Manual = "manual",
        /// By a task of another run.
        OperatorTriggered = "operator_triggered",
        /// By asset events.
        AssetTriggered = "asset_triggered",
        /// By a request to materialise an asset.
        AssetMaterialization = "asset_materialization",
    }
}

words! {
    /// Who asked for a run (`DagRunTriggeredByType`).
    TriggeredBy {
        /// The command line.
        Cli = "cli",
        /// `TriggerDagRunOperator`.
        Operator = "operator",
        /// The REST API.
        RestApi = "rest_api",
        /// The UI.
        Ui = "ui",
        /// A test.
        Test = "test",
        /// The timetable.
        Timetable = "timetable",
        /// An asset event.
        Asset = "asset",
        /// A backfill.
        Backfill = "backfill",
    }
}

words! {
    /// When a task is ready, by the states of its direct upstream (`airflow.task.trigger_rule`).
    TriggerRule {
        /// The default.
        AllSuccess = "all_success",
        /// All failed or upstream_failed.
        AllFailed = "all_failed",
        /// All finished.
        AllDone = "all_done",
        /// All finished, one of them with success.
        AllDoneMinOneSuccess = "all_done_min_one_success",
        /// For teardowns: all finished, a setup succeeded.
        AllDoneSetupSuccess = "all_done_setup_success",
        /// One succeeded.
        OneSuccess = "one_success",
        /// One failed.
        OneFailed = "one_failed",
        /// One succeeded or failed.
        OneDone = "one_done",
        /// None failed.
        NoneFailed = "none_failed",
        /// None skipped.
        NoneSkipped = "none_skipped",
        /// At once.
        Always = "always",
        /// None failed, one succeeded.
        NoneFailedMinOneSuccess = "none_failed_min_one_success",
        /// All skipped.
        AllSkipped = "all_skipped",
    }
}

words! {
    /// How a task's priority adds up over the dag.
    WeightRule {
        /// Own weight and that of everything below; the default.
        Downstream = "downstream",
        /// Own weight and that of everything above.
        Upstream = "upstream",
        /// Own weight alone.
        Absolute = "absolute",
    }
}

impl TaskInstanceState {
    /// success, failed, skipped, upstream_failed, removed (`State.finished`).
    #[must_use]
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Success | Self::Failed | Self::Skipped | Self::UpstreamFailed | Self::Removed => {
                true
            }
            Self::NoStatus
            | Self::Scheduled
            | Self::Queued
            | Self::Running
            | Self::Restarting
            | Self::UpForRetry
            | Self::UpForReschedule
            | Self::Deferred
            | Self::AwaitingInput => false,
        }
    }
    /// Counts against pools and limits: queued, running (`EXECUTION_STATES`).
    #[must_use]
    pub const fn is_executing(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
    /// Considered by the ready check: None, up_for_retry, up_for_reschedule.
    #[must_use]
    pub const fn is_schedulable(self) -> bool {
        matches!(
            self,
            Self::NoStatus | Self::UpForRetry | Self::UpForReschedule
        )
    }
    /// failed or upstream_failed.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::UpstreamFailed)
    }
}

impl DagRunState {
    /// success or failed.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Success | Self::Failed)
    }
}

impl DagRunType {
    /// The beginning of run ids of this type; manual runs may not use the others' (upstream
    /// `utils/types.py`).
    #[must_use]
    pub fn run_id_prefix(self) -> String {
        format!("{}__", self.as_str())
    }
}
