//! What can be wrong with a timetable, and whether it is.

use model::Timestamp;
use model::schedule::{CronTrigger, Delta, Schedule};

use super::delta;
use super::ticks::Ticks;

/// A timetable that cannot be followed. The text says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// A cron expression that is none.
    #[error("cron `{expression}`: {problem}")]
    Cron {
        /// As written.
        expression: String,
        /// What is wrong and what to write.
        problem: String,
    },
    /// A time zone that nobody knows.
    #[error(
        "unknown time zone `{timezone}`: write an IANA name such as `Europe/Zurich`, or an offset such \
         as `+01:00`"
    )]
    Zone {
        /// As written.
        timezone: String,
    },
    /// A distance that does not lead forward.
    #[error(
        "a schedule's distance must be positive, not {delta}: write for example `PT30M` or `P1D`"
    )]
    Delta {
        /// As Python prints it.
        delta: String,
    },
    /// Serialised data that its class does not write.
    #[error("timetable {class}: {problem}")]
    Serialized {
        /// The class path.
        class: String,
        /// What is missing or of the wrong kind.
        problem: String,
    },
    /// Asset timetables inside one another.
    #[error("an asset timetable cannot be the clock of another: give a cron or a distance")]
    Nested,
}

/// Whether the schedule can be followed: the cron is one, the zone is known, the distance positive.
///
/// # Errors
/// With what is wrong and what to write instead.
pub fn check(schedule: &Schedule) -> Result<(), TimetableError> {
    match schedule {
        Schedule::Null
        | Schedule::Once
        | Schedule::Continuous
        | Schedule::PartitionedAtRuntime
        | Schedule::Asset { .. }
        | Schedule::PartitionedAsset { .. }
        | Schedule::Events { .. }
        | Schedule::Other { .. } => Ok(()),
        Schedule::CronTrigger(cron) | Schedule::CronPartition { cron, .. } => {
            check_cron(&cron.expression, &cron.timezone)
        }
        Schedule::MultipleCronTrigger(crons) => {
            let check = |cron: &CronTrigger| check_cron(&cron.expression, &cron.timezone);
            crons.iter().try_for_each(check)
        }
        Schedule::CronDataInterval {
            expression,
            timezone,
        } => check_cron(expression, timezone),
        Schedule::DeltaTrigger { delta, .. } | Schedule::DeltaDataInterval { delta } => {
            check_delta(delta)
        }
        Schedule::AssetOrTime { timetable, .. } => {
            let nested = matches!(
                **timetable,
                Schedule::Asset { .. }
                    | Schedule::PartitionedAsset { .. }
                    | Schedule::AssetOrTime { .. }
            );
            if nested {
                Err(TimetableError::Nested)
            } else {
                check(timetable)
            }
        }
    }
}

fn check_cron(expression: &str, timezone: &str) -> Result<(), TimetableError> {
    Ticks::cron(expression, timezone).map(|_| ())
}

/// A distance leads forward from a common day; upstream asks the same of the day of parsing.
fn check_delta(distance: &Delta) -> Result<(), TimetableError> {
    let from = Timestamp::from_secs(1_767_225_600);
    if delta::add(from, distance).is_some_and(|to| to > from) {
        return Ok(());
    }
    Err(TimetableError::Delta {
        delta: delta::python_str(distance),
    })
}
