//! Answers as messages.

use super::value::{Word, map};
#[cfg(test)]
use super::value::{Wrong, field, get};
use model::execution::{Answer, ErrorKind};
use rmpv::Value;

/// What goes into a reply: its body (slot 2) and its error (slot 3).
pub enum Slots {
    /// `[id]`
    Empty,
    /// `[id, body]`
    Body(Value),
    /// `[id, null, error]`
    Error(Value),
}

/// Puts the type in front of a message's fields.
pub fn typed(kind: &str, fields: Value) -> Value {
    let mut all = vec![(Value::from("type"), Value::from(kind))];
    if let Value::Map(fields) = fields {
        all.extend(fields);
    }
    Value::Map(all)
}

/// An expected miss or a failure of the server.
pub fn error(kind: ErrorKind, detail: Value) -> Value {
    map([
        ("type", "ErrorResponse".into()),
        ("error", kind.as_str().into()),
        ("detail", detail),
    ])
}

macro_rules! plain {
    ($($name:ident { $($field:ident),* })+ ; $($boxed:ident)+) => {
        /// An answer on its way to a child.
        pub fn write(answer: &Answer) -> Slots {
            match answer {
                Answer::Nothing => Slots::Empty,
                Answer::Error { kind, detail } => Slots::Body(error(*kind, detail.write())),
                Answer::Failure { message, status } => {
                    let detail = map([
                        ("status_code", u64::from(*status).into()),
                        ("message", message.write()),
                    ]);
                    Slots::Error(error(ErrorKind::ApiServerError, detail))
                }
                $(Answer::$name { $($field),* } => Slots::Body(map([
                    ("type", stringify!($name).into()),
                    $((stringify!($field), $field.write())),*
                ])),)+
                $(Answer::$boxed(fields) => {
                    Slots::Body(typed(stringify!($boxed), fields.write()))
                })+
            }
        }

        #[cfg(test)]
        pub fn read(body: &Value) -> Result<Answer, Wrong> {
            let kind = get(body, "type").and_then(Value::as_str).unwrap_or_default();
            Ok(match kind {
                $(stringify!($name) => Answer::$name {
                    $($field: field(body, stringify!($field), None)?),*
                },)+
                $(stringify!($boxed) => Answer::$boxed(Word::read(body)?),)+
                "ErrorResponse" => Answer::Error {
                    kind: kind_of(&field::<String>(body, "error", Some("GENERIC_ERROR".into()))?),
                    detail: field(body, "detail", None)?,
                },
                _ => return Err(Wrong::new("is not known")),
            })
        }
    };
}

plain! {
    OKResponse { ok }
    VariableResult { key, value }
    VariableKeysResult { keys, total_entries }
    XComResult { key, value }
    XComCountResponse { len }
    XComSequenceIndexResult { root }
    XComSequenceSliceResult { root }
    DagRunStateResult { state }
    DRCount { count }
    PreviousDagRunResult { dag_run }
    PreviousTIResult { task_instance }
    PrevSuccessfulDagRunResult { data_interval_start, data_interval_end, start_date, end_date }
    TICount { count }
    TaskStatesResult { task_states }
    TaskBreadcrumbsResult { breadcrumbs }
    TaskRescheduleStartDate { start_date }
    AssetsByAliasResult { assets }
    AssetEventsResult { asset_events }
    InactiveAssetsResult { inactive_assets }
    TaskStateStoreResult { value }
    AssetStateStoreResult { value }
    HITLDetailResponseResult {
        response_received, responded_by_user, responded_at, chosen_options, params_input
    }
    ;
    ConnectionResult DagResult DagRunResult AssetResult HITLDetailRequestResult
}

#[cfg(test)]
fn kind_of(text: &str) -> ErrorKind {
    use ErrorKind as E;
    let all = [
        E::ConnectionNotFound,
        E::VariableNotFound,
        E::XComNotFound,
        E::AssetNotFound,
        E::TaskStoreNotFound,
        E::AssetStoreNotFound,
        E::DagRunAlreadyExists,
        E::PermissionDenied,
        E::GenericError,
        E::ApiServerError,
    ];
    *all.iter().find(|kind| kind.as_str() == text).unwrap()
}
