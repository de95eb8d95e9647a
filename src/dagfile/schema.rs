//! The published JSON Schema of the YAML format. It is made from the importer's own tables by a
//! test, so that the two cannot part.

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;

/// The JSON Schema (draft 2020-12) of the YAML format, for editors.
#[must_use]
pub const fn schema() -> &'static str {
    include_str!("../../assets/schema/dag.schema.json")
}
