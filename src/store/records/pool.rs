//! Pools.

use model::{PoolName, change::Pool};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct PoolRecord {
    slots: i32,
    description: Option<String>,
    include_deferred: bool,
}

impl Record for PoolRecord {
    const TABLE: &'static str = tables::pools::NAME;
}

impl From<&Pool> for PoolRecord {
    fn from(pool: &Pool) -> Self {
        let Pool {
            name: _, // The key.
            slots,
            description,
            include_deferred,
        } = pool;
        Self {
            slots: *slots,
            description: description.clone(),
            include_deferred: *include_deferred,
        }
    }
}

impl PoolRecord {
    pub(crate) fn into_pool(self, name: &str) -> Pool {
        let Self {
            slots,
            description,
            include_deferred,
        } = self;
        Pool {
            name: PoolName::from(name),
            slots,
            description,
            include_deferred,
        }
    }
}
