//! Tries that need no executor: they begin and end here, with a log of their own.

use model::{
    Fence, Json, TaskId, TiKey,
    dag::OperatorKind,
    report::{Happened, Outcome, Report, Usage},
    task_instance::{Deferral, Trigger},
};

use super::{Act, launch::Loaded};
use crate::logs::{Line, append};

/// Whether the executor never hears of tries of this kind.
pub(super) const fn is_inline(kind: OperatorKind) -> bool {
    match kind {
        OperatorKind::Empty
        | OperatorKind::Branch
        | OperatorKind::TriggerDag
        | OperatorKind::FileSensor
        | OperatorKind::DateTimeSensor
        | OperatorKind::TimeDeltaSensor => true,
        OperatorKind::Bash | OperatorKind::Http | OperatorKind::Python => false,
    }
}

impl Act {
    /// The try ended well.
    pub(super) fn succeed(&self, of: &Loaded, xcoms: Vec<(String, Json)>, skip: Vec<TaskId>) {
        let outlets = Box::default();
        self.end(
            of,
            Outcome::Success {
                xcoms,
                skip,
                outlets,
            },
        );
    }

    /// The try ended badly, before there was a process to say so.
    pub(super) fn fail(&self, of: &Loaded, message: String, may_retry: bool) {
        self.log(of, "error", message.clone());
        self.end(
            of,
            Outcome::Failed {
                message,
                may_retry,
                retry_delay: None,
            },
        );
    }

    /// The try waits without a slot.
    pub(super) fn defer(&self, of: &Loaded, deferral: Deferral) {
        let what = match &deferral.trigger {
            Trigger::At(at) => format!("until {at}"),
            Trigger::File { path, .. } => format!("for {path}"),
            Trigger::Python { class, .. } => format!("for {class}"),
            Trigger::Human => "for a person's answer".to_owned(),
        };
        self.log(of, "info", format!("Waits {what}, without a slot"));
        self.tell(of, Happened::Deferred(Box::new(deferral)));
    }

    pub(super) fn end(&self, of: &Loaded, outcome: Outcome) {
        let usage = Usage::default();
        self.tell(of, Happened::Finished { outcome, usage });
    }

    /// The start and what followed at once are told together, and so are committed together.
    fn tell(&self, of: &Loaded, what: Happened) {
        let (key, fence) = (of.job.key, of.job.fence);
        if self.flights.end(fence) {
            self.report_killed(key, fence);
            return;
        }
        let at = self.clock.now();
        let started = Happened::Started { pid: None };
        let reports = [started, what].map(|what| Report {
            key,
            fence,
            at,
            what,
        });
        self.handle.report_all(reports);
    }

    pub(super) fn finish(&self, key: TiKey, fence: Fence, outcome: Outcome) {
        let what = Happened::Finished {
            outcome,
            usage: Usage::default(),
        };
        self.handle.report(Report {
            key,
            fence,
            at: self.clock.now(),
            what,
        });
    }

    /// Adds a line to the try's log. A log that cannot be written fails no task.
    pub(super) fn log(&self, of: &Loaded, level: &str, event: String) {
        let line = Line {
            at: self.clock.now(),
            level,
            event,
        };
        if let Err(e) = append(&self.logs.join(&of.log_path), &of.log_fields, &[line]) {
            tracing::warn!(target: "control", path = of.log_path, "a log cannot be written: {e}");
        }
    }
}
