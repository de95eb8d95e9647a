//! Prepares an Airflow while the server runs: the demo's way to have Python dags without a word
//! typed before. The work is done by `orrery runtime create` in a process of its own, so that it
//! can be stopped at any moment and costs the server nothing.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use api::{SetupState, SetupStatus};
use control::Control;
use runtime::Home;

use super::{examples, python, steps::Steps};
use crate::{
    cli::{self, Trouble},
    config::Config,
};

/// The runtime's name.
pub const NAME: &str = "demo";
/// How many of the last lines are kept.
const LINES_MAX: usize = 200;
/// Somebody else is at work on the runtimes: how long until it is tried again, and how often.
const BUSY_WAIT: Duration = Duration::from_secs(2);
const BUSY_TRIES: usize = 600;
/// What it says then.
const BUSY: &str = "RTM-006";

/// What to prepare.
#[derive(Clone, Debug)]
pub struct Order {
    /// The version of Airflow.
    pub airflow: String,
    /// Further words for `orrery runtime create`: where Python and packages are from.
    pub words: Vec<String>,
}

/// The preparation.
pub struct Setup(Arc<Inner>);

struct Inner {
    order: Order,
    /// What is in force, with the runtime's name.
    config: Config,
    data: PathBuf,
    dags: PathBuf,
    control: Control,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    status: SetupStatus,
    /// The process group at work.
    group: Option<rustix::process::Pid>,
    /// Nothing is said or started any more.
    stopped: bool,
    /// Rises with each try: what belongs to an earlier one is not listened to.
    turn: u64,
}

impl State {
    fn is_at(&self, turn: u64) -> bool {
        self.turn == turn && self.status.state == SetupState::Preparing && !self.stopped
    }
}

/// Whether a runtime of an earlier start can be used as it is.
pub fn is_there(data: &Path) -> bool {
    let home = Home::of(data);
    runtime::show(&home, NAME).is_ok_and(|manifest| {
        let python = home.env(&manifest.hash).join("bin/python");
        python.exists() && home.is_whole(&manifest.hash)
    })
}

impl Setup {
    /// Begins.
    pub fn start(
        order: Order,
        config: &Config,
        (data, dags): (&Path, &Path),
        control: Control,
    ) -> Self {
        let own = Self(Arc::new(Inner {
            order,
            config: Config {
                runtime: NAME.to_owned(),
                ..config.clone()
            },
            data: data.to_owned(),
            dags: dags.to_owned(),
            control,
            state: Mutex::default(),
        }));
        api::Setup::retry(&own);
        own
    }

    /// Ends what is under way; nothing follows.
    pub fn stop(&self) {
        let mut state = self.0.lock();
        state.stopped = true;
        end(state.group.take());
    }
}

impl api::Setup for Setup {
    fn status(&self) -> SetupStatus {
        self.0.lock().status.clone()
    }

    fn cancel(&self) {
        let mut state = self.0.lock();
        if state.status.state == SetupState::Preparing {
            state.status.state = SetupState::Cancelled;
            end(state.group.take());
        }
    }

    fn retry(&self) {
        let mut state = self.0.lock();
        let is_idle = match state.status.state {
            SetupState::Off | SetupState::Failed | SetupState::Cancelled => !state.stopped,
            SetupState::Preparing | SetupState::Ready => false,
        };
        if !is_idle {
            return;
        }
        state.turn += 1;
        let turn = state.turn;
        state.status = SetupStatus {
            state: SetupState::Preparing,
            what: format!("Airflow {}", self.0.order.airflow),
            step: "Starting".to_owned(),
            ..SetupStatus::default()
        };
        drop(state);
        let inner = Arc::clone(&self.0);
        let thread = thread::Builder::new().name("setup".to_owned());
        if let Err(cause) = thread.spawn(move || inner.work(turn)) {
            let text = format!("the system has no thread to give: {cause}");
            self.0.failed(turn, &text);
        }
    }
}

