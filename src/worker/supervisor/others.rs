//! Sessions that are no tries: parses, callbacks, the triggerer.

use super::{
    evaluator::EvaluatorHandle,
    facts::Facts,
    frames::{self, Said},
    parts,
    tries::{Act, own},
    value::{Word, map},
};
use crate::wire::{Ended, Exit, Reply, Status};
use model::{
    execution::{Answer, Ask, Asker, Callback, RunTrigger, TriggerFailure, TriggerFired},
    limits::{TRIGGER_SYNC_BYTES_MAX, WATCH_AGAIN_MS, WATCH_AGAIN_MS_MAX, ZYGOTE_IDLE_MS},
    ports::{ParseRequest, Parsed},
    work::PythonRuntime,
};
use rmpv::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What a session is for.
pub enum What {
    /// A parse.
    Parse {
        request: Box<ParseRequest>,
        result: Option<Parsed>,
        since: Instant,
        done: Box<dyn FnOnce(Parsed) + Send>,
    },
    /// Callbacks of dags and tasks of one file.
    Callback {
        request: Box<ParseRequest>,
        callbacks: Vec<Callback>,
        /// Told what went wrong, if anything.
        done: Box<dyn FnOnce(Option<String>) + Send>,
    },
    /// The triggerer.
    Triggerer(TriggererHandle),
    /// The evaluator.
    Evaluator(EvaluatorHandle),
}

/// A session of the present server.
pub struct Other {
    /// What for.
    pub what: What,
    /// What the runtime knows, once it has begun.
    pub facts: Arc<Facts>,
}

/// Which triggers the triggerer is to have. Shared with those who create and cancel them; a new
/// child is told all of them.
#[derive(Clone, Default)]
pub struct TriggererHandle(Arc<Mutex<Wanted>>);

#[derive(Default)]
struct Wanted {
    live: BTreeMap<u64, RunTrigger>,
    /// What the present child has.
    told: BTreeSet<u64>,
    cancel: BTreeSet<u64>,
    /// Those that last and have ended.
    rests: BTreeMap<u64, Rest>,
    persisted: Vec<u64>,
    /// What the present child runs in, or the next one will.
    runtime: Option<PythonRuntime>,
    /// Since when there are no triggers.
    idle_since: Option<Instant>,
    life: Life,
}

/// What has ended by itself and is to begin again.
#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    /// In a row.
    n_failures: u32,
}

impl Rest {
    fn new(n_failures: u32, now: Instant) -> Self {
        let factor = 1_u64.checked_shl(n_failures).unwrap_or(u64::MAX);
        let after_ms = WATCH_AGAIN_MS.saturating_mul(factor);
        let until = now + Duration::from_millis(after_ms.min(WATCH_AGAIN_MS_MAX));
        Self { until, n_failures }
    }
}

/// Whether there is a child.
#[derive(Default, PartialEq)]
enum Life {
    /// There is, or soon will be.
    #[default]
    Up,
    /// It is about to end, since there are no triggers.
    Ending,
    /// There is none until the next trigger.
    Down,
}

/// A word of a trigger.
#[derive(Debug, PartialEq)]
pub enum TriggerWord {
    /// It has fired.
    Fired(TriggerFired),
    /// It has failed.
    Failed(TriggerFailure),
}

impl TriggererHandle {
    /// Begins to watch, once for each id; a finished one is not begun again.
    pub fn create(&self, trigger: RunTrigger) {
        self.wanted().live.insert(trigger.id, trigger);
    }

    /// Takes the runtime in which triggers are to run. True when it was another before.
    pub fn is_new(&self, runtime: &PythonRuntime) -> bool {
        let mut wanted = self.wanted();
        let is_new = wanted.runtime.as_ref().is_some_and(|of| of != runtime);
        if is_new || wanted.runtime.is_none() {
            wanted.runtime = Some(runtime.clone());
        }
        is_new
    }

    /// The same as [`Self::create`]'s child.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// There are triggers: true when a child is to be started for them.
    pub fn wake(&self) -> bool {
        let mut wanted = self.wanted();
        wanted.idle_since = None;
        std::mem::replace(&mut wanted.life, Life::Up) == Life::Down
    }

