//! What is printed: data to standard output, words about it to standard error.

use std::{io::Write, process::ExitCode};

use serde_json::Value;

/// Why a command ended badly, with what to do.
#[derive(Debug)]
pub struct Trouble(pub String);

impl Trouble {
    /// Tells it and gives the exit code.
    #[must_use]
    pub fn tell(&self) -> ExitCode {
        let _ = writeln!(std::io::stderr(), "orrery: {}", self.0);
        ExitCode::FAILURE
    }
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Self(text)
    }
}

/// Prints a line; a reader that went away (`| head`) is no trouble.
pub fn line(text: &str) -> Result<(), Trouble> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints JSON.
pub fn json(value: &Value) -> Result<(), Trouble> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Prints rows below a heading in aligned columns.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> Result<(), Trouble> {
    let mut widths: Vec<_> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        line(padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    print(&mut heading.iter().copied())?;
    rows.iter()
        .try_for_each(|row| print(&mut row.iter().map(String::as_str)))
}

/// A field as text; a dash where there is none.
pub fn text(value: &Value, field: &str) -> String {
    plain(value.get(field).unwrap_or(&Value::Null))
}

/// A value as text; a dash where there is none.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}

/// The entries of a list in an answer.
pub fn entries<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
