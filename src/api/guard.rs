//! Who may talk to us at all while there is no sign-in, and what every answer says to browsers.
//!
//! A page of another site can make a browser send requests here, and by DNS rebinding even under
//! its own name. So the `Host` must be a name of ours, and what changes things must come from us.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

/// The names under which we answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    listen: Vec<IpAddr>,
    hosts: Vec<String>,
}

impl Guard {
    pub(crate) fn new(listen: &[SocketAddr], hosts: &[String]) -> Self {
        Self {
            listen: listen.iter().map(SocketAddr::ip).collect(),
            hosts: hosts.iter().map(|host| host.to_lowercase()).collect(),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        let host = text(headers, &header::HOST);
        let authority = request
            .uri()
            .authority()
            .map(axum::http::uri::Authority::as_str);
        let host = authority.or(host).unwrap_or_default();
        if !self.is_ours(name(host)) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "API-001",
                format!("this server does not answer to the name `{host}`"),
            ));
        }
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
        if reads || is_same_origin(headers, host) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "API-002",
            "a page of another site may not change anything here",
        ))
    }

    fn is_ours(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        if name == "localhost" || self.hosts.iter().any(|host| host == name) {
            return true;
        }
        let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
        address.is_ok_and(|ip| ip.is_loopback() || self.listen.contains(&ip))
    }
}

/// The name in `name:port` or `[::1]:port`.
fn name(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => host.get(..=end).unwrap_or(host),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Programs send neither header; browsers send at least one with each request that changes things.
fn is_same_origin(headers: &HeaderMap, host: &str) -> bool {
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    match text(headers, &header::ORIGIN) {
        None => true,
        Some(origin) => origin
            .split_once("://")
            .is_some_and(|(_, rest)| rest == host),
    }
}

/// Refuses strangers.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

const CSP: &str = "default-src 'self'; img-src 'self' data:; \
    base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

/// Tells browsers what they may do with an answer.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn ask(method: &str, host: &str, extra: &[(&str, &str)]) -> u16 {
        let guard = Guard::new(
            &["192.0.2.7:8080".parse().unwrap()],
            &["Box.lan".to_owned()],
        );
        let mut request = Request::builder()
            .method(method)
            .uri("/")
            .header("host", host);
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        guard
            .check(&request)
            .err()
            .map_or(200, |problem| problem.status().as_u16())
    }

    #[test]
    fn only_our_names_are_answered_to() {
        for (host, expected) in [
            ("localhost:8080", 200),
            ("LOCALHOST.", 200),
            ("127.0.0.1", 200),
            ("127.9.9.9:1", 200),
            ("[::1]:8080", 200),
            ("192.0.2.7:80", 200),
            ("box.lan:8080", 200),
            ("192.0.2.8", 403),
            ("evil.example:8080", 403),
            ("localhost.evil.example", 403),
            ("", 403),
        ] {
            assert_eq!(ask("GET", host, &[]), expected, "{host}");
        }
    }

    #[test]
    fn other_sites_change_nothing() {
        for (extra, expected) in [
            (&[][..], 200),
            (&[("origin", "http://localhost:8080")], 200),
            (&[("origin", "http://localhost:9999")], 403),
            (&[("origin", "null")], 403),
            (&[("sec-fetch-site", "cross-site")], 403),
            (&[("sec-fetch-site", "same-site")], 403),
            (
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "http://localhost:8080"),
                ],
                200,
            ),
        ] {
            assert_eq!(ask("POST", "localhost:8080", extra), expected, "{extra:?}");
        }
        assert_eq!(
            ask(
                "GET",
                "localhost:8080",
                &[("origin", "http://evil.example")]
            ),
            200
        );
    }
}
