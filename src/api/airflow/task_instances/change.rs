//! Setting the state or the note of task instances by hand.

use axum::{Json, extract::State};
use model::{
    DagId, RunId, TaskId,
    command::{Command, Reply, SetTaskState},
    state::TaskInstanceState,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{TaskInstanceCollection, TaskInstanceResponse};
use crate::{
    airflow::{
        bulk::{self, Actions, BulkResponse, Changes, OnExistence},
        dags::MaskQuery,
        runs::{check_note, given, responses},
    },
    app::App,
    problem::Problem,
    request::{Body, Path, Query, query},
    wire::TiState,
};

/// What can be changed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PatchTaskInstanceBody)]
pub(crate) struct TiPatchBody {
    pub(super) new_state: Option<TiState>,
    /// `null` removes it; absent leaves it.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(super) note: Option<Option<String>>,
    pub(super) include_upstream: bool,
    pub(super) include_downstream: bool,
    pub(super) include_future: bool,
    pub(super) include_past: bool,
}

query! {
    /// Which instance; all instances of the task when absent.
    AnyMapQuery {
        map_index: Option<i32>,
    }
}

impl From<Vec<TaskInstanceResponse>> for TaskInstanceCollection {
    fn from(task_instances: Vec<TaskInstanceResponse>) -> Self {
        Self {
            total_entries: Some(task_instances.len() as u64),
            task_instances,
            total_entries_limit: None,
            next_cursor: None,
            previous_cursor: None,
        }
    }
}

/// The task instances that are meant by a path.
struct Target {
    dag_id: String,
    run_id: String,
    task_id: String,
    map: Option<i32>,
}

/// A state that people may set.
pub(super) fn settable(TiState(state): TiState) -> Result<TaskInstanceState, Problem> {
    let by_hand = [
        TaskInstanceState::Success,
        TaskInstanceState::Failed,
        TaskInstanceState::Skipped,
    ];
    if by_hand.contains(&state) {
        return Ok(state);
    }
    let text = format!("`{state}` cannot be set by hand: use success, failed or skipped");
    let input = state.as_str();
    Err(Problem::field("new_state", "value_error", text, input))
}

impl TiPatchBody {
    fn ask(&self, target: &Target, dry_run: bool) -> Result<Option<SetTaskState>, Problem> {
        let Some(state) = self.new_state.map(settable).transpose()? else {
            return Ok(None);
        };
        Ok(Some(SetTaskState {
            dag_id: DagId::from(target.dag_id.as_str()),
            run_id: RunId::from(target.run_id.as_str()),
            task_id: TaskId::from(target.task_id.as_str()),
            map_index: target.map,
            state,
            include_upstream: self.include_upstream,
            include_downstream: self.include_downstream,
            include_future: self.include_future,
            include_past: self.include_past,
            dry_run,
            user: None,
        }))
    }
}

/// Changes, or only says what would be changed.
async fn change(
    app: &App,
    target: Target,
    body: &TiPatchBody,
    dry_run: bool,
) -> Result<TaskInstanceCollection, Problem> {
    let asked = body.ask(&target, dry_run)?;
    let mut keys = match asked {
        Some(ask) => match app.command(Command::SetTaskState(Box::new(ask))).await? {
            Reply::TaskInstances(keys) => keys,
            Reply::Done => Vec::new(),
            Reply::Run { .. } | Reply::AssetEvent(_) | Reply::Backfill(_) | Reply::Refused(_) => {
                return Err(Problem::hidden());
            }
        },
        None => Vec::new(),
    };
    if let (Some(note), false) = (&body.note, dry_run) {
        check_note(note.as_deref())?;
        let map = target.map.unwrap_or(-1);
        let key = app
            .read(move |book| {
                let found = book.run(&target.dag_id, &target.run_id)?;
                book.ti(&found, &target.task_id, map).map(|ti| ti.key)
            })
            .await?;
        app.command(Command::SetTaskNote {
            key,
            note: note.clone(),
        })
        .await?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    responses(app, keys).await.map(Into::into)
}

type Collection = Result<Json<TaskInstanceCollection>, Problem>;
const FIELDS: [&str; 2] = ["new_state", "note"];

impl TiPatchBody {
    /// Without what the mask leaves out.
    pub(super) fn masked(mut self, mask: &MaskQuery) -> Result<Self, Problem> {
        mask.check(&FIELDS)?;
        self.new_state = self.new_state.filter(|_| mask.has("new_state"));
        self.note = self.note.filter(|_| mask.has("note"));
        if self.new_state.is_none() && self.note.is_none() {
            return Err(Problem::field(
                "new_state",
                "missing",
                "give new_state, note or both",
                "",
            ));
        }
        Ok(self)
    }
}

/// Set the state of a task's instances, or a note.
#[utoipa::path(patch, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",
    operation_id = "patch_task_instance", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        AnyMapQuery, MaskQuery),
    request_body = TiPatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn patch_ti(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    query: Query<AnyMapQuery>,
    mask: Query<MaskQuery>,
    Body(body): Body<TiPatchBody>,
) -> Collection {
    let target = Target {
        dag_id,
        run_id,
        task_id,
        map: query.map_index,
    };
    change(&app, target, &body.masked(&mask)?, false)
        .await
        .map(Json)
}

/// Set the state of one instance of a mapped task, or a note.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",
    operation_id = "patch_task_instance_by_map_index", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path), MaskQuery),
    request_body = TiPatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn patch_mapped_ti(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, map)): Path<(String, String, String, i32)>,
    mask: Query<MaskQuery>,
    Body(body): Body<TiPatchBody>,
) -> Collection {
    let target = Target {
        dag_id,
        run_id,
        task_id,
        map: Some(map),
    };
    change(&app, target, &body.masked(&mask)?, false)
        .await
        .map(Json)
}

