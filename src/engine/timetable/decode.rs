//! Timetables as upstream serialises them.

use model::Json;
use model::schedule::{Schedule, SerializedScheduleError, from_serialized};

use super::TimetableError;

/// Reads a timetable as upstream serialises it: its class (`__type`) and its data (`__var`).
/// An unknown class is kept as [`Schedule::Other`].
///
/// # Errors
/// When the data of a known class is not what that class writes.
pub fn decode(class: &str, var: &Json) -> Result<Schedule, TimetableError> {
    from_serialized(class, var).map_err(|error| {
        let SerializedScheduleError { class, problem } = error;
        TimetableError::Serialized { class, problem }
    })
}
