//! A YAML document becomes a dag.

use model::{change::DagSource, dag::Dag};

use crate::ImportError;

/// A dag with the source that it can be made from again.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The dag.
    pub dag: Dag,
    /// Its text and the files that it takes in.
    pub source: DagSource,
    /// SHA-256 of the source in hexadecimal.
    pub hash: String,
}

/// Reads a dag file. `path` is only used in messages; `files` gives the text of a file beside the
/// dag by its path as written, or says why it cannot be read (it must not leave the dag folder).
///
/// # Errors
/// With the first problem's place, all problems in the message.
pub fn import(
    text: &str,
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Imported, ImportError> {
    let _ = (text, files);
    Err(ImportError {
        code: "DAG-002",
        message: format!("{path}: the importer is being written"),
        line: None,
        column: None,
    })
}

/// All problems of a dag file, in order of their place; none when it is well.
#[must_use]
pub fn validate(
    text: &str,
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<ImportError> {
    import(text, path, files).err().into_iter().collect()
}

/// Makes a dag again from its source in the book.
///
/// # Errors
/// When this version of the importer refuses what an earlier one took.
pub fn from_source(source: &DagSource) -> Result<Dag, ImportError> {
    match source {
        DagSource::Yaml { text, files } => {
            let find = |path: &str| {
                let found = files.iter().find(|(name, _)| name == path);
                found
                    .map(|(_, content)| content.clone())
                    .ok_or_else(|| format!("`{path}` is not in the book"))
            };
            import(text, "the book", &find).map(|imported| imported.dag)
        }
        DagSource::Serialized { .. } => Err(ImportError {
            code: "DAG-010",
            message: "dags of the Python runtime are not supported yet".to_owned(),
            line: None,
            column: None,
        }),
    }
}
