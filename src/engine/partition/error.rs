//! What can be wrong with mappers and keys.

/// A mapper, a window or a wait policy that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {problem}")]
pub struct DecodeError {
    /// The class path, as serialised.
    pub class: String,
    /// What is missing, of the wrong kind or not known here.
    pub problem: String,
    /// Whether the class is a plugin's, which Python may know.
    pub is_unknown: bool,
}

/// A key that a mapper has no answer for. Prints as upstream's audit entries have it: Python's
/// name of the error, and the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", kind.name())]
pub struct MapError {
    /// What Python calls it.
    pub kind: ErrorKind,
    /// What is wrong with which key.
    pub text: String,
}

/// Python's classes of such errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The key is not one of this mapper's.
    Value,
    /// Mappers or windows that do not fit one another.
    Type,
    /// A window of time that was given a text.
    Attribute,
    /// An output format that names what there is not.
    Key,
    /// A date before the year 1 or after 9999.
    Overflow,
}

impl ErrorKind {
    /// The name of Python's class.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "ValueError",
            Self::Type => "TypeError",
            Self::Attribute => "AttributeError",
            Self::Key => "KeyError",
            Self::Overflow => "OverflowError",
        }
    }

    pub(super) fn error(self, text: String) -> MapError {
        MapError { kind: self, text }
    }
}

pub(super) fn value_error(text: String) -> MapError {
    ErrorKind::Value.error(text)
}

/// More downstream keys than allowed: nothing is queued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{produced} downstream keys, exceeding {}", self.cap_source())]
pub struct FanOutExceeded {
    /// How many keys the mapper gave.
    pub produced: usize,
    /// How many are allowed.
    pub cap: usize,
    /// Whether the mapper says so itself, and not the configuration.
    pub by_mapper: bool,
}

impl FanOutExceeded {
    /// Who set the bound, as audit entries name it.
    #[must_use]
    pub fn cap_source(&self) -> String {
        let Self { cap, by_mapper, .. } = self;
        if *by_mapper {
            format!("max_downstream_keys={cap}")
        } else {
            format!("[scheduler] partition_mapper_max_downstream_keys={cap}")
        }
    }
}

/// Why an event makes no runs of a dag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmapped {
    /// Audit `failed to map partition_key`.
    #[error(transparent)]
    Failed(#[from] MapError),
    /// Audit `partition fan-out exceeded`.
    #[error(transparent)]
    TooMany(#[from] FanOutExceeded),
}
