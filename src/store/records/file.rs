//! Dag files.

use model::{
    DagNo, Timestamp,
    change::{DagFile, ImportError},
};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct FileRecord {
    hash: String,
    stamp: (u64, i64, u64),
    dags: Vec<u32>,
    error: Option<ErrorRecord>,
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

impl From<&DagFile> for FileRecord {
    fn from(file: &DagFile) -> Self {
        let DagFile {
            path: _, // The key.
            hash,
            stamp,
            dags,
            error,
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
    pub(crate) fn into_file(self, path: &str) -> DagFile {
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
