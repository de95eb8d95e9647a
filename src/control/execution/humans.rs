//! What tasks ask people, and how the triggers of earlier Airflows look for the answers.

use std::sync::PoisonError;

use model::{
    JsonMap, TiKey,
    command::Command,
    execution::{Answer, Asker, HitlDetail},
    human::{HumanInput, HumanResponse},
};
use store::Snapshot;

use super::{Desk, Plan, Planned, Wrong, find, now, refused};

/// A task asks.
pub(super) fn ask(desk: &Desk, who: &Asker, detail: HitlDetail) -> Planned {
    let ti = find::mine(&desk.reader.snapshot()?, who)?;
    let HitlDetail {
        ti_id: _,
        options,
        subject,
        body,
        defaults,
        multiple,
        params,
        assigned_users,
    } = detail.clone();
    if options.is_empty() {
        return Err(Wrong::new(422, "options cannot be empty"));
    }
    let input = HumanInput {
        key: ti.key,
        try_number: ti.try_number,
        created_at: desk.clock.now(),
        options,
        subject,
        body,
        defaults,
        multiple,
        params: params.unwrap_or_default(),
        assigned_users: assigned_users.unwrap_or_default(),
        response: None,
    };
    let command = Command::AskHuman(Box::new(input));
    let well = Answer::HITLDetailRequestResult(Box::new(detail));
    Ok(Plan::Then(
        Box::new(command),
        Box::new(move |reply| refused(reply, well)),
    ))
}

/// What was answered.
pub(super) fn response(desk: &Desk, who: &Asker, ti_id: &str) -> Planned {
    let key = key(desk, who, ti_id)?;
    now(answer(question(&desk.reader.snapshot()?, key)?.response))
}

/// A trigger takes the defaults, since the time is over.
pub(super) fn update(
    desk: &Desk,
    who: &Asker,
    ti_id: &str,
    chosen_options: Vec<String>,
    params_input: Option<JsonMap>,
) -> Planned {
    let key = key(desk, who, ti_id)?;
    question(&desk.reader.snapshot()?, key)?;
    let params_input = params_input.unwrap_or_default();
    let response = HumanResponse {
        at: desk.clock.now(),
        by: None,
        chosen_options: chosen_options.clone(),
        params_input: params_input.clone(),
    };
    let command = Command::AnswerHuman {
        key,
        chosen_options,
        params_input,
        by: None,
        for_others: true,
    };
    let well = answer(Some(response));
    Ok(Plan::Then(
        Box::new(command),
        Box::new(move |reply| refused(reply, well)),
    ))
}

/// The instance whose trigger asks; a task can ask for itself.
fn key(desk: &Desk, who: &Asker, ti_id: &str) -> Result<TiKey, Wrong> {
    if let Asker::Try { key, .. } = who {
        return Ok(*key);
    }
    let armed = desk.armed.lock().unwrap_or_else(PoisonError::into_inner);
    let mut watched = armed.values();
    let found = watched.find(|watched| watched.ti_id.as_deref() == Some(ti_id));
    found.map(|watched| watched.key).ok_or_else(no_question)
}

fn question(book: &Snapshot, key: TiKey) -> Result<HumanInput, Wrong> {
    let ti = book.task_instance(key)?.ok_or_else(no_question)?;
    book.human_input(key, ti.try_number)?
        .ok_or_else(no_question)
}

fn no_question() -> Wrong {
    let message = "HITLDetail not found: the task instance was cleared before it was answered";
    Wrong::new(404, message)
}

fn answer(response: Option<HumanResponse>) -> Answer {
    let response_received = response.is_some();
    let (by, at, chosen, params_input) = match response {
        None => (None, None, None, JsonMap::new()),
        Some(HumanResponse {
            at,
            by,
            chosen_options,
            params_input,
        }) => (by, Some(at), Some(chosen_options), params_input),
    };
    Answer::HITLDetailResponseResult {
        response_received,
        responded_by_user: by,
        responded_at: at,
        chosen_options: chosen,
        params_input,
    }
}
