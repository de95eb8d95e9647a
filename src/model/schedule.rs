//! A dag's timetable as data. What it means is `engine::timetable`'s to say.

use crate::{Json, TimeDelta, Timestamp};

mod serialized;
mod text;

pub use serialized::{SerializedScheduleError, from_serialized, offset_name};
pub use text::{ScheduleTextError, from_text, preset};

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
        /// What the user calls it; upstream's words when absent.
        description: Option<String>,
        /// The short form; upstream's words when absent.
        summary: Option<String>,
    },
    /// At the ticks of a cron, one partition each (`CronPartitionTimetable`).
    CronPartition {
        /// The ticks. Its interval is always zero.
        cron: CronTrigger,
        /// How many ticks after the run the partition's date lies; negative is before.
        run_offset: i32,
        /// The partition's key, as a `strftime` format of its date in the cron's zone.
        key_format: String,
    },
    /// Never by itself; a run's partition is named when it is triggered (`PartitionedAtRuntime`).
    PartitionedAtRuntime,
    /// When assets are updated (`AssetTriggeredTimetable`).
    Asset {
        /// The condition as upstream serialises it.
        condition: Json,
    },
    /// When partitions of assets are updated (`PartitionedAssetTimetable`).
    PartitionedAsset {
        /// Condition and mappers as upstream serialises them.
        data: Json,
    },
    /// When assets are updated, and by a clock as well (`AssetOrTimeSchedule`).
    AssetOrTime {
        /// The clock.
        timetable: Box<Schedule>,
        /// The condition as upstream serialises it.
        condition: Json,
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

/// A distance in time: a `timedelta`, or a `relativedelta` with calendar units in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Delta {
    /// Calendar months (years are twelve).
    pub months: i32,
    /// Calendar days of a `relativedelta`; a `timedelta`'s days are in `span`.
    pub days: i32,
    /// The fixed part.
    pub span: TimeDelta,
    /// What only a `relativedelta` has; none for a `timedelta`.
    pub relative: Option<Relative>,
}

/// The fields of a `relativedelta` that are not distances: they set a part of the date instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Relative {
    /// Days to add after February of a leap year.
    pub leapdays: i8,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 31; the month's last day where it has fewer.
    pub day: Option<u8>,
    /// 0 is Monday, and which one: 1 the next, -1 the last, 0 not said (the next).
    pub weekday: Option<(u8, i8)>,
    /// 0 to 23.
    pub hour: Option<u8>,
    /// 0 to 59.
    pub minute: Option<u8>,
    /// 0 to 59.
    pub second: Option<u8>,
    /// 0 to 999,999.
    pub microsecond: Option<u32>,
}

impl Delta {
    /// No distance at all.
    pub const ZERO: Self = Self::fixed(TimeDelta::ZERO);

    /// A `timedelta`.
    #[must_use]
    pub const fn fixed(span: TimeDelta) -> Self {
        Self {
            months: 0,
            days: 0,
            span,
            relative: None,
        }
    }
}

/// `run_immediately` of the trigger timetables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RunImmediately {
    /// `False`: wait for the next tick, unless the last one is no older than a tenth of the
    /// distance or five minutes, whichever is more.
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
