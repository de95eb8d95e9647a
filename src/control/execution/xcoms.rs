//! XComs. A miss is null for one value, and an error for a place in a sequence, as upstream has it.

use model::{
    DagId, Json, MapIndex, RunId, RunNo, TaskId, TaskNo, TiKey,
    command::{Command, RefusalKind, Reply},
    execution::{Answer, Asker, ErrorKind},
    limits::PYTHON_XCOM_BYTES_MAX,
};
use serde_json::json;
use store::Snapshot;

use super::{
    Desk, Plan, Planned, Wrong,
    find::{self, Earlier},
    is_refused, nothing, now,
};

/// Whose XCom, and which.
pub(super) struct Of {
    pub(super) key: String,
    pub(super) dag_id: DagId,
    pub(super) run_id: RunId,
    pub(super) task_id: TaskId,
}

type Values = Vec<(MapIndex, Json)>;

pub(super) fn get(desk: &Desk, of: &Of, map: Option<i64>, prior: bool) -> Planned {
    let book = desk.reader.snapshot()?;
    let map = map_index(map);
    let value = find(&book, of, prior, |run, task| {
        let found = book.xcom(TiKey { run, task, map }, &of.key)?;
        Ok(found.map(|xcom| xcom.value))
    })?;
    now(Answer::XComResult {
        key: of.key.clone(),
        value: value.unwrap_or(Json::Null),
    })
}

pub(super) fn count(desk: &Desk, of: &Of) -> Planned {
    let all = all(&desk.reader.snapshot()?, of, false)?;
    let len = i64::try_from(all.len()).unwrap_or(i64::MAX);
    now(Answer::XComCountResponse { len })
}

pub(super) fn item(desk: &Desk, of: &Of, offset: i64) -> Planned {
    let mut all = all(&desk.reader.snapshot()?, of, false)?;
    let len = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let at = if offset < 0 { len + offset } else { offset };
    let at = usize::try_from(at).ok().filter(|at| *at < all.len());
    if let Some(at) = at {
        let (_, root) = all.swap_remove(at);
        return now(Answer::XComSequenceIndexResult { root });
    }
    let detail = json!({
        "dag_id": of.dag_id.as_str(),
        "run_id": of.run_id.as_str(),
        "task_id": of.task_id.as_str(),
        "key": of.key,
        "offset": offset,
    });
    now(Answer::Error {
        kind: ErrorKind::XComNotFound,
        detail: detail.as_object().cloned().unwrap_or_default(),
    })
}

pub(super) type Slice = (Option<i64>, Option<i64>, Option<i64>);

pub(super) fn slice(desk: &Desk, of: &Of, slice: Slice, prior: bool) -> Planned {
    let all = all(&desk.reader.snapshot()?, of, prior)?;
    let mut values: Vec<Option<Json>> = all.into_iter().map(|(_, value)| Some(value)).collect();
    let places = places(values.len(), slice);
    let taken = places
        .into_iter()
        .filter_map(|at| values.get_mut(at)?.take());
    let root = taken.collect();
    now(Answer::XComSequenceSliceResult { root })
}

pub(super) fn set(
    desk: &Desk,
    who: &Asker,
    of: Of,
    map: Option<i64>,
    (value, mapped_length): (Json, Option<i64>),
) -> Planned {
    if of.key.is_empty() {
        return Err(Wrong::new(400, "XCom key must be a non-empty string."));
    }
    let bytes = value.to_string().len();
    if bytes > PYTHON_XCOM_BYTES_MAX {
        let limit = PYTHON_XCOM_BYTES_MAX >> 20;
        let message = format!(
            "XCom `{}` has {} MiB; an XCom may have {limit} MiB: keep the value elsewhere and push \
             where it is, or use an XCom backend",
            of.key,
            bytes >> 20
        );
        return Err(Wrong::new(413, message));
    }
    let book = desk.reader.snapshot()?;
    let key = key_of(&book, &of, map)?;
    if let Asker::Try { key: own, .. } = who
        && *own == key
    {
        find::mine(&book, who)?;
    }
    let command = Command::PushXCom {
        key,
        name: of.key,
        value,
        mapped_length: mapped_length.and_then(|length| u32::try_from(length).ok()),
    };
    Ok(Plan::Do(Box::new(command), nothing))
}

