//! The outside: an executor and a triggerer that keep to their contract and are otherwise as slow,
//! forgetful and garrulous as those of real life.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Fence, MapIndex, TaskId, TiKey, TimeDelta, Timestamp,
    dag::AssetLike,
    effect::Effect,
    report::{Happened, Outcome, Report},
};

use crate::{
    chance::Chance,
    ends::{finished, fires, how, kindly, lets_go},
};

/// A try that a worker has begun.
#[derive(Debug, Clone)]
struct Try {
    key: TiKey,
    /// What it said, in order; kept until the end is acknowledged.
    said: Vec<Report>,
    /// When it will end by itself, and how. None when it has ended.
    end: Option<(Timestamp, Happened)>,
}

/// What the executor knows about the task of a try.
#[derive(Debug, Clone, Default)]
pub struct TaskFacts {
    /// Its id, which says how it behaves.
    pub task_id: String,
    /// The tasks directly after it.
    pub downstream: Vec<TaskId>,
    /// What it updates.
    pub outlets: Vec<AssetLike>,
}

/// The outside world. It survives crashes of the server.
#[derive(Debug, Default)]
pub struct World {
    /// Every try does well, at once, and all reports arrive.
    pub is_kind: bool,
    tries: BTreeMap<Fence, Try>,
    /// Every fence with which a process was ever begun.
    begun: BTreeSet<Fence>,
    /// The fence with which a try was begun last.
    begun_tries: BTreeMap<(TiKey, u32), Fence>,
    /// Tries that may begin again in the same try: they have let go of their slot.
    may_begin_again: BTreeSet<Fence>,
    /// Waits, with when they end and how; one without an end lasts until its time is over.
    armed: BTreeMap<Fence, (TiKey, Option<(Timestamp, Happened)>)>,
    /// Reports under way, by arrival.
    mail: BTreeMap<(Timestamp, u64), Report>,
    n_sent: u64,
    /// What must never happen, and did.
    pub broken: Vec<String>,
    /// Processes begun, for the record.
    pub n_begun: u64,
}

