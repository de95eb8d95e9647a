//! Dags and histories as text. `check("a; b:a", "start; a ok", expect![[...]])`.
//!
//! A dag is a list of tasks, `name:upstream,upstream key=value ...`; an entry with `!` sets the
//! dag's own keys. A history is a list of words: `start`, `TASK ok`, `tick 5m` and others, see
//! `World::act`. After each word the invariants are checked, and that the book alone gives the same
//! live state.

use std::sync::Arc;

use expect_test::Expect;
use model::{
    DagId, Json, RunId, TaskId, TiKey, TimeDelta, Timestamp,
    callback::Call,
    change::{DagFile, DagSource, Pool},
    command::{Clear, Command, PublishDag, PublishFile, Reply, SetTaskState, TriggerRun},
    dag::Dag,
    effect::Effect,
    evaluation::Question,
    report::{Happened, Outcome, Report, Usage},
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
    task_instance::{Deferral, Trigger},
};

use super::{book::Book, dag_text::parse_dag};
use crate::{Live, Options, decide, drain, invariants, recover, report, step};

/// An engine, its book and its time.
pub(crate) struct World {
    pub live: Live,
    pub book: Book,
    pub now: Timestamp,
    pub effects: Vec<Effect>,
    pub options: Options,
    pub replies: Vec<String>,
    pub n_runs: u32,
    /// Whether its dags are Python's.
    pub python: bool,
    /// Whether each word is followed by the checks; off for large dags.
    pub checks: bool,
}

/// Plays a history of one dag and compares what is then.
pub(crate) fn check(dag: &str, history: &str, expect: Expect) {
    let mut world = World::new();
    world.publish("d", dag);
    world.play(history);
    expect.assert_eq(&world.show());
}

impl World {
    pub fn new() -> Self {
        let options = Options::upstream();
        let mut world = Self {
            live: Live::new(options.clone()),
            book: Book::default(),
            now: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
            effects: Vec::new(),
            options,
            replies: Vec::new(),
            n_runs: 0,
            python: false,
            checks: true,
        };
        world.settle();
        world
    }

    /// Publishes one dag as a file of its own name.
    pub fn publish(&mut self, dag_id: &str, text: &str) -> Reply {
        let dag = Arc::new(parse_dag(dag_id, text));
        self.publish_dag(&format!("{dag_id}.yaml"), dag, text)
    }
    pub fn publish_dag(&mut self, path: &str, dag: Arc<Dag>, text: &str) -> Reply {
        let command = self.publishing(path, dag, text);
        self.ask(command)
    }
    /// Takes in two versions of a dag at once.
    pub fn publish_twice(&mut self, dag_id: &str, texts: [&str; 2]) {
        for text in texts {
            let dag = Arc::new(parse_dag(dag_id, text));
            let command = self.publishing(&format!("{dag_id}.yaml"), dag, text);
            decide(&mut self.live, &self.book, command, self.now);
        }
        self.settle();
    }
    fn publishing(&mut self, path: &str, dag: Arc<Dag>, text: &str) -> Command {
        let hash = format!("{}#{text}", dag.dag_id);
        self.book.sources.insert(hash.clone(), Arc::clone(&dag));
        let (json, files) = (text.to_owned(), Vec::new());
        let source = if self.python {
            DagSource::Serialized { json, text: None }
        } else {
            DagSource::Yaml { text: json, files }
        };
        let dags = vec![PublishDag {
            dag,
            source,
            hash: hash.clone(),
            parse_us: 1,
        }];
        let file = file(path, &hash);
        Command::PublishFile(Box::new(PublishFile { file, dags }))
    }

