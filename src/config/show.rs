//! `orrery config show`: what is in force, as a file that could be used again.

use std::fmt::Write;

use super::layers::Layers;

/// All keys with their values; with `origin`, where each comes from.
#[must_use]
pub fn show(layers: &Layers, origin: bool) -> String {
    let mut text = String::new();
    let mut section = "";
    let (top, nested): (Vec<_>, Vec<_>) = layers
        .values
        .iter()
        .partition(|(key, _)| !key.contains('.'));
    for (key, found) in top.into_iter().chain(nested) {
        let (in_section, name) = key.split_once('.').unwrap_or(("", key));
        if in_section != section {
            section = in_section;
            let _ = writeln!(text, "\n[{section}]");
        }
        let line = format!("{name} = {}", found.value);
        let _ = if origin {
            writeln!(text, "{line:<48} # {}", found.origin)
        } else {
            writeln!(text, "{line}")
        };
    }
    text
}
