//! Counters, pools, variables and files: small tables, read whole.

use model::change::{Counters, DagFile, Pool, Variable};

use super::Snapshot;
use crate::{
    error::ReadError,
    records::{
        self, counters::CountersRecord, file::FileRecord, pool::PoolRecord,
        variable::VariableRecord,
    },
    tables,
};

fn utf8<'k>(table: &'static str, name: &'k [u8]) -> Result<&'k str, ReadError> {
    std::str::from_utf8(name).map_err(|_| ReadError::record(table, "its key is not UTF-8"))
}

impl Snapshot {
    /// The next numbers; the first ones in a new book.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn counters(&self) -> Result<Counters, ReadError> {
        let key = tables::counters::key(self.deployment);
        let found = self.get_fixed(tables::counters::TABLE, &key, |value| {
            Ok(records::decode::<CountersRecord>(value)?.into())
        })?;
        Ok(found.unwrap_or_default())
    }
    /// A pool.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn pool(&self, name: &str) -> Result<Option<Pool>, ReadError> {
        let key = tables::pools::key(self.deployment, name);
        self.get_named(tables::pools::TABLE, &key, |value| {
            Ok(records::decode::<PoolRecord>(value)?.into_pool(name))
        })
    }
    /// All pools by name.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn pools(&self) -> Result<Vec<Pool>, ReadError> {
        self.names(tables::pools::TABLE, &[], |name, value| {
            let name = utf8(tables::pools::NAME, name)?;
            Ok(records::decode::<PoolRecord>(value)?.into_pool(name))
        })
    }
    /// A variable, its value sealed.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn variable(&self, key: &str) -> Result<Option<Variable>, ReadError> {
        let row = tables::variables::key(self.deployment, key);
        self.get_named(tables::variables::TABLE, &row, |value| {
            Ok(records::decode::<VariableRecord>(value)?.into_variable(key))
        })
    }
    /// All variables by key.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn variables(&self) -> Result<Vec<Variable>, ReadError> {
        self.names(tables::variables::TABLE, &[], |name, value| {
            let name = utf8(tables::variables::NAME, name)?;
            Ok(records::decode::<VariableRecord>(value)?.into_variable(name))
        })
    }
    /// A dag file.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<DagFile>, ReadError> {
        let key = tables::files::key(self.deployment, path);
        self.get_named(tables::files::TABLE, &key, |value| {
            Ok(records::decode::<FileRecord>(value)?.into_file(path))
        })
    }
    /// All dag files by path; at most `DAG_FILES_MAX`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn files(&self) -> Result<Vec<DagFile>, ReadError> {
        self.names(tables::files::TABLE, &[], |name, value| {
            let name = utf8(tables::files::NAME, name)?;
            Ok(records::decode::<FileRecord>(value)?.into_file(name))
        })
    }
}
