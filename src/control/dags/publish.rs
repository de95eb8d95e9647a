//! Asks the engine to take what was read, many at once so that they share commits.

use std::{thread, time::Duration};

use model::{
    change::ImportError,
    command::{Command, PublishFile, Refusal, RefusalKind, Reply},
};
use tokio::sync::oneshot;

use super::{Scanner, read::ReadFile, scan::Known};

/// How long to wait when the queue is full or the book cannot be written.
const AGAIN: Duration = Duration::from_millis(200);
/// How often to try.
const ATTEMPTS: usize = 50;

impl Scanner {
    /// Publishes files. One that is refused, because another file has its dag say, is tried once
    /// more after the others, since that one may have let go of it; then its error is kept.
    pub(super) fn publish(&mut self, files: Vec<ReadFile>) {
        let files: Vec<ReadFile> = files
            .into_iter()
            .filter(|file| self.is_news(file))
            .collect();
        let refused = self.publish_once(files);
        let files = refused.into_iter().map(|(file, _)| file).collect();
        let refused = self.publish_once(files);
        let n_refused = refused.len();
        let broken = refused
            .into_iter()
            .filter(|(_, why)| why.kind != RefusalKind::Unavailable);
        let broken = broken.map(|(mut file, Refusal { code, message, .. })| {
            let at = self.clock.now();
            let code = code.to_owned();
            let error = ImportError {
                at,
                code,
                message,
                line: None,
                column: None,
            };
            file.publish.file.error = Some(error);
            file.publish.dags.clear();
            file
        });
        let broken: Vec<ReadFile> = broken.collect();
        self.known.owes |= broken.len() < n_refused;
        self.known.owes |= !self.publish_once(broken).is_empty();
    }

    pub(super) fn remove(&mut self, paths: Vec<String>) {
        let waiting: Vec<_> = paths
            .into_iter()
            .map(|path| {
                let answer = self.ask(|| Command::RemoveFile { path: path.clone() });
                (path, answer)
            })
            .collect();
        for (path, answer) in waiting {
            match reply(answer) {
                Ok(()) => {
                    self.known.by_path.remove(&path);
                }
                Err(refusal) if refusal.kind == RefusalKind::NotFound => {
                    self.known.by_path.remove(&path);
                }
                Err(refusal) => {
                    tracing::warn!(target: "control", path, "{refusal}");
                    self.known.owes = true;
                }
            }
        }
    }

    fn is_news(&self, file: &ReadFile) -> bool {
        let row = &file.publish.file;
        let known = self.known.by_path.get(&row.path);
        known.is_none_or(|known| {
            (known.stamp, &known.hash) != (row.stamp, &row.hash)
                || known.has_error != row.error.is_some()
                || known.includes.len() != file.includes.len()
        })
    }

    fn publish_once(&mut self, files: Vec<ReadFile>) -> Vec<(ReadFile, Refusal)> {
        let waiting: Vec<_> = files
            .into_iter()
            .map(|file| {
                let PublishFile { file: row, dags } = &file.publish;
                let publish = || PublishFile {
                    file: row.clone(),
                    dags: dags.clone(),
                };
                let answer = self.ask(|| Command::PublishFile(Box::new(publish())));
                (file, answer)
            })
            .collect();
        let mut refused = Vec::new();
        for (file, answer) in waiting {
            match reply(answer) {
                Ok(()) => {
                    let row = &file.publish.file;
                    if let Some(e) = &row.error {
                        let path = &row.path;
                        // Of a traceback the last line says what happened.
                        let message = e.message.trim_end().lines().next_back();
                        let message = message.filter(|_| e.line.is_none()).unwrap_or(&e.message);
                        tracing::warn!(target: "control", path, line = e.line, "{message}");
                    }
                    let known = Known {
                        includes: file.includes,
                        ..Known::from_row(row)
                    };
                    self.known.by_path.insert(row.path.clone(), known);
                }
                Err(refusal) => refused.push((file, refusal)),
            }
        }
        refused
    }

    /// Puts a command on the queue, waiting for room.
    fn ask(&self, command: impl Fn() -> Command) -> Option<oneshot::Receiver<Reply>> {
        for _ in 0..ATTEMPTS {
            match self.handle.send(command()) {
                Ok(answer) => return Some(answer),
                Err(_) => thread::sleep(AGAIN),
            }
        }
        None
    }
}

fn reply(answer: Option<oneshot::Receiver<Reply>>) -> Result<(), Refusal> {
    match answer.map(oneshot::Receiver::blocking_recv) {
        Some(Ok(Reply::Refused(refusal))) => Err(refusal),
        Some(Ok(
            Reply::Done
            | Reply::Run { .. }
            | Reply::TaskInstances(_)
            | Reply::AssetEvent(_)
            | Reply::Backfill(_),
        )) => Ok(()),
        Some(Err(_)) | None => Err(crate::handle::stopped()),
    }
}
