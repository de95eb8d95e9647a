//! Python tasks, parses and the triggerer: children of a warm interpreter, each a session with four
//! streams. What they say is relayed to the server as it is; only logs are looked into.

mod boot;
mod child;
mod control;
mod files;
mod keep;
mod keepers;
mod open;
mod requests;
mod session;
mod streams;
mod told;
mod zygote;
mod zygotes;

pub use open::{open, start};
pub use told::{Order, Sessions};
pub use zygotes::Zygotes;
