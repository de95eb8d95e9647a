//! What must hold after each batch.

use control::{
    batch::{Given, Outcome},
    view::BookView,
};
use model::command::{Command, Reply};

use crate::{
    life::{Life, mix},
    say,
};

/// The whole book is recounted after each so many batches.
const RECOUNT_EVERY: u64 = 16;

impl Life {
    /// Checks what a batch answered against the book.
    pub(crate) fn check(&mut self, inputs: &[Given], outcome: &Outcome) -> Result<(), String> {
        let Some(server) = &self.server else {
            return Ok(());
        };
        if outcome.replies.len() != inputs.len() {
            let (n, of) = (outcome.replies.len(), inputs.len());
            return Err(format!("{n} answers to {of} inputs"));
        }
        self.stats.n_stale += outcome.n_stale as u64;
        let mut last_deletion = None;
        for (at, input) in inputs.iter().enumerate() {
            if let Given::Command(command) = input {
                let deletes = matches!(
                    **command,
                    Command::DeleteRun { .. } | Command::DeleteDag { .. } | Command::Prune { .. }
                );
                last_deletion = if deletes { Some(at) } else { last_deletion };
            }
        }
        for (at, reply) in outcome.replies.iter().enumerate() {
            let Some(reply) = reply else { continue };
            say!(self, "answers {reply:?}");
            self.stats.history = mix(self.stats.history, &format!("{reply:?}"));
            match reply {
                Reply::Done | Reply::TaskInstances(_) => self.stats.n_granted += 1,
                Reply::Refused(refusal) => {
                    if refusal.message.is_empty() || refusal.code.len() != 7 {
                        return Err(format!("a refusal without a word: {refusal:?}"));
                    }
                    self.stats.n_refused += 1;
                }
                Reply::Run { run, run_id, .. } => {
                    self.stats.n_granted += 1;
                    if last_deletion.is_some_and(|deletion| deletion > at) {
                        continue;
                    }
                    let book = server
                        .reader
                        .snapshot()
                        .map_err(|problem| problem.to_string())?;
                    let found = book.run(*run).map_err(|problem| problem.to_string())?;
                    if found.is_none_or(|found| found.run_id != *run_id) {
                        return Err(format!("run {run_id} was promised and is not in the book"));
                    }
                }
            }
        }
        Ok(())
    }

    /// What cannot be, here or outside.
    pub(crate) fn no_wrongs(&mut self) -> Result<(), String> {
        if let Some(broken) = self.world.broken.first() {
            return Err(broken.clone());
        }
        let Some(server) = &self.server else {
            return Ok(());
        };
        if let (Ok(n), Ok(book)) = (std::env::var("SIM_RUN"), server.reader.snapshot()) {
            let no = model::RunNo(n.parse().unwrap_or(0));
            let text = book.task_instances(no).unwrap_or_default();
            let text: Vec<String> = text
                .iter()
                .map(|ti| format!("{}:{}", ti.key.task, ti.state))
                .collect();
            say!(
                self,
                "BOOK {} {:?}",
                text.join(" "),
                book.run(no).ok().flatten().map(|r| (r.version, r.state))
            );
        }
        let view = BookView::new(&server.reader);
        engine::invariants::check(server.scheduler.live(), &view)?;
        if !self.stats.n_batches.is_multiple_of(RECOUNT_EVERY) || self.disk.is_troubled() {
            return Ok(());
        }
        let book = server
            .reader
            .snapshot()
            .map_err(|problem| problem.to_string())?;
        let wrongs = crate::book::wrongs(&book).map_err(|problem| problem.to_string())?;
        wrongs.first().map_or(Ok(()), |wrong| Err(wrong.clone()))
    }
}