    /// Whether the child has had no triggers for so long that it is to end.
    fn may_rest(&self) -> bool {
        let mut wanted = self.wanted();
        if !wanted.live.is_empty() || !wanted.told.is_empty() {
            wanted.idle_since = None;
            return false;
        }
        let chosen = wanted.runtime.as_ref().map_or(0, |runtime| runtime.idle_ms);
        let limit = if chosen == 0 { ZYGOTE_IDLE_MS } else { chosen };
        let since = *wanted.idle_since.get_or_insert_with(Instant::now);
        let rests = wanted.life == Life::Up && since.elapsed() >= Duration::from_millis(limit);
        if rests {
            wanted.life = Life::Ending;
        }
        rests
    }

    /// The child has ended: whether there is to be another.
    fn ended(&self) -> bool {
        let mut wanted = self.wanted();
        let rests = wanted.life == Life::Ending;
        if rests {
            wanted.life = Life::Down;
        }
        !rests
    }

    /// Watches no longer.
    pub fn cancel(&self, id: u64) {
        let mut wanted = self.wanted();
        wanted.live.remove(&id);
        wanted.rests.remove(&id);
        if wanted.told.contains(&id) {
            wanted.cancel.insert(id);
        }
    }

    /// The event with this number ([`TriggerFired::seq`]) is in the book.
    pub fn confirm(&self, seq: u64) {
        self.wanted().persisted.push(seq);
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, Wanted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new child knows nothing.
    fn begin(&self) {
        let mut wanted = self.wanted();
        wanted.told.clear();
        wanted.cancel.clear();
        wanted.rests.clear();
        wanted.persisted.clear();
    }

    /// What the child is to do next. A trigger that lasts is begun again, as upstream's is at the
    /// triggerer's next look.
    fn sync(&self, finished: &[u64], failed: &[u64], now: Instant) -> Value {
        let mut wanted = self.wanted();
        let Wanted {
            live,
            told,
            cancel,
            rests,
            persisted,
            runtime: _,
            idle_since: _,
            life: _,
        } = &mut *wanted;
        let ended = finished.iter().map(|id| (id, false));
        for (id, has_failed) in ended.chain(failed.iter().map(|id| (id, true))) {
            told.remove(id);
            if live.get(id).is_some_and(|trigger| trigger.lasts) {
                let before = rests.get(id).map_or(0, |rest| rest.n_failures);
                let n_failures = if has_failed {
                    before.saturating_add(1)
                } else {
                    0
                };
                rests.insert(*id, Rest::new(n_failures, now));
            } else {
                live.remove(id);
            }
        }
        let persisted = std::mem::take(persisted);
        // What a frame has no room for comes with the next one, a second later.
        let (mut to_create, mut bytes) = (Vec::new(), 0);
        for trigger in live.values() {
            if bytes > TRIGGER_SYNC_BYTES_MAX {
                break;
            }
            let rests = rests.get(&trigger.id).is_some_and(|rest| rest.until > now);
            if !rests && told.insert(trigger.id) {
                let word = parts::run_trigger(trigger);
                bytes += frames::bytes(&word).len();
                to_create.push(word);
            }
        }
        let to_cancel: Vec<u64> = std::mem::take(cancel).into_iter().collect();
        told.retain(|id| !to_cancel.contains(id));
        map([
            ("type", "TriggerStateSync".into()),
            ("to_create", Value::Array(to_create)),
            ("to_cancel", to_cancel.write()),
            (
                "events_persisted",
                Some(persisted).filter(|seqs| !seqs.is_empty()).write(),
            ),
        ])
    }
}

impl Other {
    /// Who asks.
    pub fn asker(&self) -> Asker {
        match &self.what {
            What::Parse { request, .. } => Asker::Parse {
                file: request.path.clone(),
            },
            What::Callback { request, .. } => Asker::Callback {
                file: request.path.clone(),
            },
            What::Triggerer(_) => Asker::Triggerer,
            What::Evaluator(_) => Asker::Evaluator,
        }
    }

