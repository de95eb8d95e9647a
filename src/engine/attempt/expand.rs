//! A mapped task gets its instances, and keeps as many as there is to expand over.

use model::{MapIndex, TaskId, reason::Reason};

use super::{At, Event, halt::halt};
use crate::live::{Cx, expansion::Total};

/// What is to be done with an instance that is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fitted {
    /// It starts.
    Stays,
    /// Its place was taken by others, or it has ended.
    Done,
}

/// Sees to it that a task that is expanded has the instances that it is to have: the placeholder
/// becomes the first of them, those beyond the length are removed, missing ones come.
pub(crate) fn fit(cx: &mut Cx, place: At) -> Fitted {
    let Some(run) = cx.run(place.run) else {
        return Fitted::Done;
    };
    let Some(slot) = run.slot(place.at) else {
        return Fitted::Done;
    };
    let (task, map) = (slot.task, slot.ti.key.map);
    let Some(mapping) = run.plan.plan(task).and_then(|task| task.mapping.as_deref()) else {
        return Fitted::Stays;
    };
    let total = run.total(mapping);
    if map == MapIndex::NONE {
        expand(cx, place, task, total);
        return Fitted::Done;
    }
    let fits = run
        .expansions
        .get(&task)
        .and_then(|expansion| expansion.fits);
    match total {
        Total::Known(n_tasks) if fits != Some(n_tasks) => revise(cx, place, task, n_tasks),
        Total::Known(_) | Total::Unknown | Total::TooMany(_) => Fitted::Stays,
    }
}

fn expand(cx: &mut Cx, place: At, task: u32, total: Total) {
    match total {
        Total::Known(0) => {
            let message = "there is nothing to expand it over".to_owned();
            let reason = Reason::SkippedItself { message };
            cx.end(place, Event::RuledSkipped, Some(reason));
        }
        Total::Known(n_tasks) => {
            let live = &mut *cx.live;
            if let Some(run) = live.runs.get_mut(&place.run) {
                run.expand(task, n_tasks, &mut live.dirty);
            }
            look_at(cx, place, task);
        }
        Total::Unknown => {
            let message = match missing(cx, place).as_deref() {
                Some([first, ..]) => {
                    format!("`{first}` returned nothing that it could be expanded over")
                }
                Some([]) | None => "it cannot be expanded over what it is given".to_owned(),
            };
            let reason = Reason::Failed { message };
            cx.end(place, Event::RuledFailed, Some(reason));
        }
        Total::TooMany(total) => {
            let limit = model::limits::MAP_INSTANCES_MAX;
            let message = format!("it would be expanded into {total} instances of at most {limit}");
            let reason = Reason::Failed { message };
            cx.end(place, Event::RuledFailed, Some(reason));
        }
    }
}

/// The first task that returned nothing to expand over.
fn missing(cx: &Cx, place: At) -> Option<Vec<TaskId>> {
    let run = cx.run(place.run)?;
    let mapping = run.planned(place.at)?.mapping.as_deref()?;
    let lacks = |at: &&u32| {
        let returned = run.slot(**at).and_then(|slot| slot.ti.returned);
        !matches!(returned, Some(model::task_instance::Returned::Sized(_)))
    };
    let tasks = mapping.sources.iter().filter(lacks);
    let tasks = tasks.filter_map(|at| run.plan.task(*at));
    Some(tasks.map(|task| task.task_id.clone()).take(1).collect())
}

/// The length is another one than before.
fn revise(cx: &mut Cx, place: At, task: u32, n_tasks: u32) -> Fitted {
    let Some(expansion) = cx.run(place.run).and_then(|run| run.expansions.get(&task)) else {
        return Fitted::Stays;
    };
    let beyond: Vec<u32> = expansion
        .slots
        .iter()
        .skip(n_tasks as usize)
        .copied()
        .collect();
    for at in &beyond {
        let other = At {
            run: place.run,
            at: *at,
        };
        halt(cx, other);
        let message = "there is less to expand over than before".to_owned();
        cx.end(other, Event::Removed, Some(Reason::Failed { message }));
    }
    let live = &mut *cx.live;
    if let Some(run) = live.runs.get_mut(&place.run) {
        let first = run.slots.len();
        run.grow(task, n_tasks, &mut live.dirty);
        for at in first..run.slots.len() {
            run.push_work(&mut live.work, crate::plan::position(at));
        }
    }
    if beyond.contains(&place.at) {
        Fitted::Done
    } else {
        Fitted::Stays
    }
}

/// Has the new instances examined, and the placeholders below, which may have waited for this.
fn look_at(cx: &mut Cx, place: At, task: u32) {
    let live = &mut *cx.live;
    let Some(run) = live.runs.get_mut(&place.run) else {
        return;
    };
    let mut slots: Vec<u32> = run.slots_of(task).collect();
    let plan = std::sync::Arc::clone(&run.plan);
    if let Some(planned) = plan.plan(task) {
        let near = planned.edges.iter().filter(|edge| edge.near.is_some());
        slots.extend(near.map(|edge| edge.below));
    }
    for at in slots {
        run.push_work(&mut live.work, at);
    }
}
