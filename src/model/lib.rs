//! The words everyone shares: what a dag, a run and a task instance are, what may be asked, what
//! may happen and what follows.
//!
//! Invariant: nothing here reads a clock, a file, the environment or chance.
//! Invariant: no type here is serialised; wire types and records are converted by hand at the
//! edges.
//! Invariant: nothing here decides; decisions live in `engine`.

pub mod asset;
pub mod audit;
pub mod backfill;
pub mod callback;
pub mod change;
pub mod command;
pub mod dag;
pub mod deadline;
pub mod effect;
pub mod evaluation;
pub mod execution;
pub mod human;
pub mod id;
pub mod limits;
pub mod ports;
pub mod python;
pub mod reason;
pub mod report;
pub mod run;
pub mod schedule;
pub mod state;
pub mod task_instance;
pub mod time;
pub mod work;

pub use id::{
    AliasNo, AssetEventNo, AssetNo, AuditNo, DagId, DagNo, DeploymentId, Fence, MapIndex, PoolName,
    RunId, RunNo, TaskId, TaskNo, TiKey, VersionNo,
};
pub use time::{TimeDelta, Timestamp};

/// JSON as data: params, conf, XComs, operator arguments.
pub type Json = serde_json::Value;
/// A JSON object.
pub type JsonMap = serde_json::Map<String, Json>;
