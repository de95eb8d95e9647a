//! `http`: a request to the host of a connection, as upstream's hook makes it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::{Json, JsonMap, TimeDelta, work::HttpRequest};

use super::{
    Connection, accessors, python,
    work::{ARGUMENT, Values, pairs_of},
};
use crate::RenderError;

/// Upstream waits for ever; a slot that waits for ever helps nobody.
const TIMEOUT: TimeDelta = TimeDelta::from_secs(60 * 60);
/// Keys of a connection's extra that say how to ask; all others are headers.
const OPTIONS: [&str; 12] = [
    "stream",
    "cert",
    "proxies",
    "proxy",
    "timeout",
    "verify",
    "verify_ssl",
    "allow_redirects",
    "max_redirects",
    "trust_env",
    "check_response",
    "headers",
];

pub(super) fn make(values: &Values<'_>) -> Result<HttpRequest, RenderError> {
    let method = values.text("method")?.unwrap_or_else(|| "POST".to_owned());
    let endpoint = values.text("endpoint")?.unwrap_or_default();
    let connection = connection(values, &endpoint)?;
    let extra = connection.as_ref().and_then(accessors::extra_of);
    let extra = extra.as_ref().and_then(Json::as_object);
    let mut url = match &connection {
        Some(connection) => join(&base(connection), &endpoint),
        None => endpoint,
    };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        let message = format!("`{url}` is no address of a web server");
        return Err(values.fields.wrong(ARGUMENT, &message));
    }
    let mut headers = connection
        .as_ref()
        .map(|c| own_headers(c, extra))
        .unwrap_or_default();
    for (name, value) in values.pairs("headers")?.unwrap_or_default() {
        set(&mut headers, name, value);
    }
    let more = values.get("request_kwargs").and_then(Json::as_object);
    if let Some(params) = more.and_then(|more| more.get("params")) {
        url = with_query(url, params);
    }
    let body = body(values, &method, &mut url, &mut headers, more);
    let options = values.get("extra_options").and_then(Json::as_object);
    let option = |name: &str| {
        options
            .and_then(|o| o.get(name))
            .or_else(|| extra?.get(name))
    };
    let timeout = option("timeout").and_then(Json::as_f64);
    let verify = option("verify").or_else(|| option("verify_ssl"));
    let checks = option("check_response")
        .and_then(Json::as_bool)
        .unwrap_or(true);
    Ok(HttpRequest {
        method,
        url,
        headers,
        body,
        timeout: timeout.map_or(TIMEOUT, TimeDelta::from_secs_f64),
        verify: verify.and_then(Json::as_bool).unwrap_or(true),
        log_response: values.flag("log_response")?,
        push_body: values.fields.task.do_xcom_push,
        ok_statuses: if checks {
            Vec::new()
        } else {
            (100..=599).collect()
        },
    })
}

/// The connection; none is needed where the endpoint is a whole address and no connection is named.
fn connection(values: &Values<'_>, endpoint: &str) -> Result<Option<Connection>, RenderError> {
    let own = values.text("http_conn_id")?;
    let is_whole = endpoint.contains("://");
    let conn_id = own.as_deref().unwrap_or("http_default");
    let found = values.fields.connection(conn_id)?;
    match found {
        Some(_) if is_whole && own.is_none() => Ok(None),
        None if !(is_whole && own.is_none()) => {
            let message = format!(
                "there is no connection `{conn_id}`; create it, or write a whole address as `endpoint`"
            );
            Err(values.fields.wrong(ARGUMENT, &message))
        }
        found => Ok(found),
    }
}

fn base(connection: &Connection) -> String {
    let host = connection.host.as_deref().unwrap_or_default();
    let schema = connection
        .schema
        .as_deref()
        .filter(|schema| !schema.is_empty());
    let base = match host.contains("://") {
        true => host.to_owned(),
        false => format!("{}://{host}", schema.unwrap_or("http")),
    };
    match connection.port {
        Some(port) => format!("{base}:{port}"),
        None => base,
    }
}

fn join(base: &str, endpoint: &str) -> String {
    let needs_slash = !endpoint.is_empty() && !base.ends_with('/') && !endpoint.starts_with('/');
    format!("{base}{}{endpoint}", if needs_slash { "/" } else { "" })
}

fn own_headers(connection: &Connection, extra: Option<&JsonMap>) -> Vec<(String, String)> {
    let mut headers = match extra {
        Some(extra) => match extra.get("headers") {
            Some(Json::Object(headers)) => pairs_of(headers),
            Some(_) | None => {
                let mut rest = pairs_of(extra);
                rest.retain(|(name, _)| !OPTIONS.contains(&name.as_str()));
                rest
            }
        },
        None => Vec::new(),
    };
    if let Some(login) = &connection.login {
        let password = connection.password.as_deref().unwrap_or_default();
        let both = STANDARD.encode(format!("{login}:{password}"));
        set(
            &mut headers,
            "Authorization".to_owned(),
            format!("Basic {both}"),
        );
    }
    headers
}

fn set(headers: &mut Vec<(String, String)>, name: String, value: String) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
    headers.push((name, value));
}

/// A GET puts `data` into the query, a HEAD nowhere, all others into the body.
fn body(
    values: &Values<'_>,
    method: &str,
    url: &mut String,
    headers: &mut Vec<(String, String)>,
    more: Option<&JsonMap>,
) -> Option<Vec<u8>> {
    let kind = |headers: &mut Vec<(String, String)>, value: &str| {
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("Content-Type".to_owned(), value.to_owned()));
        }
    };
    let data = values.get("data").filter(|data| !is_empty(data));
    match (method, data) {
        ("GET", Some(data)) => *url = with_query(std::mem::take(url), data),
        ("GET" | "HEAD", _) => {}
        (_, Some(Json::Object(form))) => {
            kind(headers, "application/x-www-form-urlencoded");
            return Some(encoded(form).into_bytes());
        }
        (_, Some(data)) => return Some(python::json_text(data).into_bytes()),
        (_, None) => {}
    }
    let json = more.and_then(|more| more.get("json"))?;
    kind(headers, "application/json");
    Some(json.to_string().into_bytes())
}

fn is_empty(data: &Json) -> bool {
    match data {
        Json::Object(map) => map.is_empty(),
        Json::String(text) => text.is_empty(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => false,
    }
}

fn with_query(url: String, query: &Json) -> String {
    let query = match query {
        Json::Object(map) => encoded(map),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            python::json_text(query)
        }
    };
    if query.is_empty() {
        return url;
    }
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{query}")
}

/// `urlencode`; a list repeats its name, null leaves it out.
fn encoded(form: &JsonMap) -> String {
    let mut pairs = Vec::new();
    for (name, value) in form {
        let values: &[Json] = match value {
            Json::Array(items) => items,
            Json::Null => &[],
            Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                std::slice::from_ref(value)
            }
        };
        for value in values {
            pairs.push(format!(
                "{}={}",
                quoted(name),
                quoted(&python::json_text(value))
            ));
        }
    }
    pairs.join("&")
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
