//! Which dag files are kept read, so that tasks start from there.
//!
//! The first task of a file reads it itself. The second within [`KEEP_DAG_WITHIN_MS`] does too, and
//! has the file kept; those after it wait for that, since they could not read it sooner themselves.

use super::{
    keep,
    zygote::{NotForked, Zygote},
};
use crate::{serve::Shared, wire};
use model::limits::{KEEP_DAG_WITHIN_MS, KEPT_DAGS_MAX, UNKEPT_DAG_MS};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Files that are remembered whether kept or not.
const PLACES_MAX: usize = 256;

/// Those of one warm interpreter.
#[derive(Default)]
pub struct Keepers(Mutex<Places>);

/// By bundle and file.
type Places = HashMap<(String, String), Place>;

enum Place {
    /// A task of it started.
    Seen(Instant),
    /// It is being read.
    Making(watch::Receiver<()>),
    Kept {
        keeper: Arc<Zygote>,
        used: Instant,
    },
    /// It cannot be kept.
    Unkept(Instant),
}

enum Choice {
    Alone,
    Keep(watch::Sender<()>),
    Wait(watch::Receiver<()>),
    From(Arc<Zygote>),
}

impl Keepers {
    /// Ends all that keep a file.
    pub fn retire(&self) {
        for (_, place) in self.places().drain() {
            if let Place::Kept { keeper, .. } = place {
                keeper.retire();
            }
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn choose(&self, name: &(String, String)) -> Choice {
        let now = Instant::now();
        let mut places = self.places();
        if places.len() > PLACES_MAX {
            places.retain(|_, place| matches!(place, Place::Making(_) | Place::Kept { .. }));
        }
        let within = |at: &Instant, ms: u64| now - *at < Duration::from_millis(ms);
        match places.get_mut(name) {
            Some(Place::Making(made)) => return Choice::Wait(made.clone()),
            Some(Place::Kept { keeper, used }) if keeper.is_fresh() => {
                *used = now;
                return Choice::From(Arc::clone(keeper));
            }
            Some(Place::Unkept(at)) if within(at, UNKEPT_DAG_MS) => return Choice::Alone,
            Some(Place::Seen(at)) if within(at, KEEP_DAG_WITHIN_MS) => {}
            // What was kept a moment ago is wanted again.
            Some(Place::Kept { used, .. }) if within(used, KEEP_DAG_WITHIN_MS) => {}
            Some(Place::Kept { .. } | Place::Unkept(_) | Place::Seen(_)) | None => {
                places.insert(name.clone(), Place::Seen(now));
                return Choice::Alone;
            }
        }
        if !make_room(&mut places) {
            return Choice::Alone;
        }
        let (done, made) = watch::channel(());
        places.insert(name.clone(), Place::Making(made));
        Choice::Keep(done)
    }

    fn made(&self, name: &(String, String), made: Result<Arc<Zygote>, NotForked>) {
        let now = Instant::now();
        let place = match made {
            Ok(keeper) => Place::Kept { keeper, used: now },
            Err(NotForked::Died(_)) => Place::Seen(now),
            Err(NotForked::Refused(why) | NotForked::Stale(why)) => {
                tracing::debug!(file = name.1, why, "a dag file is not kept");
                Place::Unkept(now)
            }
        };
        self.places().insert(name.clone(), place);
    }
}

/// Lets the one go that was not used for longest. False when all are being made.
fn make_room(places: &mut Places) -> bool {
    let is_busy = |place: &Place| matches!(place, Place::Making(_) | Place::Kept { .. });
    if places.values().filter(|place| is_busy(place)).count() < KEPT_DAGS_MAX {
        return true;
    }
    let kept = places.iter().filter_map(|(name, place)| match place {
        Place::Kept { used, .. } => Some((*used, name.clone())),
        Place::Seen(_) | Place::Making(_) | Place::Unkept(_) => None,
    });
    let Some((_, oldest)) = kept.min() else {
        return false;
    };
    if let Some(Place::Kept { keeper, .. }) = places.remove(&oldest) {
        keeper.retire();
    }
    true
}

/// The interpreter to fork a task from: the one that keeps its dag file, or the warm one itself.
pub async fn choose(
    shared: &Arc<Shared>,
    warm: &Arc<Zygote>,
    age: Duration,
    dag: &wire::DagFile,
) -> Arc<Zygote> {
    let name = (dag.bundle.clone(), dag.file.clone());
    match warm.keepers.choose(&name) {
        Choice::Alone => {}
        Choice::From(keeper) => return keeper,
        Choice::Keep(done) => {
            let (shared, warm, dag) = (Arc::clone(shared), Arc::clone(warm), dag.clone());
            tokio::spawn(async move {
                let made = keep::keep(&shared, &warm, age, &dag).await;
                warm.keepers.made(&name, made);
                drop(done);
            });
        }
        Choice::Wait(mut made) => {
            // It ends with the making, which has a limit of its own.
            let _ = made.changed().await;
            let places = warm.keepers.places();
            if let Some(Place::Kept { keeper, .. }) = places.get(&name) {
                return Arc::clone(keeper);
            }
        }
    }
    Arc::clone(warm)
}