/// Say which instances a patch would change.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dry_run",
    operation_id = "patch_task_instance_dry_run", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        AnyMapQuery, MaskQuery),
    request_body = TiPatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn dry_run_ti(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    query: Query<AnyMapQuery>,
    mask: Query<MaskQuery>,
    Body(body): Body<TiPatchBody>,
) -> Collection {
    let target = Target {
        dag_id,
        run_id,
        task_id,
        map: query.map_index,
    };
    change(&app, target, &body.masked(&mask)?, true)
        .await
        .map(Json)
}

/// Say which instances a patch of one instance would change.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dry_run",
    operation_id = "patch_task_instance_dry_run_by_map_index", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path), MaskQuery),
    request_body = TiPatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn dry_run_mapped_ti(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, map)): Path<(String, String, String, i32)>,
    mask: Query<MaskQuery>,
    Body(body): Body<TiPatchBody>,
) -> Collection {
    let target = Target {
        dag_id,
        run_id,
        task_id,
        map: Some(map),
    };
    change(&app, target, &body.masked(&mask)?, true)
        .await
        .map(Json)
}

/// A task instance of many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkTaskInstanceBody)]
pub(crate) struct BulkTiBody {
    new_state: Option<TiState>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
    #[serde(default)]
    include_upstream: bool,
    #[serde(default)]
    include_downstream: bool,
    #[serde(default)]
    include_future: bool,
    #[serde(default)]
    include_past: bool,
    task_id: String,
    map_index: Option<i32>,
    dag_id: Option<String>,
    dag_run_id: Option<String>,
}

impl bulk::Named for BulkTiBody {
    fn named(task_id: String) -> Self {
        Self {
            new_state: None,
            note: None,
            include_upstream: false,
            include_downstream: false,
            include_future: false,
            include_past: false,
            task_id,
            map_index: None,
            dag_id: None,
            dag_run_id: None,
        }
    }
}

struct Instances {
    app: App,
    dag_id: String,
    run_id: String,
}

fn refused() -> Problem {
    Problem::invalid("task instances are neither created nor deleted by hand")
}

impl Changes<BulkTiBody> for Instances {
    async fn create(&self, _: BulkTiBody, _: OnExistence) -> Result<String, Problem> {
        Err(refused())
    }
    async fn update(&self, one: BulkTiBody) -> Result<String, Problem> {
        let target = Target {
            dag_id: one.dag_id.unwrap_or_else(|| self.dag_id.clone()),
            run_id: one.dag_run_id.unwrap_or_else(|| self.run_id.clone()),
            task_id: one.task_id,
            map: one.map_index,
        };
        let body = TiPatchBody {
            new_state: one.new_state,
            note: one.note,
            include_upstream: one.include_upstream,
            include_downstream: one.include_downstream,
            include_future: one.include_future,
            include_past: one.include_past,
        };
        let map = target.map.unwrap_or(-1);
        let name = format!(
            "{}.{}.{}[{map}]",
            target.dag_id, target.run_id, target.task_id
        );
        change(&self.app, target, &body, false).await.map(|_| name)
    }
    async fn delete(&self, _: BulkTiBody) -> Result<String, Problem> {
        Err(refused())
    }
}

/// Change many task instances.
#[utoipa::path(patch, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",
    operation_id = "bulk_task_instances", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    request_body = Actions<BulkTiBody>, responses((status = 200, body = BulkResponse)))]
pub(crate) async fn bulk_tis(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    Body(actions): Body<Actions<BulkTiBody>>,
) -> Json<BulkResponse> {
    Json(
        actions
            .carry_out(Instances {
                app,
                dag_id,
                run_id,
            })
            .await,
    )
}
