//! Many changes in one request: each is tried by itself, and the answer says which went well.

use model::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What to do with which things.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkBody)]
pub(crate) struct Actions<T> {
    actions: Vec<Action<T>>,
}

/// One kind of change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
#[schema(as = BulkAction)]
enum Action<T> {
    /// New things.
    Create {
        entities: Vec<T>,
        #[serde(default)]
        action_on_existence: OnExistence,
    },
    /// Changed things.
    Update {
        entities: Vec<T>,
        #[serde(default)]
        #[allow(dead_code)]
        // Fields that are absent are left as they are with or without it.
        update_mask: Option<Vec<String>>,
        #[serde(default)]
        action_on_non_existence: OnAbsence,
    },
    /// Things to remove, whole or by name.
    Delete {
        entities: Vec<NameOr<T>>,
        #[serde(default)]
        action_on_non_existence: OnAbsence,
    },
}

/// What to do when it is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkActionOnExistence)]
pub(crate) enum OnExistence {
    #[default]
    Fail,
    Skip,
    Overwrite,
}

/// What to do when it is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkActionNotOnExistence)]
enum OnAbsence {
    #[default]
    Fail,
    Skip,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BulkEntity)]
enum NameOr<T> {
    Name(String),
    Whole(T),
}

/// Something that a name is enough for.
pub(crate) trait Named {
    fn named(name: String) -> Self;
}

/// What came of each kind of change; absent kinds were not asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct BulkResponse {
    create: Option<BulkActionResponse>,
    update: Option<BulkActionResponse>,
    delete: Option<BulkActionResponse>,
}

/// What came of one kind of change.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct BulkActionResponse {
    /// The names of what went well.
    success: Vec<String>,
    /// What did not, with the status that it would have had alone.
    #[schema(value_type = Vec<std::collections::HashMap<String, crate::wire::Any>>)]
    errors: Vec<Json>,
}

impl BulkActionResponse {
    fn note(&mut self, result: Result<String, Problem>, may_skip: impl Fn(u16) -> bool) {
        match result {
            Ok(name) => self.success.push(name),
            Err(problem) => {
                let status = problem.status().as_u16();
                if !may_skip(status) {
                    let error = problem.sentence();
                    self.errors
                        .push(serde_json::json!({ "error": error, "status_code": status }));
                }
            }
        }
    }
}

/// Who carries out changes. Each gives the name of what it changed.
pub(crate) trait Changes<T>: Sync {
    /// Makes a new one.
    fn create(&self, one: T, on: OnExistence) -> impl Changed;
    /// Changes one.
    fn update(&self, one: T) -> impl Changed;
    /// Removes one.
    fn delete(&self, one: T) -> impl Changed;
}

/// The name of what was changed, in time.
pub(crate) trait Changed: Future<Output = Result<String, Problem>> + Send {}
impl<F: Future<Output = Result<String, Problem>> + Send> Changed for F {}

impl<T: Named + Send> Actions<T> {
    /// Carries them out in order.
    pub(crate) async fn carry_out(self, by: impl Changes<T>) -> BulkResponse {
        let mut out = BulkResponse::default();
        for action in self.actions {
            match action {
                Action::Create {
                    entities,
                    action_on_existence,
                } => {
                    let done = out.create.get_or_insert_default();
                    let skips = action_on_existence == OnExistence::Skip;
                    for one in entities {
                        let result = by.create(one, action_on_existence).await;
                        done.note(result, |status| skips && status == 409);
                    }
                }
                Action::Update {
                    entities,
                    update_mask: _,
                    action_on_non_existence,
                } => {
                    let done = out.update.get_or_insert_default();
                    let skips = action_on_non_existence == OnAbsence::Skip;
                    for one in entities {
                        done.note(by.update(one).await, |status| skips && status == 404);
                    }
                }
                Action::Delete {
                    entities,
                    action_on_non_existence,
                } => {
                    let done = out.delete.get_or_insert_default();
                    let skips = action_on_non_existence == OnAbsence::Skip;
                    for one in entities {
                        let one = match one {
                            NameOr::Name(name) => T::named(name),
                            NameOr::Whole(one) => one,
                        };
                        done.note(by.delete(one).await, |status| skips && status == 404);
                    }
                }
            }
        }
        out
    }
}
