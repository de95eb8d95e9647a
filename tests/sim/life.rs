//! One life of a deployment: days of work, mishaps and crashes, checked after each step, and at the
//! end a kind world in which all that was begun must come to an end.

use std::collections::{BTreeMap, BTreeSet};

use control::batch::{Given, Outcome};
use model::{
    Fence, TimeDelta, Timestamp,
    change::DagFile,
    change::DagSource,
    command::{Command, PublishDag, PublishFile},
    dag::Dag,
    effect::Effect,
    report::{Happened, Outcome as How, Report},
};

use crate::{
    chance::Chance, dags, disk::Disk, person, python_dags, rules::Touched, say, server::Server,
    world::World,
};

/// What a life came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Batches that were committed.
    pub n_batches: u64,
    /// Batches that failed.
    pub n_failures: u64,
    /// Crashes and restarts.
    pub n_crashes: u64,
    /// Requests that were granted.
    pub n_granted: u64,
    /// Requests that were refused.
    pub n_refused: u64,
    /// Reports dropped as stale.
    pub n_stale: u64,
    /// Tries begun.
    pub n_begun: u64,
    /// Tasks of untouched runs that did what their rule says.
    pub n_judged: u64,
    /// Mapped tasks of untouched runs that have as many instances as was pushed.
    pub n_mapped: u64,
    /// Runs in the book at the end.
    pub n_runs: u64,
    /// A digest of all effects and replies in order: the same seed, the same history.
    pub history: u64,
}

/// A deployment and its surroundings.
pub struct Life {
    pub(crate) chance: Chance,
    pub(crate) now: Timestamp,
    pub(crate) disk: Disk,
    pub(crate) world: World,
    pub(crate) server: Option<Server>,
    /// Reports of batches that failed.
    pub(crate) kept: Vec<Given>,
    /// The latest document of each dag file.
    pub(crate) documents: BTreeMap<String, String>,
    /// Those of files that are gone.
    pub(crate) removed: BTreeMap<String, String>,
    n_published: u64,
    /// People trigger and publish, and change nothing by hand.
    hands_off: bool,
    /// What no rule explains.
    pub(crate) touched: Touched,
    /// What the disk's watch has told last.
    pub(crate) is_disk_full: bool,
    /// Fences of all starts that were told.
    told: BTreeSet<Fence>,
    /// What happened, when somebody wants to know.
    pub(crate) trace: Option<Vec<String>>,
    /// What it came to.
    pub stats: Stats,
}

impl Life {
    /// Before the first start.
    #[must_use]
    pub fn new(seed: u64, trace: bool) -> Self {
        let mut chance = Chance::new(seed);
        let hands_off = chance.percent(35);
        Self {
            chance,
            hands_off,
            now: Timestamp::from_secs(1_794_996_000),
            disk: Disk::default(),
            world: World::default(),
            server: None,
            kept: Vec::new(),
            documents: BTreeMap::new(),
            removed: BTreeMap::new(),
            n_published: 0,
            touched: Touched::default(),
            is_disk_full: false,
            told: BTreeSet::new(),
            trace: trace.then(Vec::new),
            stats: Stats::default(),
        }
    }

    /// Lives through so many steps, and then comes to an end.
    ///
    /// # Errors
    /// With what should not have happened.
    pub fn live(&mut self, n_steps: usize) -> Result<(), String> {
        self.start()?;
        let n_dags = 1 + self.chance.below(3);
        let first = (0..n_dags)
            .map(|at| self.publish(&format!("dag_{at}")))
            .collect();
        self.batch(first)?;
        for _ in 0..n_steps {
            self.step()?;
        }
        self.come_to_an_end()?;
        self.stats.n_begun = self.world.n_begun;
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        self.pass_time();
        let mut inputs = self.arrivals();
        while self.chance.percent(35) {
            let input = self.request();
            if !is_publishing(&input) {
                say!(self, "asks {input:?}");
            }
            inputs.push(input);
        }
        match self.chance.below(200) {
            0..6 => self.trouble(),
            6..9 => {
                say!(self, "the link is lost");
                self.world.link_lost(self.now, &mut self.chance);
            }
            9..13 => self.forget()?,
            13..16 => self.crash(false)?,
            _ => {}
        }
        self.batch(inputs)
    }

