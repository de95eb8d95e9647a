//! One server: its process, its folder and its API.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{files::scratch, process};

/// A dag file: name and text.
pub type DagFile = (String, String);

const WAIT: Duration = Duration::from_secs(300);
/// What takes longer than this never comes.
const PATIENCE: Duration = Duration::from_secs(150);

/// How to start it.
#[derive(Clone, Default)]
pub struct Options {
    /// The dag files.
    pub dags: Vec<DagFile>,
    /// Further arguments, such as `--set KEY=VALUE`.
    pub arguments: Vec<String>,
    /// Further variables of its environment.
    pub env: Vec<(String, String)>,
    /// Whether it is the demo.
    pub is_demo: bool,
}

/// A running server.
pub struct Server {
    child: Child,
    /// Its folder, with `data` and `dags` in it.
    pub folder: PathBuf,
    agent: ureq::Agent,
    /// Its address.
    pub base: String,
    /// From the spawn to the first answer.
    pub ready_ms: f64,
}

/// A run id as a part of a path.
pub fn escaped(run_id: &str) -> String {
    run_id
        .replace('%', "%25")
        .replace('+', "%2B")
        .replace(':', "%3A")
}

impl Server {
    /// Starts one in a new folder.
    pub fn start(binary: &Path, options: &Options) -> Self {
        Self::start_in(binary, scratch("server"), options)
    }

