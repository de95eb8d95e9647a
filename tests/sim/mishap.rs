//! Mishaps: failed batches, lost memory, crashes; and the way back from each.

use control::{
    batch::{Failure, Given, Outcome},
    view::BookView,
};
use model::{DeploymentId, TimeDelta};

use crate::{
    disk::Trouble,
    life::Life,
    say,
    server::{NotUp, Server},
};

/// Attempts to come up before it is called impossible.
const ATTEMPTS_MAX: usize = 12;

impl Life {
    /// A disk that will fail soon, in one way or the other.
    pub(crate) fn trouble(&mut self) {
        let kinds = [
            Trouble::Slip,
            Trouble::Broken,
            Trouble::Full,
            Trouble::PowerCut,
        ];
        let trouble = self.chance.pick(&kinds).copied().unwrap_or(Trouble::Slip);
        let after = self.chance.below(30) as u64;
        say!(
            self,
            "the disk will have trouble after {after} operations: {trouble:?}"
        );
        self.disk.trouble(after, trouble);
    }

    /// The whole book as text; none when it cannot be read.
    pub(crate) fn book_text(&self) -> Option<Vec<String>> {
        self.server.as_ref().and_then(Server::text)
    }

    /// After a failed batch: the book is as it was, or holds the batch wholly; what is live is
    /// derived again, as often as it takes.
    pub(crate) fn come_back(
        &mut self,
        before: Option<Vec<String>>,
        failure: &Failure,
    ) -> Result<(), String> {
        let full = matches!(
            failure,
            Failure::Commit(store::CommitError::DiskFull { .. })
        );
        for attempt in 0..ATTEMPTS_MAX {
            if self.disk.is_dead() {
                return self.crash(true);
            }
            if attempt > 3 || self.chance.percent(50) {
                say!(self, "the disk is well again");
                self.disk.heal();
            }
            let Some(server) = &mut self.server else {
                break;
            };
            match server.scheduler.rebuild(self.now) {
                Ok(outcome) => {
                    let after = self.book_text();
                    let is_same = before.is_none() || after.is_none() || after == before;
                    if full && outcome.n_changes == 0 && !is_same {
                        return Err("a batch that had no room is in the book".to_owned());
                    }
                    self.finish(&outcome);
                    return Ok(());
                }
                Err(failure) => say!(self, "coming back fails: {failure:?}"),
            }
            self.now = self.now.plus(TimeDelta::from_secs(1));
        }
        Err("what is live cannot be derived again".to_owned())
    }

    /// What is live is thrown away and derived again while all goes well: nothing may change by it,
    /// and doing it twice is doing it once.
    pub(crate) fn forget(&mut self) -> Result<(), String> {
        say!(self, "forgets all that is live");
        let before = self.opinions();
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let is_settled = server
            .scheduler
            .next_wake()
            .is_none_or(|wake| wake > self.now);
        match server.scheduler.rebuild(self.now) {
            Ok(outcome) if is_settled && outcome.n_changes == 0 && !self.is_disk_full => {
                self.twice(outcome)?;
                self.same_opinions(&before)
            }
            Ok(outcome) => self.twice(outcome),
            Err(failure) => self.come_back(None, &failure),
        }
    }

