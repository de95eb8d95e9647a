//! XComs.

use model::{Json, MapIndex, RunNo, TaskNo, TiKey, Timestamp};

use super::Snapshot;
use crate::{
    error::ReadError,
    records::{self, xcom::XComRecord},
    tables::{self, key},
};

/// An XCom.
#[derive(Clone, Debug, PartialEq)]
pub struct XCom {
    /// Whose.
    pub key: TiKey,
    /// Its name, such as `return_value`.
    pub name: String,
    /// Its value.
    pub value: Json,
    /// When it was set.
    pub at: Timestamp,
}

impl Snapshot {
    /// One XCom of a task instance.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn xcom(&self, key: TiKey, name: &str) -> Result<Option<XCom>, ReadError> {
        let row = tables::xcoms::key(self.deployment, key, name);
        self.get_named(tables::xcoms::TABLE, &row, |value| read(key, name, value))
    }
    /// All XComs of a task instance by name.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn xcoms(&self, key: TiKey) -> Result<Vec<XCom>, ReadError> {
        let (run, task, map) = (key::b(key.run), key::b(key.task), key::b(key.map));
        self.names(tables::xcoms::TABLE, &[&run, &task, &map], |name, value| {
            read(key, utf8(name)?, value)
        })
    }
    /// All XComs of a run by task instance and name.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn xcoms_of_run(&self, run: RunNo) -> Result<Vec<XCom>, ReadError> {
        self.names(tables::xcoms::TABLE, &[&key::b(run)], |rest, value| {
            let (key, name) = split(run, rest);
            read(key, utf8(name)?, value)
        })
    }
    /// The XComs that a task of a run has under one name, by map index.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn xcoms_of_task(
        &self,
        run: RunNo,
        task: TaskNo,
        name: &str,
    ) -> Result<Vec<(MapIndex, Json)>, ReadError> {
        let all = self.names(
            tables::xcoms::TABLE,
            &[&key::b(run), &key::b(task)],
            |rest, value| {
                let mut split = key::Split(rest);
                let map = split.map();
                if split.0 != name.as_bytes() {
                    return Ok(None);
                }
                let (value, _) = records::decode::<XComRecord>(value)?.into_parts()?;
                Ok(Some((map, value)))
            },
        )?;
        Ok(all.into_iter().flatten().collect())
    }
}

fn split(run: RunNo, rest: &[u8]) -> (TiKey, &[u8]) {
    let mut split = key::Split(rest);
    let (task, map) = (split.task(), split.map());
    (TiKey { run, task, map }, split.0)
}

fn utf8(name: &[u8]) -> Result<&str, ReadError> {
    std::str::from_utf8(name)
        .map_err(|_| ReadError::record(tables::xcoms::NAME, "its name is not UTF-8"))
}

fn read(key: TiKey, name: &str, value: &[u8]) -> Result<XCom, ReadError> {
    let (value, at) = records::decode::<XComRecord>(value)?.into_parts()?;
    Ok(XCom {
        key,
        name: name.to_owned(),
        value,
        at,
    })
}
