//! What the audit log keeps of a request: its names, and its body and query without secrets, as
//! upstream's `action_logging` has it.

use control::environment::is_sensitive;
use model::{Json, JsonMap, Timestamp, audit::AuditEntry, limits::AUDIT_EXTRA_BYTES_MAX};

use crate::airflow::connections::{MASK, redacted, wholly_masked};

/// Fields of a query and a path that have columns of their own, or are nobody's business.
const SKIPPED: [&str; 8] = [
    "csrf_token",
    "_csrf_token",
    "is_paused",
    "dag_id",
    "task_id",
    "dag_run_id",
    "run_id",
    "logical_date",
];

/// Requests that say themselves that they change nothing leave no entry, as upstream has it.
const DRY_RUNS: [&str; 2] = ["clear_dag_run", "post_clear_task_instances"];

/// A request.
pub(super) struct Asked<'a> {
    pub event: &'a str,
    pub method: &'a str,
    pub owner: &'a str,
    pub path: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
}

impl Asked<'_> {
    /// Its entry; none where it says that it changes nothing.
    pub fn entry(&self, body: &[u8]) -> Option<AuditEntry> {
        let has_body = !body.iter().all(u8::is_ascii_whitespace);
        let body = match serde_json::from_slice(body) {
            Ok(Json::Object(body)) => body,
            // What is no JSON, or no object, is refused; there is nothing to keep of it.
            Ok(_) | Err(_) => JsonMap::new(),
        };
        let is_dry = body
            .get("dry_run")
            .is_none_or(|dry| dry.as_bool() != Some(false));
        if DRY_RUNS.contains(&self.event) && !body.is_empty() && is_dry {
            return None;
        }
        let named = self.query.iter().chain(&self.path);
        let named: JsonMap = named
            .map(|(name, value)| (name.clone(), redact(name, value.as_str().into())))
            .collect();
        let masked: JsonMap = body
            .iter()
            .map(|(name, value)| (name.clone(), redact(name, value.clone())))
            .collect();
        let mut all = named.clone();
        all.extend(masked.clone());

        let kept = named.into_iter();
        let kept = kept.filter(|(name, _)| !SKIPPED.contains(&name.as_str()));
        let mut extra: JsonMap = kept.collect();
        if self.event.contains("variable") {
            extra = each(if has_body { body } else { extra }, variable);
        } else if self.event.contains("connection") {
            extra = each(if has_body { body } else { extra }, connection);
        } else {
            extra.extend(masked);
        }
        if let Some(paused) = all.get("is_paused") {
            extra.insert("is_paused".to_owned(), paused.clone());
        }
        extra.insert("method".to_owned(), self.method.into());
        Some(self.named(&all, bounded(extra)))
    }

    fn named(&self, all: &JsonMap, extra: JsonMap) -> AuditEntry {
        let text = |name: &str| match all.get(name)? {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        };
        let mut dates = self
            .query
            .iter()
            .rev()
            .filter(|(name, _)| name == "logical_date");
        let date = dates
            .next()
            .and_then(|(_, text)| Timestamp::parse(text).ok());
        AuditEntry {
            event: self.event.to_owned(),
            dag_id: text("dag_id"),
            task_id: text("task_id"),
            run_id: text("run_id")
                .or_else(|| text("dag_run_id"))
                .filter(|id| !id.is_empty()),
            map_index: text("map_index").and_then(|index| index.parse().ok()),
            try_number: None,
            logical_date: date,
            owner: Some(self.owner.to_owned()),
            owner_display_name: None,
            extra: Some(Json::Object(extra).to_string()),
        }
    }
}

/// A value without what stands under names that sound secret.
fn redact(name: &str, value: Json) -> Json {
    if is_sensitive(name) {
        wholly_masked(value)
    } else {
        redacted(value)
    }
}

/// Masks the body of one thing, or each thing of a bulk request.
fn each(body: JsonMap, mask: fn(JsonMap) -> JsonMap) -> JsonMap {
    let Some(Json::Array(actions)) = body.get("actions") else {
        return mask(body);
    };
    let entity = |entity: &Json| match entity.as_object() {
        Some(one) => Json::Object(mask(one.clone())),
        // To delete something its name is enough, which is no secret.
        None => entity.clone(),
    };
    let action = |action: &Json| {
        let mut action = action.clone();
        if let Some(Json::Array(entities)) = action.get_mut("entities") {
            *entities = entities.iter().map(entity).collect();
        }
        action
    };
    let actions = actions.iter().map(action).collect();
    let mut body = body.clone();
    body.insert("actions".to_owned(), actions);
    body
}

