//! Timetables against upstream's recorded answers, and what must hold of any.

mod properties;
mod refusals;
mod ticks;
mod vectors;
