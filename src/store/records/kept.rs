//! What task instances keep beside their XComs.

use model::{Timestamp, change::KeptValue};
use serde::{Deserialize, Serialize};

use super::{Record, json};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct KeptRecord {
    expires_at: Option<i64>,
    value: String,
}

impl Record for KeptRecord {
    const TABLE: &'static str = tables::kept::NAME;
}

impl From<&KeptValue> for KeptRecord {
    fn from(kept: &KeptValue) -> Self {
        let KeptValue { value, expires_at } = kept;
        Self {
            expires_at: expires_at.map(Timestamp::as_micros),
            value: json::text(value),
        }
    }
}

impl KeptRecord {
    pub(crate) fn into_value(self) -> Result<KeptValue, ReadError> {
        let Self { expires_at, value } = self;
        Ok(KeptValue {
            value: json::parse(Self::TABLE, &value)?,
            expires_at: expires_at.map(Timestamp::from_micros),
        })
    }
}
