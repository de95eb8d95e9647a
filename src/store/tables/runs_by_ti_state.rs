//! Runs that have a task instance in a state that is rare and asked for: failed, upstream_failed,
//! skipped, removed, and all that are unfinished. A row for each run, not for each instance: a put
//! each would double the cost of a cascade, and one row is enough to find the chunk.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..5 | state, u8: the position in `ALL`, or 255 for all unfinished ones |
//! | 5..13 | run, u64 |
//!
//! Value: empty.

use model::{DeploymentId, RunNo, state::TaskInstanceState};

use super::{Fixed, key};

pub(crate) const NAME: &str = "runs_by_ti_state";
pub(crate) const TABLE: Fixed<13> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, state: u8, run: RunNo) -> [u8; 13] {
    key::fixed(&[&key::b(deployment), &key::b(state), &key::b(run)])
}

/// Whether a code stands for a state.
type Leads = fn(TaskInstanceState) -> bool;

/// Each code of a key with the states that it stands for.
pub(crate) const CODES: [(u8, Leads); 5] = [
    (TaskInstanceState::Failed as u8, |state| {
        state == TaskInstanceState::Failed
    }),
    (TaskInstanceState::UpstreamFailed as u8, |state| {
        state == TaskInstanceState::UpstreamFailed
    }),
    (TaskInstanceState::Skipped as u8, |state| {
        state == TaskInstanceState::Skipped
    }),
    (TaskInstanceState::Removed as u8, |state| {
        state == TaskInstanceState::Removed
    }),
    (u8::MAX, |state| !state.is_finished()),
];

/// The codes that lead to all runs with one of these states; none when a state has no code.
pub(crate) fn codes(states: &[TaskInstanceState]) -> Option<Vec<u8>> {
    let has_code = |state: &TaskInstanceState| CODES.iter().any(|(_, of)| of(*state));
    if states.is_empty() || !states.iter().all(has_code) {
        return None;
    }
    let leads = |(_, of): &&(u8, Leads)| states.iter().any(|it| of(*it));
    Some(CODES.iter().filter(leads).map(|(code, _)| *code).collect())
}
