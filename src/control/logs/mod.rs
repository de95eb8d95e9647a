//! The logs of tries: files of JSON lines, one for each try, compressed when their run has ended.

mod compress;
pub mod path;
pub mod read;
mod write;

pub use compress::compress;
pub(crate) use write::{Line, append};
