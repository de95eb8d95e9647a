//! Variables, opened.

use model::change::Variable;
use security::SecurityError;
use store::ReadError;

use crate::reader::Reader;

/// A variable as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// One line.
    pub description: Option<String>,
}

/// Why a variable cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The book cannot be read.
    #[error("the book cannot be read: {0}")]
    Read(#[from] ReadError),
    /// It is sealed by a key that is not there.
    #[error("CTL-014: variable `{key}` cannot be opened: {cause}")]
    Sealed {
        /// Which.
        key: String,
        /// Why not.
        #[source]
        cause: SecurityError,
    },
}

/// What a variable is sealed for.
#[must_use]
pub fn context(key: &str) -> String {
    format!("variable/{key}")
}

/// A variable of the book.
///
/// # Errors
/// When it cannot be read or opened.
pub fn get(reader: &Reader, key: &str) -> Result<Option<Opened>, Error> {
    let found = reader.snapshot()?.variable(key)?;
    found.map(|variable| open(reader, variable)).transpose()
}

/// All variables of the book, by key.
///
/// # Errors
/// When they cannot be read, or one of them not be opened.
pub fn list(reader: &Reader) -> Result<Vec<Opened>, Error> {
    let all = reader.snapshot()?.variables()?;
    all.into_iter()
        .map(|variable| open(reader, variable))
        .collect()
}

/// Opens a variable.
///
/// # Errors
/// When it is sealed by a key that is not there.
pub fn open(reader: &Reader, variable: Variable) -> Result<Opened, Error> {
    let Variable {
        key,
        sealed,
        description,
    } = variable;
    let plain = reader.keyring.open(&context(&key), &sealed);
    let plain = plain.map_err(|cause| Error::Sealed {
        key: key.clone(),
        cause,
    })?;
    let value = String::from_utf8_lossy(&plain).into_owned();
    Ok(Opened {
        key,
        value,
        description,
    })
}
