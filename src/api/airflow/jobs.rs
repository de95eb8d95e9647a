//! Jobs: upstream's daemons. We are one process that does what they do; each is listed as a job of
//! this process, since clients ask here whether a scheduler is alive. Past ones are not kept.

use axum::{Json, extract::State};
use control::queries::health::health;
use model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Query, Range, query},
    wire::At,
};

/// What upstream's daemons are called, and what of us does the same.
const JOBS: [&str; 3] = ["SchedulerJob", "DagProcessorJob", "TriggererJob"];

/// One of upstream's daemons.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JobResponse {
    id: u64,
    dag_id: Option<String>,
    state: Option<String>,
    job_type: Option<String>,
    start_date: Option<At>,
    end_date: Option<At>,
    latest_heartbeat: Option<At>,
    executor_class: Option<String>,
    hostname: Option<String>,
    unixname: Option<String>,
    dag_display_name: Option<String>,
}

/// Jobs, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobCollectionResponse)]
pub(crate) struct JobCollection {
    jobs: Vec<JobResponse>,
    total_entries: u64,
}

query! {
    /// What the list of jobs takes.
    JobsQuery {
        is_alive: Option<bool>,
        start_date: Range<Timestamp>,
        end_date: Range<Timestamp>,
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        job_state: Option<String>,
        job_type: Option<String>,
        hostname: Option<String>,
        executor_class: Option<String>,
    }
}

const ORDERS: [&str; 10] = [
    "id",
    "dag_id",
    "state",
    "job_type",
    "start_date",
    "end_date",
    "latest_heartbeat",
    "executor_class",
    "hostname",
    "unixname",
];

fn key(job: &JobResponse, name: &str) -> Key {
    let text = |text: &Option<String>| text.clone().map_or(Key::Nothing, Key::text);
    let at = |at: Option<At>| Key::at(at.map(|at| at.0));
    match name {
        "state" => text(&job.state),
        "job_type" => text(&job.job_type),
        "start_date" => at(job.start_date),
        "latest_heartbeat" => at(job.latest_heartbeat),
        "hostname" => text(&job.hostname),
        "unixname" => text(&job.unixname),
        "dag_id" | "end_date" | "executor_class" => Key::Nothing,
        _ => Key::At(Timestamp::from_micros(
            i64::try_from(job.id).unwrap_or_default(),
        )),
    }
}

/// The daemons that this process stands for.
#[utoipa::path(get, path = "/jobs", operation_id = "get_jobs", tag = "Job",
    params(JobsQuery), responses((status = 200, body = JobCollection)))]
pub(crate) async fn list_jobs(
    State(app): State<App>,
    Query(query): Query<JobsQuery>,
) -> Result<Json<JobCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    let (health, place) = (health(app.control()), app.place());
    let started = app.control().started();
    let folder = health.folder.scanned && health.folder.problem.is_none();
    let job = |(id, name): (u64, &&str)| {
        let beats = *name != "DagProcessorJob" || folder;
        JobResponse {
            id,
            dag_id: None,
            state: Some("running".to_owned()),
            job_type: Some((*name).to_owned()),
            start_date: Some(At(started)),
            end_date: None,
            latest_heartbeat: health.heartbeat.filter(|_| beats).map(At),
            executor_class: None,
            hostname: Some(place.hostname.clone()),
            unixname: Some(place.unixname.clone()),
            dag_display_name: None,
        }
    };
    let mut jobs: Vec<JobResponse> = (1..).zip(&JOBS).map(job).collect();
    let is = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
    jobs.retain(|job| {
        is(&query.job_state, &job.state)
            && is(&query.job_type, &job.job_type)
            && is(&query.hostname, &job.hostname)
            && is(&query.executor_class, &job.executor_class)
            && query
                .start_date
                .contains(job.start_date.map(|at| at.0).as_ref())
            && query.end_date.contains(None)
    });
    let alive = |job: &JobResponse| health.is_healthy && job.latest_heartbeat.is_some();
    let wanted = |job: &JobResponse| query.is_alive.is_none_or(|wanted| wanted == alive(job));
    jobs.retain(wanted);
    page::sort(&mut jobs, &query.order_by, key);
    let (jobs, total_entries) = page::cut(jobs, query.offset, query.limit);
    Ok(Json(JobCollection {
        jobs,
        total_entries,
    }))
}
