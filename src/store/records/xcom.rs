//! XComs.

use model::{Json, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Record, json};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct XComRecord {
    at: i64,
    value: String,
}

impl Record for XComRecord {
    const TABLE: &'static str = tables::xcoms::NAME;
}

impl XComRecord {
    pub(crate) fn new(value: &Json, at: Timestamp) -> Self {
        Self {
            at: at.as_micros(),
            value: json::text(value),
        }
    }
    pub(crate) fn into_parts(self) -> Result<(Json, Timestamp), ReadError> {
        let Self { at, value } = self;
        Ok((
            json::parse(Self::TABLE, &value)?,
            Timestamp::from_micros(at),
        ))
    }
}
