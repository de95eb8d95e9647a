//! A text that lists are filtered by: exactly, or by a pattern.

use utoipa::openapi::path::Parameter;

use super::{Asked, Pattern, query::Reads};

/// `name`, `name_pattern` and `name_prefix_pattern`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Text {
    /// What it is.
    pub(crate) is: Option<String>,
    /// What it is like.
    pub(crate) like: Pattern,
}

impl Text {
    /// Whether a text, or none, is what was asked for. None is no text's match.
    pub(crate) fn takes(&self, text: Option<&str>) -> bool {
        let Some(text) = text else {
            return self.is.is_none() && self.like.is_open();
        };
        self.is.as_deref().is_none_or(|is| is == text) && self.like.matches(text)
    }
}

impl Reads for Text {
    fn read(name: &str, asked: &mut Asked) -> Self {
        Self {
            is: Option::read(name, asked),
            like: Pattern::read(name, asked),
        }
    }
    fn document(name: &str) -> Vec<Parameter> {
        let exact = Option::<String>::document(name);
        exact.into_iter().chain(Pattern::document(name)).collect()
    }
}
