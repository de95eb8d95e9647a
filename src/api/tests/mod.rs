//! Requests against a whole node.
