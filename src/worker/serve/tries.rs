//! One try, from the message to the report.

use super::Shared;
use crate::{
    http,
    logs::{
        mask::Masker,
        write::{Level, Log},
    },
    process::{
        exit::failed,
        kill::Orders,
        run::{self, Ended, Surroundings},
        spawn::{self, Spawned},
    },
    python,
    wire::{self, What},
};
use model::{
    Timestamp,
    report::{Outcome, Usage},
    work::{Job, Work},
};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Begins a try, unless its fence is known.
pub fn start(shared: &Arc<Shared>, work: wire::Work) {
    let (fence, key) = work.name();
    let Some(orders) = shared.table().begin(fence, key) else {
        return;
    };
    let work = match work.kind() {
        wire::Kind::Plain(work) => *work,
        wire::Kind::Python(work) => return python::start(shared, *work, orders),
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let begun = {
            let shared = Arc::clone(&shared);
            tokio::task::spawn_blocking(move || begin(&shared, work)).await
        };
        match begun {
            Ok(Begun::Elsewhere) => shared.table().drop_try(fence),
            Ok(Begun::Refused(message)) => {
                report_end(&shared, fence, key, failed(message), Usage::default());
            }
            Ok(Begun::Running(running)) => {
                go_on(&shared, *running, &orders).await;
            }
            Err(_) => {
                let message = "TSK-013: the try could not be started".to_owned();
                report_end(&shared, fence, key, failed(message), Usage::default());
            }
        }
    });
}

enum Begun {
    /// Another worker process claimed it before.
    Elsewhere,
    /// Nothing runs.
    Refused(String),
    /// It runs.
    Running(Box<Begin>),
}

/// What a beginning leads to.
struct Begin {
    work: Work,
    started: Started,
    log: Log,
    /// Before the process was there, so that the shortest task has a length.
    at: Timestamp,
}

enum Started {
    Process(Spawned),
    Http,
}

/// Claims, opens the log, starts. Runs on a thread that may wait.
fn begin(shared: &Shared, work: Work) -> Begun {
    let (fence, key) = (work.fence.0, wire::Key::from(work.key));
    match shared.claims().take(fence, key) {
        Ok(true) => {}
        Ok(false) => return Begun::Elsewhere,
        Err(cause) => {
            let message = format!(
                "TSK-015: the try cannot be noted in {}: {cause}; is the disk full?",
                shared.paths.tries.display()
            );
            return Begun::Refused(message);
        }
    }
    let masker = masker(&work.secrets);
    let opened = Log::open(
        &shared.paths.logs,
        &work.log_path,
        &work.log_fields,
        Arc::clone(&masker),
        shared.limits.log_file_bytes,
    );
    let mut log = match opened {
        Ok(log) => log,
        Err(cause) => {
            let message = format!("TSK-015: the log cannot be made: {cause}; is the disk full?");
            return Begun::Refused(message);
        }
    };
    let at = shared.now();
    log.at(at);
    match &work.job {
        // `start` has sent Python tasks elsewhere.
        Job::Http(_) | Job::Python(_) => {
            let started = Started::Http;
            Begun::Running(Box::new(Begin {
                work,
                started,
                log,
                at,
            }))
        }
        Job::Process(process) => {
            // Before quoting, which would change a secret's text.
            let words: Vec<String> = process.argv.iter().map(|w| masker.mask_text(w)).collect();
            let command = format!("Running command: {}", python_list(&words));
            log.say(Level::Info, &command);
            log.say(Level::Info, "Output:");
            log.flush();
            match spawn::spawn(process, &shared.folders, shared.task_files) {
                Ok(spawned) => {
                    let pid = spawned.pid.as_raw_nonzero().get().unsigned_abs();
                    // If this cannot be written (disk full), the session still tells whose it is.
                    let _ = shared.claims().spawned(fence, pid, spawned.started_ticks);
                    let started = Started::Process(spawned);
                    Begun::Running(Box::new(Begin {
                        work,
                        started,
                        log,
                        at,
                    }))
                }
                Err(error) => {
                    let message = masker.mask_text(&error.to_string());
                    log.finish(shared.now(), Level::Error, &message);
                    Begun::Refused(message)
                }
            }
        }
    }
}

