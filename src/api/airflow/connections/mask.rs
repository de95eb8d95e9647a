//! What of a connection is not shown, and how what comes back masked is put right again.

use control::environment::is_sensitive;
use model::Json;

/// Stands for what is not shown.
pub(crate) const MASK: &str = "***";

/// A secret; an empty one hides nothing.
pub(crate) fn hidden(secret: String) -> String {
    if secret.is_empty() {
        secret
    } else {
        MASK.to_owned()
    }
}

/// The extra with its secrets masked. Text that is no JSON may be a secret as a whole.
pub(crate) fn extra(text: &str) -> String {
    match serde_json::from_str::<Json>(text) {
        Ok(value) => redacted(value).to_string(),
        Err(_) => hidden(text.to_owned()),
    }
}

/// The same for any value: what stands under a name that sounds secret is masked.
pub(crate) fn redacted(value: Json) -> Json {
    match value {
        Json::Object(object) => object
            .into_iter()
            .map(|(name, inner)| {
                let hides = is_sensitive(&name);
                let shown = if hides {
                    wholly_masked(inner)
                } else {
                    redacted(inner)
                };
                (name, shown)
            })
            .collect::<model::JsonMap>()
            .into(),
        Json::Array(items) => items.into_iter().map(redacted).collect(),
        other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => other,
    }
}

/// The same where its name sounds secret.
pub(crate) fn wholly_masked(value: Json) -> Json {
    match value {
        Json::String(text) => hidden(text).into(),
        Json::Object(object) => object
            .into_iter()
            .map(|(name, inner)| (name, wholly_masked(inner)))
            .collect::<model::JsonMap>()
            .into(),
        Json::Array(items) => items.into_iter().map(wholly_masked).collect(),
        other @ (Json::Null | Json::Bool(_) | Json::Number(_)) => other,
    }
}

/// What was given, with each mask in it replaced by what is there: answers that are sent back
/// change no secret.
pub(crate) fn unmasked(given: String, there: Option<&str>) -> String {
    let Some(there) = there else { return given };
    let pair = (serde_json::from_str(&given), serde_json::from_str(there));
    match pair {
        (Ok(new), Ok(old)) => merged(new, Some(&old)).to_string(),
        (_, _) if given == MASK => there.to_owned(),
        (_, _) => given,
    }
}

fn merged(new: Json, old: Option<&Json>) -> Json {
    match new {
        Json::String(text) if text == MASK => old.cloned().unwrap_or(Json::String(text)),
        Json::Object(object) => object
            .into_iter()
            .map(|(name, inner)| {
                let old = old.and_then(|old| old.get(&name));
                let inner = merged(inner, old);
                (name, inner)
            })
            .collect::<model::JsonMap>()
            .into(),
        Json::Array(items) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(at, inner)| merged(inner, old.and_then(|old| old.get(at))))
                .collect()
        }
        other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_put_back() {
        let there = r#"{"token":"abc","n":1,"in":{"password":["x",2],"path":"/"},"secret":""}"#;
        let shown = extra(there);
        assert_eq!(
            shown,
            r#"{"token":"***","n":1,"in":{"password":["***",2],"path":"/"},"secret":""}"#
        );
        assert_eq!(unmasked(shown, Some(there)), there);
        let changed = r#"{"token":"new","other":"***"}"#;
        assert_eq!(unmasked(changed.to_owned(), Some(there)), changed);
        assert_eq!(extra("no JSON"), MASK);
        assert_eq!(unmasked(MASK.to_owned(), Some("no JSON")), "no JSON");
    }
}
