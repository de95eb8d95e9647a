//! What the values of the tables look like: types of this layer alone, converted to and from the
//! model by hand. A record begins with a byte that tells its version; then follows postcard, except
//! in task instances (`ti.rs`), which are most of a book and are packed by hand.
//!
//! A record changes by a new struct and a new version byte beside the old ones, never in place: the
//! books of the fixtures hold that.

pub(crate) mod asset;
pub(crate) mod asset_event;
pub(crate) mod asset_state;
pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod callback;
pub(crate) mod chunk;
pub(crate) mod connection;
pub(crate) mod consumed;
pub(crate) mod counters;
pub(crate) mod counts;
pub(crate) mod dag;
pub(crate) mod dag_assets;
pub(crate) mod deadline;
pub(crate) mod file;
pub(crate) mod human_input;
pub(crate) mod json;
pub(crate) mod kept;
pub(crate) mod pending;
pub(crate) mod pool;
pub(crate) mod reason;
pub(crate) mod run;
pub(crate) mod source;
pub(crate) mod ti;
pub(crate) mod ti_details;
pub(crate) mod variable;
pub(crate) mod varint;
pub(crate) mod version;
pub(crate) mod word;
pub(crate) mod xcom;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::ReadError;

/// A record in one of its versions.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The table that it is in, for errors.
    const TABLE: &'static str;
    /// Which version of the table's records it is.
    const VERSION: u8 = 1;
}

/// The bytes of a record.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, ReadError> {
    postcard::to_extend(record, vec![R::VERSION])
        .map_err(|error| ReadError::record(R::TABLE, error.to_string()))
}

/// The record in `bytes`.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, ReadError> {
    match bytes.split_first() {
        Some((version, rest)) if *version == R::VERSION => postcard::from_bytes(rest)
            .map_err(|error| ReadError::record(R::TABLE, error.to_string())),
        Some((version, _)) => Err(ReadError::record(
            R::TABLE,
            format!("its version {version} is not known"),
        )),
        None => Err(ReadError::record(R::TABLE, "it is empty")),
    }
}
