//! The months' names, as Python's C locale and upstream's descriptions of crons have them.

/// From January, in full.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