    /// The reports that arrive, those of failed batches first, each with what its task has asked
    /// for while it ran: a request is taken from the one that has the try, and from nobody else.
    pub(crate) fn arrivals(&mut self) -> Vec<Given> {
        let kept = std::mem::take(&mut self.kept);
        let arrived = self.world.arrivals(self.now, &mut self.chance);
        let mut inputs = Vec::new();
        for input in kept
            .into_iter()
            .chain(arrived.into_iter().map(Given::Report))
        {
            let asked = match &input {
                Given::Report(report) => self.asked(report),
                Given::Command(_) => None,
            };
            inputs.extend(asked.map(|command| Given::Command(Box::new(command))));
            inputs.push(input);
        }
        inputs
    }

    fn asked(&self, report: &Report) -> Option<Command> {
        let live = self.server.as_ref()?.scheduler.live();
        let ti = live.task_instance(report.key)?;
        // Word of its start may be in the same batch.
        let has_it = ti.state.is_executing() && ti.fence == Some(report.fence);
        if has_it {
            crate::ends::asked(report, ti.try_number)
        } else {
            None
        }
    }

    fn pass_time(&mut self) {
        let wake = self
            .server
            .as_ref()
            .and_then(|server| server.scheduler.next_wake());
        let next = [wake, self.world.next()].into_iter().flatten().min();
        let jump = TimeDelta::from_millis(self.chance.between(1, 600_000));
        self.now = match next {
            Some(next) if self.chance.percent(80) => self.now.max(next),
            Some(next) if next <= self.now => self.now,
            Some(_) | None => self.now.plus(jump),
        };
    }

    fn request(&mut self) -> Given {
        let command = match self.chance.below(100) {
            0..10 => {
                let n = self.chance.below(4);
                return self.publish(&format!("dag_{n}"));
            }
            10..12 => {
                let path = format!("dag_{}.yaml", self.chance.below(4));
                if let Some(text) = self.documents.remove(&path) {
                    self.removed.insert(path.clone(), text);
                }
                Command::RemoveFile { path }
            }
            _ => {
                let nth = self.chance.below(1_000);
                let screen = self.server.as_ref().map(|server| server.screen(nth));
                let screen = screen.unwrap_or_default();
                match self.hands_off {
                    true => person::trigger_something(&screen, self.now, &mut self.chance),
                    false => person::command(&screen, self.now, &mut self.chance),
                }
            }
        };
        Given::Command(Box::new(command))
    }

    /// A new version of a dag, or a new dag.
    fn publish(&mut self, dag_id: &str) -> Given {
        let text = if self.chance.percent(55) {
            python_dags::document(dag_id, &mut self.chance)
        } else {
            dags::document(dag_id, &mut self.chance)
        };
        self.publish_text(dag_id, text)
    }

    pub(crate) fn publish_text(&mut self, dag_id: &str, text: String) -> Given {
        let path = format!("{dag_id}.yaml");
        let (dag, source, hash) = match import(&text, &path) {
            Ok(imported) => imported,
            // Not for the simulator to find out, but it must not pass in silence.
            Err(problem) => panic!("the importer refuses {text}: {problem:?}"),
        };
        say!(self, "publishes {path}: {text}");
        self.documents.insert(path.clone(), text);
        self.n_published += 1;
        let file = DagFile {
            path,
            hash: hash.clone(),
            stamp: (self.n_published, 0, 0),
            dags: Vec::new(),
            warnings: Vec::new(),
            error: None,
        };
        let dag = PublishDag {
            dag: std::sync::Arc::new(dag),
            source,
            hash,
            parse_us: 1,
        };
        let command = Command::PublishFile(Box::new(PublishFile {
            file,
            dags: vec![dag],
        }));
        Given::Command(Box::new(command))
    }