    /// The first words to the child.
    pub fn first(&self, session: u64) -> Vec<Vec<u8>> {
        let parse = |request: &ParseRequest, callbacks: &[Callback]| {
            map([
                ("type", "DagFileParseRequest".into()),
                ("file", request.path.write()),
                ("bundle_path", request.bundle_path.write()),
                ("bundle_name", request.bundle_name.write()),
                (
                    "callback_requests",
                    Value::Array(callbacks.iter().map(parts::callback).collect()),
                ),
            ])
        };
        let body = match &self.what {
            What::Parse { request, .. } => parse(request, &[]),
            What::Callback {
                request, callbacks, ..
            } => match callbacks.as_slice() {
                [one @ Callback::Function { .. }] => map([
                    ("bundle_path", request.bundle_path.write()),
                    ("call", parts::callback(one)),
                ]),
                callbacks => parse(request, callbacks),
            },
            What::Triggerer(handle) => {
                handle.begin();
                map([("type", "StartTriggerer".into())])
            }
            What::Evaluator(handle) => return handle.begin(session),
        };
        vec![frames::message(0, body, &self.facts)]
    }

    /// The child said something. Also gives what triggers said.
    pub fn frame(&mut self, n: u64, bytes: &[u8]) -> (Vec<Act>, Vec<TriggerWord>) {
        if let What::Evaluator(handle) = &self.what {
            return (handle.frame(n, bytes), Vec::new());
        }
        let (id, said) = match frames::read(bytes, &self.facts) {
            Ok(frame) => frame,
            Err(wrong) => {
                let what = format!("TSK-023: the process sent what is no message: {wrong}");
                return (vec![Act::Break(what)], Vec::new());
            }
        };
        let reply = |bytes| {
            vec![Act::Reply(Reply {
                n,
                bytes,
                ..Reply::default()
            })]
        };
        let ask = match said {
            Said::Ask(ask) => ask,
            Said::Unknown(why) => return (reply(frames::refusal(id, &why)), Vec::new()),
        };
        if let Some(act) = own(n, id, &ask, &self.facts) {
            return (vec![act], Vec::new());
        }
        let nothing = frames::answer(id, &Answer::Nothing, &self.facts);
        match (ask, &mut self.what) {
            (
                Ask::DagFileParsingResult {
                    fileloc,
                    serialized_dags,
                    warnings,
                    import_errors,
                },
                What::Parse { result, .. },
            ) => {
                let dags = serialized_dags.into_iter();
                *result = Some(Parsed {
                    dags: dags.map(|(dag, _)| (fileloc.clone(), dag)).collect(),
                    import_errors,
                    warnings,
                    n_seconds: 0.0,
                });
                (reply(nothing), Vec::new())
            }
            (
                Ask::TriggerStateChanges {
                    events,
                    failures,
                    finished,
                },
                What::Triggerer(handle),
            ) => {
                let failed: Vec<u64> = failures.iter().map(|f| f.trigger_id).collect();
                let body = handle.sync(&finished, &failed, Instant::now());
                let fired = events.into_iter().map(TriggerWord::Fired);
                let words = fired.chain(failures.into_iter().map(TriggerWord::Failed));
                let words = words.collect();
                let mut acts = reply(frames::message(id, body, &self.facts));
                if handle.may_rest() {
                    acts.push(Act::Break("there are no triggers to watch".to_owned()));
                }
                (acts, words)
            }
            // Of parses, callbacks and triggers alike.
            (ask, _) => {
                let ask = Box::new(ask);
                (vec![Act::Ask { n, id, ask }], Vec::new())
            }
        }
    }

