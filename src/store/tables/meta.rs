//! What is known of the book itself. The only table without deployments.
//!
//! | key | value |
//! | --- | --- |
//! | `schema` | the schema version, u32 big-endian |

/// The table.
pub(crate) const TABLE: redb::TableDefinition<'static, &'static str, &'static [u8]> =
    redb::TableDefinition::new("meta");
/// The key of the schema version.
pub(crate) const SCHEMA: &str = "schema";