    /// Gives a batch to the scheduler, as the writer's thread does, and lives with what comes of
    /// it.
    pub(crate) fn batch(&mut self, inputs: Vec<Given>) -> Result<(), String> {
        let before = if self.disk.is_troubled() {
            self.book_text()
        } else {
            None
        };
        let foreseen = self.foresee(&inputs);
        self.note(&inputs);
        let Some(server) = &mut self.server else {
            return Err("there is no server".to_owned());
        };
        match server.scheduler.batch(inputs.clone(), self.now) {
            Ok(outcome) => {
                self.stats.n_batches += 1;
                self.check(&inputs, &outcome)?;
                self.came_true(foreseen)?;
                if self.chance.percent(2) {
                    let done = self.chance.below(outcome.effects.len() + 1);
                    self.carry_out(outcome.effects.get(..done).unwrap_or(&[]));
                    say!(self, "crashes after {done} effects");
                    return self.crash(false);
                }
                self.finish(&outcome);
            }
            Err(failure) => {
                say!(self, "a batch fails: {failure:?}");
                self.stats.n_failures += 1;
                self.keep(inputs);
                self.come_back(before, &failure)?;
            }
        }
        self.no_wrongs()
    }

    /// Takes note of what goes in.
    fn note(&mut self, inputs: &[Given]) {
        for input in inputs {
            if let Given::Command(command) = input {
                self.touched.note(command, self.now);
                if let Command::SetDisk {
                    free_bytes,
                    needed_bytes,
                } = &**command
                {
                    self.is_disk_full = free_bytes < needed_bytes;
                }
            }
            if let Given::Report(report) = input {
                if let Happened::Finished {
                    outcome: How::Success { skip, .. },
                    ..
                } = &report.what
                {
                    let run = report.key.run;
                    let skipped = skip.iter().map(|task_id| (run, task_id.clone()));
                    self.touched.chosen_against.extend(skipped);
                }
                say!(
                    self,
                    "hears of {:?} fence {}: {:?}",
                    report.key,
                    report.fence,
                    report.what
                );
            }
        }
    }

    pub(crate) fn finish(&mut self, outcome: &Outcome) {
        self.carry_out(&outcome.effects);
        for fence in &outcome.ended {
            self.world.ack(*fence);
        }
        for (_, fence) in &outcome.waited {
            self.world.waited(*fence);
        }
    }

    pub(crate) fn carry_out(&mut self, effects: &[Effect]) {
        let Some(server) = &self.server else { return };
        for effect in effects {
            say!(self, "does {effect:?}");
            self.stats.history = mix(self.stats.history, &format!("{effect:?}"));
            if let Effect::Start { fence, .. } = effect
                && !self.told.insert(*fence)
            {
                self.world
                    .broken
                    .push(format!("fence {fence} was told to start twice"));
            }
            let facts = |key| server.facts(key);
            self.world.act(effect, facts, self.now, &mut self.chance);
        }
    }
}

/// Whether the trace has it in fewer words already.
fn is_publishing(input: &Given) -> bool {
    matches!(input, Given::Command(command) if matches!(**command, Command::PublishFile(_)))
}

/// What a dag file says: as Airflow's parser gives it, or as a person writes it.
fn import(text: &str, path: &str) -> Result<(Dag, DagSource, String), dagfile::ImportError> {
    if !text.starts_with("{\"__version\"") {
        let files = |_: &str| Err("there are no files".to_owned());
        let imported = dagfile::import(text, path, &files)?;
        return Ok((imported.dag, imported.source, imported.hash));
    }
    let source = DagSource::Serialized {
        json: text.to_owned(),
        text: None,
    };
    let document = serde_json::from_str(text).unwrap_or_default();
    let hash = dagfile::serialized::version_hash(&document);
    Ok((dagfile::from_source(&source)?, source, hash))
}

pub(crate) fn mix(history: u64, text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(history ^ 0xcbf2_9ce4_8422_2325, step)
}
