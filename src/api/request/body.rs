//! Bodies: JSON of bounded size that arrives in bounded time.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use model::limits::{BODY_BYTES_MAX, BODY_MS_MAX};
use serde::de::DeserializeOwned;

use crate::problem::{FieldError, Problem};

/// A body that was read without a mistake.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&bytes(request).await?).map(Self)
    }
}

/// A body that may be absent.
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = bytes(request).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(None));
        }
        parse::<Option<T>>(&bytes).map(Self)
    }
}

/// The whole body.
pub(crate) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    let told = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let told = told
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    if told.is_some_and(|bytes: usize| bytes > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let whole = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX);
    match tokio::time::timeout(Duration::from_millis(BODY_MS_MAX), whole).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_long(&error) => Err(too_large()),
        Ok(Err(_)) => Err(Problem::invalid("the body was cut off")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "API-017",
            format!("the body did not arrive within {} s", BODY_MS_MAX / 1_000),
        )),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(|source| source.to_string().contains("length limit"))
}

fn too_large() -> Problem {
    let text = format!("the body is larger than {} MiB", BODY_BYTES_MAX >> 20);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "API-005", text)
}

/// Reads JSON; what is wrong is told with its place.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let missing = FieldError {
            kind: "missing".to_owned(),
            loc: vec!["body".into()],
            msg: "a JSON body is needed".to_owned(),
            input: model::Json::Null,
        };
        return Err(Problem::unprocessable(vec![missing]));
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let error = match serde_path_to_error::deserialize(&mut source) {
        Ok(value) => match source.end() {
            Ok(()) => return Ok(value),
            Err(error) => return Err(Problem::unprocessable(vec![syntax(bytes, &error)])),
        },
        Err(error) => error,
    };
    let path = error.path().to_string();
    let inner = error.into_inner();
    let wrong = match inner.classify() {
        serde_json::error::Category::Data => data(&path, &inner),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => syntax(bytes, &inner),
    };
    Err(Problem::unprocessable(vec![wrong]))
}

/// Not JSON: `loc` has the place in bytes from the beginning.
fn syntax(bytes: &[u8], error: &serde_json::Error) -> FieldError {
    let lines = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1));
    let place = lines.map(<[u8]>::len).sum::<usize>() + error.column();
    FieldError {
        kind: "json_invalid".to_owned(),
        loc: vec!["body".into(), place.into()],
        msg: format!("the body is not JSON: {error}"),
        input: model::Json::Object(model::JsonMap::new()),
    }
}

/// JSON of another shape.
fn data(path: &str, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    let sentence = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let name = text.split('`').nth(1).unwrap_or_default();
    let kind = match () {
        () if text.starts_with("missing field") => "missing",
        () if text.starts_with("unknown field") => "extra_forbidden",
        () if text.starts_with("unknown variant") => "enum",
        () if text.contains("expected a string") => "string_type",
        () if text.contains("expected a boolean") => "bool_type",
        () if text.contains("expected i") || text.contains("expected u") => "int_type",
        () => "value_error",
    };
    let mut loc: Vec<model::Json> = vec!["body".into()];
    loc.extend(
        path.split('.')
            .filter(|part| !part.is_empty() && *part != "?")
            .map(step),
    );
    if kind == "missing" {
        loc.push(name.into());
    }
    FieldError {
        kind: kind.to_owned(),
        loc,
        msg: sentence,
        input: model::Json::Null,
    }
}

fn step(part: &str) -> model::Json {
    part.parse::<u64>().map_or_else(|_| part.into(), Into::into)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use expect_test::{Expect, expect};

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Pool {
        name: String,
        slots: i32,
    }

    fn check(body: &str, expected: &Expect) {
        let problem = parse::<Pool>(body.as_bytes()).unwrap_err();
        let response = problem.into_response();
        let body = axum::body::to_bytes(response.into_body(), 10_000);
        let body = futures_util::FutureExt::now_or_never(body)
            .unwrap()
            .unwrap();
        let body: model::Json = serde_json::from_slice(&body).unwrap();
        let one = &body["detail"][0];
        let text = format!(
            "{} {}\n{}",
            one["loc"],
            one["type"],
            one["msg"].as_str().unwrap()
        );
        expected.assert_eq(&text);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        check(
            "{\n \"name\": }",
            &expect![[r#"
            ["body",12] "json_invalid"
            the body is not JSON: expected value at line 2 column 10"#]],
        );
        check(
            "{\"name\": \"x\"",
            &expect![[r#"
            ["body",12] "json_invalid"
            the body is not JSON: EOF while parsing an object at line 1 column 12"#]],
        );
        check(
            "{\"name\": \"x\"}",
            &expect![[r#"
            ["body","slots"] "missing"
            missing field `slots`"#]],
        );
        check(
            "{\"name\": 1, \"slots\": 1}",
            &expect![[r#"
            ["body","name"] "string_type"
            invalid type: integer `1`, expected a string"#]],
        );
        check(
            "{\"name\": \"x\", \"slots\": \"many\"}",
            &expect![[r#"
            ["body","slots"] "int_type"
            invalid type: string "many", expected i32"#]],
        );
        check(
            "{\"name\": \"x\", \"slots\": 1, \"colour\": 2}",
            &expect![[r#"
                ["body","colour"] "extra_forbidden"
                unknown field `colour`, expected `name` or `slots`"#]],
        );
        check(
            " ",
            &expect![[r#"
            ["body"] "missing"
            a JSON body is needed"#]],
        );
    }
}
