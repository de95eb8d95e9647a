//! What is known of the book itself. The only table without deployments.
//!
//! | key | value |
//! | --- | --- |
//! | `schema` | the schema version, u32 big-endian |
//! | `batch` | how many batches were committed, u64 big-endian |
//!
//! The number of batches tells whether a commit that failed at its end is in the book after all.

use redb::ReadableTable;

/// The table.
pub(crate) const TABLE: redb::TableDefinition<'static, &'static str, &'static [u8]> =
    redb::TableDefinition::new("meta");
/// The key of the number of batches.
pub(crate) const BATCH: &str = "batch";
/// The key of the schema version.
pub(crate) const SCHEMA: &str = "schema";

/// How many batches were committed.
pub(crate) fn batch(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<u64, redb::StorageError> {
    let row = table.get(BATCH)?;
    let bytes = row.and_then(|row| <[u8; 8]>::try_from(row.value()).ok());
    Ok(bytes.map_or(0, u64::from_be_bytes))
}
