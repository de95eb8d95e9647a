//! The instances of a task that is expanded: how many there are to be, which there are, and which
//! of another task's they depend on.

use std::ops::Range;

use model::{
    MapIndex,
    limits::MAP_INSTANCES_MAX,
    state::TaskInstanceState as State,
    task_instance::{Returned, TaskInstance},
};

use super::{
    dirty::Dirty,
    run::{LiveRun, Slot},
    tally::{Seen, Tally},
};
use crate::plan::{
    edges::Kind,
    mapping::{Length, Mapping, Near},
    position,
};

/// A task that is expanded, in one run.
#[derive(Debug, Default)]
pub(crate) struct Expansion {
    /// Slots by map index; empty while there is only the placeholder.
    pub slots: Vec<u32>,
    /// All instances, the placeholder or those with an index.
    pub all: Tally,
    /// Instances with an index that returned something.
    pub n_returned: u32,
    /// The length that the instances were last made to fit; none when they are to be looked at
    /// again.
    pub fits: Option<u32>,
    /// For each edge from above in a mapped group: into how many instances each of the group's is
    /// expanded here; none when that is not known, so that all depend on all.
    pub reach: Vec<Option<u32>>,
}

/// How many instances there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    /// So many.
    Known(u32),
    /// What others returned is not there, or nothing to expand over.
    Unknown,
    /// More than may be.
    TooMany(u64),
}

impl LiveRun {
    /// How many instances a task is to have.
    pub fn total(&self, mapping: &Mapping) -> Total {
        let mut total = 1;
        for length in mapping.lengths() {
            let Some(length) = self.length(length) else {
                return Total::Unknown;
            };
            total = length.saturating_mul(total);
        }
        match u32::try_from(total) {
            Ok(total) if total <= MAP_INSTANCES_MAX => Total::Known(total),
            Ok(_) | Err(_) => Total::TooMany(total),
        }
    }

    fn length(&self, length: &Length) -> Option<u64> {
        let each = |parts: &[Length]| -> Option<Vec<u64>> {
            parts.iter().map(|part| self.length(part)).collect()
        };
        match length {
            Length::Known(n) => Some(u64::from(*n)),
            Length::Unknown => None,
            Length::Returned {
                task,
                is_mapped: false,
            } => match self.slot(*task)?.ti.returned? {
                Returned::Sized(n) => Some(u64::from(n)),
                Returned::Value => None,
            },
            Length::Returned {
                task,
                is_mapped: true,
            } => {
                let all = self.expansions.get(task)?;
                all.all.is_done().then_some(u64::from(all.n_returned))
            }
            Length::Product(parts) => {
                let lengths = each(parts)?;
                Some(lengths.into_iter().fold(1, u64::saturating_mul))
            }
            Length::Shortest(parts) => each(parts)?.into_iter().min(),
            Length::Longest(parts) => each(parts)?.into_iter().max(),
            Length::Sum(parts) => Some(each(parts)?.into_iter().fold(0, u64::saturating_add)),
        }
    }

    /// Makes the placeholder the first of `n_tasks` instances. Gives its key in the book, if it has
    /// one, which is to be deleted.
    pub fn expand(&mut self, task: u32, n_tasks: u32, dirty: &mut Dirty) {
        let Some(slot) = self.slots.get_mut(task as usize) else {
            return;
        };
        if slot.book.take().is_some() {
            self.deleted.push(slot.ti.key);
        }
        if slot.ti.try_number > 0 {
            dirty.clear_xcoms(slot.ti.key);
        }
        slot.ti.key.map = MapIndex(0);
        self.change(task, dirty);
        if let Some(expansion) = self.expansions.get_mut(&task) {
            expansion.slots.push(task);
        }
        self.grow(task, n_tasks, dirty);
    }

