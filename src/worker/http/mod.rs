//! A try as a request, made inside the worker process.

mod client;

use crate::{
    logs::write::{Level, Log, Logger, readable},
    process::{
        exit::failed,
        kill::Cause,
        run::{Ended, Surroundings},
    },
};
use model::{
    Json, TimeDelta,
    limits::{HTTP_BODY_BYTES_MAX, XCOM_BYTES_MAX},
    report::{Outcome, Usage},
    work::HttpRequest,
};
use std::error::Error;
use tokio::time::timeout;

/// Makes the request and reads the answer.
pub async fn run(request: &HttpRequest, log: &mut Log, around: Surroundings<'_>) -> Ended {
    log.at((around.now)());
    let url = without_password(&request.url);
    log.say(
        Level::Info,
        &format!("Calling HTTP method {} on {url}", request.method),
    );
    log.flush();
    let limit = around.timeout;
    let longest = limit.map_or(std::time::Duration::MAX, TimeDelta::to_std);
    let (outcome, level, event) = tokio::select! {
        result = timeout(longest, ask(request)) => match result {
            Ok(Ok(answer)) => {
                log.at((around.now)());
                judge(request, &answer, log, &around)
            }
            Ok(Err(failure)) => failure.end(&url),
            Err(_) => {
                let limit = limit.unwrap_or(TimeDelta::ZERO);
                let event = format!("Task timed out after {} s.", limit.as_secs_f64());
                (Outcome::TimedOut { limit }, Level::Error, event)
            }
        },
        cause = around.orders.wait() => match cause {
            Cause::Asked => {
                (Outcome::Killed, Level::Warning, "Task ended on request.".to_owned())
            }
            Cause::Stopping => {
                let message = "the worker was stopped while the task ran".to_owned();
                (Outcome::Lost { message: message.clone() }, Level::Error, message)
            }
        },
    };
    Ended {
        outcome,
        usage: Usage::default(),
        level,
        event,
        clean: true,
    }
}

struct Answer {
    status: u16,
    reason: String,
    body: Vec<u8>,
}

enum Failure {
    /// No answer came.
    Request(reqwest::Error),
    /// The answer is too long.
    Long,
    /// No request can be made at all.
    Setup(String),
}

impl Failure {
    fn end(self, url: &str) -> (Outcome, Level, String) {
        let message = match self {
            Self::Setup(why) => format!("TSK-016: cannot make HTTP requests: {why}"),
            Self::Request(error) if error.is_timeout() => {
                format!("TSK-016: no answer from {url} in time; raise `timeout`, or see the server")
            }
            Self::Request(error) => {
                format!(
                    "TSK-016: the request to {url} failed: {}",
                    chain(&error.without_url())
                )
            }
            Self::Long => format!(
                "TSK-017: the answer from {url} has more than {HTTP_BODY_BYTES_MAX} bytes; \
                 fetch it with a bash task into a file"
            ),
        };
        (failed(message.clone()), Level::Error, message)
    }
}

async fn ask(request: &HttpRequest) -> Result<Answer, Failure> {
    let client = client::get(request.verify).await.map_err(Failure::Setup)?;
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| Failure::Setup(format!("`{}` is no method", request.method)))?;
    let mut building = client.request(method, &request.url);
    if request.timeout > TimeDelta::ZERO {
        building = building.timeout(request.timeout.to_std());
    }
    for (name, value) in &request.headers {
        building = building.header(name, value);
    }
    if let Some(body) = &request.body {
        building = building.body(body.clone());
    }
    let mut response = building.send().await.map_err(Failure::Request)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(Failure::Request)? {
        if body.len().saturating_add(part.len()) > HTTP_BODY_BYTES_MAX {
            return Err(Failure::Long);
        }
        body.extend_from_slice(&part);
    }
    Ok(Answer {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        body,
    })
}

fn judge(
    request: &HttpRequest,
    answer: &Answer,
    log: &mut Log,
    around: &Surroundings<'_>,
) -> (Outcome, Level, String) {
    let ok = match request.ok_statuses.as_slice() {
        [] => answer.status < 400,
        listed => listed.contains(&answer.status),
    };
    if request.log_response || !ok {
        for line in answer.body.split(|b| *b == b'\n') {
            log.line(Logger::Stdout, line, line.len());
        }
    }
    if !ok {
        let message = format!("{}:{}", answer.status, answer.reason);
        log.say(Level::Error, &format!("HTTP error: {}", answer.reason));
        return (failed(message.clone()), Level::Error, message);
    }
    let event = format!("HTTP status {}, {} bytes", answer.status, answer.body.len());
    let mut xcoms = Vec::new();
    if request.push_body {
        if answer.body.len() > XCOM_BYTES_MAX {
            let message = format!(
                "TSK-014: the answer has {} bytes, an XCom at most {XCOM_BYTES_MAX}; set \
                 `do_xcom_push: false`, or fetch it with a bash task into a file",
                answer.body.len()
            );
            return (failed(message.clone()), Level::Error, message);
        }
        let text = readable(&around.masker.mask(&answer.body, answer.body.len()));
        xcoms.push(("return_value".to_owned(), Json::String(text)));
    }
    let skip = Vec::new();
    (
        Outcome::Success {
            xcoms,
            skip,
            outlets: Box::default(),
        },
        Level::Info,
        event,
    )
}

/// An error with its causes: the outermost one of a request says little.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// An address as it may be seen: without name and password, and without the query, where keys
/// travel.
fn without_password(url: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(url) else {
        return "an address that cannot be read".to_owned();
    };
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.to_string()
}
