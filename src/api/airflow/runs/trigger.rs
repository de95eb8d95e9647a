//! Creating a run.

use axum::{Json, extract::State};
use model::{
    DagId, JsonMap, RunId,
    command::{Command, Reply, TriggerRun},
    limits::KEY_CHARS_MAX,
    schedule::DataInterval,
    state::{DagRunType, TriggeredBy},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DagRunResponse, one};
use crate::{
    app::App,
    problem::Problem,
    request::{Body, Path},
    wire::{Any, At, aware},
};

/// A run to create. `logical_date` has to be there and may be `null`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TriggerDAGRunPostBody)]
pub(crate) struct TriggerBody {
    dag_run_id: Option<String>,
    #[serde(default, deserialize_with = "aware")]
    data_interval_start: Option<At>,
    #[serde(default, deserialize_with = "aware")]
    data_interval_end: Option<At>,
    // Without a default it has to be there.
    #[serde(deserialize_with = "aware")]
    #[schema(required)]
    logical_date: Option<At>,
    run_after: Option<At>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    conf: Option<JsonMap>,
    note: Option<String>,
    partition_key: Option<String>,
}

/// Characters of a remark.
const NOTE_CHARS_MAX: usize = 1_000;

/// Says no to a remark that is too long.
pub(crate) fn check_note(note: Option<&str>) -> Result<(), Problem> {
    match note {
        Some(note) if note.chars().count() > NOTE_CHARS_MAX => {
            let text = format!("a note has at most {NOTE_CHARS_MAX} characters");
            Err(Problem::field("note", "string_too_long", text, ""))
        }
        Some(_) | None => Ok(()),
    }
}

/// The same where nothing has to be there.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MaterializeAssetBody)]
pub(crate) struct MaterializeBody {
    dag_run_id: Option<String>,
    #[serde(default, deserialize_with = "aware")]
    data_interval_start: Option<At>,
    #[serde(default, deserialize_with = "aware")]
    data_interval_end: Option<At>,
    #[serde(default, deserialize_with = "aware")]
    logical_date: Option<At>,
    run_after: Option<At>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    conf: Option<JsonMap>,
    note: Option<String>,
    partition_key: Option<String>,
}

impl MaterializeBody {
    pub(crate) fn into_command(self, dag_id: &str) -> Result<TriggerRun, Problem> {
        let Self {
            dag_run_id,
            data_interval_start,
            data_interval_end,
            logical_date,
            run_after,
            conf,
            note,
            partition_key,
        } = self;
        let same = TriggerBody {
            dag_run_id,
            data_interval_start,
            data_interval_end,
            logical_date,
            run_after,
            conf,
            note,
            partition_key,
        };
        same.into_command(dag_id)
    }
}

impl TriggerBody {
    fn into_command(self, dag_id: &str) -> Result<TriggerRun, Problem> {
        check_note(self.note.as_deref())?;
        let data_interval = match (self.data_interval_start, self.data_interval_end) {
            (None, None) => None,
            // Upstream takes one that ends before it starts, too.
            (Some(At(start)), Some(At(end))) => Some(DataInterval { start, end }),
            (Some(_), None) | (None, Some(_)) => {
                let text = "give both data_interval_start and data_interval_end, or neither";
                return Err(Problem::field(
                    "data_interval_start",
                    "value_error",
                    text,
                    "",
                ));
            }
        };
        let run_id = self.dag_run_id.filter(|run_id| !run_id.is_empty());
        if let Some(run_id) = run_id.as_ref()
            && run_id.chars().count() > KEY_CHARS_MAX
        {
            let text = format!("a run id has at most {KEY_CHARS_MAX} characters");
            return Err(Problem::field(
                "dag_run_id",
                "string_too_long",
                text,
                run_id,
            ));
        }
        Ok(TriggerRun {
            dag_id: DagId::from(dag_id),
            run_id: run_id.map(RunId::from),
            run_type: DagRunType::Manual,
            logical_date: self.logical_date.map(|At(at)| at),
            data_interval,
            run_after: self.run_after.map(|At(at)| at),
            conf: self.conf.unwrap_or_default().into(),
            note: self.note,
            triggered_by: TriggeredBy::RestApi,
            user: None,
            reset: false,
            partition_key: self.partition_key,
        })
    }
}

/// Create a run.
#[utoipa::path(post, path = "/dags/{dag_id}/dagRuns", operation_id = "trigger_dag_run",
    tag = "DagRun", params(("dag_id" = String, Path)), request_body = TriggerBody,
    responses((status = 200, body = DagRunResponse)))]
pub(crate) async fn trigger_run(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Body(body): Body<TriggerBody>,
) -> Result<Json<DagRunResponse>, Problem> {
    let ask = body.into_command(&dag_id)?;
    create(&app, dag_id, ask).await
}

/// Creates it, and gives it as it is then.
pub(crate) async fn create(
    app: &App,
    dag_id: String,
    ask: TriggerRun,
) -> Result<Json<DagRunResponse>, Problem> {
    match app.command(Command::TriggerRun(Box::new(ask))).await? {
        Reply::Run { run_id, .. } => one(app, dag_id, run_id.to_string()).await.map(Json),
        Reply::Done
        | Reply::TaskInstances(_)
        | Reply::AssetEvent(_)
        | Reply::Backfill(_)
        | Reply::Refused(_) => Err(Problem::hidden()),
    }
}