async fn go_on(shared: &Arc<Shared>, begin: Begin, orders: &Orders) {
    let Begin {
        work,
        started,
        mut log,
        at,
    } = begin;
    let (fence, key) = (work.fence.0, wire::Key::from(work.key));
    let pid = match &started {
        Started::Process(spawned) => Some(spawned.pid.as_raw_nonzero().get().unsigned_abs()),
        Started::Http => None,
    };
    report_at(shared, fence, key, What::Started { pid }, at);
    let masker = masker(&work.secrets);
    let now = || shared.now();
    let around = Surroundings {
        limits: shared.limits,
        timeout: work.execution_timeout,
        orders,
        masker: &masker,
        now: &now,
    };
    let Ended {
        outcome,
        usage,
        level,
        event,
        clean: _,
    } = match (&work.job, started) {
        (Job::Process(process), Started::Process(mut spawned)) => {
            let temp = spawned.temp.take();
            let ended = run::run(process, spawned, &mut log, around).await;
            if let Some(temp) = temp {
                give_back(shared, temp, ended.clean);
            }
            ended
        }
        (Job::Http(request), _) => http::run(request, &mut log, around).await,
        // `begin` made the one from the other.
        (Job::Process(_) | Job::Python(_), _) => return,
    };
    log.finish(shared.now(), level, &event);
    report_end(shared, fence, key, masked(outcome, &masker), usage);
}

fn give_back(shared: &Arc<Shared>, temp: PathBuf, clean: bool) {
    let empty = std::fs::read_dir(&temp).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        return shared.folders.give(temp, clean);
    }
    let shared = Arc::clone(shared);
    // To remove much takes long, and nobody waits for it.
    tokio::task::spawn_blocking(move || shared.folders.give(temp, false));
}

/// Messages can hold what a task was given; values are masked where they are made.
fn masked(outcome: Outcome, masker: &Masker) -> Outcome {
    match outcome {
        Outcome::Failed {
            message,
            may_retry,
            retry_delay,
        } => Outcome::Failed {
            message: masker.mask_text(&message),
            may_retry,
            retry_delay,
        },
        Outcome::Skipped { message } => Outcome::Skipped {
            message: masker.mask_text(&message),
        },
        Outcome::Removed { message } => Outcome::Removed {
            message: masker.mask_text(&message),
        },
        same @ (Outcome::Success { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Killed
        | Outcome::Lost { .. }) => same,
    }
}

fn report_end(shared: &Shared, fence: u64, key: wire::Key, outcome: Outcome, usage: Usage) {
    let what = What::Finished {
        outcome: outcome.into(),
        usage: usage.into(),
    };
    report(shared, fence, key, what);
}

/// Keeps and sends a report. An end is noted on disk first, so that it outlives this process.
pub fn report(shared: &Shared, fence: u64, key: wire::Key, what: What) {
    report_at(shared, fence, key, what, shared.now());
}

fn report_at(shared: &Shared, fence: u64, key: wire::Key, what: What, at: Timestamp) {
    let ends = matches!(what, What::Finished { .. } | What::Exited { .. });
    let report = wire::Report {
        key,
        fence,
        at_us: at.as_micros(),
        what,
    };
    if ends && let Err(error) = shared.claims().end(&report) {
        complain(&error, fence);
    }
    shared.table().report(report);
    shared.outgoing.notify_one();
    if ends {
        shared.changed.notify_one();
    }
}

/// The worker process's standard error is `run/worker.log`.
fn complain(error: &io::Error, fence: u64) {
    eprintln!("the end of try {fence} is only in memory: {error}");
}

/// Tries of one dag mostly have the same secrets, and a machine for many is dear to make: the last
/// one is kept.
fn masker(secrets: &[String]) -> Arc<Masker> {
    static LAST: Mutex<Option<(Vec<String>, Arc<Masker>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((same, masker)) if same == secrets => Arc::clone(masker),
        Some(_) | None => {
            let made = Arc::new(Masker::new(secrets));
            *last = Some((secrets.to_vec(), Arc::clone(&made)));
            made
        }
    }
}

/// As upstream's log shows a command: `['bash', '-c', 'echo hello']`.
fn python_list(words: &[String]) -> String {
    let quoted = words.iter().map(|word| {
        let quote = if word.contains('\'') && !word.contains('"') {
            '"'
        } else {
            '\''
        };
        let mut text = String::from(quote);
        for c in word.chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\r' => text.push_str("\\r"),
                '\\' => text.push_str("\\\\"),
                c if c == quote => text.extend(['\\', c]),
                c => text.push(c),
            }
        }
        text.push(quote);
        text
    });
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_print_as_in_python() {
        let words = ["bash", "-c", "echo 'a'\n", "it's \"x\""].map(ToOwned::to_owned);
        assert_eq!(
            python_list(&words),
            r#"['bash', '-c', "echo 'a'\n", 'it\'s "x"']"#
        );
    }
}
