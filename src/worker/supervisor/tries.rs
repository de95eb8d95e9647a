//! A try's session: a state machine without clocks and wires.

use super::{
    facts::Facts,
    frames::{self, Said},
    secrets,
};
use crate::wire::{Ended, Exit, Note, Reply, Status};
use model::{
    TimeDelta, Timestamp,
    execution::{Answer, Ask, Ending, OwnState},
    report::{Happened, Outcome, Usage},
};
use std::sync::Arc;

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Act {
    /// Send an answer.
    Reply(Reply),
    /// Tell control.
    Report(Happened),
    /// Ask control; the answer goes to frame `n`, which is number `id` of the child.
    Ask { n: u64, id: u64, ask: Box<Ask> },
    /// End the process, since what it says is wrong.
    Break(String),
    /// The worker process may forget the try.
    Forget,
}

/// Where a try is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// It runs.
    Running,
    /// It has said how it ended, and waits until that is in the book.
    Said { n: u64, id: u64, overtime: bool },
    /// It has said what counts at its exit.
    Own(OwnState),
    /// Its end is in the book.
    Ended,
}

/// One try.
#[derive(Debug)]
pub struct Try {
    facts: Arc<Facts>,
    stage: Stage,
    exited: bool,
}

/// What is known at a time.
pub struct Now<'a> {
    /// The time.
    pub now: Timestamp,
    /// What the process has used so far.
    pub usage: &'a dyn Fn() -> Usage,
}

impl Try {
    /// Opened, or taken over from an earlier server.
    pub const fn new(facts: Arc<Facts>, note: Option<Note>) -> Self {
        Self {
            facts,
            stage: stage_of(note),
            exited: false,
        }
    }

    /// Its worker process was reached anew.
    pub fn again(&mut self, facts: Arc<Facts>) {
        self.facts = facts;
    }

    /// What the runtime knows.
    pub fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts)
    }

    /// The child said something.
    pub fn frame(&mut self, n: u64, bytes: &[u8], at: &Now<'_>) -> Vec<Act> {
        if n == 0 {
            return match frames::startup(bytes, at.now, &self.facts) {
                Some(bytes) => vec![reply(n, bytes)],
                None => vec![Act::Break(
                    "TSK-023: what the task is to be told cannot be read".to_owned(),
                )],
            };
        }
        match frames::read(bytes, &self.facts) {
            Err(wrong) => vec![Act::Break(format!(
                "TSK-023: the process sent what is no message: {wrong}"
            ))],
            Ok((id, Said::Unknown(why))) => vec![reply(n, frames::refusal(id, &why))],
            Ok((id, Said::Ask(ask))) => self.asked(n, id, ask, at),
        }
    }

    fn asked(&mut self, n: u64, id: u64, ask: Ask, at: &Now<'_>) -> Vec<Act> {
        let nothing = frames::answer(id, &Answer::Nothing, &self.facts);
        if let Some(act) = own(n, id, &ask, &self.facts) {
            return vec![act];
        }
        // Callbacks of a retry may take their time, as upstream allows.
        let overtime = !matches!(ask, Ask::RetryTask { .. });
        let ending = match ask.into_ending(at.now, (at.usage)()) {
            Ok(ending) => ending,
            Err(ask) => return vec![Act::Ask { n, id, ask }],
        };
        match self.stage {
            // Told again by a worker process that was reached anew; the answer follows.
            Stage::Said { n: said, .. } if said == n => return Vec::new(),
            Stage::Said { .. } => return vec![reply(n, nothing)],
            Stage::Ended => {
                return vec![Act::Reply(Reply {
                    n,
                    bytes: nothing,
                    note: Some(Note::Ended),
                    overtime,
                    ..Reply::default()
                })];
            }
            Stage::Running | Stage::Own(_) => {}
        }
        let (label, last) = match ending {
            Ending::Now {
                rendered_map_index,
                happened,
            } => {
                self.stage = Stage::Said { n, id, overtime };
                (rendered_map_index, Act::Report(happened))
            }
            Ending::AtExit {
                rendered_map_index,
                state,
            } => {
                self.stage = Stage::Own(state);
                let note = match state {
                    OwnState::Failed => Note::Failed,
                    OwnState::Skipped => Note::Skipped,
                    OwnState::Removed => Note::Removed,
                };
                let reply = Act::Reply(Reply {
                    n,
                    bytes: nothing,
                    note: Some(note),
                    ..Reply::default()
                });
                (rendered_map_index, reply)
            }
        };
        let label =
            label.map(|rendered_map_index| Act::Report(Happened::Labelled { rendered_map_index }));
        label.into_iter().chain([last]).collect()
    }

    /// A report of its end is in the book, or dropped as stale.
    pub fn acked(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        match self.stage {
            Stage::Said { n, id, overtime } => {
                self.stage = Stage::Ended;
                acts.push(Act::Reply(Reply {
                    n,
                    bytes: frames::answer(id, &Answer::Nothing, &self.facts),
                    note: Some(Note::Ended),
                    overtime,
                    ..Reply::default()
                }));
            }
            Stage::Running | Stage::Own(_) | Stage::Ended => {}
        }
        if self.exited {
            self.stage = Stage::Ended;
            acts.push(Act::Forget);
        }
        acts
    }

    /// Its process has ended.
    pub fn exited(&mut self, exit: &Exit, note: Option<Note>) -> Vec<Act> {
        self.exited = true;
        if note == Some(Note::Ended) {
            self.stage = Stage::Ended;
        }
        let own = match self.stage {
            Stage::Ended => return vec![Act::Forget],
            // The answer to its last word goes nowhere, but the book comes first all the same.
            Stage::Said { .. } => return Vec::new(),
            Stage::Own(own) => Some(own),
            Stage::Running => match stage_of(note) {
                Stage::Own(own) => Some(own),
                Stage::Running | Stage::Said { .. } | Stage::Ended => None,
            },
        };
        let outcome = outcome(exit, own);
        let usage = exit.usage.into();
        vec![Act::Report(Happened::Finished { outcome, usage })]
    }
}

