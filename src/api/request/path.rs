//! Parameters of the path.

use axum::{
    extract::{FromRequestParts, RawPathParams, path::ErrorKind, rejection::PathRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::problem::{FieldError, Problem};

/// Parameters of the path that were read without a mistake.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let raw = RawPathParams::from_request_parts(parts, state).await.ok();
                let names = raw.iter().flatten().map(|(name, _)| name.to_owned());
                Err(problem(&rejection, &names.collect::<Vec<_>>()))
            }
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // Another package's enum, which may grow.
fn problem(rejection: &PathRejection, names: &[String]) -> Problem {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return Problem::hidden();
    };
    let (name, value) = match failed.kind() {
        ErrorKind::ParseErrorAtKey { key, value, .. } => (key.clone(), value.clone()),
        ErrorKind::ParseErrorAtIndex { index, value, .. } => (
            names.get(*index).cloned().unwrap_or_default(),
            value.clone(),
        ),
        ErrorKind::InvalidUtf8InPathParam { key } => (key.clone(), String::new()),
        other => (String::new(), other.to_string()),
    };
    let msg = "this part of the path should be a whole number".to_owned();
    Problem::unprocessable(vec![FieldError::new(
        "path",
        &name,
        "int_parsing",
        msg,
        &value,
    )])
}
