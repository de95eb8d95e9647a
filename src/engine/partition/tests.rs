//! Mappers against upstream's recorded answers, and what it answers to keys of all kinds.

mod dates;
mod rules;
mod vectors;
