//! Requests against a whole node: store, scheduler and API, with an executor that follows a script.

mod assets;
mod audit;
mod backfills;
mod book;
mod connections;
mod documents;
mod http;
mod node;
mod partitions;
mod python;
mod reads;
mod shapes;
mod speed;
mod writes;
