//! Keys and sealed secrets.
//!
//! Invariant: no secret leaves this layer but by [`Keyring::open`], and nothing here logs.
//! Invariant: a sealed value opens only in the context that it was sealed for.

mod keyring;

pub use keyring::{Keyring, SecurityError};
