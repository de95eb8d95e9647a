//! What task instances keep beside their XComs.

use model::{Timestamp, change::KeptValue};
use serde::{Deserialize, Serialize};

use super::{Record, json};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct KeptRecord {
    expires_at: Option<i64>,
    value: String,
    updated_at: Option<i64>,
}

impl Record for KeptRecord {
    const TABLE: &'static str = tables::kept::NAME;
    const VERSION: u8 = 2;
}

/// The first version, which did not say when.
#[derive(Serialize, Deserialize)]
struct KeptRecord1 {
    expires_at: Option<i64>,
    value: String,
}

impl Record for KeptRecord1 {
    const TABLE: &'static str = tables::kept::NAME;
}

/// The value in `bytes`, of either version.
pub(crate) fn decode(bytes: &[u8]) -> Result<KeptValue, ReadError> {
    if bytes.first() == Some(&KeptRecord1::VERSION) {
        let KeptRecord1 { expires_at, value } = super::decode(bytes)?;
        let updated_at = None;
        let record = KeptRecord {
            expires_at,
            value,
            updated_at,
        };
        return record.into_value();
    }
    super::decode::<KeptRecord>(bytes)?.into_value()
}

impl From<&KeptValue> for KeptRecord {
    fn from(kept: &KeptValue) -> Self {
        let KeptValue {
            value,
            expires_at,
            updated_at,
        } = kept;
        Self {
            expires_at: expires_at.map(Timestamp::as_micros),
            value: json::text(value),
            updated_at: updated_at.map(Timestamp::as_micros),
        }
    }
}

impl KeptRecord {
    fn into_value(self) -> Result<KeptValue, ReadError> {
        let Self {
            expires_at,
            value,
            updated_at,
        } = self;
        Ok(KeptValue {
            value: json::parse(Self::TABLE, &value)?,
            expires_at: expires_at.map(Timestamp::from_micros),
            updated_at: updated_at.map(Timestamp::from_micros),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_the_first_version_open() {
        let old = KeptRecord1 {
            expires_at: Some(7),
            value: "[1]".to_owned(),
        };
        let kept = decode(&crate::records::encode(&old).unwrap()).unwrap();
        let wanted = KeptValue {
            value: json!([1]),
            expires_at: Some(Timestamp::from_micros(7)),
            updated_at: None,
        };
        assert_eq!(kept, wanted);
    }
}
