//! The description of the API, made from the handlers.

use std::sync::OnceLock;

use axum::{http::header, response::IntoResponse};
use model::Json;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};

/// What the description begins with.
pub(crate) fn head() -> OpenApi {
    let mut info = Info::new("Orrery", "2");
    info.description = Some(
        "Airflow's REST API, version 2, as far as Orrery has it, and what Orrery's own UI uses \
         (`/api/v2/orrery/`). The same is below `/d/{deployment}/api/v2`."
            .to_owned(),
    );
    OpenApiBuilder::new().info(info).build()
}

/// The description as JSON.
pub(crate) fn document() -> Json {
    let (_, described) = crate::router::described();
    let mut document = serde_json::to_value(described).unwrap_or_default();
    inline(&mut document);
    complete(&mut document);
    document
}

/// Small types that readers would have to look up are put where they are used.
const INLINE: [&str; 3] = ["At", "Any", "Detail"];

fn inline(document: &mut Json) {
    let Some(Json::Object(schemas)) = document.pointer_mut("/components/schemas") else {
        return;
    };
    let small: Vec<(String, Json)> = INLINE
        .iter()
        .filter_map(|name| {
            schemas
                .remove(*name)
                .map(|it| (format!("#/components/schemas/{name}"), it))
        })
        .collect();
    replace(document, &small);
}

fn replace(at: &mut Json, small: &[(String, Json)]) {
    let reference = at.get("$ref").and_then(Json::as_str);
    if let Some((_, schema)) = small
        .iter()
        .find(|(name, _)| Some(name.as_str()) == reference)
    {
        *at = schema.clone();
    }
    match at {
        Json::Object(object) => object.values_mut().for_each(|value| replace(value, small)),
        Json::Array(list) => list.iter_mut().for_each(|value| replace(value, small)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Answers always have all of their fields, so none of them is optional; `null` says absent.
fn complete(document: &mut Json) {
    let Some(Json::Object(schemas)) = document.pointer_mut("/components/schemas") else {
        return;
    };
    for (name, schema) in schemas.iter_mut() {
        if is_request(name) {
            continue;
        }
        require_all(schema);
        if let Some(Json::Array(parts)) = schema.get_mut("allOf") {
            parts.iter_mut().for_each(require_all);
        }
    }
}

fn is_request(name: &str) -> bool {
    name.contains("Body") || name.starts_with("BulkAction_") || name == "StructuredLogMessage"
}

fn require_all(schema: &mut Json) {
    let Some(Json::Object(properties)) = schema.get("properties") else {
        return;
    };
    let names: Vec<Json> = properties.keys().map(|name| name.as_str().into()).collect();
    if let Some(object) = schema.as_object_mut() {
        object.insert("required".to_owned(), names.into());
    }
}

/// `GET /openapi.json`.
pub(crate) async fn serve() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_string());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str())
}
