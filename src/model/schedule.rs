//! A dag's timetable as data. What it means is `engine::timetable`'s to say.

use crate::{Json, TimeDelta, Timestamp};

/// A timetable, by upstream's classes (`airflow.timetables.*`).
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Never by itself.
    Null,
    /// Once, at the start date.
    Once,
    /// Again as soon as the last run has ended.
    Continuous,
    /// At the ticks of a cron expression (`CronTriggerTimetable`): what a cron string means.
    CronTrigger(CronTrigger),
    /// At fixed distances (`DeltaTriggerTimetable`): what a timedelta means.
    DeltaTrigger {
        /// The distance.
        delta: Delta,
        /// Length of the data interval that ends at the tick.
        interval: Delta,
        /// Whether a first tick in the past runs at once.
        run_immediately: RunImmediately,
    },
    /// The earliest tick of several crons (`MultipleCronTriggerTimetable`).
    MultipleCronTrigger(Vec<CronTrigger>),
    /// One interval from tick to tick (`CronDataIntervalTimetable`).
    CronDataInterval {
        /// Five or six fields, or an alias such as `@daily`.
        expression: String,
        /// IANA name or fixed offset.
        timezone: String,
    },
    /// One interval of fixed length after the other (`DeltaDataIntervalTimetable`).
    DeltaDataInterval {
        /// The length.
        delta: Delta,
    },
    /// At given points in time (`EventsTimetable`).
    Events {
        /// Sorted, each once.
        dates: Vec<Timestamp>,
        /// Whether manual runs move to the latest event.
        restrict_to_events: bool,
        /// What the user calls it.
        description: Option<String>,
    },
    /// Any other of upstream's or a plugin's, kept as it was serialised.
    Other {
        /// The class path (`__type`).
        class: String,
        /// Its data (`__var`).
        data: Json,
    },
}

/// One cron of a trigger timetable.
#[derive(Clone, Debug, PartialEq)]
pub struct CronTrigger {
    /// Five or six fields, or an alias such as `@daily`.
    pub expression: String,
    /// IANA name or fixed offset.
    pub timezone: String,
    /// Length of the data interval that ends at the tick; zero by default.
    pub interval: Delta,
    /// Whether a first tick in the past runs at once.
    pub run_immediately: RunImmediately,
}

/// A distance in time: microseconds, or calendar units in UTC (`timedelta` or `relativedelta`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Delta {
    /// Calendar months (years are twelve).
    pub months: i32,
    /// Calendar days of a `relativedelta`; a `timedelta`'s days are in `span`.
    pub days: i32,
    /// The fixed part.
    pub span: TimeDelta,
    /// The absolute and weekday fields of a `relativedelta`, packed by `engine::timetable`; 0 when none.
    pub absolute: u64,
}

/// `run_immediately` of the trigger timetables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RunImmediately {
    /// `False`: wait for the next tick, unless the last one is within a tenth of the distance.
    #[default]
    No,
    /// `True`: run the last tick at once.
    Yes,
    /// Run the last tick at once when it is not older than this.
    Within(TimeDelta),
}

/// The data interval of a run, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataInterval {
    /// Inclusive start.
    pub start: Timestamp,
    /// Exclusive end.
    pub end: Timestamp,
}
