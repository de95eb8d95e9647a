//! Callbacks that are owed. The order of the variants is part of the book: add at the end.

use model::{
    Fence, MapIndex, RunNo, TaskNo, TiKey, Timestamp,
    callback::{Call, OwedCallback},
};
use serde::{Deserialize, Serialize};

use super::{Record, json, word::Word};
use crate::{error::ReadError, records::word::word, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct CallbackRecord {
    at: i64,
    call: CallRecord,
}

/// Run, task and map index.
type Key = (u64, u32, i32);

#[derive(Serialize, Deserialize)]
enum CallRecord {
    Dag {
        run: u64,
        is_failure: bool,
        reason: String,
        relevant: Option<Key>,
    },
    Task {
        key: Key,
        try_number: u32,
        to: u8,
        message: String,
    },
    Email {
        key: Key,
        try_number: u32,
        is_failure: bool,
        message: String,
    },
    Deadline {
        run: u64,
        id: String,
        name: Option<String>,
        due: i64,
        callback: String,
    },
}

impl Record for CallbackRecord {
    const TABLE: &'static str = tables::callbacks::NAME;
}

const fn parts(key: TiKey) -> Key {
    (key.run.0, key.task.0, key.map.0)
}

const fn ti_key((run, task, map): Key) -> TiKey {
    TiKey {
        run: RunNo(run),
        task: TaskNo(task),
        map: MapIndex(map),
    }
}

impl From<&OwedCallback> for CallbackRecord {
    fn from(owed: &OwedCallback) -> Self {
        let OwedCallback {
            no: _, // The key.
            at,
            call,
        } = owed;
        let call = match call.clone() {
            Call::Dag {
                run,
                is_failure,
                reason,
                relevant,
            } => CallRecord::Dag {
                run: run.0,
                is_failure,
                reason,
                relevant: relevant.map(parts),
            },
            Call::Task {
                key,
                try_number,
                to,
                message,
            } => CallRecord::Task {
                key: parts(key),
                try_number,
                to: to.code(),
                message,
            },
            Call::Email {
                key,
                try_number,
                is_failure,
                message,
            } => CallRecord::Email {
                key: parts(key),
                try_number,
                is_failure,
                message,
            },
            Call::Deadline {
                run,
                id,
                name,
                due,
                callback,
            } => CallRecord::Deadline {
                run: run.0,
                id,
                name,
                due: due.as_micros(),
                callback: json::text(&callback),
            },
        };
        let at = at.as_micros();
        Self { at, call }
    }
}

impl CallbackRecord {
    pub(crate) fn into_owed(self, no: Fence) -> Result<OwedCallback, ReadError> {
        let Self { at, call } = self;
        let call = match call {
            CallRecord::Dag {
                run,
                is_failure,
                reason,
                relevant,
            } => Call::Dag {
                run: RunNo(run),
                is_failure,
                reason,
                relevant: relevant.map(ti_key),
            },
            CallRecord::Task {
                key,
                try_number,
                to,
                message,
            } => Call::Task {
                key: ti_key(key),
                try_number,
                to: word(Self::TABLE, to)?,
                message,
            },
            CallRecord::Email {
                key,
                try_number,
                is_failure,
                message,
            } => Call::Email {
                key: ti_key(key),
                try_number,
                is_failure,
                message,
            },
            CallRecord::Deadline {
                run,
                id,
                name,
                due,
                callback,
            } => Call::Deadline {
                run: RunNo(run),
                id,
                name,
                due: Timestamp::from_micros(due),
                callback: json::parse(Self::TABLE, &callback)?,
            },
        };
        let at = Timestamp::from_micros(at);
        Ok(OwedCallback { no, at, call })
    }
}
