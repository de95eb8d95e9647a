//! A run's conf over the dag's declared params.

use model::{Json, JsonMap, dag::Dag};

/// The declared defaults with `conf` laid over them; objects merge, all else replaces.
pub(crate) fn with_params(dag: &Dag, conf: Json) -> Json {
    let mut merged = JsonMap::new();
    for param in &dag.params {
        if let Some(default) = &param.default {
            merged.insert(param.name.clone(), default.clone());
        }
    }
    if let Json::Object(conf) = conf {
        merge(&mut merged, conf);
    }
    Json::Object(merged)
}

/// As deep as the caller's JSON, which its reader has bounded.
fn merge(into: &mut JsonMap, over: JsonMap) {
    for (key, value) in over {
        match (into.get_mut(&key), value) {
            (Some(Json::Object(old)), Json::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