    /// Starts one in a folder of an earlier one.
    pub fn start_in(binary: &Path, folder: PathBuf, options: &Options) -> Self {
        let dags = folder.join("dags");
        fs::create_dir_all(&dags).unwrap();
        for (name, text) in &options.dags {
            fs::write(dags.join(name), text).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let base = format!("http://127.0.0.1:{port}");
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(WAIT))
            .http_status_as_error(false);
        let agent = config.build().new_agent();
        let banner = fs::File::create(folder.join("banner.txt")).unwrap();
        let begin = Instant::now();
        let child = process::command(binary)
            .arg(if options.is_demo { "demo" } else { "serve" })
            .args(["--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder.join("data"))
            .arg("--dags")
            .arg(&dags)
            .args(&options.arguments)
            .envs(options.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(banner)
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            folder,
            agent,
            base,
            ready_ms: 0.0,
        };
        while server
            .agent
            .get(format!("{}/api/v2/monitor/health", server.base))
            .call()
            .is_err()
        {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {ended:?}");
            assert!(begin.elapsed() < WAIT, "the server does not answer");
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server did not start: {ended:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
        server.ready_ms = begin.elapsed().as_secs_f64() * 1e3;
        server
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the API and gives status and body.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}/api/v2/{path}", self.base);
        let request = ureq::http::Request::builder().method(method).uri(url);
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = request
            .header("content-type", "application/json")
            .body(text)
            .unwrap();
        let mut answer = self
            .agent
            .run(request)
            .unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        let text = answer
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()
            .unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// Reads from the API.
    pub fn get(&self, path: &str) -> Value {
        let answer = self
            .agent
            .get(format!("{}/api/v2/{path}", self.base))
            .call();
        let mut answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        let text = answer
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {} {text}",
            answer.status()
        );
        serde_json::from_str(&text).unwrap()
    }

    /// Triggers a run and gives its id.
    pub fn trigger(&self, dag_id: &str) -> String {
        let url = format!("{}/api/v2/dags/{dag_id}/dagRuns", self.base);
        let mut answer = self
            .agent
            .post(url)
            .send_json(json!({ "logical_date": null }))
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(
            answer.status().is_success(),
            "trigger {dag_id}: {} {text}",
            answer.status()
        );
        let run: Value = serde_json::from_str(&text).unwrap();
        run["dag_run_id"].as_str().unwrap().to_owned()
    }

    /// Waits until a dag of the workload can be triggered.
    pub fn wait_for_dag(&self, dag_id: &str) {
        let begin = Instant::now();
        let url = format!("{}/api/v2/dags/{dag_id}", self.base);
        while !self
            .agent
            .get(&url)
            .call()
            .is_ok_and(|answer| answer.status().is_success())
        {
            assert!(begin.elapsed() < WAIT, "{dag_id} does not appear");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Triggers a run and waits for its success.
    pub fn run_to_end(&self, dag_id: &str) -> Value {
        self.wait_for_dag(dag_id);
        let run_id = self.trigger(dag_id);
        self.wait_for_run(dag_id, &run_id)
    }

    /// Waits for a run's success.
    pub fn wait_for_run(&self, dag_id: &str, run_id: &str) -> Value {
        let begin = Instant::now();
        loop {
            let run = self.get(&format!("dags/{dag_id}/dagRuns/{}", escaped(run_id)));
            match run["state"].as_str() {
                Some("success") => return run,
                Some("failed") => panic!("{dag_id} {run_id} failed"),
                _ => assert!(begin.elapsed() < WAIT, "{dag_id} {run_id} does not end"),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for a run's end and gives it.
    pub fn wait_for_end(&self, dag_id: &str, run_id: &str) -> Value {
        let begin = Instant::now();
        loop {
            let run = self.get(&format!("dags/{dag_id}/dagRuns/{}", escaped(run_id)));
            if matches!(run["state"].as_str(), Some("success" | "failed")) {
                return run;
            }
            assert!(
                begin.elapsed() < WAIT,
                "{dag_id} {run_id} does not end: {run}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a task instance's state.
    pub fn wait_for_state(&self, dag_id: &str, run_id: &str, task_id: &str, state: &str) {
        let path = format!(
            "dags/{dag_id}/dagRuns/{}/taskInstances/{task_id}",
            escaped(run_id)
        );
        self.wait_until(&format!("{task_id} {state}"), || {
            self.get(&path)["state"] == state
        });
    }

    /// Waits until something holds.
    pub fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let begin = Instant::now();
        while !holds() {
            assert!(begin.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Unpauses a dag, triggers a run and waits for its success.
    pub fn run_unpaused_to_end(&self, dag_id: &str) -> Value {
        self.wait_for_dag(dag_id);
        self.ask(
            "PATCH",
            &format!("dags/{dag_id}"),
            Some(&json!({ "is_paused": false })),
        );
        self.run_to_end(dag_id)
    }

    /// What it printed at its start.
    pub fn banner(&self) -> String {
        fs::read_to_string(self.folder.join("banner.txt")).unwrap()
    }

    /// The metrics page.
    pub fn metrics(&self) -> String {
        let answer = self.agent.get(format!("{}/metrics", self.base)).call();
        answer.unwrap().body_mut().read_to_string().unwrap()
    }

    /// CPU time so far, of server and worker process, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        self.processes()
            .iter()
            .map(|pid| process::cpu_seconds(*pid))
            .sum()
    }

    /// Proportional set size in MiB, of server and worker process.
    pub fn pss_mib(&self) -> f64 {
        self.processes()
            .iter()
            .map(|pid| process::pss_mib(*pid))
            .sum()
    }

    /// The worker processes of this data folder.
    pub fn workers(&self) -> Vec<u32> {
        let data = self.folder.join("data").display().to_string();
        process::with_words(&["worker", &data])
    }

    fn processes(&self) -> Vec<u32> {
        let mut found = self.workers();
        found.push(self.child.id());
        found
    }

    /// Size of the book in bytes.
    pub fn store_bytes(&self) -> u64 {
        let files = fs::read_dir(self.folder.join("data")).unwrap().flatten();
        files
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .max()
            .unwrap_or(0)
    }

    /// Stops it and removes its folder.
    pub fn stop(self) {
        let folder = self.stop_keeping();
        fs::remove_dir_all(folder).ok();
    }

    /// Stops it.
    pub fn stop_keeping(mut self) -> PathBuf {
        let kill = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(
            kill.is_ok_and(|status| status.success()),
            "cannot stop the server"
        );
        self.child.wait().unwrap();
        self.folder.clone()
    }

    /// Kills it.
    pub fn kill_keeping(mut self) -> PathBuf {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.folder.clone()
    }
}

/// A test that fails leaves no server behind, and no tasks.
impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            self.workers().into_iter().for_each(process::terminate);
        }
    }
}