    pub fn ask(&mut self, command: Command) -> Reply {
        let reply = decide(&mut self.live, &self.book, command, self.now);
        self.settle();
        if let Reply::Refused(refusal) = &reply {
            self.replies
                .push(format!("{} {}", refusal.code, refusal.message));
        }
        reply
    }
    pub fn tell(&mut self, key: TiKey, what: Happened) -> bool {
        let Some(fence) = self.live.task_instance(key).and_then(|ti| ti.fence) else {
            return false;
        };
        let report_ = Report {
            key,
            fence,
            at: self.now,
            what,
        };
        let taken = report(&mut self.live, &self.book, report_, self.now);
        self.settle();
        taken
    }

    /// Steps until nothing is due, writes, and checks.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            self.batch();
            if self.live.next_wake().is_none_or(|at| at > self.now) {
                return self.reload();
            }
        }
        panic!("always something due");
    }
    pub fn batch(&mut self) {
        step(&mut self.live, &self.book, self.now);
        self.invariants();
        let drained = drain(&mut self.live);
        self.book.apply(drained.changes);
        self.effects.extend(drained.effects);
        self.invariants();
    }
    fn invariants(&self) {
        if self.checks
            && let Err(error) = invariants::check(&self.live, &self.book)
        {
            panic!("{error}\n{}", self.show());
        }
    }
    /// The book alone must give the same state, with nothing left to do.
    fn reload(&self) {
        if !self.checks || self.live.disk.is_some() {
            return;
        }
        let mut again = self.book.load(self.options.clone());
        recover(&mut again, &self.book, self.now);
        recover(&mut again, &self.book, self.now);
        step(&mut again, &self.book, self.now);
        invariants::check(&again, &self.book).unwrap();
        let changes = drain(&mut again).changes;
        assert!(
            changes.is_empty(),
            "left to do: {changes:#?}\n{}",
            self.show()
        );
        assert_eq!(again.pool_usage(), self.live.pool_usage());
        let runs = |live: &Live| live.runs().cloned().collect::<Vec<_>>();
        assert_eq!(runs(&again), runs(&self.live));
    }
    /// Dies and comes back with what the book says.
    pub fn restart(&mut self) {
        self.live = self.book.load(self.options.clone());
        recover(&mut self.live, &self.book, self.now);
        self.settle();
    }

    pub fn play(&mut self, history: &str) {
        for word in history
            .split(';')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            self.act(word);
        }
    }

    fn act(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let arg = |at: usize| words.get(at).copied().unwrap_or("");
        let has = |flag: &str| words.contains(&flag);
        let dag_id = DagId::from("d");
        match arg(0) {
            "start" => drop(self.start("d", words.get(1).copied())),
            "tick" => {
                self.now = self.now.plus(span(arg(1)));
                self.settle();
            }
            "pause" | "unpause" => {
                self.ask(Command::SetPaused {
                    dag_id,
                    paused: arg(0) == "pause",
                });
            }
            "restart" => self.restart(),
            "pool" => {
                let (name, slots) = arg(1).split_once('=').unwrap();
                let pool = Pool {
                    name: name.into(),
                    slots: slots.parse().unwrap(),
                    description: None,
                    include_deferred: has("deferred"),
                };
                self.ask(Command::PutPool {
                    pool,
                    only_new: has("new"),
                });
            }
            "drop-pool" => drop(self.ask(Command::DeletePool {
                name: arg(1).into(),
            })),
            "disk" => {
                let free_bytes = if arg(1) == "full" { 1 << 20 } else { 1 << 30 };
                self.ask(Command::SetDisk {
                    free_bytes,
                    needed_bytes: 1 << 28,
                });
            }
            "clear" => drop(self.ask(clear(dag_id, arg(1), &words))),
            "mark" => {
                let (run_id, task_id) = place(arg(1));
                let (task_id, map_index) = indexed(&task_id);
                self.ask(Command::SetTaskState(Box::new(SetTaskState {
                    dag_id,
                    run_id,
                    task_id: task_id.into(),
                    map_index,
                    state: TaskInstanceState::parse(arg(2)).unwrap(),
                    include_upstream: has("+up"),
                    include_downstream: has("+down"),
                    include_future: has("+future"),
                    include_past: has("+past"),
                    dry_run: has("dry"),
                    user: Some("ada".to_owned()),
                })));
            }
            "mark-run" => {
                let state = DagRunState::parse(arg(2)).unwrap();
                let (run_id, user) = (arg(1).into(), None);
                self.ask(Command::SetRunState {
                    dag_id,
                    run_id,
                    state,
                    user,
                });
            }
            "skip-down" => {
                let key = self.key(arg(1));
                let tasks = arg(2).split(',').map(indexed);
                let tasks = tasks.map(|(task, map)| (task.into(), map)).collect();
                self.ask(Command::SkipDownstream { key, tasks });
            }
            "push" => {
                let (key, name) = (self.key(arg(1)), "return_value".to_owned());
                let mapped_length = arg(2).parse().ok();
                self.ask(Command::PushXCom {
                    key,
                    name,
                    value: Json::from(1),
                    mapped_length,
                });
            }
            "drop-ti" => self.drop_ti(arg(1)),
            "mark-group" => self.mark_group(place(arg(1)), arg(2), &words),
            "drop-run" => drop(self.ask(Command::DeleteRun {
                dag_id,
                run_id: arg(1).into(),
            })),
            "gone" => drop(self.ask(Command::RemoveFile {
                path: "d.yaml".to_owned(),
            })),
            task => {
                let what = happened(self.now, arg(1), arg(2), has("soft"));
                let key = self.key(task);
                assert!(self.tell(key, what), "dropped: {text}\n{}", self.show());
            }
        }
    }

    /// Triggers the next run, `r1`, `r2` and so on.
    pub fn start(&mut self, dag_id: &str, date: Option<&str>) -> Reply {
        self.n_runs += 1;
        let run_id = format!("r{}", self.n_runs);
        let ask = trigger(dag_id, Some(&run_id), date);
        self.ask(Command::TriggerRun(Box::new(ask)))
    }

    /// `a` of the newest run, or `r1.a`.
    pub fn key(&self, text: &str) -> TiKey {
        let (run_id, task) = text.split_once('.').unwrap_or(("", text));
        let (task, map) = indexed(task);
        let mut runs = self.book.runs.values().rev();
        let run = runs
            .find(|run| run_id.is_empty() || &*run.run_id == run_id)
            .unwrap();
        let mut names = self.book.names.iter();
        let name = names.find(|((dag, _), id)| *dag == run.dag && &***id == task);
        let task = name.unwrap_or_else(|| panic!("no task {task}")).0.1;
        TiKey {
            run: run.no,
            task,
            map: model::MapIndex(map.unwrap_or(-1)),
        }
    }

    /// All runs with all instances, their reasons, and what was done outside since the start.
    pub fn show(&self) -> String {
        let mut out = String::new();
        for run in self.book.runs.values() {
            let reasons = self.live.run_reasons(run.no, &self.book, self.now);
            out += format!("{} {}{}", run.run_id, run.state, shown(&reasons)).trim_end();
            out += "\n";
            let tis = self.book.tis.values().filter(|ti| ti.key.run == run.no);
            for ti in tis {
                let name = &self.book.names[&(run.dag, ti.key.task)];
                let reasons = self.live.task_reasons(ti.key, &self.book, self.now);
                let name = named(name, ti.key);
                let line = format!("  {name} {} {}{}", ti.state, ti.try_number, shown(&reasons));
                out += &line;
                out += "\n";
            }
        }
        let effects: Vec<String> = self.effects.iter().filter_map(|e| self.effect(e)).collect();
        if !effects.is_empty() {
            out += &format!("{}\n", effects.join(", "));
        }
        for reply in &self.replies {
            out += &format!("{reply}\n");
        }
        out
    }

    fn effect(&self, effect: &Effect) -> Option<String> {
        let name = |key: &TiKey| {
            let Some(run) = self.book.runs.get(&key.run) else {
                return "?".to_owned();
            };
            let name = named(&self.book.names[&(run.dag, key.task)], *key);
            if self.n_runs > 1 {
                format!("{}.{name}", run.run_id)
            } else {
                name.to_string()
            }
        };
        Some(match effect {
            Effect::Start {
                key, try_number, ..
            } => format!("start {}#{try_number}", name(key)),
            Effect::Kill { key, .. } => format!("kill {}", name(key)),
            Effect::Arm { key, .. } => format!("arm {}", name(key)),
            Effect::Disarm { key, .. } => format!("disarm {}", name(key)),
            Effect::Adopt {
                key, was_running, ..
            } => {
                format!(
                    "adopt {}{}",
                    name(key),
                    if *was_running { "" } else { " if begun" }
                )
            }
            Effect::RunDeleted { run_id, .. } => format!("deleted {run_id}"),
            Effect::Callback(owed) => match &owed.call {
                Call::Dag {
                    reason, relevant, ..
                } => format!(
                    "dag callback {reason} {}",
                    relevant.as_ref().map_or("-".to_owned(), name)
                ),
                Call::Task { key, to, .. } => format!("task callback {to} {}", name(key)),
                Call::Email {
                    key, is_failure, ..
                } => {
                    format!(
                        "mail {} {}",
                        if *is_failure { "failure" } else { "retry" },
                        name(key)
                    )
                }
                Call::Deadline { name, .. } => format!("deadline {name:?}"),
            },
            Effect::Evaluate(asked) => match &asked.question {
                Question::Timetable { last, .. } => {
                    let last = last.map(|last| format!(" after {}", last.start));
                    format!("ask timetable{}", last.unwrap_or_default())
                }
                Question::Weights(of) => format!("ask {} weights", of.len()),
                Question::Partition { key, .. } => format!("ask for partition {key}"),
            },
            Effect::RunEnded { .. } | Effect::Watch { .. } | Effect::Unwatch { .. } => return None,
        })
    }
}