    /// Adds instances until there are `n_tasks`, which is the length that all then fit.
    pub fn grow(&mut self, task: u32, n_tasks: u32, dirty: &mut Dirty) {
        let Some(expansion) = self.expansions.get_mut(&task) else {
            return;
        };
        expansion.fits = Some(n_tasks);
        let first = position(expansion.slots.len());
        for index in first..n_tasks {
            self.add_slot(task, index);
            let at = position(self.slots.len() - 1);
            self.change(at, dirty);
        }
        let n_new = n_tasks.saturating_sub(first);
        self.n_unfinished += n_new;
        self.n_waiting += n_new;
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(planned) = plan.plan(task) else {
            return;
        };
        if let Some(expansion) = self.expansions.get_mut(&task) {
            expansion.all.grow(n_new, planned.is_setup);
        }
        self.link(task);
        for edge in &planned.edges {
            if edge.near.is_some() {
                self.link(edge.below);
            } else if let Some(seen) = self.seen.get_mut(edge.below as usize) {
                seen.get_mut(edge.kind).grow(n_new, planned.is_setup);
            }
        }
    }

    /// A new instance of an expanded task, which is in no count yet.
    pub fn add_slot(&mut self, task: u32, index: u32) {
        let mut slot = self.new_slot(task);
        slot.ti.key.map = MapIndex(index.cast_signed());
        if self.is_absent(task) {
            slot.ti.state = State::Removed;
        }
        self.place_slot(slot);
    }

    /// Appends a slot of an expanded task.
    pub fn place_slot(&mut self, slot: Slot) {
        let at = position(self.slots.len());
        if let Some(expansion) = self.expansions.get_mut(&slot.task) {
            expansion.slots.push(at);
        }
        self.slots.push(slot);
    }

