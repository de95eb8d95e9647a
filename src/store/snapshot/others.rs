//! Counters, pools, variables and files: small tables, read whole.

use model::{
    TiKey,
    change::{Connection, Counters, DagFile, Kept, KeptValue, Pool, Variable},
};

use super::Snapshot;
use crate::{
    error::ReadError,
    records::{
        self, connection::ConnectionRecord, counters::CountersRecord, pool::PoolRecord,
        variable::VariableRecord,
    },
    tables::{self, key},
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
    /// A connection, its words sealed.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn connection(&self, conn_id: &str) -> Result<Option<Connection>, ReadError> {
        let row = tables::connections::key(self.deployment, conn_id);
        self.get_named(tables::connections::TABLE, &row, |value| {
            Ok(records::decode::<ConnectionRecord>(value)?.into_connection(conn_id))
        })
    }
    /// All connections by id.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn connections(&self) -> Result<Vec<Connection>, ReadError> {
        self.names(tables::connections::TABLE, &[], |name, value| {
            let name = utf8(tables::connections::NAME, name)?;
            Ok(records::decode::<ConnectionRecord>(value)?.into_connection(name))
        })
    }
    /// What a task instance keeps beside its XComs.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn kept(&self, key: TiKey, what: &Kept) -> Result<Option<KeptValue>, ReadError> {
        let row = tables::kept::key(self.deployment, key, what);
        self.get_named(tables::kept::TABLE, &row, |value| {
            records::kept::decode(value)
        })
    }
    /// The keys of a task instance's state store, those of expired values too.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn state_keys(&self, key: TiKey) -> Result<Vec<String>, ReadError> {
        let parts = (key::b(key.run), key::b(key.task), key::b(key.map));
        let kind = key::b(tables::kept::STATE);
        let of: [&[u8]; 4] = [&parts.0, &parts.1, &parts.2, &kind];
        self.names(tables::kept::TABLE, &of, |name, _| {
            Ok(utf8(tables::kept::NAME, name)?.to_owned())
        })
    }
    /// A dag file.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<DagFile>, ReadError> {
        let key = tables::files::key(self.deployment, path);
        self.get_named(tables::files::TABLE, &key, |value| {
            records::file::decode(path, value)
        })
    }
    /// All dag files by path; at most `DAG_FILES_MAX`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn files(&self) -> Result<Vec<DagFile>, ReadError> {
        self.names(tables::files::TABLE, &[], |name, value| {
            let name = utf8(tables::files::NAME, name)?;
            records::file::decode(name, value)
        })
    }
}
