//! Dates among values that only Python understands.

use serde_json::json;

use crate::{Json, Timestamp};

/// A date as the arguments of triggers, and those to go on with, have it since 3.2.
#[allow(clippy::cast_precision_loss)] // Upstream keeps times as floats.
#[must_use]
pub fn serde_date(at: Timestamp) -> Json {
    json!({
        "__classname__": "pendulum.datetime.DateTime",
        "__version__": 2,
        "__data__": {
            "timestamp": at.as_micros() as f64 / 1e6,
            "tz": {
                "__classname__": "builtins.tuple",
                "__version__": 1,
                "__data__": ["UTC", "pendulum.tz.timezone.Timezone", 1, true],
            },
        },
    })
}
