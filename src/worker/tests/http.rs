//! Requests, against a server of a few lines.

use super::kit::*;
use model::{
    Fence, TimeDelta,
    ports::Executor,
    report::Outcome,
    work::{HttpRequest, Job, Work},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

/// Answers `/STATUS/BODY`, sends `/echo` back, and never answers `/wait`.
fn listen() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap()));
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length, mut token) = (String::new(), 0, String::new());
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let lower = line.to_lowercase();
        if let Some(text) = lower.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if let Some(text) = lower.strip_prefix("x-token:") {
            token = text.trim().to_owned();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, body) = match path.as_str() {
        "/wait" => return thread::sleep(Duration::from_secs(60)),
        "/echo" => (200, format!("{} {token}", String::from_utf8(body).unwrap())),
        "/big" => (200, "x".repeat(20 * 1024 * 1024)),
        "/go" => {
            let text = "HTTP/1.1 302 Found\r\nLocation: /200/there\r\nContent-Length: 0\r\n\
                        Connection: close\r\n\r\n";
            return stream.write_all(text.as_bytes()).unwrap();
        }
        other => {
            let path = other.split('?').next().unwrap();
            let mut parts = path.splitn(3, '/').skip(1);
            (
                parts.next().unwrap().parse().unwrap(),
                parts.next().unwrap_or_default().to_owned(),
            )
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()));
}

fn get(fence: u64, url: String) -> Work {
    let mut work = bash(fence, "");
    work.job = Job::Http(HttpRequest {
        method: "GET".to_owned(),
        url,
        headers: Vec::new(),
        body: None,
        timeout: TimeDelta::from_secs(10),
        verify: true,
        log_response: true,
        push_body: true,
        ok_statuses: Vec::new(),
    });
    work
}

fn request(work: &mut Work) -> &mut HttpRequest {
    match &mut work.job {
        Job::Http(request) => request,
        Job::Process(_) | Job::Python(_) => panic!("no request"),
    }
}

#[test]
fn requests() {
    let (kit, at) = (Kit::new("http"), listen());
    let server = kit.serve();
    assert_eq!(
        server.run(get(1, format!("{at}/200/hello?key=abc"))),
        success("hello")
    );
    let events = kit.events(1);
    assert!(
        events.contains("Calling HTTP method GET on ") && !events.contains("abc"),
        "{events}"
    );
    assert!(
        events.contains("task.stdout: hello\ntask: HTTP status 200, 5 bytes\n"),
        "{events}"
    );
    assert_eq!(
        message(server.run(get(2, format!("{at}/404/gone")))),
        "404:Not Found"
    );
    let mut listed = get(3, format!("{at}/404/fine"));
    request(&mut listed).ok_statuses = vec![200, 404];
    assert_eq!(server.run(listed), success("fine"));
    let mut post = get(4, format!("{at}/echo"));
    request(&mut post).method = "POST".to_owned();
    request(&mut post).body = Some(b"data".to_vec());
    request(&mut post).headers = vec![("X-Token".to_owned(), "s3cret".to_owned())];
    post.secrets = vec!["s3cret".to_owned()];
    assert_eq!(server.run(post), success("data ***"));
    assert!(!kit.log(4).contains("s3cret"));
    assert_eq!(server.run(get(5, format!("{at}/go"))), success("there"));
    let said = message(server.run(get(6, format!("{at}/big"))));
    assert!(said.starts_with("TSK-017: the answer from"), "{said}");
    let said = message(server.run(get(7, "http://127.0.0.1:1/x".to_owned())));
    assert!(
        said.starts_with("TSK-016: the request to http://127.0.0.1:1/x failed"),
        "{said}"
    );
    let said = message(server.run(get(8, "no address".to_owned())));
    assert!(said.starts_with("TSK-016"), "{said}");
}

#[test]
fn requests_that_wait_are_ended() {
    let (kit, at) = (Kit::new("wait"), listen());
    let server = kit.serve();
    let mut slow = get(1, format!("{at}/wait"));
    request(&mut slow).timeout = TimeDelta::from_millis(200);
    let said = message(server.run(slow));
    assert!(said.starts_with("TSK-016: no answer from"), "{said}");
    let mut limited = get(2, format!("{at}/wait"));
    let limit = TimeDelta::from_millis(200);
    limited.execution_timeout = Some(limit);
    assert_eq!(server.run(limited), Outcome::TimedOut { limit });
    server.client.start(get(3, format!("{at}/wait")));
    server.next();
    server.client.kill(key(3), Fence(3));
    assert_eq!(server.end(3).0, Outcome::Killed);
}
