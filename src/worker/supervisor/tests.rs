//! Every message of the protocol's schema, with random values; sessions by a table.

use super::{
    answers::{self, Slots},
    asks,
    facts::Facts,
    frames,
    tries::{Act, Now, Try},
    value::{from_json, json},
};
use crate::wire::{Ended, Exit, Note, Status, Usage as WireUsage};
use model::{Json, Timestamp, report::Usage};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rmpv::Value;
use std::sync::Arc;

const SCHEMA: &str = include_str!("../../../tests/golden/supervisor-schema-2026-06-16.json");
/// What only the server says, beside answers; see `parts`.
const NO_ANSWERS: &[&str] = &[
    "StartupDetails",
    "DagFileParseRequest",
    "DagCallbackRequest",
    "TaskCallbackRequest",
    "EmailRequest",
    "ErrorResponse",
    "SentFDs",
];

fn schema() -> Json {
    serde_json::from_str(SCHEMA).unwrap()
}

/// A random value of a schema.
fn any(schema: &Json, all: &Json, runner: &mut TestRunner, depth: u32) -> Json {
    let pick = |n: usize, runner: &mut TestRunner| (0..n).new_tree(runner).unwrap().current();
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        let name = name.rsplit('/').next().unwrap();
        return any(&all["$defs"][name], all, runner, depth);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return values[pick(values.len(), runner)].clone();
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema.get(word).and_then(Json::as_array) {
            let at = pick(kinds.len(), runner);
            return any(&kinds[at], all, runner, depth);
        }
    }
    let text = |runner: &mut TestRunner| "[a-zé ]{0,8}".new_tree(runner).unwrap().current();
    match schema.get("type").and_then(Json::as_str) {
        Some("null") => Json::Null,
        Some("boolean") => Json::from(pick(2, runner) == 1),
        Some("integer") => Json::from(i64::try_from(pick(1_000_000, runner)).unwrap() - 1_000),
        Some("number") => Json::from(pick(1000, runner) as f64 + 0.5),
        Some("string") => match schema.get("format").and_then(Json::as_str) {
            Some("date-time") => {
                let us = i64::try_from(pick(4_000_000_000_000_000, runner)).unwrap();
                Json::from(Timestamp::from_micros(us).isoformat())
            }
            Some("duration") => Json::from(format!("PT{}S", 1 + pick(50, runner))),
            Some("uuid") => Json::from(format!("00000000-0000-0000-0000-{:012}", pick(99, runner))),
            _ => Json::from(text(runner)),
        },
        Some("array") => {
            if let Some(items) = schema.get("prefixItems").and_then(Json::as_array) {
                return items
                    .iter()
                    .map(|item| any(item, all, runner, depth))
                    .collect();
            }
            let items = &schema["items"];
            (0..pick(3, runner))
                .map(|_| any(items, all, runner, depth))
                .collect()
        }
        Some("object") if schema.get("properties").is_some() => object(schema, all, runner, depth),
        Some("object") => {
            let values = match schema.get("additionalProperties") {
                Some(Json::Object(values)) => Json::Object(values.clone()),
                _ => Json::Null,
            };
            let pairs = (0..pick(3, runner))
                .map(|n| (format!("k{n}"), any(&values, all, runner, depth + 1)));
            Json::Object(pairs.collect())
        }
        _ if depth > 2 => Json::from(text(runner)),
        _ => match pick(5, runner) {
            0 => Json::Null,
            1 => Json::from(1.5),
            2 => Json::from(vec![any(&Json::Null, all, runner, depth + 1)]),
            3 => serde_json::json!({ "a": any(&Json::Null, all, runner, depth + 1) }),
            _ => Json::from(text(runner)),
        },
    }
}

/// A random value of each of an object's fields.
fn object(schema: &Json, all: &Json, runner: &mut TestRunner, depth: u32) -> Json {
    let properties = schema["properties"].as_object().unwrap().iter();
    // The state of a last word says the same as its type.
    let properties =
        properties.filter(|(name, part)| *name != "state" || part.get("const").is_none());
    let all_of = properties.map(|(name, part)| {
        // Our states are words; some of upstream's are any text.
        let is_text = part.get("anyOf").is_some() || part["type"] == "string";
        if name == "state" && is_text && part.get("const").or(part.get("enum")).is_none() {
            return (name.clone(), Json::from("success"));
        }
        (name.clone(), any(part, all, runner, depth))
    });
    Json::Object(all_of.collect())
}

