//! Health, version and what is not shown.

use axum::{Json, extract::State, http::StatusCode};
use control::queries::{health::health, warnings::asset_conflicts};
use model::{Timestamp, change::DagWarning};
use serde::Serialize;
use utoipa::ToSchema;

use super::dags::display_name;
use crate::{
    app::App,
    book::{Book, read},
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Query, query},
    wire::At,
};

/// How the parts are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthInfoResponse {
    metadatabase: BaseInfoResponse,
    scheduler: SchedulerInfoResponse,
    triggerer: TriggererInfoResponse,
    dag_processor: Option<DagProcessorInfoResponse>,
}

/// `healthy` or `unhealthy`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BaseInfoResponse {
    status: Option<String>,
}

/// The scheduler.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchedulerInfoResponse {
    status: Option<String>,
    latest_scheduler_heartbeat: Option<String>,
}

/// Who waits for triggers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriggererInfoResponse {
    status: Option<String>,
    latest_triggerer_heartbeat: Option<String>,
}

/// Who reads dag files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DagProcessorInfoResponse {
    status: Option<String>,
    latest_dag_processor_heartbeat: Option<String>,
}

fn word(is_healthy: bool) -> Option<String> {
    Some(if is_healthy { "healthy" } else { "unhealthy" }.to_owned())
}

/// How the parts are; 200 also when one of them is ill, as upstream's.
#[utoipa::path(get, path = "/monitor/health", operation_id = "get_health", tag = "Monitor",
    responses((status = 200, body = HealthInfoResponse)))]
pub(crate) async fn get_health(State(app): State<App>) -> Json<HealthInfoResponse> {
    let book = app.read(|_| Ok(())).await.is_ok();
    let health = health(app.control());
    let beat = health.heartbeat.map(|at: Timestamp| at.to_string());
    let folder = health.folder.scanned && health.folder.problem.is_none();
    Json(HealthInfoResponse {
        metadatabase: BaseInfoResponse { status: word(book) },
        scheduler: SchedulerInfoResponse {
            status: word(health.is_healthy),
            latest_scheduler_heartbeat: beat.clone(),
        },
        // The same process; it waits on the same clock.
        triggerer: TriggererInfoResponse {
            status: word(health.is_healthy),
            latest_triggerer_heartbeat: beat.clone(),
        },
        dag_processor: Some(DagProcessorInfoResponse {
            status: word(folder),
            latest_dag_processor_heartbeat: beat.filter(|_| folder),
        }),
    })
}

/// Our version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionInfo {
    version: String,
    git_version: Option<String>,
}

/// Our version.
#[utoipa::path(get, path = "/version", operation_id = "get_version", tag = "Version",
    responses((status = 200, body = VersionInfo)))]
pub(crate) async fn get_version(State(app): State<App>) -> Json<VersionInfo> {
    Json(VersionInfo {
        version: app.place().version.clone(),
        git_version: None,
    })
}

/// A section of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigSection {
    name: String,
    options: Vec<ConfigOption>,
}

/// A value of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigOption {
    key: String,
    #[schema(value_type = ConfigValue)]
    value: String,
}

/// One text or several.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum ConfigValue {
    One(String),
    Several(Vec<crate::wire::Any>),
}

/// The configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Config {
    sections: Vec<ConfigSection>,
}

fn not_exposed() -> Problem {
    let text = "the configuration is not shown here; `orrery config show` has it";
    Problem::new(StatusCode::FORBIDDEN, "API-013", text)
}

/// The configuration is not shown.
#[utoipa::path(get, path = "/config", operation_id = "get_config", tag = "Config",
    params(("section" = Option<String>, Query)),
    responses((status = 200, content((Config = "application/json"), (String = "text/plain"))),
        (status = 403)))]
pub(crate) async fn get_config() -> Problem {
    not_exposed()
}

/// The configuration is not shown.
#[utoipa::path(get, path = "/config/section/{section}/option/{option}",
    operation_id = "get_config_value", tag = "Config",
    params(("section" = String, Path), ("option" = String, Path)),
    responses((status = 200, content((Config = "application/json"), (String = "text/plain"))),
        (status = 403)))]
pub(crate) async fn get_config_value(Path(_): Path<(String, String)>) -> Problem {
    not_exposed()
}

/// Something that is odd with a dag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGWarningResponse)]
pub(crate) struct WarningResponse {
    dag_id: String,
    #[schema(value_type = WarningType)]
    warning_type: String,
    message: String,
    timestamp: At,
    dag_display_name: String,
}

/// What sort of oddity.
#[derive(ToSchema)]
#[schema(as = DagWarningType)]
#[allow(dead_code)]
enum WarningType {
    #[serde(rename = "asset conflict")]
    AssetConflict,
    #[serde(rename = "non-existent pool")]
    NonExistentPool,
    #[serde(rename = "runtime varying value")]
    RuntimeVaryingValue,
}

/// Oddities, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGWarningCollectionResponse)]
pub(crate) struct WarningCollection {
    dag_warnings: Vec<WarningResponse>,
    total_entries: u64,
}

query! {
    /// What the list of warnings takes.
    WarningsQuery {
        dag_id: Option<String>,
        warning_type: Option<String>,
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
    }
}

/// What is odd with dags and does not keep them from running: what the parser of their files says,
/// and assets that cannot be active.
#[utoipa::path(get, path = "/dagWarnings", operation_id = "list_dag_warnings", tag = "DagWarning",
    params(WarningsQuery), responses((status = 200, body = WarningCollection)))]
pub(crate) async fn list_warnings(
    State(app): State<App>,
    Query(query): Query<WarningsQuery>,
) -> Result<Json<WarningCollection>, Problem> {
    query
        .order_by
        .check(&["dag_id", "warning_type", "message", "timestamp"])?;
    let mut found = app.read(warnings).await?;
    found.retain(|warning| {
        let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|it| it == is);
        is(&query.dag_id, &warning.dag_id) && is(&query.warning_type, &warning.warning_type)
    });
    page::sort(&mut found, &query.order_by, |warning, name| match name {
        "timestamp" => Key::At(warning.timestamp.0),
        "message" => Key::text(warning.message.as_str()),
        "warning_type" => Key::text(warning.warning_type.as_str()),
        _ => Key::text(warning.dag_id.as_str()),
    });
    let (dag_warnings, total_entries) = page::cut(found, query.offset, query.limit);
    Ok(Json(WarningCollection {
        dag_warnings,
        total_entries,
    }))
}

fn warnings(book: &Book<'_>) -> Result<Vec<WarningResponse>, Problem> {
    let mut found = Vec::new();
    for conflict in read(asset_conflicts(book.snapshot))? {
        if let Some(row) = book.row(conflict.dag)? {
            found.push(WarningResponse {
                dag_id: row.dag_id.to_string(),
                warning_type: "asset conflict".to_owned(),
                message: conflict.message,
                timestamp: At(conflict.at),
                dag_display_name: display_name(&row),
            });
        }
    }
    for file in read(book.snapshot.files())? {
        for DagWarning {
            dag_id,
            kind,
            message,
        } in file.warnings
        {
            let no = read(book.snapshot.dag_no(&dag_id))?;
            let row = no.map(|no| book.row(no)).transpose()?.flatten();
            if let Some(row) = row.filter(|row| !row.is_stale) {
                found.push(WarningResponse {
                    dag_id: dag_id.to_string(),
                    warning_type: kind,
                    message,
                    timestamp: At(row.last_parsed),
                    dag_display_name: display_name(&row),
                });
            }
        }
    }
    Ok(found)
}
