//! How much text one template may make, in between and at the end. Steps are counted by the
//! engine's fuel; a text that doubles itself needs few of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use minijinja::{Error, ErrorKind, State, value::Object};
use model::limits::TEMPLATE_BYTES_MAX;

/// Under a name that no template can write.
pub(super) const KEY: &str = " budget";
/// Items of a list that `+` makes.
pub(super) const ITEMS_MAX: usize = 1 << 20;
/// What an error of this kind says; looked for when it is told.
pub(super) const SPENT: &str = "the template makes more text than it may";

/// Bytes that may still be made.
#[derive(Debug)]
pub(super) struct Budget(AtomicUsize);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicUsize::new(4 * TEMPLATE_BYTES_MAX))
    }
}

impl Object for Budget {
    fn is_true(self: &Arc<Self>) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Takes bytes off the render's budget.
pub(super) fn spend(state: &State<'_, '_>, bytes: usize) -> Result<(), Error> {
    let Some(budget) = state
        .lookup(KEY)
        .and_then(|value| value.downcast_object::<Budget>())
    else {
        return Ok(());
    };
    let take = |left: usize| left.checked_sub(bytes);
    match budget
        .0
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
    {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(ErrorKind::InvalidOperation, SPENT)),
    }
}
