//! What the book, the dags and the live state answer beyond plain reads. Values of the model, not
//! of any wire; plain lists are read from a snapshot directly.

pub mod assets;
pub mod connections;
pub mod grid;
pub mod health;
pub mod live;
pub mod runs;
pub mod variables;
pub mod warnings;
mod weight;

pub use weight::{priority_weight, priority_weights};
