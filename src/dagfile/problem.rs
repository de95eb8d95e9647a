//! What is found wrong while a file is read, with its place; several are told at once.

use crate::{ImportError, yaml::At};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub code: &'static str,
    pub at: Option<At>,
    pub message: String,
}

/// How many problems are told at once; a person mends a few and tries again.
const TOLD_MAX: usize = 10;

impl Problem {
    pub fn new(code: &'static str, at: At, message: impl Into<String>) -> Self {
        let message = message.into();
        let at = Some(at);
        Self { code, at, message }
    }
}

impl From<Problem> for ImportError {
    fn from(problem: Problem) -> Self {
        let Problem { code, at, message } = problem;
        Self {
            code,
            message,
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
        }
    }
}

/// The problems so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub fn add(&mut self, code: &'static str, at: At, message: impl Into<String>) {
        self.push(Problem::new(code, at, message));
    }

    pub fn push(&mut self, problem: Problem) {
        // One more than is told, so that "and more" can be said.
        if !self.is_full() && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Whether more problems would not be told; then nobody need look for them.
    pub const fn is_full(&self) -> bool {
        self.0.len() > TOLD_MAX
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of their place.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.at);
        self.0
    }
}

/// The first problem as the error, the others as further lines of its message.
pub(crate) fn merge(problems: Vec<Problem>) -> Option<ImportError> {
    let mut problems = problems.into_iter();
    let mut error = ImportError::from(problems.next()?);
    for (n, problem) in problems.enumerate() {
        error.message.push('\n');
        if n + 1 == TOLD_MAX {
            error.message.push_str("and more");
            break;
        }
        if let Some(at) = problem.at {
            let place = format!("line {}, column {}: ", at.line, at.column);
            error.message.push_str(&place);
        }
        error.message.push_str(&problem.message);
    }
    Some(error)
}
