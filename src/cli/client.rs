//! Talks to the running server.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;

use super::{Server, Trouble};

const TIMEOUT: Duration = Duration::from_secs(60);
/// Data folders that are looked into when none is named.
const FOLDERS: &[&str] = &["orrery-data", ".orrery"];
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// A server's API.
pub struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Client {
    /// Finds the server: the one named, the one that left its address in the data folder, the usual
    /// one.
    pub fn new(server: &Server) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT));
        let agent = config
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        let folders = match &server.data {
            Some(folder) => vec![folder.clone()],
            None => FOLDERS.iter().map(PathBuf::from).collect(),
        };
        let said = folders.iter().find_map(|folder| {
            let text = fs::read_to_string(folder.join(ADDRESS_FILE)).ok()?;
            Some(text.trim().to_owned())
        });
        let base = server
            .server
            .clone()
            .or(said)
            .unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        Self {
            agent,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Reads something.
    pub fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.answer(self.agent.get(self.url(path)).call())
    }

    /// Creates something, or asks for an action.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.answer(self.agent.post(self.url(path)).send_json(body))
    }

    /// Asks for an action on something that is there.
    pub fn put(&self, path: &str) -> Result<Value, Trouble> {
        self.answer(self.agent.put(self.url(path)).send_empty())
    }

    /// Changes something.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.answer(self.agent.patch(self.url(path)).send_json(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/d/default/api/v2/{path}", self.base)
    }

    fn answer(&self, answer: Result<Answer, ureq::Error>) -> Result<Value, Trouble> {
        let mut answer = answer.map_err(|cause| self.unreachable(&cause))?;
        let text = answer.body_mut().read_to_string()?;
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if answer.status().is_success() {
            return Ok(body);
        }
        let detail = match body.get("detail") {
            Some(Value::String(detail)) => detail.clone(),
            Some(other) => other.to_string(),
            None => format!("the server answered {}", answer.status()),
        };
        let code = body.get("code").and_then(Value::as_str);
        let known = |code: &str| detail.starts_with(code);
        Err(Trouble(match code {
            Some(code) if known(code) => format!("{detail}\n  more: orrery explain {code}"),
            Some(code) => format!("{code}: {detail}\n  more: orrery explain {code}"),
            None => detail,
        }))
    }

    fn unreachable(&self, cause: &ureq::Error) -> Trouble {
        Trouble(format!(
            "CLI-001: no server answers at {}: {cause}\n  start one with `orrery serve`, or name it with \
             --server URL or --data DIR",
            self.base
        ))
    }
}

/// A part of a path, with what would end it escaped.
pub fn part(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Where a running server says its address, in its data folder.
pub const ADDRESS_FILE: &str = "run/address";

type Answer = ureq::http::Response<ureq::Body>;
