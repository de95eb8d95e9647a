//! A data folder with a client, and words to give it work.

use crate::{
    Limits, ProcessOptions,
    client::{Client, ClientOptions},
    process_main,
};
use model::{
    Fence, Json, MapIndex, RunNo, TaskNo, TiKey, Timestamp,
    ports::{Clock, Execution, Executor},
    report::{Happened, Outcome, Report, Usage},
    work::{Job, Process, Work},
};
use std::{
    cell::RefCell,
    collections::HashSet,
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

const DATA: &str = "ORRERY_TEST_WORKER";
/// Bytes of log files in tests.
pub const LOG_BYTES: u64 = 256 * 1024;
/// In the environment of the worker process.
pub const ZYGOTE_FORKS: &str = "ORRERY_TEST_ZYGOTE_FORKS";
/// How long a test waits for a report.
const PATIENCE: Duration = Duration::from_secs(20);

/// Not a test: what the client starts as worker process.
#[test]
fn worker_process() {
    let Ok(data_dir) = std::env::var(DATA) else {
        return;
    };
    let options = ProcessOptions {
        data_dir: data_dir.into(),
        clock: Arc::new(SystemClock),
        limits: Limits {
            log_file_bytes: LOG_BYTES,
            kill_grace: Duration::from_millis(500),
            output_grace: Duration::from_millis(300),
            idle_exit: Duration::from_secs(3),
            zygote_boot: Duration::from_secs(60),
            zygote_fork: Duration::from_secs(2),
            zygote_forks: forks_max(),
            zygote_idle: Duration::from_secs(3),
            success_overtime: Duration::from_millis(500),
            socket_cleanup: Duration::from_millis(500),
            python_timeout_grace: Duration::from_millis(200),
        },
    };
    process_main(options).unwrap();
}

/// Forks of a zygote, where a test says so.
fn forks_max() -> u64 {
    let chosen = std::env::var(ZYGOTE_FORKS).ok();
    chosen.map_or(1_000, |chosen| chosen.parse().unwrap())
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        Timestamp::from_micros(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)
    }
}

/// A folder that goes away at the end.
pub struct Kit {
    pub dir: PathBuf,
    pub env: Vec<(String, String)>,
    pub execution: Option<Arc<dyn Execution>>,
}

/// A server.
pub struct Server {
    pub client: Client,
    pub reports: Receiver<Report>,
    patience: Duration,
    ended: RefCell<HashSet<u64>>,
}

impl Kit {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("orrery-{name}-{}-{n}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self {
            dir,
            env: Vec::new(),
            execution: None,
        }
    }

    pub fn serve(&self) -> Server {
        self.serve_for(PATIENCE)
    }

    /// A server whose reports may take as long.
    pub fn serve_for(&self, patience: Duration) -> Server {
        let mut env = self.env.clone();
        env.push((DATA.to_owned(), self.dir.display().to_string()));
        let args = ["--exact", "tests::kit::worker_process", "--nocapture"];
        let options = ClientOptions {
            program: std::env::current_exe().unwrap(),
            args: args.map(ToOwned::to_owned).to_vec(),
            env,
            data_dir: self.dir.clone(),
            clock: Arc::new(SystemClock),
            execution: self.execution.clone(),
        };
        let (sender, reports) = channel();
        let sink = Box::new(move |report| drop(sender.send(report)));
        Server {
            client: Client::start(options, sink).unwrap(),
            reports,
            patience,
            ended: RefCell::default(),
        }
    }

    pub fn log(&self, fence: u64) -> String {
        fs::read_to_string(self.dir.join(format!("logs/dag/{fence}.log"))).unwrap()
    }

    /// The events of a log, one a line, each with its logger.
    pub fn events(&self, fence: u64) -> String {
        let mut text = String::new();
        for line in self.log(fence).lines() {
            let line: Json = serde_json::from_str(line).unwrap();
            let (logger, event) = (line["logger"].as_str(), line["event"].as_str());
            text += &format!("{}: {}\n", logger.unwrap(), event.unwrap());
        }
        text
    }

    pub fn claims(&self) -> usize {
        let journals = fs::read_dir(self.dir.join("run/tries")).unwrap();
        let open = |path: PathBuf| crate::claims::read(&path).map_or(0, |(_, open)| open.len());
        journals.map(|entry| open(entry.unwrap().path())).sum()
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Server {
    pub fn next(&self) -> Report {
        self.reports
            .recv_timeout(self.patience)
            .expect("no report came")
    }

    /// The end of a try; reports of its start may come before.
    pub fn end(&self, fence: u64) -> (Outcome, Usage) {
        loop {
            let report = self.next();
            if let Happened::Finished { outcome, usage } = report.what.clone() {
                self.client.ack(report.fence);
                if report.fence == Fence(fence) {
                    self.ended.borrow_mut().insert(fence);
                    return (outcome, usage);
                }
                // An acknowledgement can be lost with the worker that it was for: told twice.
                assert!(self.ended.borrow().contains(&report.fence.0), "{report:?}");
            }
        }
    }

    pub fn pid_of_start(&self) -> u32 {
        match self.next().what {
            Happened::Started { pid } => pid.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub fn run(&self, work: Work) -> Outcome {
        let fence = work.fence.0;
        self.client.start(work);
        self.end(fence).0
    }
}

pub fn key(fence: u64) -> TiKey {
    TiKey {
        run: RunNo(fence),
        task: TaskNo(1),
        map: MapIndex::NONE,
    }
}

/// A bash command as BashOperator makes it.
pub fn bash(fence: u64, command: &str) -> Work {
    Work {
        key: key(fence),
        fence: Fence(fence),
        log_path: format!("dag/{fence}.log"),
        log_fields: vec![("task_id".to_owned(), Json::from("t"))],
        execution_timeout: None,
        secrets: Vec::new(),
        job: Job::Process(Process {
            argv: ["bash", "-c", command].map(ToOwned::to_owned).to_vec(),
            env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
            cwd: None,
            skip_on_exit_code: vec![99],
            push_last_line: true,
        }),
    }
}

pub fn process(work: &mut Work) -> &mut Process {
    match &mut work.job {
        Job::Process(process) => process,
        Job::Http(_) | Job::Python(_) => panic!("no process"),
    }
}

pub fn success(value: &str) -> Outcome {
    Outcome::Success {
        xcoms: vec![("return_value".to_owned(), Json::from(value))],
        skip: Vec::new(),
        outlets: Box::default(),
    }
}

pub fn message(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { message, .. } | Outcome::Skipped { message } => message,
        Outcome::Lost { message } => format!("lost: {message}"),
        other => panic!("{other:?}"),
    }
}

pub fn is_alive(pid: u32) -> bool {
    crate::process::procfs::stat(pid).is_ok_and(|stat| !stat.zombie)
}

/// For what has no event to wait for: looks again until it holds.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..400 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("never: {what}");
}
