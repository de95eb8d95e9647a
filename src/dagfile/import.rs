//! A YAML document becomes a dag.

use model::{change::DagSource, dag::Dag, limits::DAG_FILE_BYTES_MAX};
use sha2::{Digest, Sha256};

use crate::{
    ImportError,
    document::{self, reader::Reader},
    problem::{self, Problem},
    serialized,
    yaml::{self, At},
};

/// A dag with the source that it can be made from again.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The dag.
    pub dag: Dag,
    /// Its text and the files that it takes in.
    pub source: DagSource,
    /// SHA-256 of the source in hexadecimal.
    pub hash: String,
    /// What is allowed but hardly meant, such as a template that is not marked as one.
    pub warnings: Vec<ImportError>,
}

/// Reads a dag file. `path` is only used in messages; `files` gives the text of a file beside the
/// dag by its path as written, or says why it cannot be read (it must not leave the dag folder).
///
/// # Errors
/// With the first problem's place; the others follow in the message, a line each.
pub fn import(
    text: &str,
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Imported, ImportError> {
    read(text, path, files).map_err(|problems| {
        problem::merge(problems).unwrap_or_else(|| ImportError {
            code: "DAG-003",
            message: format!("{path} holds no dag"),
            line: None,
            column: None,
        })
    })
}

/// Reads the bytes of a dag file: [`import`] after checking that they are text of a bearable size.
///
/// # Errors
/// As [`import`], and when it is no text in UTF-8 or larger than `DAG_FILE_BYTES_MAX`.
pub fn import_bytes(
    bytes: &[u8],
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Imported, ImportError> {
    check_size(bytes.len(), path)?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        ImportError {
            code: "DAG-001",
            message: format!("{path} is not text in UTF-8"),
            line: u32::try_from(line).ok(),
            column: None,
        }
    })?;
    import(text, path, files)
}

/// Whether a text could be meant as a dag at all: a folder may hold other YAML files, which are
/// then passed over in silence, as Airflow passes over files without the format's `$schema`.
#[must_use]
pub fn might_be_dag(text: &str) -> bool {
    let begins = |key: &str| {
        let mut lines = text.lines();
        lines.any(|line| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with(':'))
        })
    };
    text.contains("https://airflow.apache.org/schemas/dag/") || begins("dag_id") || begins("tasks")
}

/// All problems of a dag file, in order of their place; none when it is well.
#[must_use]
pub fn validate(
    text: &str,
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<ImportError> {
    match read(text, path, files) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(ImportError::from).collect(),
    }
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
        DagSource::Serialized { json, text: _ } => {
            let document = serde_json::from_str(json).map_err(|e| ImportError {
                code: "DAG-030",
                message: format!("the serialised dag in the book is no JSON: {e}"),
                line: None,
                column: None,
            })?;
            serialized::decode(&document)
        }
    }
}

fn check_size(bytes: usize, path: &str) -> Result<(), ImportError> {
    if u64::try_from(bytes).is_ok_and(|bytes| bytes <= DAG_FILE_BYTES_MAX) {
        return Ok(());
    }
    Err(ImportError {
        code: "DAG-001",
        message: format!(
            "{path} has {} MiB; a dag file may have {} MiB",
            bytes >> 20,
            DAG_FILE_BYTES_MAX >> 20
        ),
        line: None,
        column: None,
    })
}

fn read(
    text: &str,
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Imported, Vec<Problem>> {
    let start = At { line: 1, column: 1 };
    if let Err(error) = check_size(text.len(), path) {
        return Err(vec![Problem::new(error.code, start, error.message)]);
    }
    if let Some(place) = text.find('\0') {
        let line = text.get(..place).unwrap_or_default().lines().count().max(1);
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let message = format!("{path} is not text: it has a NUL byte");
        return Err(vec![Problem::new(
            "DAG-001",
            At { line, column: 1 },
            message,
        )]);
    }
    let root = yaml::parse(text).map_err(|problem| vec![problem])?;
    let Some(root) = root else {
        let message = format!("{path} is empty; a dag file begins with `dag_id`");
        return Err(vec![Problem::new("DAG-003", start, message)]);
    };
    let mut reader = Reader::new(files);
    let dag = document::read(&root, &mut reader);
    match dag {
        Some(dag) if reader.problems.is_empty() => {
            let source = DagSource::Yaml {
                text: text.to_owned(),
                files: reader.taken,
            };
            let hash = hash(&source);
            let warnings = reader.warnings.into_iter().map(ImportError::from).collect();
            Ok(Imported {
                dag,
                source,
                hash,
                warnings,
            })
        }
        Some(_) | None => Err(reader.problems.into_sorted()),
    }
}

/// Each part is preceded by its length, so that no two sources look alike.
fn hash(source: &DagSource) -> String {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    match source {
        DagSource::Yaml { text, files } => {
            part(text);
            for (path, content) in files {
                part(path);
                part(content);
            }
        }
        DagSource::Serialized { json, text: _ } => part(json),
    }
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
