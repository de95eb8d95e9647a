//! The house rules as tests: who may know whom, how large things may grow, what stays pure.
//!
//! A rule that is not tested is a wish. Each list of exceptions may shrink and not grow.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod tree;
