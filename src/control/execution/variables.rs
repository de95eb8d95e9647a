//! Variables: the environment's first, then the book's.

use model::{
    change::Variable,
    command::{Command, RefusalKind, Reply},
    execution::{Answer, ErrorKind},
};

use super::{Desk, Plan, Planned, Wrong, is_refused, nothing, now, ok};
use crate::queries::variables;

pub(super) fn get(desk: &Desk, key: String) -> Planned {
    let value = match desk.reader.environment.variable(&key) {
        Some(value) => Some(value.to_owned()),
        None => match variables::get(&desk.reader, &key) {
            Ok(found) => found.map(|variable| variable.value),
            Err(variables::Error::Read(e)) => return Err(e.into()),
            Err(e @ variables::Error::Sealed { .. }) => return Err(Wrong::new(500, e.to_string())),
        },
    };
    if value.is_some() {
        return now(Answer::VariableResult { key, value });
    }
    now(Answer::Error {
        kind: ErrorKind::VariableNotFound,
        detail: [("key".to_owned(), key.into())].into_iter().collect(),
    })
}

/// The names in the book.
pub(super) fn keys(desk: &Desk, prefix: Option<&str>, limit: i64, offset: i64) -> Planned {
    let all = desk.reader.snapshot()?.variables()?.into_iter();
    let mut keys: Vec<String> = all
        .map(|variable| variable.key)
        .filter(|key| prefix.is_none_or(|prefix| key.starts_with(prefix)))
        .collect();
    keys.sort();
    let total_entries = i64::try_from(keys.len()).unwrap_or(i64::MAX);
    let [limit, offset] = [limit, offset].map(|n| usize::try_from(n).unwrap_or(0));
    let keys = keys.into_iter().skip(offset).take(limit).collect();
    now(Answer::VariableKeysResult {
        keys,
        total_entries,
    })
}

pub(super) fn put(
    desk: &Desk,
    key: String,
    value: Option<String>,
    description: Option<String>,
) -> Planned {
    // Upstream keeps the text of whatever it is given.
    let value = value.unwrap_or_else(|| "None".to_owned());
    let context = variables::context(&key);
    let sealed = desk.reader.keyring.seal(&context, value.as_bytes());
    let sealed = sealed.map_err(|e| Wrong::new(500, format!("it cannot be sealed: {e}")))?;
    let variable = Variable {
        key,
        sealed,
        description,
    };
    let only_new = false;
    let command = Command::PutVariable { variable, only_new };
    Ok(Plan::Do(Box::new(command), nothing))
}

pub(super) fn delete(key: String) -> Planned {
    let command = Command::DeleteVariable { key };
    Ok(Plan::Do(Box::new(command), |reply| {
        let is_gone = is_refused(&reply, RefusalKind::NotFound);
        ok(if is_gone { Reply::Done } else { reply })
    }))
}