fn shown(reasons: &[model::reason::Reason]) -> String {
    let texts: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    if texts.is_empty() {
        String::new()
    } else {
        format!(": {}", texts.join("; "))
    }
}

pub(crate) fn file(path: &str, hash: &str) -> DagFile {
    DagFile {
        path: path.to_owned(),
        hash: hash.to_owned(),
        stamp: (0, 0, 0),
        dags: Vec::new(),
        warnings: Vec::new(),
        error: None,
    }
}

pub(crate) fn trigger(dag_id: &str, run_id: Option<&str>, date: Option<&str>) -> TriggerRun {
    TriggerRun {
        dag_id: dag_id.into(),
        run_id: run_id.map(RunId::from),
        run_type: DagRunType::Manual,
        logical_date: date.map(|date| Timestamp::parse(date).unwrap()),
        data_interval: None,
        run_after: None,
        conf: Json::Null,
        note: None,
        triggered_by: TriggeredBy::RestApi,
        user: None,
        partition_key: None,
        reset: false,
    }
}

fn clear(dag_id: DagId, what: &str, words: &[&str]) -> Command {
    let has = |flag: &str| words.contains(&flag);
    let (run_id, task) = place(what);
    let tasks = if &*task == "*" {
        Vec::new()
    } else {
        let (task, map) = indexed(&task);
        vec![(task.into(), map)]
    };
    Command::Clear(Box::new(Clear {
        dag_id: Some(dag_id),
        run_id: Some(run_id),
        tasks,
        include_upstream: has("+up"),
        include_downstream: has("+down"),
        include_future: has("+future"),
        include_past: has("+past"),
        only_failed: has("failed"),
        only_running: has("running"),
        only_new: has("new"),
        reset_dag_runs: !has("keep"),
        prevent_running_task: has("careful"),
        run_on_latest_version: has("latest").then_some(true),
        dry_run: has("dry"),
        ..Clear::default()
    }))
}

