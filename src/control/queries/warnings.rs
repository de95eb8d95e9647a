//! What is odd with dags, told by the book as it is.

use std::collections::BTreeMap;

use model::{DagNo, Timestamp, asset::AssetRow};
use store::{ReadError, Snapshot};

/// A dag that names assets which cannot be active, since others have their name or URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetConflict {
    /// The dag.
    pub dag: DagNo,
    /// Each asset with what is in its way, a line each.
    pub message: String,
    /// Since when the newest of them is known.
    pub at: Timestamp,
}

/// All dags that name such assets.
///
/// # Errors
/// When the book cannot be read.
pub fn asset_conflicts(book: &Snapshot) -> Result<Vec<AssetConflict>, ReadError> {
    let mut found: BTreeMap<DagNo, AssetConflict> = BTreeMap::new();
    for row in book.assets()?.into_iter().filter(|row| !row.is_active) {
        let refs = book.asset_refs(row.no)?;
        if refs.is_empty() {
            continue;
        }
        let message = conflict(book, &row)?;
        let mut dags: Vec<DagNo> = refs.into_iter().map(|it| it.dag).collect();
        dags.sort_unstable();
        dags.dedup();
        for dag in dags {
            let warning = found.entry(dag).or_insert_with(|| AssetConflict {
                dag,
                message: String::new(),
                at: row.updated_at,
            });
            if !warning.message.is_empty() {
                warning.message.push('\n');
            }
            warning.message.push_str(&message);
            warning.at = warning.at.max(row.updated_at);
        }
    }
    Ok(found.into_values().collect())
}

fn conflict(book: &Snapshot, row: &AssetRow) -> Result<String, ReadError> {
    let AssetRow {
        name, uri, group, ..
    } = row;
    let (attribute, taken) = match book.asset_named(name)? {
        Some(other) => ("name", other.uri),
        None => {
            let other = book.asset_at(uri)?;
            ("uri", other.map(|other| other.name).unwrap_or_default())
        }
    };
    Ok(format!(
        "Cannot activate asset Asset(name=\"{name}\", uri=\"{uri}\", group=\"{group}\"); \
         {attribute} is already associated to '{taken}'"
    ))
}
