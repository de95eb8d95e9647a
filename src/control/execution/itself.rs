//! What a try says of itself, and asks about itself.

use model::{
    JsonMap, Timestamp,
    change::{Kept, KeptValue},
    command::Command,
    execution::{Answer, Asker, SkipTarget},
    report::{Happened, Report},
    state::DagRunState,
};

use crate::python::reschedules;

use super::{
    Desk, Plan, Planned, Wrong,
    find::{self, Earlier},
    nothing, now,
};

/// The template fields as they are after rendering. Those of a try that is over are dropped.
pub(super) fn set_rendered(desk: &Desk, who: &Asker, fields: JsonMap) -> Planned {
    let Some(ti) = find::present(&desk.reader.snapshot()?, who)? else {
        return now(Answer::Nothing);
    };
    let value = KeptValue {
        value: fields.into(),
        expires_at: None,
        updated_at: Some(desk.clock.now()),
    };
    let command = Command::Keep {
        key: ti.key,
        kept: vec![(Kept::Rendered, Some(value))],
    };
    Ok(Plan::Do(Box::new(command), nothing))
}

/// The label of a mapped instance.
pub(super) fn label(desk: &Desk, who: &Asker, rendered_map_index: String) -> Planned {
    if rendered_map_index.is_empty() {
        return Err(Wrong::new(422, "rendered_map_index cannot be empty"));
    }
    find::mine(&desk.reader.snapshot()?, who)?;
    let (key, fence) = find::own(who)?;
    let at = desk.clock.now();
    let what = Happened::Labelled { rendered_map_index };
    desk.handle.report(Report {
        key,
        fence,
        at,
        what,
    });
    // Reports have no reply; what comes after this one in the queue is not in the book before it.
    let kept = Vec::new();
    Ok(Plan::Do(Box::new(Command::Keep { key, kept }), nothing))
}

/// Tasks below that are not to be run.
pub(super) fn skip(desk: &Desk, who: &Asker, tasks: Vec<SkipTarget>) -> Planned {
    let ti = find::mine(&desk.reader.snapshot()?, who)?;
    let tasks = tasks.into_iter().map(|target| {
        let map = target.map_index.and_then(|map| i32::try_from(map).ok());
        (target.task_id, map)
    });
    let command = Command::SkipDownstream {
        key: ti.key,
        tasks: tasks.collect(),
    };
    Ok(Plan::Do(Box::new(command), nothing))
}

/// The last successful run before this one.
pub(super) fn previous_success(desk: &Desk, who: &Asker) -> Planned {
    let book = desk.reader.snapshot()?;
    let (key, _) = find::own(who)?;
    let run = book.run(key.run)?;
    let date = run.as_ref().and_then(|run| run.logical_date);
    let found = match (run, date) {
        (Some(run), Some(date)) => {
            let success = Some(DagRunState::Success);
            Earlier::new(&book, run.dag, Some(date), success)
                .next()
                .transpose()?
        }
        (_, _) => None,
    };
    let interval = found.as_ref().and_then(|run| run.data_interval);
    now(Answer::PrevSuccessfulDagRunResult {
        data_interval_start: interval.map(|interval| interval.start),
        data_interval_end: interval.map(|interval| interval.end),
        start_date: found.as_ref().and_then(|run| run.start_date),
        end_date: found.as_ref().and_then(|run| run.end_date),
    })
}

/// When the first part of this try began; none for one that was not rescheduled.
pub(super) fn first_reschedule(desk: &Desk, who: &Asker) -> Planned {
    let book = desk.reader.snapshot()?;
    let ti = find::mine(&book, who)?;
    let kept = book.kept(ti.key, &Kept::Rescheduled)?;
    let was = reschedules(kept.as_ref(), ti.try_number) > 0;
    let since = kept
        .as_ref()
        .and_then(|kept| kept.value.get("since")?.as_str());
    let since = since.and_then(|since| Timestamp::parse(since).ok());
    let start_date = since.or(ti.start_date).filter(|_| was);
    now(Answer::TaskRescheduleStartDate { start_date })
}