    /// Works out anew what the instances of a task see of those above in the same mapped group.
    pub fn link(&mut self, task: u32) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(planned) = plan.plan(task).filter(|planned| !planned.near.is_empty()) else {
            return;
        };
        let Some(expansion) = self.expansions.get(&task) else {
            return;
        };
        let reach: Vec<Option<u32>> = planned
            .near
            .iter()
            .map(|(_, near)| {
                u32::try_from(self.length(&near.inner)?)
                    .ok()
                    .filter(|n| *n > 0)
            })
            .collect();
        let slots = expansion.slots.clone();
        for (index, at) in (0..).zip(&slots) {
            let seen = self.sees_near(&planned.near, &reach, index);
            if let Some(slot) = self.slots.get_mut(*at as usize) {
                slot.near = Some(Box::new(seen));
            }
        }
        if let Some(expansion) = self.expansions.get_mut(&task) {
            expansion.reach = reach;
        }
    }

    /// What the instance at an index sees of those above in the same mapped group.
    fn sees_near(&self, near: &[(Kind, Near)], reach: &[Option<u32>], index: u32) -> Seen {
        let mut seen = Seen::default();
        for ((kind, near), reach) in near.iter().zip(reach) {
            let Some(above) = self.expansions.get(&near.above) else {
                continue;
            };
            let is_setup = self.plan.plan(near.above).is_some_and(|task| task.is_setup);
            let tally = seen.get_mut(*kind);
            let (Some(reach), false) = (*reach, above.slots.is_empty()) else {
                *tally = tally.plus(above.all);
                continue;
            };
            for index in indexes_above(index, reach, near.is_further) {
                let slot = above.slots.get(index as usize);
                if let Some(state) = slot.and_then(|at| self.state(*at)) {
                    tally.add(state, is_setup);
                }
            }
        }
        seen
    }

    /// The indexes of `task` that depend on `index` of what is above by this edge.
    pub fn indexes_below(&self, task: u32, place: u32, index: Option<u32>) -> Range<u32> {
        let Some(expansion) = self.expansions.get(&task) else {
            return 0..0;
        };
        let all = 0..position(expansion.slots.len());
        let reach = expansion.reach.get(place as usize).copied().flatten();
        let near = self
            .plan
            .plan(task)
            .and_then(|task| task.near.get(place as usize));
        let (Some(index), Some(reach), Some((_, near))) = (index, reach, near) else {
            return all;
        };
        let group_index = if near.is_further {
            index / reach
        } else {
            index
        };
        let first = group_index.saturating_mul(reach);
        first.min(all.end)..first.saturating_add(reach).min(all.end)
    }

    /// What a placeholder sees. In a mapped group of known length it waits for the expansion of
    /// what is above, not for its instances, unless its rule could be decided by a few of them.
    pub fn placeholder_sees(&self, task: u32) -> Seen {
        let mut seen = self.seen.get(task as usize).cloned().unwrap_or_default();
        let Some(planned) = self.plan.plan(task) else {
            return seen;
        };
        let Some(mapping) = planned
            .mapping
            .as_deref()
            .filter(|_| !planned.near.is_empty())
        else {
            return seen;
        };
        let is_known = matches!(self.total(mapping), Total::Known(1..));
        for (kind, near) in &planned.near {
            let Some(above) = self.expansions.get(&near.above) else {
                continue;
            };
            let waits = mapping.is_fast && !mapping.sources.contains(&near.above);
            if waits || !is_known || above.slots.is_empty() {
                let tally = seen.get_mut(*kind);
                *tally = tally.plus(above.all);
            }
        }
        seen
    }

    /// Notes what an instance returned, as far as expansion needs to know.
    pub fn set_returned(&mut self, at: u32, returned: Option<Returned>, dirty: &mut Dirty) {
        let Some(slot) = self.slot(at).filter(|slot| slot.ti.returned != returned) else {
            return;
        };
        let (task, has_index) = (slot.task, slot.ti.key.map != MapIndex::NONE);
        let (was, is) = (slot.ti.returned.is_some(), returned.is_some());
        if let Some(expansion) = self.expansions.get_mut(&task).filter(|_| has_index) {
            expansion.n_returned += u32::from(is);
            expansion.n_returned -= u32::from(was).min(expansion.n_returned);
        }
        if let Some(ti) = self.change(at, dirty) {
            ti.returned = returned;
        }
        self.length_changed(task);
    }

    /// What a task returned is known, or no longer: nested expansions may hang on it. Gives the
    /// tasks that may see others than before.
    pub fn length_changed(&mut self, task: u32) -> Vec<u32> {
        let plan = std::sync::Arc::clone(&self.plan);
        let is_source = plan.plan(task).is_some_and(|task| task.is_source);
        if !is_source {
            return Vec::new();
        }
        for task in &plan.nested {
            self.link(*task);
        }
        plan.nested.clone()
    }

    /// All slots of a task.
    pub fn slots_of(&self, task: u32) -> impl Iterator<Item = u32> + '_ {
        let expanded = self.expansions.get(&task).map(|expansion| &expansion.slots);
        let others = expanded.filter(|slots| !slots.is_empty());
        let alone = others.is_none().then_some(task);
        alone
            .into_iter()
            .chain(others.into_iter().flatten().copied())
    }

    /// The state of a task: of all its instances as one.
    pub fn task_state(&self, task: u32) -> Option<State> {
        match self.expansions.get(&task) {
            Some(expansion) => Some(expansion.all.state()),
            None => self.state(task),
        }
    }

    /// Whether all instances of a task have ended.
    pub fn is_task_done(&self, task: u32) -> bool {
        match self.expansions.get(&task) {
            Some(expansion) => expansion.all.is_done(),
            None => self
                .slot(task)
                .is_some_and(|slot| slot.ti.state.is_finished() && !slot.is_absent()),
        }
    }

    /// Whether it stands for the instances that are not there yet.
    pub fn is_placeholder(&self, ti: &TaskInstance, task: u32) -> bool {
        ti.key.map == MapIndex::NONE && self.expansions.contains_key(&task)
    }
}

/// The indexes above that the one at `index` depends on.
fn indexes_above(index: u32, reach: u32, is_further: bool) -> Range<u32> {
    let group_index = index / reach.max(1);
    let first = group_index.saturating_mul(if is_further { reach } else { 1 });
    first..first.saturating_add(if is_further { reach } else { 1 })
}
