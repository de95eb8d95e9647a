//! The binary: arguments and wiring, no logic.

mod config;

fn main() {
    let _ = config::Config::of(&config::Layers::defaults());
}
