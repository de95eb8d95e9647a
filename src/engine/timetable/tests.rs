//! Timetables against upstream's recorded answers, and what must hold of any.

mod vectors;
