//! A node in a box: everything of this layer, with a scripted executor and a book in a folder.

#![allow(clippy::wildcard_enum_match_arm)] // What a test does not expect is a failure.

mod assets;
mod callbacks;
mod chores;
mod failures;
mod kit;
mod python;
mod runs;
mod speed;
