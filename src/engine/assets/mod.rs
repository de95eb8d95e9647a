//! Assets: what dags say of them, what happens to them, and the runs that follow.

pub(crate) mod activity;
pub(crate) mod asked;
pub(crate) mod commands;
pub(crate) mod due;
pub(crate) mod emit;
pub(crate) mod outlets;
pub(crate) mod partitions;
pub(crate) mod register;
pub(crate) mod watch;
