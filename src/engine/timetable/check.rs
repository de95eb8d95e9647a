//! What can be wrong with a timetable.

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
