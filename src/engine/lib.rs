//! Pure scheduling decisions.

pub mod timetable;