/// That a variable has changed is kept; what it says is not, whatever it is called.
fn variable(body: JsonMap) -> JsonMap {
    let mask = |(name, value): (String, Json)| match name.as_str() {
        "val" | "value" => (name, MASK.into()),
        _ => (name, value),
    };
    body.into_iter().map(mask).collect()
}

/// Of a connection's extra only the names are kept, since any may hold a secret.
fn connection(body: JsonMap) -> JsonMap {
    let mask = |(name, value): (String, Json)| {
        let is_there = !matches!(&value, Json::Null) && value != "";
        let shown = if name == "extra" && is_there {
            extra_names(&value)
        } else {
            redact(&name, value)
        };
        (name, shown)
    };
    body.into_iter().map(mask).collect()
}

fn extra_names(extra: &Json) -> Json {
    let parsed = extra.as_str().map(serde_json::from_str::<Json>);
    match parsed {
        Some(Ok(Json::Object(words))) => {
            let words = words.into_iter().map(|(name, _)| (name, MASK.into()));
            Json::Object(words.collect())
        }
        Some(Ok(_)) => "JSON, and no object".into(),
        Some(Err(_)) | None => "no JSON".into(),
    }
}

/// The same within `AUDIT_EXTRA_BYTES_MAX`: what is long gives way first.
fn bounded(mut extra: JsonMap) -> JsonMap {
    let length = |value: &Json| value.to_string().len();
    let mut sizes: Vec<(usize, String)> = extra
        .iter()
        .map(|(name, value)| (length(value), name.clone()))
        .collect();
    sizes.sort_unstable();
    let names: usize = extra
        .keys()
        .map(|name| length(&name.as_str().into()) + 2)
        .sum();
    let mut whole = names + 2 + sizes.iter().map(|(bytes, _)| bytes).sum::<usize>();
    while whole > AUDIT_EXTRA_BYTES_MAX
        && let Some((bytes, name)) = sizes.pop()
    {
        let told: Json = format!("{bytes} bytes, left out").into();
        if length(&told) >= bytes {
            break;
        }
        whole = whole - bytes + length(&told);
        extra.insert(name, told);
    }
    if whole > AUDIT_EXTRA_BYTES_MAX {
        // Names alone are too long.
        let told = format!("{} fields, left out", extra.len());
        let method = extra.remove("method").unwrap_or_default();
        extra = JsonMap::new();
        extra.insert("body".to_owned(), told.into());
        extra.insert("method".to_owned(), method);
    }
    extra
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn entry(event: &str, path: &[(&str, &str)], query: &str, body: &str) -> Option<AuditEntry> {
        let path = path.iter();
        let path = path.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let asked = Asked {
            event,
            method: "POST",
            owner: "me",
            path: path.collect(),
            query: crate::request::decode(query),
        };
        asked.entry(body.as_bytes())
    }

    fn check(event: &str, path: &[(&str, &str)], query: &str, body: &str, expected: Expect) {
        let shown = entry(event, path, query, body).map(|entry| {
            let AuditEntry {
                dag_id,
                run_id,
                task_id,
                map_index,
                logical_date,
                extra,
                ..
            } = entry;
            let names = [dag_id, run_id, task_id, map_index.map(|it| it.to_string())];
            let names: Vec<String> = names.map(|it| it.unwrap_or("-".to_owned())).to_vec();
            let date = logical_date.map(|at| format!(" {at}")).unwrap_or_default();
            format!("{}{date}\n{}", names.join(" "), extra.unwrap())
        });
        expected.assert_eq(&shown.unwrap_or("none".to_owned()));
    }

    #[test]
    fn names_come_from_path_query_and_body() {
        let path = [("dag_id", "d"), ("dag_run_id", "r"), ("task_id", "t")];
        check(
            "patch_task_instance",
            &[&path[..], &[("map_index", "3")]].concat(),
            "update_mask=new_state&logical_date=2026-01-01T00:00:00Z",
            r#"{"new_state": "success"}"#,
            expect![[r#"
                d r t 3 2026-01-01T00:00:00Z
                {"update_mask":"new_state","map_index":"3","new_state":"success","method":"POST"}"#]],
        );
        let body =
            r#"{"dag_run_id": "x", "conf": {"n": 1, "in": [{"api_key": "s"}]}, "note": null}"#;
        check(
            "trigger_dag_run",
            &path[..1],
            "",
            body,
            expect![[r#"
            d x - -
            {"dag_run_id":"x","conf":{"n":1,"in":[{"api_key":"***"}]},"note":null,"method":"POST"}"#]],
        );
        let body = r#"{"is_paused": true}"#;
        check(
            "patch_dag",
            &path[..1],
            "",
            body,
            expect![[r#"
            d - - -
            {"is_paused":true,"method":"POST"}"#]],
        );
        check(
            "patch_dags",
            &[],
            "is_paused=false",
            "",
            expect![[r#"
            - - - -
            {"is_paused":"false","method":"POST"}"#]],
        );
        // What cannot be read is refused, and recorded all the same.
        check(
            "post_pool",
            &[],
            "",
            "{]",
            expect![[r#"
            - - - -
            {"method":"POST"}"#]],
        );
        check(
            "post_pool",
            &[],
            "",
            "[1]",
            expect![[r#"
            - - - -
            {"method":"POST"}"#]],
        );
    }

    #[test]
    fn secrets_are_masked() {
        let one = r#"{"key": "plain", "value": {"a": "hunter2"}, "description": "d"}"#;
        check(
            "post_variable",
            &[],
            "",
            one,
            expect![[r#"
            - - - -
            {"key":"plain","value":"***","description":"d","method":"POST"}"#]],
        );
        let bulk = format!(
            r#"{{"actions": [{{"action": "create", "entities": [{one}, {one}]}},
                {{"action": "delete", "entities": ["gone"]}}, 7]}}"#
        );
        check(
            "bulk_variables",
            &[],
            "",
            &bulk,
            expect![[r#"
            - - - -
            {"actions":[{"action":"create","entities":[{"key":"plain","value":"***","description":"d"},{"key":"plain","value":"***","description":"d"}]},{"action":"delete","entities":["gone"]},7],"method":"POST"}"#]],
        );
        let path = [("variable_key", "plain")];
        check(
            "delete_variable",
            &path,
            "",
            "",
            expect![[r#"
            - - - -
            {"variable_key":"plain","method":"POST"}"#]],
        );
        for extra in [
            r#""{\"region\": \"hunter2\", \"token\": \"hunter2\"}""#,
            r#""[\"hunter2\"]""#,
            r#""hunter2""#,
            r#"{"a": "hunter2"}"#,
        ] {
            let body = format!(
                r#"{{"connection_id": "c", "login": "me", "password": "hunter2", "extra": {extra}}}"#
            );
            let kept = entry("post_connection", &[], "", &body).unwrap();
            let kept = kept.extra.unwrap();
            assert!(kept.contains(r#""login":"me","password":"***""#), "{kept}");
            assert!(!kept.contains("hunter2"), "{kept}");
        }
        let body = r#"{"name": "p", "secret_token": ["a", {"b": "c"}, 1]}"#;
        check(
            "post_pool",
            &[],
            "password=hunter2",
            body,
            expect![[r#"
            - - - -
            {"password":"***","name":"p","secret_token":["***",{"b":"***"},1],"method":"POST"}"#]],
        );
    }

    #[test]
    fn a_dry_run_leaves_no_entry() {
        let clear = "post_clear_task_instances";
        assert!(entry(clear, &[], "", r#"{"task_ids": []}"#).is_none());
        assert!(entry(clear, &[], "", r#"{"dry_run": true}"#).is_none());
        assert!(entry(clear, &[], "", r#"{"dry_run": false}"#).is_some());
        assert!(entry("clear_dag_runs", &[], "", r#"{"dry_run": true}"#).is_some());
    }

    #[test]
    fn what_is_long_is_left_out() {
        let long = "x".repeat(20_000);
        let body = format!(r#"{{"conf": {{"a": "{long}"}}, "note": "{long}", "n": 1}}"#);
        check(
            "trigger_dag_run",
            &[],
            "",
            &body,
            expect![[r#"
            - - - -
            {"conf":"20008 bytes, left out","note":"20002 bytes, left out","n":1,"method":"POST"}"#]],
        );
        let body: JsonMap = (0..9_000).map(|n| (format!("f{n}"), Json::Null)).collect();
        let body = Json::Object(body).to_string();
        check(
            "trigger_dag_run",
            &[],
            "",
            &body,
            expect![[r#"
            - - - -
            {"body":"9001 fields, left out","method":"POST"}"#]],
        );
    }
}