pub(super) fn delete(desk: &Desk, of: Of, map: Option<i64>) -> Planned {
    let book = desk.reader.snapshot()?;
    let Ok(key) = key_of(&book, &of, map) else {
        return now(Answer::Nothing);
    };
    let name = of.key;
    let command = Command::DeleteXCom { key, name };
    Ok(Plan::Do(Box::new(command), |reply| {
        let is_gone = is_refused(&reply, RefusalKind::NotFound);
        nothing(if is_gone { Reply::Done } else { reply })
    }))
}

fn map_index(map: Option<i64>) -> MapIndex {
    let map = map.and_then(|map| i32::try_from(map).ok());
    map.filter(|map| *map >= 0).map_or(MapIndex::NONE, MapIndex)
}

fn key_of(book: &Snapshot, of: &Of, map: Option<i64>) -> Result<TiKey, Wrong> {
    let run = find::run(book, &of.dag_id, &of.run_id)?;
    let task = find::task(book, run.dag, &of.task_id)?;
    let task = task.ok_or_else(|| {
        let message = format!("Dag '{}' has no task '{}'", of.dag_id, of.task_id);
        Wrong::new(404, message)
    })?;
    Ok(TiKey {
        run: run.no,
        task,
        map: map_index(map),
    })
}

/// Values by map index.
fn all(book: &Snapshot, of: &Of, prior: bool) -> Result<Values, Wrong> {
    let found = find(book, of, prior, |run, task| {
        let values = book.xcoms_of_task(run, task, &of.key)?;
        Ok(Some(values).filter(|values| !values.is_empty()))
    })?;
    let mut found = found.unwrap_or_default();
    found.sort_by_key(|(map, _)| *map);
    Ok(found)
}

/// What the run has, or with `prior` the latest earlier run that has it.
fn find<T>(
    book: &Snapshot,
    of: &Of,
    prior: bool,
    read: impl Fn(RunNo, TaskNo) -> Result<Option<T>, store::ReadError>,
) -> Result<Option<T>, Wrong> {
    let Some(dag) = book.dag_no(&of.dag_id)? else {
        return Ok(None);
    };
    let Some(task) = find::task(book, dag, &of.task_id)? else {
        return Ok(None);
    };
    let Some(run) = book.run_no(dag, &of.run_id)? else {
        return Ok(None);
    };
    let found = read(run, task)?;
    if found.is_some() || !prior {
        return Ok(found);
    }
    let date = book.run(run)?.and_then(|run| run.logical_date);
    if date.is_none() {
        return Ok(None);
    }
    for earlier in Earlier::new(book, dag, date, None) {
        let found = read(earlier?.no, task)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The places that a Python slice of so many items takes, in order.
fn places(len: usize, (start, stop, step): Slice) -> Vec<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let step = step.filter(|step| *step != 0).unwrap_or(1);
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |at: i64| {
        let at = if at < 0 { at.saturating_add(len) } else { at };
        at.clamp(low, high)
    };
    let (first, end) = if step > 0 { (low, high) } else { (high, low) };
    let mut at = start.map_or(first, clamp);
    let end = stop.map_or(end, clamp);
    let mut taken = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        taken.extend(usize::try_from(at).ok());
        at = at.saturating_add(step);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_as_in_python() {
        let some = Some;
        for (slice, expected) in [
            ((None, None, None), vec![0, 1, 2, 3, 4]),
            ((some(1), some(3), None), vec![1, 2]),
            ((some(-2), None, None), vec![3, 4]),
            ((None, some(-1), some(2)), vec![0, 2]),
            ((None, None, some(-2)), vec![4, 2, 0]),
            ((some(3), some(0), some(-1)), vec![3, 2, 1]),
            ((some(-9), some(9), some(0)), vec![0, 1, 2, 3, 4]),
            ((some(9), some(-9), some(-3)), vec![4, 1]),
            ((some(4), some(2), None), vec![]),
        ] {
            assert_eq!(places(5, slice), expected, "{slice:?}");
        }
        assert_eq!(places(0, (None, None, some(-1))), Vec::<usize>::new());
    }
}
