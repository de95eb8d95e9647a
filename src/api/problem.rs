//! What is answered when something is wrong: upstream's `{"detail": …}` with our code and a page.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::command::{Refusal, RefusalKind};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Detail,
    retry_after_s: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Detail)]
enum Detail {
    /// One sentence.
    Text(String),
    /// What is wrong with each parameter or field.
    Fields(Vec<FieldError>),
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HTTPExceptionResponse)]
pub(crate) struct Body {
    detail: Detail,
    /// A stable code.
    code: &'static str,
    /// Where the code is explained.
    help: String,
}

/// What is wrong with one parameter or field, in the form that FastAPI uses.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ValidationError)]
pub(crate) struct FieldError {
    /// A stable word such as `missing` or `int_parsing`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `query`, `path` or `body`, and the way from there.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub(crate) loc: Vec<model::Json>,
    /// One sentence.
    pub(crate) msg: String,
    /// What was given.
    #[schema(value_type = serde_json::Value)]
    pub(crate) input: model::Json,
}

impl FieldError {
    pub(crate) fn new(place: &str, name: &str, kind: &str, msg: String, input: &str) -> Self {
        let loc = vec![place.into(), name.into()];
        Self {
            kind: kind.to_owned(),
            loc,
            msg,
            input: input.into(),
        }
    }
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = Detail::Text(detail.into());
        Self {
            status,
            code,
            detail,
            retry_after_s: None,
        }
    }
    /// 404: the thing that the path names is not there.
    pub(crate) fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "API-008",
            format!("there is no {what} `{name}`"),
        )
    }
    /// 400: it can be read and makes no sense.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "API-009", detail)
    }
    /// 409: it is there already, or in the way.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "API-015", detail)
    }
    /// 422: parameters or fields that cannot be read.
    pub(crate) fn unprocessable(fields: Vec<FieldError>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "API-014",
            detail: Detail::Fields(fields),
            retry_after_s: None,
        }
    }
    /// 422 for one field of the body.
    pub(crate) fn field(name: &str, kind: &str, msg: impl Into<String>, input: &str) -> Self {
        Self::unprocessable(vec![FieldError::new("body", name, kind, msg.into(), input)])
    }
    /// 503: try again soon.
    pub(crate) fn busy(code: &'static str, detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        Self {
            retry_after_s: Some(1),
            ..problem
        }
    }
    /// 500 without details; the cause goes to the log and nowhere else.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = cause.to_string();
        let mut next = cause.source();
        while let Some(cause) = next {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            next = cause.source();
        }
        tracing::error!(code = "API-007", "{chain}");
        Self::hidden()
    }
    /// 500 without details.
    pub(crate) fn hidden() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(
            status,
            "API-007",
            "something went wrong here; the server's log says what",
        )
    }
    /// The sentence, or the fields joined, for bulk answers.
    pub(crate) fn sentence(&self) -> String {
        match &self.detail {
            Detail::Text(text) => text.clone(),
            Detail::Fields(fields) => {
                let all: Vec<&str> = fields.iter().map(|field| field.msg.as_str()).collect();
                all.join("; ")
            }
        }
    }
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal {
            kind,
            code,
            message,
        } = refusal;
        match kind {
            RefusalKind::NotFound => Self::new(StatusCode::NOT_FOUND, code, message),
            RefusalKind::Forbidden => Self::new(StatusCode::FORBIDDEN, code, message),
            RefusalKind::Conflict => Self::new(StatusCode::CONFLICT, code, message),
            RefusalKind::Invalid => Self::new(StatusCode::BAD_REQUEST, code, message),
            RefusalKind::Unprocessable => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
            }
            RefusalKind::Unavailable => Self::busy(code, message),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self {
            status,
            code,
            detail,
            retry_after_s,
        } = self;
        let help = format!("/errors/{code}");
        let mut response = (status, Json(Body { detail, code, help })).into_response();
        if let Some(seconds) = retry_after_s {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}
