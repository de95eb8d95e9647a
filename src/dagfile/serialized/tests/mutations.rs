//! Whatever happens to a document, reading it ends well or with a problem that has a code.

use model::{Json, dag::Dag};
use proptest::prelude::*;
use serde_json::json;

use super::super::{decode, version_hash};
use super::samples;

/// What the model promises of every dag.
pub(super) fn holds_together(dag: &Dag) {
    for (n, task) in dag.tasks.iter().enumerate() {
        assert!(task.upstream.iter().all(|up| *up < n), "{}", task.task_id);
        assert!(
            task.downstream
                .iter()
                .all(|down| *down > n && *down < dag.tasks.len())
        );
        assert!(task.upstream.is_sorted() && task.downstream.is_sorted());
        assert_eq!(dag.position(&task.task_id), Some(n));
        assert_eq!(dag.groups_of(task).count(), task.group_path.len());
        if let Some(group) = dag.groups_of(task).last() {
            assert!(group.tasks.contains(&n));
        }
        assert_eq!(task.is_mapped, task.expand.is_some());
    }
}

fn values() -> Vec<Json> {
    let mut deep = json!(1);
    for _ in 0..300 {
        deep = json!({"__type": "dict", "__var": [deep]});
    }
    vec![
        Json::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(-1e308),
        json!(u64::MAX),
        json!(0.5),
        json!(""),
        json!("x"),
        json!("@daily"),
        json!([]),
        json!(["x"]),
        json!([["x"]]),
        json!({}),
        json!({"__type": "dict", "__var": {}}),
        json!({"__type": "xcomref", "__var": {"type": "zip", "args": [{}]}}),
        json!({"__type": "timedelta", "__var": "x"}),
        json!({"__type": "asset", "__var": {}}),
        json!({"years": u64::MAX, "months": i64::MAX, "weekday": [9]}),
        deep,
    ]
}

/// One step of the walk to what is changed.
fn mutate(value: &mut Json, steps: &[usize], how: usize, values: &[Json]) {
    let here = |value: &mut Json| {
        let choice = how % (values.len() + 2);
        match (values.get(choice), value) {
            (Some(new), value) => *value = new.clone(),
            (None, Json::Array(items)) if !items.is_empty() => {
                let again = items[how % items.len()].clone();
                items.push(again);
            }
            (None, Json::Object(map)) if !map.is_empty() => {
                let name = map.keys().nth(how % map.len()).unwrap().clone();
                map.shift_remove(&name);
            }
            (None, value) => *value = Json::Null,
        }
    };
    let Some((step, rest)) = steps.split_first() else {
        here(value);
        return;
    };
    match value {
        Json::Array(items) if !items.is_empty() => {
            let n = step % items.len();
            mutate(&mut items[n], rest, how, values);
        }
        Json::Object(map) if !map.is_empty() => {
            let n = step % map.len();
            mutate(map.values_mut().nth(n).unwrap(), rest, how, values);
        }
        Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::String(_)
        | Json::Array(_)
        | Json::Object(_) => here(value),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn damaged_documents_do_no_harm(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (prop::collection::vec(0_usize..64, 0..9), 0_usize..10_000),
            1..4,
        ),
    ) {
        thread_local! {
            static SAMPLES: (Vec<(String, Json)>, Vec<Json>) = (samples::committed(), values());
        }
        SAMPLES.with(|(samples, values)| {
            let mut document = which.get(samples).1.clone();
            for (steps, how) in &changes {
                mutate(&mut document, steps, *how, values);
            }
            let _ = version_hash(&document);
            match decode(&document) {
                Ok(dag) => holds_together(&dag),
                Err(error) => {
                    let known = ["DAG-030", "DAG-031", "DAG-032"].contains(&error.code);
                    assert!(known, "{error:?}");
                    assert!(!error.message.is_empty());
                }
            }
        });
    }
}
