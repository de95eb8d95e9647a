//! Nothing: the tests are one binary, `main.rs`, so that they link once.