    /// Where nothing was due before, nothing is due now, and everything is thought of as before.
    fn same_opinions(&mut self, before: &[String]) -> Result<(), String> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let outcome = match server.scheduler.batch(Vec::new(), self.now) {
            Ok(outcome) => outcome,
            Err(failure) => return self.come_back(None, &failure),
        };
        self.carry_out(&outcome.effects);
        if outcome.n_changes > 0 {
            let effects = outcome.effects;
            return Err(format!("recovering found something to do: {effects:?}"));
        }
        let after = self.opinions();
        if before == after {
            return Ok(());
        }
        let old = before.iter().find(|line| !after.contains(line));
        let new = after.iter().find(|line| !before.contains(line));
        Err(format!(
            "derived again it thinks otherwise: {new:?}, and before {old:?}"
        ))
    }

    /// What the scheduler thinks of everything that is unfinished, in words.
    fn opinions(&self) -> Vec<String> {
        let Some(server) = &self.server else {
            return Vec::new();
        };
        let (live, view) = (server.scheduler.live(), BookView::new(&server.reader));
        let Ok(book) = server.reader.snapshot() else {
            return Vec::new();
        };
        let mut lines: Vec<String> = live
            .pool_usage()
            .iter()
            .map(|usage| format!("{usage:?}"))
            .collect();
        for no in book.live_runs().unwrap_or_default() {
            lines.push(format!("{no} {:?}", live.run_reasons(no, &view, self.now)));
            for ti in book.task_instances(no).unwrap_or_default() {
                let why = live.task_reasons(ti.key, &view, self.now);
                lines.push(format!("{:?} {} {why:?}", ti.key, ti.state));
            }
        }
        lines
    }

    /// Recovers once more after the recovery that came to `first`, then carries that out.
    fn twice(&mut self, first: Outcome) -> Result<(), String> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let second = match server.scheduler.rebuild(self.now) {
            Ok(second) => second,
            Err(failure) => return self.come_back(None, &failure),
        };
        if second.n_changes > 0 {
            let n = second.n_changes;
            return Err(format!("recovering a second time makes {n} changes"));
        }
        if first.n_changes == 0 && second.effects != first.effects {
            let (first, second) = (first.effects, second.effects);
            return Err(format!(
                "recovering twice differs: {first:?}, then {second:?}"
            ));
        }
        self.carry_out(&second.effects);
        Ok(())
    }

    /// All memory is lost, the disk keeps what was synced. Afterwards the book must say what it
    /// said; unless a commit was under way, which may then be there too.
    pub(crate) fn crash(&mut self, in_commit: bool) -> Result<(), String> {
        say!(self, "crashes");
        self.stats.n_crashes += 1;
        let before = if in_commit { None } else { self.book_text() };
        self.world.server_crashed(&mut self.chance);
        self.kept.clear();
        self.disk.restart(&mut self.chance);
        self.server = None;
        if self.chance.percent(20) {
            self.now = self
                .now
                .plus(TimeDelta::from_secs(self.chance.between(1, 20_000)));
        }
        let after = self.read_platter()?;
        if let Some(before) = before.filter(|before| *before != after) {
            let lost = before.iter().find(|line| !after.contains(line));
            let new = after.iter().find(|line| !before.contains(line));
            return Err(format!(
                "the book changed over a crash: had {lost:?}, now {new:?}"
            ));
        }
        self.start()
    }

    /// What survived, before anything is derived and written. The power may go off again meanwhile.
    fn read_platter(&mut self) -> Result<Vec<String>, String> {
        for attempt in 0..ATTEMPTS_MAX {
            if attempt < 4 && self.chance.percent(20) {
                let after = self.chance.below(10) as u64;
                self.disk.trouble(after, Trouble::PowerCut);
            }
            let options = store::Options {
                cache_bytes: 1024 * 1024,
                quick_repair: false,
            };
            let opened = store::open_backend(self.disk.handle(), &options);
            let read = match opened {
                Ok((store, _writer)) => store
                    .snapshot(DeploymentId::DEFAULT)
                    .and_then(|book| crate::book::text(&book))
                    .map_err(|problem| format!("{problem:?}")),
                Err(problem) => Err(format!("{problem:?}")),
            };
            match read {
                Ok(text) if !self.disk.is_dead() => {
                    self.disk.heal();
                    return Ok(text);
                }
                Err(problem) if !self.disk.is_dead() => {
                    return Err(format!("the book is damaged by a crash: {problem}"));
                }
                Ok(_) | Err(_) => {
                    say!(self, "the power goes off again");
                    self.disk.restart(&mut self.chance);
                }
            }
        }
        Err("the book does not open".to_owned())
    }

    /// Starts the program; on a bad day more than once.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        for attempt in 0..ATTEMPTS_MAX {
            if attempt < 4 && self.chance.percent(5) {
                let after = self.chance.below(10) as u64;
                self.disk.trouble(after, Trouble::PowerCut);
            }
            match Server::start(&self.disk, self.now) {
                Ok((server, outcome)) => {
                    self.server = Some(server);
                    say!(self, "starts");
                    self.world.server_is_back(self.now, &mut self.chance);
                    return if self.disk.is_dead() {
                        self.crash(true)
                    } else {
                        self.twice(outcome)
                    };
                }
                Err(_) if self.disk.is_dead() => self.disk.restart(&mut self.chance),
                Err(NotUp::Book(problem)) => return Err(format!("no start: {problem:?}")),
                Err(NotUp::Failure(problem)) => return Err(format!("no start: {problem:?}")),
            }
        }
        Err("the program does not start".to_owned())
    }

    /// Keeps the reports of a batch that came to nothing, to be told again.
    pub(crate) fn keep(&mut self, inputs: Vec<Given>) {
        self.kept = inputs;
        self.kept.retain(|input| matches!(input, Given::Report(_)));
    }
}
