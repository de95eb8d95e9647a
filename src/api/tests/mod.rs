//! Requests against a whole node: store, scheduler and API, with an executor that follows a script.

mod documents;
mod node;
mod reads;
mod shapes;