/// All of the group: the installer has children of its own. An unfinished runtime is swept away by
/// whoever makes the next one.
fn end(group: Option<rustix::process::Pid>) {
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is told, unless this try is over.
    fn tell(&self, turn: u64, change: impl FnOnce(&mut SetupStatus)) -> bool {
        let mut state = self.lock();
        let is_wanted = state.is_at(turn);
        if is_wanted {
            change(&mut state.status);
        }
        is_wanted
    }

    fn work(&self, turn: u64) {
        for _ in 0..BUSY_TRIES {
            let made = self.make(turn);
            if !self.tell(turn, |_| ()) {
                return;
            }
            match made.and_then(|()| self.begin_to_use().map_err(|Trouble(text)| text)) {
                Ok(n_examples) => return self.ready(turn, n_examples),
                Err(why) if why.starts_with(BUSY) => {
                    let wait = |status: &mut SetupStatus| {
                        status.step = "Waiting for another installation".to_owned();
                    };
                    if !self.tell(turn, wait) {
                        return;
                    }
                    thread::sleep(BUSY_WAIT);
                }
                Err(why) => return self.failed(turn, &why),
            }
        }
        let why = "RTM-006: another command was at work on the runtimes all the time";
        self.failed(turn, why);
    }

    /// Makes the runtime, unless it is there; the error is what was said last.
    fn make(&self, turn: u64) -> Result<(), String> {
        if is_there(&self.data) {
            return Ok(());
        }
        let mut child = self.spawn(turn).map_err(|cause| cause.to_string())?;
        let mut steps = Steps::default();
        let mut said: Vec<String> = Vec::new();
        let lines = child.stderr.take().map(BufReader::new);
        for line in lines.into_iter().flat_map(BufRead::lines) {
            let Ok(line) = line else { break };
            // What went wrong is the end of it.
            let wrong = line.strip_prefix("orrery: ").map(str::to_owned);
            if wrong.is_some() || !said.is_empty() {
                said.push(wrong.unwrap_or(line));
                continue;
            }
            steps.hear(&line);
            self.tell(turn, |status| {
                (status.step, status.percent) = (steps.words(), steps.percent());
                status.lines.push(line);
                let over = status.lines.len().saturating_sub(LINES_MAX);
                status.lines.drain(..over);
            });
        }
        let ended = child.wait().map_err(|cause| cause.to_string());
        let mut state = self.lock();
        if state.turn == turn {
            state.group = None;
        }
        drop(state);
        match ended? {
            status if status.success() => Ok(()),
            status if said.is_empty() => Err(format!("`orrery runtime create` ended: {status}")),
            _ => Err(said.join("\n")),
        }
    }

    fn spawn(&self, turn: u64) -> std::io::Result<Child> {
        // A runtime that is there and cannot be used is in the way of its name.
        let _ = runtime::remove(&Home::of(&self.data), NAME);
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["runtime", "create", NAME, "--airflow", &self.order.airflow])
            .args(&self.order.words)
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        // The group is known before anybody can ask for its end.
        let mut state = self.lock();
        if !state.is_at(turn) {
            return Err(std::io::Error::other("it was stopped"));
        }
        let child = command.spawn()?;
        state.group = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
        Ok(child)
    }

    fn begin_to_use(&self) -> Result<usize, Trouble> {
        let Some(found) = python::runtime(&self.config, &self.data)? else {
            return Ok(0);
        };
        let n_examples = examples::copy(Path::new(&found.folder), &self.dags)?;
        self.control.use_runtime(&found);
        Ok(n_examples)
    }

    fn ready(&self, turn: u64, n_examples: usize) {
        let mut what = String::new();
        let told = self.tell(turn, |status| {
            status.state = SetupState::Ready;
            status.step = "Ready".to_owned();
            (status.percent, status.n_examples) = (100, n_examples);
            what.clone_from(&status.what);
        });
        if told {
            let _ = cli::line(&format!(
                "  {what} is ready; {n_examples} of its example files are in {}",
                examples::folder(&self.dags).display()
            ));
        }
    }

    fn failed(&self, turn: u64, why: &str) {
        let code: String = why.chars().take_while(|c| *c != ':').collect();
        let code = Some(code).filter(|code| code.len() == 7 && code.is_ascii());
        let more = code.as_ref().map(|code| format!("; orrery explain {code}"));
        let mut what = String::new();
        let told = self.tell(turn, |status| {
            status.state = SetupState::Failed;
            status.code = code;
            status.problem = Some(why.to_owned());
            what.clone_from(&status.what);
        });
        if told {
            let first = why.lines().next().unwrap_or_default();
            let more = more.unwrap_or_default();
            let _ = cli::line(&format!(
                "  {what} could not be prepared: {first}\n  all else works; the web UI says more and \
                 tries again, --no-airflow leaves it out{more}"
            ));
        }
    }
}
