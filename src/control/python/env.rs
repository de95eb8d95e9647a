//! The environment of the runtime's processes, made from nothing.

use std::collections::BTreeMap;

use model::work::PythonRuntime;
use serde_json::json;

use super::BUNDLE;
use crate::start::Options;

/// The runtime with all that its processes find in their environment: what all processes inherit,
/// what the operator chose for it, and where Airflow finds what is ours.
pub(crate) fn runtime(options: &Options) -> Option<PythonRuntime> {
    let chosen = options.python.as_ref()?;
    let mut env: BTreeMap<String, String> = options.base_env.iter().cloned().collect();
    env.extend(chosen.env.iter().cloned());
    env.extend(ours(options).map(|(name, value)| (name.to_owned(), value)));
    Some(PythonRuntime {
        env: env.into_iter().collect(),
        ..chosen.clone()
    })
}

fn ours(options: &Options) -> [(&'static str, String); 7] {
    let dags = options.dags.to_string_lossy().into_owned();
    let bundle = json!([{
        "name": BUNDLE,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": dags},
    }]);
    let home = options.data.join("airflow").to_string_lossy().into_owned();
    [
        ("AIRFLOW_HOME", home),
        ("AIRFLOW__CORE__DAGS_FOLDER", dags),
        (
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
            bundle.to_string(),
        ),
        ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
        ("AIRFLOW__CORE__FERNET_KEY", String::new()),
        // Nothing may be there: a task that wants a database is told so.
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            "sqlite:////nonexistent/orrery.db".to_owned(),
        ),
        ("_AIRFLOW_PROCESS_CONTEXT", "client".to_owned()),
    ]
}
