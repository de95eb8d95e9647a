//! People in the loop: a task asks, waits without a worker, and goes on with the answer.

use model::{
    Json, JsonMap, TiKey,
    command::{Refusal, Reply},
    execution::{HitlUser, serde_date},
    human::{HumanInput, HumanResponse},
    report::AwaitedInput,
    state::TaskInstanceState as State,
    task_instance::{Deferral, Trigger},
};
use serde_json::json;

use super::{At, Event, Next, defer};
use crate::{
    live::{Cx, timers::Timer},
    refusals,
};

/// What somebody answers.
pub(crate) struct Given {
    pub chosen_options: Vec<String>,
    pub params_input: JsonMap,
}

/// A task asks. Asked again in the same try, the answer that was there goes.
pub(crate) fn ask(cx: &mut Cx, input: HumanInput) -> Result<Reply, Refusal> {
    let place = cx.run(input.key.run).and_then(|run| run.find(input.key));
    if place.is_none() {
        return Err(refusals::no_task_instance());
    }
    let input = match question(cx, input.key, input.try_number) {
        Some(known) => HumanInput {
            response: None,
            ..known
        },
        None => input,
    };
    put(cx, input);
    Ok(Reply::Done)
}

/// Somebody answers the question of the present try. A task that waits for it goes on.
pub(crate) fn answer(
    cx: &mut Cx,
    key: TiKey,
    given: Given,
    (by, for_others): (Option<HitlUser>, bool),
) -> Result<Reply, Refusal> {
    let live = cx.run(key.run).and_then(|run| run.find(key));
    let place = live.map(|at| At { run: key.run, at });
    let ti = match place {
        Some(place) => cx.ti(place).cloned(),
        None => cx.view.task_instance(key),
    };
    let ti = ti.ok_or_else(refusals::no_task_instance)?;
    let input = question(cx, key, ti.try_number).ok_or_else(refusals::no_question)?;
    let asked = by.as_ref().filter(|_| !for_others);
    check(&input, &given, asked)?;
    let now = cx.now;
    let Given {
        chosen_options,
        params_input,
    } = given;
    let response = HumanResponse {
        at: now,
        by,
        chosen_options,
        params_input,
    };
    let event = event(&response, false);
    put(
        cx,
        HumanInput {
            response: Some(response),
            ..input
        },
    );
    // A trigger that waits for it, as before 3.3, finds it for itself.
    if let Some(place) = place.filter(|_| ti.state == State::AwaitingInput) {
        go_on(cx, place, event);
    }
    Ok(Reply::Done)
}

fn check(input: &HumanInput, given: &Given, by: Option<&HitlUser>) -> Result<(), Refusal> {
    if input.response.is_some() {
        return Err(refusals::already_answered());
    }
    let may = |by: &HitlUser| input.assigned_users.iter().any(|user| user.id == by.id);
    if let Some(by) = by.filter(|by| !input.assigned_users.is_empty() && !may(by)) {
        return Err(refusals::not_asked(by));
    }
    let chosen = given.chosen_options.iter();
    let unknown: Vec<&String> = chosen.filter(|o| !input.options.contains(o)).collect();
    if !unknown.is_empty() || given.chosen_options.is_empty() {
        return Err(refusals::bad_options(&unknown, &input.options));
    }
    if given.chosen_options.len() > 1 && !input.multiple {
        return Err(refusals::one_option());
    }
    Ok(())
}

/// The task lets go of its worker and waits. When the answer was faster, it goes on at once.
pub(crate) fn wait(cx: &mut Cx, place: At, awaited: AwaitedInput) {
    if cx.apply(place, Event::AwaitsInput) != Next::To(State::AwaitingInput) {
        return;
    }
    let AwaitedInput { timeout, resume } = awaited;
    let deferral = Deferral {
        trigger: Trigger::Human,
        timeout,
        soft_fail: false,
        resume: Some(resume),
    };
    if let Some(timeout) = timeout {
        let timer = Timer::DeferralTimeout(place.run, place.at);
        cx.live.timers.at(timeout, timer);
    }
    let Some(ti) = cx.change(place) else { return };
    // Nobody outside has it, so nobody needs a permission.
    ti.fence = None;
    ti.pid = None;
    ti.reason = Some(defer::why(&deferral.trigger));
    ti.deferral = Some(deferral);
    let (key, try_number) = (ti.key, ti.try_number);
    let response = question(cx, key, try_number).and_then(|input| input.response);
    if let Some(response) = response {
        go_on(cx, place, event(&response, false));
    }
}

/// The time to wait is over: the defaults answer where there are some, else the task is told.
pub(crate) fn time_out(cx: &mut Cx, place: At) {
    let Some(ti) = cx.ti(place) else { return };
    let (key, try_number) = (ti.key, ti.try_number);
    let input = question(cx, key, try_number);
    let is_answered = input.as_ref().is_some_and(|input| input.response.is_some());
    let event = match input {
        Some(input) if is_answered || input.defaults.is_some() => {
            let now = cx.now;
            let by_default = || HumanResponse {
                at: now,
                by: None,
                chosen_options: input.defaults.clone().unwrap_or_default(),
                params_input: defaults_of(&input.params),
            };
            let response = input.response.clone().unwrap_or_else(by_default);
            let event = event(&response, !is_answered);
            let response = Some(response);
            put(cx, HumanInput { response, ..input });
            event
        }
        Some(_) | None => json!({
            "error": "The time to answer has passed, and nobody did.",
            "error_type": "timeout",
        }),
    };
    go_on(cx, place, event);
}

fn go_on(cx: &mut Cx, place: At, event: Json) {
    let now = cx.now;
    let resume = cx
        .ti(place)
        .and_then(|ti| ti.deferral.as_ref()?.resume.clone());
    if let Some((method, kwargs)) = resume {
        defer::resume(cx, place, method, defer::with_event(kwargs, event), now);
    }
}

/// The question of a try, with what this batch has done to it.
fn question(cx: &Cx, key: TiKey, try_number: u32) -> Option<HumanInput> {
    let fresh = cx.live.dirty.humans.get(&(key, try_number));
    fresh
        .cloned()
        .or_else(|| cx.view.human_input(key, try_number))
}

fn put(cx: &mut Cx, input: HumanInput) {
    let key = (input.key, input.try_number);
    cx.live.dirty.humans.insert(key, input);
}

/// A param's own value; anything else stands for itself.
fn defaults_of(params: &JsonMap) -> JsonMap {
    let value = |param: &Json| param.get("value").unwrap_or(param).clone();
    let all = params
        .iter()
        .map(|(name, param)| (name.clone(), value(param)));
    all.collect()
}

/// What the operator goes on with.
fn event(response: &HumanResponse, timedout: bool) -> Json {
    let HumanResponse {
        at,
        by,
        chosen_options,
        params_input,
    } = response;
    let by = by
        .as_ref()
        .map(|HitlUser { id, name }| json!({"id": id, "name": name}));
    json!({
        "chosen_options": chosen_options,
        "params_input": params_input,
        "responded_at": serde_date(*at),
        "responded_by_user": by,
        "timedout": timedout,
    })
}
