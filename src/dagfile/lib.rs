//! A file becomes a dag, and a dag's arguments become work.
//!
//! Invariant: no file, clock, environment, network or chance is read here; texts and `now` come in.
//! Invariant: importing the same source again gives the same dag.
//! Invariant: nothing a dag's author writes (size, depth, aliases, loops in templates) ends in a
//! panic, an overflow or unbounded work.

mod document;
mod error;
mod import;
mod operators;
mod problem;
mod python;
mod render;
mod schema;
pub mod serialized;
mod shape;
mod suggest;
mod template_check;
mod topology;
mod yaml;

pub use error::{ImportError, RenderError};
pub use import::{Imported, from_source, import, import_bytes, might_be_dag, validate};
pub use python::{ZipError, is_zip, might_contain_dag, zip_dag_files};
pub use render::{
    Connection, Context, Lookup, PreviousRun, Rendered, Rendering, TriggerDag, XComQuery, render,
};
pub use schema::schema;
