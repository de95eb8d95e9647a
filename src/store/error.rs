//! What can go wrong with the book, each with a code that has a page in `assets/errors`.

use std::path::PathBuf;

/// Why the book could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("STO-001: the book {path} is open in another process")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a newer version of this program.
    #[error(
        "STO-002: the book has schema version {found} and this program knows versions up to {known}"
    )]
    Newer {
        /// The version in the book.
        found: u32,
        /// The latest that this program knows.
        known: u32,
    },
    /// The file is not a book, or is damaged.
    #[error("STO-003: the book is damaged or is no book at all")]
    Damaged {
        /// What was found.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file cannot be created, read or written.
    #[error("STO-004: the book cannot be opened")]
    Io {
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// There is no room to open it.
    #[error("STO-005: no space left on the device that has the book")]
    DiskFull {
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
}

/// Why a batch was not written. It is not in the book; only when the book could not even be opened
/// again at once it may turn out to be there, whole.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// There is no room. Nothing was written; the next commit may work.
    #[error("STO-005: no space left on the device that has the book")]
    DiskFull {
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// The storage failed. All that was acknowledged before is in the book.
    #[error("STO-006: the book could not be written")]
    Storage {
        /// What failed.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A record in the book cannot be read.
    #[error(transparent)]
    Damaged(#[from] ReadError),
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A record does not decode.
    #[error("STO-007: a record of table `{table}` cannot be read: {what}")]
    Record {
        /// The table.
        table: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The storage failed, or the book was opened again after a failure: take a new snapshot.
    #[error("STO-008: the book could not be read")]
    Storage {
        /// What failed.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    /// The code, such as `STO-001`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "STO-001",
            Self::Newer { .. } => "STO-002",
            Self::Damaged { .. } => "STO-003",
            Self::Io { .. } => "STO-004",
            Self::DiskFull { .. } => "STO-005",
        }
    }
}

impl CommitError {
    /// The code, such as `STO-005`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DiskFull { .. } => "STO-005",
            Self::Storage { .. } => "STO-006",
            Self::Damaged(read) => read.code(),
        }
    }
}

impl ReadError {
    /// The code, such as `STO-007`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Record { .. } => "STO-007",
            Self::Storage { .. } => "STO-008",
        }
    }
    pub(crate) fn record(table: &'static str, what: impl Into<String>) -> Self {
        Self::Record {
            table,
            what: what.into(),
        }
    }
}

/// Anything redb says, or a record that does not decode: the inner error of all functions that work
/// within a transaction.
#[derive(Debug)]
pub(crate) enum Fault {
    /// redb failed.
    Redb(Box<redb::Error>),
    /// A record does not decode.
    Record(ReadError),
}

macro_rules! from_redb {
    ($($error:ty),+) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::Redb(Box::new(error.into()))
            }
        }
        impl From<$error> for ReadError {
            fn from(error: $error) -> Self {
                Self::Storage { cause: Box::new(redb::Error::from(error)) }
            }
        }
    )+};
}
from_redb!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::CompactionError,
    redb::DatabaseError
);

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        Self::Record(error)
    }
}

/// Whether the system said that there is no room: the disk, or this user's share of it.
fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}

/// What the system said, if it is the system that failed.
fn io(error: redb::Error) -> Result<std::io::Error, redb::Error> {
    if let redb::Error::Io(cause) = error {
        Ok(cause)
    } else {
        Err(error)
    }
}

impl From<Fault> for CommitError {
    fn from(fault: Fault) -> Self {
        let cause: Box<dyn std::error::Error + Send + Sync> = match fault {
            Fault::Record(error) => return Self::Damaged(error),
            Fault::Redb(error) => match io(*error) {
                Ok(cause) if is_full(&cause) => return Self::DiskFull { cause },
                Ok(cause) => Box::new(cause),
                Err(error) => Box::new(error),
            },
        };
        Self::Storage { cause }
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        let cause: Box<dyn std::error::Error + Send + Sync> = match fault {
            Fault::Record(error) => Box::new(error),
            Fault::Redb(error) => match io(*error) {
                Ok(cause) => return cause.into(),
                Err(error) => Box::new(error),
            },
        };
        Self::Damaged { cause }
    }
}

impl From<std::io::Error> for OpenError {
    fn from(cause: std::io::Error) -> Self {
        if is_full(&cause) {
            Self::DiskFull { cause }
        } else if cause.kind() == std::io::ErrorKind::InvalidData {
            Self::Damaged {
                cause: Box::new(cause),
            }
        } else {
            Self::Io { cause }
        }
    }
}
