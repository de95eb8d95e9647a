//! Taking a task instance away from its worker or trigger.

use model::{effect::Effect, state::TaskInstanceState as State};

use super::{At, is_held_outside};
use crate::live::Cx;

/// Takes the permission back and asks for the process, or the wait, to be ended. What it still
/// reports is dropped from now on. To be called before the state is changed.
pub(crate) fn halt(cx: &mut Cx, place: At) {
    let Some(ti) = cx.ti(place) else { return };
    let (key, state) = (ti.key, ti.state);
    let Some(fence) = ti.fence.filter(|_| is_held_outside(state)) else {
        return;
    };
    if let Some(ti) = cx.change(place) {
        ti.fence = None;
    }
    if state == State::Deferred {
        cx.live.dirty.effects.push(Effect::Disarm { key, fence });
    } else {
        cx.live.dirty.kill(key, fence);
    }
}
