//! What a runtime knows, by what its zygote found out at its start, and messages cut to that.

use super::value::get;
use model::Json;
use rmpv::Value;
use std::collections::HashMap;

/// The zygote's word at its start.
#[derive(Debug, Default)]
pub struct Facts {
    /// The fields of each message and of each part of one, by upstream's class name.
    messages: HashMap<String, Vec<String>>,
}

/// Which class a field of a class is, where that has fields of its own.
const PARTS: &[(&str, &str, &str)] = &[
    ("StartupDetails", "ti", "TaskInstance"),
    ("StartupDetails", "bundle_info", "BundleInfo"),
    ("StartupDetails", "ti_context", "TIRunContext"),
    ("TIRunContext", "dag_run", "DagRun"),
    ("TIRunContext", "variables", "VariableResponse"),
    ("TIRunContext", "connections", "ConnectionResponse"),
    (
        "DagRun",
        "consumed_asset_events",
        "AssetEventDagRunReference",
    ),
    (
        "DagRunResult",
        "consumed_asset_events",
        "AssetEventDagRunReference",
    ),
    ("PreviousDagRunResult", "dag_run", "DagRun"),
    ("PreviousTIResult", "task_instance", "PreviousTIResponse"),
    ("AssetEventsResult", "asset_events", "AssetEventResponse"),
    ("AssetEventResponse", "asset", "AssetResponse"),
    (
        "AssetEventResponse",
        "created_dagruns",
        "DagRunAssetReference",
    ),
    ("AssetsByAliasResult", "assets", "AssetResult"),
    ("InactiveAssetsResult", "inactive_assets", "AssetProfile"),
    ("DagCallbackRequest", "context_from_server", "DagRunContext"),
    ("DagRunContext", "dag_run", "DagRun"),
    ("DagRunContext", "last_ti", "TaskInstance"),
    ("TaskCallbackRequest", "ti", "TaskInstance"),
    ("TaskCallbackRequest", "context_from_server", "TIRunContext"),
    ("EmailRequest", "ti", "TaskInstance"),
    ("EmailRequest", "context_from_server", "TIRunContext"),
    // A trigger's `ti` is of a class of its own, which takes what it does not know.
];

impl Facts {
    /// From the zygote's word.
    pub fn read(text: &str) -> Self {
        let word: Json = serde_json::from_str(text).unwrap_or(Json::Null);
        let fields = |value: &Json| -> Option<Vec<String>> {
            let names = value.as_array()?.iter();
            Some(
                names
                    .filter_map(|n| n.as_str().map(ToOwned::to_owned))
                    .collect(),
            )
        };
        let messages = word.get("messages").and_then(Json::as_object);
        let known = messages.into_iter().flatten();
        Self {
            messages: known
                .filter_map(|(name, value)| Some((name.clone(), fields(value)?)))
                .collect(),
        }
    }

    /// Airflow before 3.2: resume arguments are wrapped by `BaseSerialization`.
    pub fn is_old(&self) -> bool {
        self.has("TIRunContext", "upstream_map_indexes")
    }

    /// Whether a class has a field. False where the class is not known.
    pub fn has(&self, class: &str, field: &str) -> bool {
        let fields = self.messages.get(class);
        fields.is_some_and(|fields| fields.iter().any(|f| f == field))
    }

    /// Leaves out what the runtime does not know, and names messages as it does.
    pub fn fit(&self, message: &mut Value) {
        let kind = get(message, "type")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned);
        let Some(kind) = kind else { return };
        // The name before 3.3.
        let before = "XComLengthResponse";
        if kind == "XComCountResponse" && self.messages.contains_key(before) {
            if let Value::Map(fields) = message {
                for (_, value) in fields
                    .iter_mut()
                    .filter(|(k, _)| k.as_str() == Some("type"))
                {
                    *value = before.into();
                }
            }
            return;
        }
        self.fit_as(&kind, message);
    }

    fn fit_as(&self, class: &str, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.fit_as(class, item)),
            Value::Map(fields) => {
                if let Some(known) = self.messages.get(class) {
                    fields.retain(|(name, _)| {
                        let name = name.as_str().unwrap_or_default();
                        name == "type" || known.iter().any(|known| known == name)
                    });
                }
                for (name, value) in fields {
                    let name = name.as_str().unwrap_or_default();
                    let part = PARTS.iter().find(|(c, f, _)| *c == class && *f == name);
                    if let Some((_, _, part)) = part {
                        self.fit_as(part, value);
                    } else if matches!(name, "callback_requests" | "to_create")
                        && let Value::Array(items) = value
                    {
                        items.iter_mut().for_each(|item| self.fit(item));
                    }
                }
            }
            Value::Nil
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::F32(_)
            | Value::F64(_)
            | Value::String(_)
            | Value::Binary(_)
            | Value::Ext(..) => {}
        }
    }
}
