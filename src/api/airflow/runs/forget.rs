//! Taking runs out of their partitions.

use axum::{Json, extract::State};
use model::{
    DagId, RunId,
    command::{Clear, Command},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    clear::{clear, yes},
    partition::Selector,
};
use crate::{
    app::App,
    book::{Book, read},
    problem::Problem,
    request::{Body, Path},
    wire::At,
};

/// Which runs: by their id, by the key of their partition, or by the dates of their partitions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearPartitionsBody {
    #[serde(default)]
    partition_key: Option<String>,
    #[serde(default)]
    partition_date_start: Option<At>,
    #[serde(default)]
    partition_date_end: Option<At>,
    #[serde(default)]
    run_id: Option<String>,
    /// Run their tasks again, too.
    #[serde(default)]
    clear_task_instances: bool,
    /// Only count.
    #[serde(default = "yes")]
    dry_run: bool,
}

/// How many there were, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClearPartitionsResponse {
    dag_runs_cleared: u64,
    task_instances_cleared: u64,
    dry_run: bool,
}

/// A run that is meant.
struct Meant {
    run_id: RunId,
    has_partition: bool,
    n_tis: u64,
}

fn meant(book: &Book<'_>, dag_id: &str, ids: Vec<String>) -> Result<Vec<Meant>, Problem> {
    let row = book.dag_row(dag_id)?;
    let mut all = Vec::new();
    for id in ids {
        let no = read(book.snapshot.run_no(row.no, &id))?;
        let run = no.map(|no| book.run_no(no)).transpose()?.flatten();
        if let Some(run) = run {
            let tis = read(book.snapshot.task_instances(run.no))?;
            all.push(Meant {
                run_id: run.run_id.clone(),
                has_partition: run.partition_key.is_some() || run.partition_date.is_some(),
                n_tis: tis.len() as u64,
            });
        }
    }
    Ok(all)
}

/// Have runs be for no partition any more, or only count them.
#[utoipa::path(post, path = "/dags/{dag_id}/clearPartitions",
    operation_id = "clear_dag_run_partitions", tag = "DagRun", params(("dag_id" = String, Path)),
    request_body = ClearPartitionsBody,
    responses((status = 200, body = ClearPartitionsResponse)))]
pub(crate) async fn clear_partitions(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Body(body): Body<ClearPartitionsBody>,
) -> Result<Json<ClearPartitionsResponse>, Problem> {
    let selector = Selector {
        key: body.partition_key,
        from: body.partition_date_start.map(|at| at.0),
        to: body.partition_date_end.map(|at| at.0),
    };
    selector.check("run_id", body.run_id.is_some())?;
    let (of, named) = (dag_id.clone(), body.run_id);
    let all = app
        .read(move |book| {
            let ids = match named {
                Some(run_id) => vec![run_id],
                None => {
                    let runs = selector.runs(book, &of)?.into_iter();
                    runs.map(|(_, run_id)| run_id).collect()
                }
            };
            meant(book, &of, ids)
        })
        .await?;
    let (mut dag_runs_cleared, mut task_instances_cleared) = (0, 0);
    for Meant {
        run_id,
        has_partition,
        n_tis,
    } in all
    {
        dag_runs_cleared += u64::from(has_partition);
        if has_partition && !body.dry_run {
            let (dag_id, run_id) = (DagId::from(dag_id.as_str()), run_id.clone());
            let command = Command::ForgetPartition { dag_id, run_id };
            app.command(command).await?;
        }
        if body.clear_task_instances {
            task_instances_cleared += n_tis;
        }
        if body.clear_task_instances && !body.dry_run {
            let ask = Clear {
                dag_id: Some(DagId::from(dag_id.as_str())),
                run_id: Some(run_id),
                reset_dag_runs: true,
                ..Clear::default()
            };
            clear(&app, ask).await?;
        }
    }
    Ok(Json(ClearPartitionsResponse {
        dag_runs_cleared,
        task_instances_cleared,
        dry_run: body.dry_run,
    }))
}
