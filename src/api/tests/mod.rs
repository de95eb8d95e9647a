//! Requests against a whole node: store, scheduler and API, with an executor that follows a script.

mod assets;
mod audit;
mod backfills;
mod book;
mod by_hand;
mod connections;
mod documents;
mod http;
mod node;
mod partitions;
mod parts;
mod python;
mod reads;
mod routes;
mod shapes;
mod speed;
mod states;
mod writes;
mod wrong;
