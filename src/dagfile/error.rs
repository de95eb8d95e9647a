//! What can be wrong with a dag file or with a task's arguments.

/// Why a dag file was not taken: the first problem, with the others listed in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImportError {
    /// Such as `DAG-003`; a page of `assets/errors`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// Line, from 1; none where no place can be named.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
}

/// Why a task's arguments could not be rendered. The try fails with this text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// Such as `DAG-020`; a page of `assets/errors`.
    pub code: &'static str,
    /// Names the task, the field and, for templates, the line in it.
    pub message: String,
}