/// `a[2]` is one instance of a mapped task.
fn indexed(text: &str) -> (&str, Option<i32>) {
    match text.split_once('[') {
        Some((task, index)) => (task, Some(index.trim_end_matches(']').parse().unwrap())),
        None => (text, None),
    }
}

pub(crate) fn named(name: &TaskId, key: TiKey) -> String {
    match key.map.0 {
        -1 => name.to_string(),
        index => format!("{name}[{index}]"),
    }
}

/// `r2.a`, or `a` of `r1`.
fn place(text: &str) -> (RunId, TaskId) {
    let (run, task) = text.split_once('.').unwrap_or(("r1", text));
    (run.into(), task.into())
}

pub(crate) fn span(text: &str) -> TimeDelta {
    let number: f64 = text.trim_end_matches(char::is_alphabetic).parse().unwrap();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    TimeDelta::from_secs_f64(match unit {
        "s" | "" => number,
        "m" => number * 60.0,
        "h" => number * 3_600.0,
        "d" => number * 86_400.0,
        _ => panic!("{text}"),
    })
}

pub(crate) fn happened(now: Timestamp, what: &str, arg: &str, soft_fail: bool) -> Happened {
    let failed = |may_retry| Outcome::Failed {
        message: "it broke".to_owned(),
        may_retry,
        retry_delay: (!arg.is_empty()).then(|| span(arg)),
    };
    let deferral = |trigger, resume| {
        let timeout = (!arg.is_empty()).then(|| now.plus(span(arg)));
        Happened::Deferred(Box::new(Deferral {
            trigger,
            timeout,
            soft_fail,
            resume,
        }))
    };
    let outcome = match what {
        "run" => return Happened::Started { pid: Some(7) },
        "defer" => return deferral(Trigger::At(now.plus(span("10m"))), None),
        "suspend" => {
            let resume = Some(("execute_complete".to_owned(), Json::Null));
            let trigger = Trigger::Python {
                class: "T".to_owned(),
                kwargs: Json::Null,
            };
            return deferral(trigger, resume);
        }
        "ends" => {
            return Happened::TriggerEnded {
                state: TaskInstanceState::parse(arg).unwrap(),
                xcoms: vec![("x".to_owned(), Json::from(1))],
            };
        }
        "broken" => {
            return Happened::TriggerFailed {
                traceback: Json::from("oh"),
            };
        }
        "fire" => {
            return Happened::Fired {
                payload: Json::from(arg),
            };
        }
        "again" => {
            return Happened::Rescheduled {
                at: now.plus(span(arg)),
            };
        }
        "ok" => {
            let xcoms = arg
                .split_once('=')
                .map(|(k, v)| (k.to_owned(), Json::from(v)));
            Outcome::Success {
                xcoms: xcoms.into_iter().collect(),
                skip: Vec::new(),
                outlets: Box::default(),
            }
        }
        // A list of so many, or a value that is none.
        "returns" => Outcome::Success {
            xcoms: vec![("return_value".to_owned(), returned(arg))],
            skip: Vec::new(),
            outlets: Box::default(),
        },
        "skips" => Outcome::Success {
            xcoms: Vec::new(),
            skip: arg.split(',').map(TaskId::from).collect(),
            outlets: Box::default(),
        },
        "fail" => failed(true),
        "fatal" => failed(false),
        "skip" => Outcome::Skipped {
            message: "not today".to_owned(),
        },
        "timeout" => Outcome::TimedOut { limit: span("30s") },
        "killed" => Outcome::Killed,
        "lost" => Outcome::Lost {
            message: "the worker is gone".to_owned(),
        },
        _ => panic!("{what}"),
    };
    let usage = Usage {
        cpu_us: 5,
        memory_peak_bytes: 6,
    };
    Happened::Finished { outcome, usage }
}

fn returned(text: &str) -> Json {
    match text.parse::<usize>() {
        Ok(length) => Json::Array(vec![Json::Null; length]),
        Err(_) => Json::from(text),
    }
}
