//! A run's conf.

use model::Json;

/// Conf as it was given, an object. The declared params are not written into it: what a task sees
/// of both is made when it is rendered.
pub(crate) fn given(conf: Json) -> Json {
    if conf.is_object() {
        conf
    } else {
        Json::Object(model::JsonMap::new())
    }
}
