//! A node in a box.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use control::{Environment, Handle, Ports, Running};
use model::{
    DeploymentId, Fence, Json, TiKey, Timestamp,
    change::Change,
    ports::{Adopted, Clock, Evaluator, Executor},
    report::{Happened, Outcome, Report, Usage},
    work::{PythonRuntime, Work},
};
use tower::ServiceExt;

use super::shapes;
use crate::{Options, Place};

/// A node, its folder and its router. Everything ends with it.
pub(super) struct Node {
    router: Router,
    running: Option<Running>,
    folder: PathBuf,
}

/// Ends each try well at once, unless its task's id begins with `stay`.
struct Script(Handle, Arc<WallClock>);

struct WallClock;

impl Clock for WallClock {
    #[allow(clippy::disallowed_methods)] // A test that runs threads needs a clock that goes.
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }
}

impl Executor for Script {
    fn start(&self, work: Work) {
        let report = |what| Report {
            key: work.key,
            fence: work.fence,
            at: self.1.now(),
            what,
        };
        self.0.report(report(Happened::Started { pid: Some(7) }));
        if work.log_path.contains("/stay") {
            return;
        }
        let xcoms = vec![("return_value".to_owned(), Json::from("done"))];
        let outcome = Outcome::Success {
            xcoms,
            skip: Vec::new(),
            outlets: Box::default(),
        };
        let usage = Usage {
            cpu_us: 1_500_000,
            memory_peak_bytes: 1 << 20,
        };
        self.0.report(report(Happened::Finished { outcome, usage }));
    }
    fn kill(&self, key: TiKey, fence: Fence) {
        let what = Happened::Finished {
            outcome: Outcome::Killed,
            usage: Usage::default(),
        };
        self.0.report(Report {
            key,
            fence,
            at: self.1.now(),
            what,
        });
    }
    fn adopt(&self, _: TiKey, _: Fence, _: bool) -> Adopted {
        Adopted::NeverStarted
    }
}

/// What only Python can say.
struct Says(fn(&Json) -> Result<Json, String>);

impl Evaluator for Says {
    fn evaluate(
        &self,
        _: &PythonRuntime,
        ask: Json,
        done: Box<dyn FnOnce(Result<Json, String>) + Send>,
    ) {
        done(self.0(&ask));
    }
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Node {
    /// A node whose book begins with these changes, and whose dag folder has these files.
    pub(super) fn new(changes: &[Change], files: &[(&str, &str)]) -> Self {
        let write = |writer: &mut store::Writer| {
            writer.commit(DeploymentId::DEFAULT, changes).unwrap();
        };
        Self::over(write, files)
    }

    /// A node with a Python runtime that says this.
    pub(super) fn with_python(says: fn(&Json) -> Result<Json, String>) -> Self {
        Self::make(|_| {}, &[], Some(Says(says)))
    }

    /// A node over a book that `write` has begun.
    pub(super) fn over(write: impl FnOnce(&mut store::Writer), files: &[(&str, &str)]) -> Self {
        Self::make(write, files, None)
    }

    fn make(
        write: impl FnOnce(&mut store::Writer),
        files: &[(&str, &str)],
        says: Option<Says>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("api-{}-{n}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let (dags, logs) = (folder.join("dags"), folder.join("logs"));
        fs::create_dir_all(&dags).unwrap();
        fs::create_dir_all(&logs).unwrap();
        for (name, text) in files {
            fs::write(dags.join(name), text).unwrap();
        }
        let options = store::Options::default();
        let (book, mut writer) = store::open(&folder.join("book.redb"), &options).unwrap();
        write(&mut writer);
        let queue = control::channel();
        let python = says.as_ref().map(|_| PythonRuntime {
            folder: "/venv".to_owned(),
            ..PythonRuntime::default()
        });
        let clock = Arc::new(WallClock);
        let ports = Ports {
            clock: clock.clone(),
            executor: Arc::new(Script(queue.0.clone(), clock)),
            triggers: None,
            triggerer: None,
            parser: None,
            callbacks: None,
            evaluator: says.map(|says| Arc::new(says) as _),
            execution: None,
            keyring: Arc::new(security::Keyring::open_or_create(&folder.join("keys")).unwrap()),
            runtime: tokio::runtime::Handle::current(),
        };
        let options = control::Options {
            deployment: DeploymentId::DEFAULT,
            data: folder.clone(),
            dags: dags.clone(),
            logs,
            engine: engine::Options::upstream(),
            environment: Environment::default(),
            base_env: Vec::new(),
            retention: control::Retention::default(),
            disk_needed_bytes: 0,
            python,
        };
        let running = control::start(options, book, writer, ports, queue).unwrap();
        let place = Place {
            deployment: "default".to_owned(),
            dags: dags.to_string_lossy().into_owned(),
            hostname: "box".to_owned(),
            unixname: "tester".to_owned(),
            version: "0.0.0".to_owned(),
        };
        let options = Options {
            listen: Vec::new(),
            hosts: Vec::new(),
            place,
        };
        let router = crate::router(&options, running.control());
        let _ = running.control().wait_for_folder(Duration::from_secs(10));
        Self {
            router,
            running: Some(running),
            folder,
        }
    }

    pub(super) fn control(&self) -> control::Control {
        self.running.as_ref().unwrap().control()
    }
    pub(super) fn router(&self) -> Router {
        self.router.clone()
    }
    pub(super) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Any request.
    pub(super) async fn send(&self, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = request.header("host", "localhost:8080").body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 26).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
        }
    }

    /// A request below `/api/v2`; a good answer is held against upstream's schema.
    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<Json>) -> Answer {
        let uri = format!("/api/v2{path}");
        let request = Request::builder().method(method).uri(&uri);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.send(request, body).await;
        if answer.header("content-type") == "application/json" {
            let plain = uri.split('?').next().unwrap();
            shapes::check(&method.to_lowercase(), plain, answer.status, &answer.json());
        }
        answer
    }
    /// A request below `/api/v2` whose answer is taken as it is.
    pub(super) async fn plain(&self, path: &str) -> Answer {
        self.send(Request::get(format!("/api/v2{path}")), Body::empty())
            .await
    }
    pub(super) async fn get(&self, path: &str) -> Json {
        let answer = self.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }
    /// What is wrong with a request: its status, code and sentence.
    pub(super) async fn refused(&self, method: &str, path: &str, body: Option<Json>) -> String {
        let answer = self.ask(method, path, body).await;
        assert!(answer.status >= 400, "{path}: {}", answer.text);
        let json = answer.json();
        let fields = json["detail"]
            .as_array()
            .map(|fields| fields.iter().map(field).collect::<Vec<_>>().join("; "));
        let detail = fields.unwrap_or_else(|| json["detail"].as_str().unwrap().to_owned());
        let code = json["code"].as_str().unwrap();
        wrap(&format!("{} {code} {detail}", answer.status))
    }
}

/// What is wrong with a field, without quotes.
fn field(field: &Json) -> String {
    let text = |key: &str| field[key].as_str().unwrap();
    let loc = field["loc"].as_array().unwrap().iter();
    let loc: Vec<String> = loc.map(|step| step.to_string().replace('"', "")).collect();
    format!("{} {}: {}", loc.join("."), text("type"), text("msg"))
}

/// In lines that fit here.
pub(super) fn wrap(text: &str) -> String {
    let mut out = String::new();
    let mut columns = 0;
    for word in text.split_inclusive([' ', ',']) {
        if columns + word.len() > 80 {
            out.push_str("\n    ");
            columns = 4;
        }
        out.push_str(word);
        columns += word.len();
    }
    out.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}
