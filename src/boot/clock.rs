//! The one clock of the product.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{Timestamp, ports::Clock};

/// The system's clock.
#[derive(Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // The owner of the clock.
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