    /// Its process has ended; says so to whoever waits. True when it is to be opened again.
    pub fn closed(self, exit: &Exit) -> bool {
        match self.what {
            What::Parse {
                request,
                result,
                since,
                done,
            } => {
                let mut parsed = result.unwrap_or_else(|| {
                    let file = Path::new(&request.path);
                    let relative = file.strip_prefix(&request.bundle_path).unwrap_or(file);
                    let error = (relative.display().to_string(), why(exit));
                    Parsed {
                        import_errors: vec![error],
                        ..Parsed::default()
                    }
                });
                parsed.n_seconds = since.elapsed().as_secs_f64();
                done(parsed);
                false
            }
            What::Callback { done, .. } => {
                let well = exit.status == Status::Code(0) && exit.cause.is_none();
                done((!well).then(|| why(exit)));
                false
            }
            What::Triggerer(handle) => handle.ended() && exit.cause != Some(Ended::Asked),
            What::Evaluator(handle) => {
                handle.end(&why(exit));
                exit.cause != Some(Ended::Asked)
            }
        }
    }
}

/// Why a child ended without a result.
fn why(exit: &Exit) -> String {
    let Exit {
        status,
        usage: _,
        cause,
        tail,
    } = exit;
    let what = match (cause, status) {
        (Some(Ended::Broken(message)), _) => message.clone(),
        (Some(Ended::TimedOut { limit_us }), _) => {
            let seconds = limit_us / 1_000_000;
            format!("TSK-024: the file took longer than {seconds} s and was ended")
        }
        (Some(Ended::Asked | Ended::Stopping | Ended::Overtime), _) => {
            "TSK-024: the process was ended".to_owned()
        }
        (None, Status::Code(code)) => {
            format!("TSK-024: the process ended with code {code} before it gave a result")
        }
        (None, Status::Signal(signal)) => {
            format!("TSK-024: the process was ended by signal {signal}")
        }
        (None, Status::Unknown | Status::None) => "TSK-024: the process is gone".to_owned(),
    };
    if tail.trim().is_empty() {
        what
    } else {
        format!("{what}\n\n{}", tail.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Json;

    fn trigger(id: u64, dag_bytes: usize, lasts: bool) -> RunTrigger {
        RunTrigger {
            id,
            classpath: "t.T".to_owned(),
            kwargs: Json::Null,
            ti: None,
            timeout_after: None,
            dag_data: Some(Arc::new("x".repeat(dag_bytes).into())),
            dag_run_data: None,
            lasts,
        }
    }

    fn n_told(sync: &Value) -> usize {
        let told = super::super::value::get(sync, "to_create").and_then(Value::as_array);
        told.map_or(0, Vec::len)
    }

    #[test]
    fn many_large_triggers_come_a_few_at_a_time() {
        let handle = TriggererHandle::default();
        for id in 1..=5 {
            handle.create(trigger(id, TRIGGER_SYNC_BYTES_MAX / 2, false));
        }
        handle.begin();
        let now = Instant::now();
        let told: Vec<usize> = (0..4)
            .map(|_| n_told(&handle.sync(&[], &[], now)))
            .collect();
        assert_eq!(told, [2, 2, 1, 0]);
    }

    #[test]
    fn what_lasts_begins_again_later_the_more_often_it_failed() {
        let handle = TriggererHandle::default();
        handle.create(trigger(1, 0, false));
        handle.create(trigger(2, 0, true));
        handle.begin();
        let mut now = Instant::now();
        assert_eq!(n_told(&handle.sync(&[], &[], now)), 2);
        // Only one of them comes back, in each number of seconds after it ended.
        for (has_failed, after_s) in [
            (false, 1),
            (false, 1),
            (true, 2),
            (true, 4),
            (false, 1),
            (true, 2),
        ] {
            let (ends, fails): (&[u64], &[u64]) = if has_failed {
                (&[1], &[2])
            } else {
                (&[1, 2], &[])
            };
            assert_eq!(n_told(&handle.sync(ends, fails, now)), 0);
            now += Duration::from_millis(after_s * 1_000 - 1);
            assert_eq!(n_told(&handle.sync(&[], &[], now)), 0);
            now += Duration::from_millis(1);
            assert_eq!(n_told(&handle.sync(&[], &[], now)), 1);
        }
        for _ in 0..40 {
            handle.sync(&[], &[2], now);
            now += Duration::from_millis(WATCH_AGAIN_MS_MAX);
            assert_eq!(n_told(&handle.sync(&[], &[], now)), 1);
        }
        handle.sync(&[2], &[], now);
        handle.cancel(2);
        now += Duration::from_millis(WATCH_AGAIN_MS_MAX);
        assert_eq!(n_told(&handle.sync(&[], &[], now)), 0);
    }
}