/// As it is after our reading: empty and absent are one for lists and objects.
fn same(left: &Json, right: &Json) -> bool {
    let empty = |value: &Json| match value {
        Json::Null | Json::Bool(false) => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(true) | Json::Number(_) | Json::String(_) => false,
    };
    match (left, right) {
        (Json::Object(a), Json::Object(b)) => {
            // A part says its type only where there is a choice.
            let names = a.keys().chain(b.keys()).filter(|name| *name != "type");
            let get =
                |map: &model::JsonMap, name: &str| map.get(name).cloned().unwrap_or(Json::Null);
            names
                .into_iter()
                .all(|name| same(&get(a, name), &get(b, name)))
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (a, b) if a == b || (empty(a) && empty(b)) => true,
        // An absent number stands for its default.
        (Json::Null, Json::Number(_)) | (Json::Number(_), Json::Null) => true,
        (Json::String(a), Json::String(b)) => {
            matches!((Timestamp::parse(a), Timestamp::parse(b)), (Ok(a), Ok(b)) if a == b)
        }
        _ => false,
    }
}

fn plain(value: &Value) -> Json {
    json(value, &|at| Json::from(at.isoformat()))
}

#[test]
fn every_message_of_the_schema_survives() {
    let all = schema();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut n_asks, mut n_answers) = (0, 0);
    for (name, schema) in all["$defs"].as_object().unwrap() {
        let is_message = schema["properties"]["type"].get("const").is_some();
        if !is_message || NO_ANSWERS.contains(&name.as_str()) {
            continue;
        }
        for round in 0..30 {
            let message = any(schema, &all, &mut runner, 0);
            let value = from_json(&message);
            let ask = asks::read(&value, false).unwrap_or_else(|e| panic!("{name} {message}: {e}"));
            let (ask, again) = match ask {
                Some(ask) => (true, asks::write(&ask)),
                None => match answers::write(&answers::read(&value).unwrap()) {
                    Slots::Body(body) => (false, body),
                    Slots::Empty | Slots::Error(_) => panic!("{name}"),
                },
            };
            assert!(
                same(&message, &plain(&again)),
                "{name}\n{message}\n{}",
                plain(&again)
            );
            if round == 0 {
                n_asks += u32::from(ask);
                n_answers += u32::from(!ask);
            }
        }
    }
    // The 55 messages of the task channel are among them; what goes both ways counts once.
    assert!(n_asks >= 55, "{n_asks}");
    assert!(n_answers >= 26, "{n_answers}");
}

proptest! {
    #[test]
    fn times_survive(us in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
        use super::value::{Word, time};
        let at = Timestamp::from_micros(us);
        prop_assert_eq!(time(&at.write()), Some(at));
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(0_u8.., 0..64)) {
        let _ = frames::read(&bytes, &Facts::default());
    }
}

#[test]
fn a_runtime_gets_what_it_knows() {
    let facts = Facts::read(
        r#"{"messages": {"XComLengthResponse": ["len", "type"], "DagRun": ["dag_id"],
            "PreviousDagRunResult": ["dag_run"], "VariableResult": ["key"],
            "TIRunContext": ["upstream_map_indexes"]}}"#,
    );
    assert!(facts.is_old() && !Facts::default().is_old());
    let check = |message: Json, expected: Json| {
        let mut value = from_json(&message);
        facts.fit(&mut value);
        assert_eq!(plain(&value), expected);
    };
    use serde_json::json;
    check(
        json!({"type": "XComCountResponse", "len": 3}),
        json!({"type": "XComLengthResponse", "len": 3}),
    );
    check(
        json!({"type": "PreviousDagRunResult", "dag_run": {"dag_id": "d", "note": "n"}}),
        json!({"type": "PreviousDagRunResult", "dag_run": {"dag_id": "d"}}),
    );
    check(
        json!({"type": "VariableResult", "key": "k", "value": "v"}),
        json!({"type": "VariableResult", "key": "k"}),
    );
    let number = from_json(&json!({"type": "GetNumberXComs", "key": "k", "dag_id": "d",
        "run_id": "r", "task_id": "t"}));
    assert!(asks::read(&number, true).unwrap().is_some());
}

