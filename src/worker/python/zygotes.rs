//! The warm interpreters: one for each runtime and environment.

use super::zygote::{NotForked, Zygote};
use crate::{serve::Shared, wire};
use model::limits::ZYGOTE_TRIES_MAX;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

/// How long a start that failed is not tried again, so that those who wait do not each wait for
/// another failure.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// All of them.
#[derive(Default)]
pub struct Zygotes {
    places: Mutex<HashMap<wire::Runtime, Arc<AsyncMutex<Place>>>>,
    live: Mutex<HashMap<u64, Arc<Zygote>>>,
}

/// The one for a runtime, or why there is none.
#[derive(Default)]
enum Place {
    #[default]
    Empty,
    Live(Arc<Zygote>),
    Failed(Instant, String),
}

impl Zygotes {
    /// A zygote for a runtime; starts one when there is none that may fork again.
    ///
    /// # Errors
    /// Says why there is none, with a code.
    pub async fn get(
        &self,
        shared: &Arc<Shared>,
        runtime: &wire::Runtime,
    ) -> Result<Arc<Zygote>, String> {
        let place = Arc::clone(lock(&self.places).entry(runtime.clone()).or_default());
        let mut place = place.lock().await;
        match &*place {
            Place::Live(zygote) if zygote.is_fresh() => {
                return Ok(Arc::clone(zygote));
            }
            Place::Failed(at, why) if at.elapsed() < FAILED_FOR => return Err(why.clone()),
            Place::Live(zygote) => zygote.retire(),
            Place::Empty | Place::Failed(..) => {}
        }
        let mut tries = 1;
        let why = loop {
            match Zygote::boot(shared, runtime).await {
                Ok(zygote) => {
                    lock(&self.live).insert(zygote.no, Arc::clone(&zygote));
                    *place = Place::Live(Arc::clone(&zygote));
                    self.replace_others(runtime);
                    return Ok(zygote);
                }
                // Whoever killed it did not mean those who wait for it.
                Err(NotForked::Died(_)) if tries < ZYGOTE_TRIES_MAX => tries += 1,
                Err(NotForked::Died(why) | NotForked::Refused(why) | NotForked::Stale(why)) => {
                    break why;
                }
            }
        };
        *place = Place::Failed(Instant::now(), why.clone());
        Err(why)
    }

    /// Those of the same installation with other plugins or settings have no more to do.
    fn replace_others(&self, runtime: &wire::Runtime) {
        for (of, place) in lock(&self.places).iter() {
            if of.folder == runtime.folder
                && of != runtime
                && let Ok(place) = place.try_lock()
                && let Place::Live(zygote) = &*place
            {
                zygote.retire();
            }
        }
    }

    /// It has ended.
    pub fn forget(&self, no: u64) {
        lock(&self.live).remove(&no);
        lock(&self.places).retain(|_, place| {
            // One that is being started, or asked for, is in use.
            Arc::strong_count(place) > 1
                || place.try_lock().map_or(true, |place| match &*place {
                    Place::Live(zygote) => zygote.no != no,
                    Place::Empty => false,
                    Place::Failed(at, _) => at.elapsed() < FAILED_FOR,
                })
        });
    }

    /// Ends all; their children live on.
    pub fn close(&self) {
        lock(&self.live).values().for_each(|zygote| zygote.retire());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