impl World {
    /// When something happens next.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        let mail = self.mail.keys().next().map(|(at, _)| *at);
        let ends = self
            .tries
            .values()
            .filter_map(|of| of.end.as_ref())
            .map(|(at, _)| *at)
            .min();
        let fires = self
            .armed
            .values()
            .filter_map(|(_, fires)| fires.as_ref().map(|(at, _)| *at))
            .min();
        [mail, ends, fires].into_iter().flatten().min()
    }

    /// How many tries and waits are under way.
    #[must_use]
    pub fn n_busy(&self) -> usize {
        self.tries.len() + self.armed.len() + self.mail.len()
    }

    /// Whether a process of this try is at work.
    #[must_use]
    pub fn is_at_work(&self, fence: Fence) -> bool {
        self.tries.get(&fence).is_some_and(|of| of.end.is_some())
    }

    /// What is under way, in words.
    #[must_use]
    pub fn leftover(&self) -> String {
        format!(
            "tries {:?}, waits {:?}, mail {:?}",
            self.tries, self.armed, self.mail
        )
    }

    /// Carries out one effect.
    pub fn act(
        &mut self,
        effect: &Effect,
        facts: impl Fn(TiKey) -> TaskFacts,
        now: Timestamp,
        chance: &mut Chance,
    ) {
        match effect {
            Effect::Start {
                key,
                try_number,
                fence,
            } => {
                self.begin(*key, *try_number, *fence, &facts(*key), now, chance);
            }
            Effect::Adopt {
                key,
                fence,
                try_number,
                was_running,
            } => {
                if let Some(known) = self.tries.get(fence) {
                    // It tells all again, from the start.
                    for report in known.said.clone() {
                        self.send(report, now, chance);
                    }
                } else if *was_running || self.begun.contains(fence) {
                    self.lose(*key, *fence, "the process is gone", now, chance);
                } else {
                    self.begin(*key, *try_number, *fence, &facts(*key), now, chance);
                }
            }
            Effect::Kill { key, fence } => self.kill(*key, *fence, now, chance),
            Effect::Arm {
                key,
                fence,
                deferral,
            } => {
                let fires = fires(deferral, self.is_kind, now, chance);
                self.armed.insert(*fence, (*key, fires));
            }
            Effect::Disarm { fence, .. } => {
                self.armed.remove(fence);
            }
            Effect::Evaluate(_)
            | Effect::Callback(_)
            | Effect::RunEnded { .. }
            | Effect::RunDeleted { .. }
            | Effect::Watch { .. }
            | Effect::Unwatch { .. } => {}
        }
    }

    fn begin(
        &mut self,
        key: TiKey,
        try_number: u32,
        fence: Fence,
        facts: &TaskFacts,
        now: Timestamp,
        chance: &mut Chance,
    ) {
        if !self.begun.insert(fence) {
            // The contract: a second start with the same fence does nothing.
            return;
        }
        self.n_begun += 1;
        if key.map != MapIndex::NONE {
            // Its only instance has become the first of many, so another one may come in its place.
            let alone = TiKey {
                map: MapIndex::NONE,
                ..key
            };
            self.begun_tries.retain(|(of, _), _| *of != alone);
        }
        if let Some(before) = self.begun_tries.insert((key, try_number), fence)
            && !self.may_begin_again.remove(&before)
        {
            self.broken.push(format!(
                "try {try_number} of {key:?} was started twice: with fence {before} and {fence}"
            ));
        }
        let slow = if self.is_kind {
            1
        } else {
            1 + chance.below(300) as i64
        };
        let end = now.plus(TimeDelta::from_millis(1 + chance.between(0, slow * 1_000)));
        let what = if self.is_kind {
            kindly(facts, fence)
        } else {
            how(facts, fence, end, chance)
        };
        let started = Report {
            key,
            fence,
            at: now,
            what: Happened::Started {
                pid: Some(fence.0 as u32),
            },
        };
        let said = vec![started.clone()];
        self.tries.insert(
            fence,
            Try {
                key,
                said,
                end: Some((end, what)),
            },
        );
        self.send(started, now, chance);
    }

    fn kill(&mut self, key: TiKey, fence: Fence, now: Timestamp, chance: &mut Chance) {
        match self.tries.get_mut(&fence) {
            Some(known) => {
                let grace = TimeDelta::from_millis(chance.between(1, 5_000));
                let is_sooner = |(at, _): &(Timestamp, Happened)| now.plus(grace) < *at;
                if known.end.as_ref().is_some_and(is_sooner) {
                    known.end = Some((now.plus(grace), finished(Outcome::Killed)));
                }
            }
            None => self.lose(key, fence, "nobody knows this try", now, chance),
        }
    }

    /// Says that nothing is left of a try, and says it again until that is acknowledged.
    fn lose(&mut self, key: TiKey, fence: Fence, why: &str, now: Timestamp, chance: &mut Chance) {
        let message = why.to_owned();
        let what = finished(Outcome::Lost { message });
        let report = Report {
            key,
            fence,
            at: now,
            what,
        };
        let said = vec![report.clone()];
        let end = None;
        self.tries.insert(fence, Try { key, said, end });
        self.send(report, now, chance);
    }

    /// The server has the end in its book, or will not have it any more.
    pub fn ack(&mut self, fence: Fence) {
        if self.tries.get(&fence).is_some_and(|of| of.end.is_none()) {
            self.tries.remove(&fence);
        }
    }

    /// The server has the end of a wait in its book, and watches for it no more.
    pub fn waited(&mut self, fence: Fence) {
        self.armed.remove(&fence);
    }

    /// What arrives by now.
    pub fn arrivals(&mut self, now: Timestamp, chance: &mut Chance) -> Vec<Report> {
        self.end_tries(now, chance);
        let due: Vec<Fence> = self
            .armed
            .iter()
            .filter(|(_, (_, fires))| fires.as_ref().is_some_and(|(at, _)| *at <= now))
            .map(|(fence, _)| *fence)
            .collect();
        for fence in due {
            if let Some((key, Some((_, what)))) = self.armed.remove(&fence) {
                self.send(
                    Report {
                        key,
                        fence,
                        at: now,
                        what,
                    },
                    now,
                    chance,
                );
            }
        }
        let later = self.mail.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.mail, later)
            .into_values()
            .collect()
    }

    fn end_tries(&mut self, now: Timestamp, chance: &mut Chance) {
        let is_due = |of: &Try| of.end.as_ref().is_some_and(|(at, _)| *at <= now);
        let due: Vec<Fence> = self
            .tries
            .iter()
            .filter(|(_, of)| is_due(of))
            .map(|(fence, _)| *fence)
            .collect();
        for fence in due {
            let Some(known) = self.tries.get_mut(&fence) else {
                continue;
            };
            let Some((at, what)) = known.end.take() else {
                continue;
            };
            if lets_go(&what) {
                self.may_begin_again.insert(fence);
            }
            let report = Report {
                key: known.key,
                fence,
                at,
                what,
            };
            known.said.push(report.clone());
            self.send(report, now, chance);
        }
    }

    /// Sends a report, now and then twice, now and then once more much later. Those of one try
    /// arrive in order.
    fn send(&mut self, report: Report, now: Timestamp, chance: &mut Chance) {
        let last = self.mail.iter().filter(|(_, of)| of.fence == report.fence);
        let last = last.map(|((at, _), _)| *at).max();
        let delay = if self.is_kind || chance.percent(70) {
            0
        } else {
            chance.between(0, 20_000)
        };
        let at = now
            .plus(TimeDelta::from_millis(delay))
            .max(last.unwrap_or(now));
        self.post(report.clone(), at);
        if self.is_kind {
            return;
        }
        if chance.percent(8) {
            self.post(report.clone(), at);
        }
        if chance.percent(5) {
            let late = TimeDelta::from_secs(chance.between(1, 3_600));
            self.post(report, at.plus(late));
        }
    }

    fn post(&mut self, report: Report, at: Timestamp) {
        self.n_sent += 1;
        self.mail.insert((at, self.n_sent), report);
    }

    /// The server is gone: what was under way is lost, and some processes with it.
    pub fn server_crashed(&mut self, chance: &mut Chance) {
        self.mail.clear();
        self.armed.clear();
        let all = chance.percent(20);
        let none = chance.percent(40);
        self.tries
            .retain(|_, _| !all && (none || chance.percent(70)));
    }

    /// The server is back: ends that it has not acknowledged are told again.
    pub fn server_is_back(&mut self, now: Timestamp, chance: &mut Chance) {
        let ended = self.tries.values().filter(|of| of.end.is_none());
        let said: Vec<Report> = ended.flat_map(|of| of.said.last().cloned()).collect();
        for report in said {
            self.send(report, now, chance);
        }
    }

    /// The connection was lost but the server lives: what was under way is lost, and told again.
    pub fn link_lost(&mut self, now: Timestamp, chance: &mut Chance) {
        // What triggers say is kept until the server has it in its book.
        let of_trigger = |what: &Happened| {
            matches!(
                what,
                Happened::Fired { .. }
                    | Happened::TriggerFailed { .. }
                    | Happened::TriggerEnded { .. }
            )
        };
        self.mail.retain(|_, report| of_trigger(&report.what));
        let said: Vec<Report> = self.tries.values().flat_map(|of| of.said.clone()).collect();
        for report in said {
            self.send(report, now, chance);
        }
    }
}
