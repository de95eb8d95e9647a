//! Names that upstream has and our book has not: made from what the book has, the same each time.

use model::{DagNo, MapIndex, VersionNo};
use uuid::Uuid;

/// All ids of ours hang below this one (itself a version 5 id of the URL namespace).
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:orrery:v1")
}

/// One try of a task instance.
pub(crate) fn task_instance(
    deployment: &str,
    dag_id: &str,
    run_id: &str,
    task_id: &str,
    map: MapIndex,
    try_number: u32,
) -> Uuid {
    let of = control::ids::Try {
        dag_id,
        run_id,
        task_id,
        map,
        try_number,
    };
    control::ids::task_instance(deployment, &of)
}

/// One version of a dag.
pub(crate) fn dag_version(deployment: &str, dag: DagNo, version: VersionNo) -> Uuid {
    control::ids::dag_version(deployment, dag, version)
}

/// A number for an import error, which is named by its file. 53 bits, so that JavaScript keeps it.
pub(crate) fn import_error(path: &str) -> u64 {
    let id = Uuid::new_v5(&namespace(), format!("import_error\u{1f}{path}").as_bytes());
    id.as_u64_pair().0 >> 11
}
