//! Connections: the environment's first, then the book's.

use model::execution::{Answer, ErrorKind};

use super::{Desk, Planned, Wrong, now};
use crate::queries::connections;

pub(super) fn get(desk: &Desk, conn_id: &str) -> Planned {
    match connections::get(&desk.reader, conn_id) {
        Ok(Some(words)) => now(Answer::ConnectionResult(Box::new(words))),
        Ok(None) => now(Answer::Error {
            kind: ErrorKind::ConnectionNotFound,
            detail: [("conn_id".to_owned(), conn_id.into())]
                .into_iter()
                .collect(),
        }),
        Err(connections::Error::Read(e)) => Err(e.into()),
        Err(e @ connections::Error::Sealed { .. }) => Err(Wrong::new(500, e.to_string())),
    }
}
