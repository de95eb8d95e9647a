//! What only Python can say is asked outside, and taken in when the answer comes.

use std::collections::HashMap;

use model::{
    DagNo, Fence, VersionNo,
    command::Reply,
    effect::Effect,
    evaluation::{Evaluated, Evaluation, Question, TimetableSays, WeightOf},
    limits::{EVALUATE_AGAIN_MS, STRATEGY_TRIES_MAX},
    schedule::Schedule,
    state::TaskInstanceState as State,
};
use serde_json::json;

use crate::{
    assets::asked,
    live::{Cx, Live, state, timers::Timer},
    plan::Plan,
    run::next,
};

/// The timetable that only Python knows, as serialised, if the schedule has one.
#[must_use]
pub fn custom(schedule: &Schedule) -> Option<model::Json> {
    if let Schedule::Other { class, data } = schedule {
        return Some(json!({"__type": class, "__var": data}));
    }
    if let Schedule::AssetOrTime { timetable, .. } = schedule {
        return custom(timetable);
    }
    None
}

/// Asks for the next run. Until the answer comes, none is created.
pub(crate) fn timetable(cx: &mut Cx, plan: &Plan, timetable: model::Json) {
    let no = cx.live.new_fence();
    let Some(dag) = cx.live.dags.get_mut(&plan.dag_no) else {
        return;
    };
    dag.asked = Some(no);
    dag.named = None;
    let question = Question::Timetable {
        timetable,
        last: dag.row.last_scheduled,
        earliest: plan.dag.start_date,
        latest: plan.dag.end_date,
        catchup: plan.dag.catchup,
    };
    ask(cx.live, no, plan, question);
}

/// Asks for the weights of tasks that have a strategy of their own.
pub(crate) fn weights(live: &mut Live, plan: &Plan) {
    let tasks = (0..).zip(&plan.dag.tasks);
    let of = tasks.filter_map(|(at, task)| Some((at, task, task.weight_strategy.clone()?)));
    let asked = of.flat_map(|(at, task, strategy)| {
        let tries = task.retries.saturating_add(1).min(STRATEGY_TRIES_MAX);
        (1..=tries).map(move |try_number| WeightOf {
            at,
            task_id: task.task_id.clone(),
            strategy: strategy.clone(),
            own: task.priority_weight,
            try_number,
        })
    });
    let asked: Vec<WeightOf> = asked.collect();
    if !asked.is_empty() {
        let no = live.new_fence();
        ask(live, no, plan, Question::Weights(asked));
    }
}

/// Has a question asked.
pub(crate) fn ask(live: &mut Live, no: Fence, plan: &Plan, question: Question) {
    let (dag, version) = (plan.dag_no, plan.version);
    live.dirty
        .effects
        .push(Effect::Evaluate(Box::new(Evaluation {
            no,
            dag,
            version,
            question,
        })));
}

/// An answer, or why there is none. One to an older question is dropped.
pub(crate) fn answered(
    cx: &mut Cx,
    (no, dag, version): (Fence, DagNo, VersionNo),
    answer: Result<Evaluated, String>,
) -> Reply {
    match answer {
        Ok(Evaluated::Timetable(says)) => says_timetable(cx, dag, no, *says),
        Ok(Evaluated::Weights(weights)) => take_weights(cx, dag, version, weights),
        Ok(Evaluated::Partition { row, asks }) => asked::answered(cx, dag, &row, asks),
        Err(_) => {
            if cx
                .live
                .dags
                .get(&dag)
                .is_some_and(|dag| dag.asked == Some(no))
            {
                let again = model::TimeDelta::from_micros(EVALUATE_AGAIN_MS * 1_000);
                let at = cx.now.plus(again);
                cx.live.timers.at(at, Timer::Evaluate(dag));
            }
        }
    }
    Reply::Done
}

fn says_timetable(cx: &mut Cx, dag: DagNo, no: Fence, says: TimetableSays) {
    let TimetableSays {
        next,
        run_id,
        summary,
        description,
    } = says;
    let Some(live) = cx
        .live
        .dags
        .get_mut(&dag)
        .filter(|dag| dag.asked == Some(no))
    else {
        return;
    };
    live.asked = None;
    live.named = Some(run_id);
    let (is, was) = ((&summary, &description), &live.row.summary);
    if is != (&was.timetable_summary, &was.timetable_description)
        && let Some(row) = cx.live.change_dag(dag)
    {
        row.summary.timetable_summary = summary;
        row.summary.timetable_description = description;
    }
    next::set(cx.live, dag, next);
}

/// Those that are lined up already are lined up again by their new weights.
fn take_weights(cx: &mut Cx, dag: DagNo, version: VersionNo, weights: Vec<(u32, u32, i32)>) {
    let live = &mut *cx.live;
    let Some(of) = live.dags.get_mut(&dag) else {
        return;
    };
    let Some(plan) = of.plans.get(&version).cloned() else {
        return;
    };
    let weights = weights.into_iter().map(|(at, n, weight)| ((at, n), weight));
    let weights: HashMap<(u32, u32), i32> = weights.collect();
    let mut moved = Vec::new();
    for no in of.live_runs() {
        let Some(run) = live
            .runs
            .get_mut(&no)
            .filter(|run| run.plan.version == version)
        else {
            continue;
        };
        let slots = (0..).zip(&run.slots);
        let scheduled = slots.filter(|(_, slot)| slot.ti.state == State::Scheduled);
        let places: Vec<u32> = scheduled.map(|(at, _)| at).collect();
        let lined_up = if run.held { Vec::new() } else { places };
        for at in lined_up {
            state::unready(run, &mut of.limits, &mut live.ready, at, true);
            moved.push((no, at));
        }
    }
    // Said twice, the first answer stays: the order of starting must not change under those in it.
    let _ = plan.strategies.set(weights);
    for (no, at) in moved {
        if let Some(run) = live.runs.get(&no) {
            state::make_ready(run, &mut live.ready, at);
        }
    }
}
