//! The state store of a task instance: it outlives the try, and values may expire.

use model::{
    Json, Timestamp,
    change::{Kept, KeptValue},
    command::Command,
    execution::{Answer, Asker, ErrorKind},
};

use super::{Desk, Plan, Planned, find, now, ok};

pub(super) fn get(desk: &Desk, who: &Asker, key: String) -> Planned {
    let book = desk.reader.snapshot()?;
    let (of, _) = find::own(who)?;
    let found = book.kept(of, &Kept::State(key.clone()))?;
    let at = desk.clock.now();
    let found = found.filter(|kept| kept.expires_at.is_none_or(|expires| expires > at));
    now(match found {
        Some(kept) => Answer::TaskStateStoreResult { value: kept.value },
        None => Answer::Error {
            kind: ErrorKind::TaskStoreNotFound,
            detail: [("key".to_owned(), key.into())].into_iter().collect(),
        },
    })
}

pub(super) fn set(
    desk: &Desk,
    who: &Asker,
    key: String,
    value: Json,
    expires_at: Option<Timestamp>,
) -> Planned {
    let value = KeptValue {
        value,
        expires_at,
        updated_at: Some(desk.clock.now()),
    };
    keep(desk, who, vec![(Kept::State(key), Some(value))])
}

pub(super) fn delete(desk: &Desk, who: &Asker, key: String) -> Planned {
    keep(desk, who, vec![(Kept::State(key), None)])
}

pub(super) fn clear(desk: &Desk, who: &Asker) -> Planned {
    let (of, _) = find::own(who)?;
    let keys = desk.reader.snapshot()?.state_keys(of)?;
    let kept = keys.into_iter().map(|key| (Kept::State(key), None));
    keep(desk, who, kept.collect())
}

fn keep(desk: &Desk, who: &Asker, kept: Vec<(Kept, Option<KeptValue>)>) -> Planned {
    let key = find::mine(&desk.reader.snapshot()?, who)?.key;
    Ok(Plan::Do(Box::new(Command::Keep { key, kept }), ok))
}