#[test]
fn payloads_are_encoded_as_each_version_does() {
    let at = Timestamp::from_secs(10);
    let value = Value::Map(vec![("at".into(), super::value::Word::write(&at))]);
    let new = super::serde::encode(&value, false);
    assert_eq!(new["at"]["__classname__"], "pendulum.datetime.DateTime");
    assert_eq!(new["at"]["__data__"]["timestamp"], 10.0);
    let old = super::serde::encode(&value, true);
    assert_eq!(
        old["__var"]["at"],
        serde_json::json!({"__type": "datetime", "__var": 10.0})
    );
}

/// A session by its events, and what comes of each: `ask KIND`, `ack`, `exit CODE`, `note N`.
fn check(events: &str, expected: &str) {
    let mut one = Try::new(Arc::new(Facts::default()), None);
    let usage = Usage::default;
    let at = Now {
        now: Timestamp::from_secs(0),
        usage: &usage,
    };
    let mut n = 0;
    let mut seen = Vec::new();
    for event in events.split("; ") {
        let (word, rest) = event.split_once(' ').unwrap_or((event, ""));
        let acts = match word {
            "ask" | "again" => {
                n += u64::from(word == "ask");
                let body = serde_json::json!({"type": rest, "end_date": "2026-01-01T00:00:00Z",
                    "state": "skipped", "key": "k", "reschedule_date": "2026-01-01T00:00:00Z"});
                let frame = Value::Array(vec![n.into(), from_json(&body)]);
                one.frame(n, &frames::bytes(&frame), &at)
            }
            "ack" => one.acked(),
            "exit" | "kill" => {
                let exit = Exit {
                    status: rest.parse().map_or(Status::Signal(9), Status::Code),
                    usage: WireUsage::default(),
                    cause: (word == "kill").then_some(Ended::Asked),
                    tail: String::new(),
                };
                one.exited(&exit, None)
            }
            "restart" => {
                let note = match rest {
                    "ended" => Some(Note::Ended),
                    "skipped" => Some(Note::Skipped),
                    _ => None,
                };
                one = Try::new(Arc::new(Facts::default()), note);
                continue;
            }
            other => panic!("{other}"),
        };
        let acts: Vec<String> = acts.iter().map(name).collect();
        seen.push(acts.join("+"));
    }
    assert_eq!(seen.join("; "), expected, "{events}");
}

fn name(act: &Act) -> String {
    use model::report::{Happened, Outcome};
    match act {
        Act::Reply(reply) => format!("reply{}", reply.note.map_or("", |_| "!")),
        Act::Report(Happened::Finished { outcome, .. }) => match outcome {
            Outcome::Success { .. } => "success".to_owned(),
            Outcome::Failed { may_retry, .. } => format!("failed {may_retry}"),
            Outcome::Skipped { .. } => "skipped".to_owned(),
            Outcome::Removed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Killed
            | Outcome::Lost { .. } => format!("{outcome:?}"),
        },
        Act::Report(other) => format!("{other:?}").split(' ').next().unwrap().to_owned(),
        Act::Ask { .. } => "ask".to_owned(),
        Act::Break(_) => "break".to_owned(),
        Act::Forget => "forget".to_owned(),
    }
}

#[test]
fn sessions() {
    check("ask SucceedTask; ack; exit 0", "success; reply!; forget");
    check("ask SucceedTask; exit 1; ack", "success; ; reply!+forget");
    check(
        "ask SucceedTask; again SucceedTask; ack; again SucceedTask",
        "success; ; reply!; reply!",
    );
    check("exit 0; ack", "success; forget");
    check("exit 3; ack", "failed true; forget");
    check("exit x; ack", "failed true; forget");
    check("kill x; ack", "Killed; forget");
    check("ask TaskState; exit 0; ack", "reply!; skipped; forget");
    check("ask TaskState; exit 1; ack", "reply!; failed true; forget");
    check(
        "ask TaskState; restart skipped; exit 0; ack",
        "reply!; skipped; forget",
    );
    check("ask RetryTask; ack; exit 1", "failed true; reply!; forget");
    check(
        "ask SucceedTask; ack; restart ended; exit 1",
        "success; reply!; forget",
    );
    check(
        "ask GetVariable; ask Nonsense; ask MaskSecret; exit 0",
        "ask; reply; reply; success",
    );
    check(
        "ask RescheduleTask; ack; exit 0",
        "Rescheduled; reply!; forget",
    );
}
