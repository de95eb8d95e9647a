//! Tells cargo what is compiled in, so that a UI that was built since is taken up. Both folders may
//! be missing; nothing is made or fetched here.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Development builds read both folders when they are asked for a file.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../../ui/dist");
        println!("cargo:rerun-if-changed=../../assets/errors");
    }
}
