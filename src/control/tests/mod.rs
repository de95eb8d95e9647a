//! A node in a box: everything of this layer, with a scripted executor and a book in a folder.

mod chores;
mod failures;
mod kit;
mod runs;
