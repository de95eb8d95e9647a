//! Every recorded partition case of upstream, where the folder with them is at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::Json;

use crate::partition::*;

/// The folder named by `AIRFLOW_VECTORS`, else the one beside the repository.
fn folder() -> PathBuf {
    let beside =
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/airflow/vectors");
    std::env::var_os("AIRFLOW_VECTORS").map_or_else(beside, PathBuf::from)
}

/// The class of a mapper, and of its window where it has one.
fn class(mapper: &Json) -> String {
    let last = |of: &Json| {
        let path = of["__type"].as_str().unwrap_or("");
        path.rsplit('.').next().unwrap_or_default().to_owned()
    };
    match mapper["__var"].get("window") {
        Some(window) => format!("{} of {}", last(mapper), last(window)),
        None => last(mapper),
    }
}

/// Named segments have no order upstream (they are a set of Python's).
fn sorted_segments(case: &mut Json) {
    let window = &case["mapper"]["__var"]["window"]["__var"];
    let is_named = window.get("segments").is_some();
    if let Some(keys) = case["downstream"].as_array_mut().filter(|_| is_named) {
        keys.sort_by_key(Json::to_string);
    }
}

fn answer(case: &Json) -> Result<Json, String> {
    let mapper = decode(&case["mapper"]).map_err(|error| error.to_string())?;
    let key = case["key"].as_str().unwrap();
    let mut answer = serde_json::json!({"mapper": case["mapper"], "key": key});
    let downstream = match mapper.to_downstream(key) {
        Ok(downstream) => downstream,
        Err(error) => {
            answer["downstream_error"] = error.kind.name().into();
            return Ok(answer);
        }
    };
    answer["downstream"] = match &downstream {
        Downstream::One(key) => key.as_str().into(),
        Downstream::Many(keys) => keys.as_slice().into(),
    };
    let first = downstream.into_keys().remove(0);
    if let Some(rollup) = mapper.rollup() {
        let keys = rollup.expected(&first).map_err(|error| error.to_string())?;
        answer["upstream"] = keys.into_iter().collect::<Vec<_>>().into();
    }
    let date = mapper.clock(&first).map_err(|error| error.to_string())?;
    answer["partition_date"] = date.map(|date| date.isoformat()).into();
    Ok(answer)
}

#[test]
fn vectors_of_partitions_are_equal() {
    let path = folder().join("partitions.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let path = path.display();
        println!("skipped: no recorded cases at {path} (set AIRFLOW_VECTORS)");
        return;
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    for case in &cases {
        *compared.entry(class(&case["mapper"])).or_default() += 1;
        let (mut expected, mut got) = (case.clone(), answer(case).unwrap_or_else(Json::from));
        sorted_segments(&mut expected);
        if got.is_object() {
            sorted_segments(&mut got);
        }
        if expected != got {
            wrong.push(format!("expected {expected}\n     got {got}"));
        }
    }
    for (class, n) in &compared {
        println!("{n:5} compared of {class}");
    }
    println!("{} compared, {} differ", cases.len(), wrong.len());
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
