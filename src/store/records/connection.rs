//! Connections. Their words are sealed before they come here.

use model::change::Connection;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct ConnectionRecord {
    conn_type: String,
    sealed: Vec<u8>,
    description: Option<String>,
}

impl Record for ConnectionRecord {
    const TABLE: &'static str = tables::connections::NAME;
}

impl From<&Connection> for ConnectionRecord {
    fn from(connection: &Connection) -> Self {
        let Connection {
            conn_id: _, // The key.
            conn_type,
            sealed,
            description,
        } = connection;
        Self {
            conn_type: conn_type.clone(),
            sealed: sealed.clone(),
            description: description.clone(),
        }
    }
}

impl ConnectionRecord {
    pub(crate) fn into_connection(self, conn_id: &str) -> Connection {
        let Self {
            conn_type,
            sealed,
            description,
        } = self;
        Connection {
            conn_id: conn_id.to_owned(),
            conn_type,
            sealed,
            description,
        }
    }
}
