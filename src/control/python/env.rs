//! The runtime that Python dags have now, and the environment of its processes, made from nothing.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use model::work::PythonRuntime;
use serde_json::json;

use super::{BUNDLE, epoch};
use crate::start::Options;

/// The runtime of the deployment: the one that it starts with, or one that comes while it runs.
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Current(Arc<Inner>);

struct Inner {
    base_env: Vec<(String, String)>,
    data: PathBuf,
    dags: PathBuf,
    now: RwLock<Option<Arc<PythonRuntime>>>,
}

impl Current {
    pub(crate) fn new(options: &Options) -> Self {
        let own = Self(Arc::new(Inner {
            base_env: options.base_env.clone(),
            data: options.data.clone(),
            dags: options.dags.clone(),
            now: RwLock::default(),
        }));
        if let Some(chosen) = &options.python {
            own.set(chosen);
        }
        own
    }

    #[cfg(test)]
    pub(crate) fn of(runtime: PythonRuntime) -> Self {
        Self(Arc::new(Inner {
            base_env: Vec::new(),
            data: PathBuf::new(),
            dags: PathBuf::new(),
            now: RwLock::new(Some(Arc::new(runtime))),
        }))
    }

    /// With the settings and plugins that there are at this moment.
    pub(crate) fn get(&self) -> Option<Arc<PythonRuntime>> {
        let now = self.0.now.read().unwrap_or_else(PoisonError::into_inner);
        let now = now.clone()?;
        Some(epoch::current(&now).map_or(now, Arc::new))
    }

    /// Takes a runtime, with what its processes find in their environment: what all processes
    /// inherit, what the operator chose for it, and where Airflow finds what is ours.
    pub(crate) fn set(&self, chosen: &PythonRuntime) {
        let mut env: BTreeMap<String, String> = self.0.base_env.iter().cloned().collect();
        env.extend(chosen.env.iter().cloned());
        env.extend(ours(&self.0).map(|(name, value)| (name.to_owned(), value)));
        let made = PythonRuntime {
            env: env.into_iter().collect(),
            ..chosen.clone()
        };
        let mut now = self.0.now.write().unwrap_or_else(PoisonError::into_inner);
        *now = Some(Arc::new(made));
    }
}

fn ours(place: &Inner) -> [(&'static str, String); 7] {
    let dags = place.dags.to_string_lossy().into_owned();
    let bundle = json!([{
        "name": BUNDLE,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": dags},
    }]);
    let home = place.data.join("airflow").to_string_lossy().into_owned();
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
