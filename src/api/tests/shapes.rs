//! Answers held against upstream's description, where that lies beside the repository.

use std::sync::OnceLock;

use model::Json;

/// Upstream's description; none where it is not there.
pub(super) fn upstream() -> Option<&'static Json> {
    static DOCUMENT: OnceLock<Option<Json>> = OnceLock::new();
    let read = || {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let beside = ["..", "../.."]
            .map(|up| format!("{root}/{up}/shared/airflow/specs/openapi-rest-v2.json"));
        let text = beside
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok())?;
        // Upstream's document says "one of" where its answers fit both (a task instance and a task).
        let text = text.replace("\"oneOf\"", "\"anyOf\"");
        Some(serde_json::from_str(&text).unwrap())
    };
    DOCUMENT.get_or_init(read).as_ref()
}

/// Upstream's path for an address: the one with the fewest parameters that fits.
fn template<'d>(document: &'d Json, method: &str, path: &str) -> Option<&'d Json> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let all: Vec<&str> = template.split('/').collect();
        let same = |(one, other): (&&str, &&str)| one.starts_with('{') || one == other;
        all.len() == parts.len() && all.iter().zip(&parts).all(same)
    };
    let paths = document["paths"].as_object().unwrap();
    let found = paths
        .iter()
        .filter(|(name, item)| fits(name) && item.get(method).is_some());
    found
        .min_by_key(|(name, _)| name.matches('{').count())
        .map(|(_, item)| &item[method])
}

/// Panics when upstream has the operation and would not answer like this.
pub(super) fn check(method: &str, path: &str, status: u16, body: &Json) {
    let Some(document) = upstream() else { return };
    let Some(operation) = template(document, method, path) else {
        return;
    };
    let response = &operation["responses"][status.to_string()];
    // Answers to what we do not take in the same way, such as a body that is too large.
    if response.is_null() {
        assert!(
            status >= 400,
            "upstream never answers {method} {path} with {status}"
        );
        return;
    }
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return;
    }
    // 422 has two forms: of the framework, and of a handler that says why.
    if status == 422 && body["detail"].is_string() {
        return;
    }
    let whole = serde_json::json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&whole)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(body)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{method} {path} {status}: {errors:#?}\n{body}"
    );
}