const fn stage_of(note: Option<Note>) -> Stage {
    match note {
        None => Stage::Running,
        Some(Note::Ended) => Stage::Ended,
        Some(Note::Failed) => Stage::Own(OwnState::Failed),
        Some(Note::Skipped) => Stage::Own(OwnState::Skipped),
        Some(Note::Removed) => Stage::Own(OwnState::Removed),
    }
}

fn reply(n: u64, bytes: Vec<u8>) -> Act {
    Act::Reply(Reply {
        n,
        bytes,
        ..Reply::default()
    })
}

/// What is answered here, for every kind of session.
#[allow(clippy::wildcard_enum_match_arm)] // All others are control's to answer.
pub fn own(n: u64, id: u64, ask: &Ask, facts: &Facts) -> Option<Act> {
    match ask {
        Ask::MaskSecret { value, name } => Some(Act::Reply(Reply {
            n,
            bytes: frames::answer(id, &Answer::Nothing, facts),
            secrets: secrets::of_value(value, name.as_deref()),
            ..Reply::default()
        })),
        Ask::ResendLoggingFD => {
            let body = super::value::map([
                ("type", "SentFDs".into()),
                ("fds", rmpv::Value::Array(vec![0.into()])),
            ]);
            Some(Act::Reply(Reply {
                n,
                bytes: frames::message(id, body, facts),
                log_fd: true,
                ..Reply::default()
            }))
        }
        _ => None,
    }
}

/// What an exit means where no last word says more: upstream's `final_state`.
fn outcome(exit: &Exit, own: Option<OwnState>) -> Outcome {
    let Exit {
        status,
        usage: _,
        cause,
        tail,
    } = exit;
    match cause {
        Some(Ended::Asked) => return Outcome::Killed,
        Some(Ended::Stopping) => {
            let message = "the worker was stopped while the task ran".to_owned();
            return Outcome::Lost { message };
        }
        Some(Ended::TimedOut { limit_us }) => {
            let limit = TimeDelta::from_micros(*limit_us);
            return Outcome::TimedOut { limit };
        }
        Some(Ended::Broken(message)) => return failed(message.clone(), true),
        Some(Ended::Overtime) | None => {}
    }
    let why = |what: String| match tail.trim().lines().next_back() {
        Some(last) => format!("{what}: {last}"),
        None => what,
    };
    match (status, own) {
        (Status::Code(0), None) => Outcome::Success {
            xcoms: Vec::new(),
            skip: Vec::new(),
            outlets: Box::default(),
        },
        (Status::Code(0), Some(OwnState::Failed)) => failed("the task failed".to_owned(), false),
        (Status::Code(0), Some(OwnState::Skipped)) => Outcome::Skipped {
            message: "the task skipped itself".to_owned(),
        },
        (Status::Code(0), Some(OwnState::Removed)) => Outcome::Removed {
            message: "the task is not in the dag any more".to_owned(),
        },
        (Status::Code(code), _) => failed(why(format!("the process ended with code {code}")), true),
        (Status::Signal(signal), _) => failed(
            why(format!("the process was ended by signal {signal}")),
            true,
        ),
        (Status::Unknown | Status::None, _) => Outcome::Lost {
            message: "nobody could tell how the process ended".to_owned(),
        },
    }
}

fn failed(message: String, may_retry: bool) -> Outcome {
    Outcome::Failed {
        message,
        may_retry,
        retry_delay: None,
    }
}
