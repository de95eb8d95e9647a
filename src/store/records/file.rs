//! Dag files.

use model::{
    DagId, DagNo, Timestamp,
    change::{DagFile, DagWarning, ImportError},
};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::{error::ReadError, records, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct FileRecord {
    hash: String,
    stamp: (u64, i64, u64),
    dags: Vec<u32>,
    error: Option<ErrorRecord>,
}

/// Since files have warnings: what was there before, and these.
#[derive(Serialize, Deserialize)]
pub(crate) struct FileWithWarnings {
    file: FileRecord,
    /// Dag id, kind and message.
    warnings: Vec<(String, String, String)>,
}

#[derive(Serialize, Deserialize)]
struct ErrorRecord {
    at: i64,
    code: String,
    message: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl Record for FileRecord {
    const TABLE: &'static str = tables::files::NAME;
}

impl Record for FileWithWarnings {
    const TABLE: &'static str = tables::files::NAME;
    const VERSION: u8 = 2;
}

/// A file's row: in the form before there were warnings where there are none.
pub(crate) fn encode(file: &DagFile) -> Result<Vec<u8>, ReadError> {
    let record = FileRecord::from(file);
    if file.warnings.is_empty() {
        return records::encode(&record);
    }
    let warnings = file.warnings.iter().map(|warning| {
        let DagWarning {
            dag_id,
            kind,
            message,
        } = warning;
        (dag_id.to_string(), kind.clone(), message.clone())
    });
    records::encode(&FileWithWarnings {
        file: record,
        warnings: warnings.collect(),
    })
}

/// The file of a row.
pub(crate) fn decode(path: &str, bytes: &[u8]) -> Result<DagFile, ReadError> {
    if bytes.first() != Some(&FileWithWarnings::VERSION) {
        return Ok(records::decode::<FileRecord>(bytes)?.into_file(path));
    }
    let FileWithWarnings { file, warnings } = records::decode(bytes)?;
    let warnings = warnings
        .into_iter()
        .map(|(dag_id, kind, message)| DagWarning {
            dag_id: DagId::from(dag_id),
            kind,
            message,
        });
    Ok(DagFile {
        warnings: warnings.collect(),
        ..file.into_file(path)
    })
}

impl From<&DagFile> for FileRecord {
    fn from(file: &DagFile) -> Self {
        let DagFile {
            path: _, // The key.
            hash,
            stamp,
            dags,
            error,
            warnings: _, // Beside.
        } = file;
        Self {
            hash: hash.clone(),
            stamp: *stamp,
            dags: dags.iter().map(|dag| dag.0).collect(),
            error: error.as_ref().map(ErrorRecord::from),
        }
    }
}

impl FileRecord {
    fn into_file(self, path: &str) -> DagFile {
        let Self {
            hash,
            stamp,
            dags,
            error,
        } = self;
        DagFile {
            path: path.to_owned(),
            hash,
            stamp,
            dags: dags.into_iter().map(DagNo).collect(),
            error: error.map(ImportError::from),
            warnings: Vec::new(),
        }
    }
}

impl From<&ImportError> for ErrorRecord {
    fn from(error: &ImportError) -> Self {
        let ImportError {
            at,
            code,
            message,
            line,
            column,
        } = error;
        Self {
            at: at.as_micros(),
            code: code.clone(),
            message: message.clone(),
            line: *line,
            column: *column,
        }
    }
}

impl From<ErrorRecord> for ImportError {
    fn from(record: ErrorRecord) -> Self {
        let ErrorRecord {
            at,
            code,
            message,
            line,
            column,
        } = record;
        Self {
            at: Timestamp::from_micros(at),
            code,
            message,
            line,
            column,
        }
    }
}
