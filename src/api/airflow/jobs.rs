//! Jobs: upstream's daemons. We are one process and keep no such list; the type alone is part of
//! other answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::At;

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
