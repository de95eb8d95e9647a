//! Event payloads of triggers in the shape that Airflow's serialisation gives to resume arguments.

use super::value::{json, time};
use model::{Json, Timestamp};
use rmpv::Value;

/// Encodes a payload: as `airflow.serialization.serde` does, or as `BaseSerialization` does for
/// Airflow before 3.2 (`old`).
pub fn encode(value: &Value, old: bool) -> Json {
    if old {
        return encode_old(value);
    }
    json(value, &|at| {
        let zone = serde_json::json!({
            "__classname__": "builtins.tuple",
            "__version__": 1,
            "__data__": ["UTC", "pendulum.tz.timezone.Timezone", 1, true],
        });
        serde_json::json!({
            "__classname__": "pendulum.datetime.DateTime",
            "__version__": 2,
            "__data__": { "timestamp": seconds(at), "tz": zone },
        })
    })
}

fn encode_old(value: &Value) -> Json {
    if let Value::Map(pairs) = value {
        let pair = |(key, value): &(Value, Value)| {
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            (key, encode_old(value))
        };
        let inner = Json::Object(pairs.iter().map(pair).collect());
        return serde_json::json!({ "__type": "dict", "__var": inner });
    }
    if let Value::Array(items) = value {
        return items.iter().map(encode_old).collect();
    }
    if let Some(at) = time(value).filter(|_| value.is_ext()) {
        return serde_json::json!({ "__type": "datetime", "__var": seconds(at) });
    }
    json(value, &|at| Json::from(seconds(at)))
}

#[allow(clippy::cast_precision_loss)] // Upstream keeps times as floats.
fn seconds(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1e6
}
