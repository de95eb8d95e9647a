//! The binary: arguments and wiring, no logic.

fn main() {}
