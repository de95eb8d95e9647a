//! `orrery dags`: lists, triggers, pauses and checks dags.

use std::path::PathBuf;

use clap::Subcommand;
use model::ports::Clock;
use serde_json::{Value, json};

use super::{
    Server, Trouble, check,
    client::{Client, part},
    output::{self, entries, text},
};
use crate::boot::SystemClock;

const PAGE_ENTRIES: usize = 100;

#[derive(Subcommand)]
pub enum Dags {
    /// Lists the dags with their schedule, last run and next run.
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Creates a run.
    Trigger {
        /// The dag.
        dag_id: String,
        /// Params as a JSON object.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        conf: String,
        /// The run's id; made up when absent.
        #[arg(long)]
        run_id: Option<String>,
        /// The point in time that the run stands for, in ISO 8601, or `none` [default: now].
        #[arg(long, value_name = "DATE")]
        logical_date: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Stops scheduling; what runs goes on.
    Pause {
        /// The dags.
        #[arg(required = true)]
        dag_ids: Vec<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Starts scheduling again.
    Unpause {
        /// The dags.
        #[arg(required = true)]
        dag_ids: Vec<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Checks dag files without a server.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

pub fn run(command: Dags) -> Result<(), Trouble> {
    match command {
        Dags::List { server } => list(&server),
        Dags::Trigger {
            dag_id,
            conf,
            run_id,
            logical_date,
            server,
        } => trigger(&server, &dag_id, &conf, run_id, logical_date),
        Dags::Pause { dag_ids, server } => pause(&server, &dag_ids, true),
        Dags::Unpause { dag_ids, server } => pause(&server, &dag_ids, false),
        Dags::Check { files } => check::run(&files),
    }
}

fn list(server: &Server) -> Result<(), Trouble> {
    let client = Client::new(server);
    let (mut dags, mut n_import_errors) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!(
            "orrery/dags?limit={PAGE_ENTRIES}&offset={}",
            dags.len()
        ))?;
        n_import_errors = page
            .get("import_errors")
            .and_then(Value::as_u64)
            .unwrap_or(n_import_errors);
        let got = entries(&page, "dags");
        dags.extend_from_slice(got);
        if got.len() < PAGE_ENTRIES {
            break;
        }
    }
    if server.json {
        return output::json(&Value::Array(dags));
    }
    let row = |dag: &Value| {
        let last = entries(dag, "recent_runs")
            .first()
            .map_or("-".into(), |run| text(run, "state"));
        let paused = dag.get("is_paused") == Some(&Value::Bool(true));
        vec![
            text(dag, "dag_id"),
            if paused {
                "paused".into()
            } else {
                "active".into()
            },
            text(dag, "timetable_summary"),
            last,
            text(dag, "next_dagrun_run_after"),
        ]
    };
    let rows: Vec<_> = dags.iter().map(row).collect();
    output::table(&["DAG", "STATE", "SCHEDULE", "LAST RUN", "NEXT RUN"], &rows)?;
    for error in entries(&client.get("importErrors")?, "import_errors") {
        eprintln!(
            "\nbroken: {}\n  {}",
            text(error, "filename"),
            text(error, "stack_trace").replace('\n', "\n  ")
        );
    }
    for warning in entries(&client.get("dagWarnings")?, "dag_warnings") {
        eprintln!(
            "\nodd: {} ({})\n  {}",
            text(warning, "dag_id"),
            text(warning, "warning_type"),
            text(warning, "message").replace('\n', "\n  ")
        );
    }
    Ok(())
}

fn trigger(
    server: &Server,
    dag_id: &str,
    conf: &str,
    run_id: Option<String>,
    logical_date: Option<String>,
) -> Result<(), Trouble> {
    let conf: Value = serde_json::from_str(conf)
        .map_err(|cause| Trouble(format!("CLI-002: --conf is no JSON object: {cause}")))?;
    // As in the UI's form: templates such as `{{ ds }}` need a date.
    let logical_date = match logical_date.as_deref() {
        None => Some(SystemClock.now().to_string()),
        Some("none") => None,
        Some(date) => Some(date.to_owned()),
    };
    let mut body = json!({ "conf": conf, "logical_date": logical_date });
    if let (Some(run_id), Some(fields)) = (run_id, body.as_object_mut()) {
        fields.insert("dag_run_id".to_owned(), Value::String(run_id));
    }
    let run = Client::new(server).post(&format!("dags/{}/dagRuns", part(dag_id)), &body)?;
    if server.json {
        output::json(&run)
    } else {
        output::line(&text(&run, "dag_run_id"))
    }
}

fn pause(server: &Server, dag_ids: &[String], paused: bool) -> Result<(), Trouble> {
    let client = Client::new(server);
    for dag_id in dag_ids {
        let dag = client.patch(
            &format!("dags/{}", part(dag_id)),
            &json!({ "is_paused": paused }),
        )?;
        if server.json {
            output::json(&dag)?;
        } else {
            output::line(&format!(
                "{dag_id} {}",
                if paused { "paused" } else { "active" }
            ))?;
        }
    }
    Ok(())
}
