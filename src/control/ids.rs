//! The UUIDs that upstream's clients expect, made of our names: the same thing has the same id,
//! without a table, and after a restore too.

use model::{DagNo, MapIndex, VersionNo};
use uuid::Uuid;

/// The name of the deployment that exists from the first start.
pub const DEPLOYMENT: &str = "default";

/// All ids of ours hang below this one (itself a version 5 id of the URL namespace).
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:orrery:v1")
}

/// Part of a try's name.
pub struct Try<'a> {
    /// The dag.
    pub dag_id: &'a str,
    /// The run.
    pub run_id: &'a str,
    /// The task.
    pub task_id: &'a str,
    /// Which instance.
    pub map: MapIndex,
    /// Which try.
    pub try_number: u32,
}

/// One try of a task instance.
#[must_use]
pub fn task_instance(deployment: &str, of: &Try<'_>) -> Uuid {
    let parts = [
        deployment,
        of.dag_id,
        of.run_id,
        of.task_id,
        &of.map.to_string(),
        &of.try_number.to_string(),
    ];
    // Ids hold no control characters, so two different lists never make one name.
    Uuid::new_v5(&namespace(), parts.join("\u{1f}").as_bytes())
}

/// One version of a dag.
#[must_use]
pub fn dag_version(deployment: &str, dag: DagNo, version: VersionNo) -> Uuid {
    let name = format!("{deployment}\u{1f}dag_version\u{1f}{dag}\u{1f}{version}");
    Uuid::new_v5(&namespace(), name.as_bytes())
}
