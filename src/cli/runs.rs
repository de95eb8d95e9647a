//! `orrery runs`: lists and shows runs, and prints task logs.

use clap::Subcommand;
use serde_json::Value;

use super::{
    Server, Trouble,
    client::{Client, part},
    output::{self, entries, text},
    traceback,
};

const PAGE_ENTRIES: usize = 100;

#[derive(Subcommand)]
pub enum Runs {
    /// Lists runs, newest first.
    List {
        /// Of this dag alone.
        dag_id: Option<String>,
        /// In this state alone.
        #[arg(long)]
        state: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        #[command(flatten)]
        server: Server,
    },
    /// Shows a run with its task instances, and why those wait that wait.
    Show {
        /// The dag.
        dag_id: String,
        /// The run; the newest when absent.
        run_id: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Prints the log of a task's try.
    Logs {
        /// The dag.
        dag_id: String,
        /// The run; `latest` is the newest.
        run_id: String,
        /// The task.
        task_id: String,
        /// The try; the last when absent.
        #[arg(long = "try", value_name = "N")]
        try_number: Option<u64>,
        /// Which instance of a mapped task.
        #[arg(long, default_value_t = -1, allow_negative_numbers = true)]
        map_index: i64,
        #[command(flatten)]
        server: Server,
    },
}

pub fn run(command: Runs) -> Result<(), Trouble> {
    match command {
        Runs::List {
            dag_id,
            state,
            limit,
            server,
        } => list(&server, dag_id, state, limit),
        Runs::Show {
            dag_id,
            run_id,
            server,
        } => show(&server, &dag_id, run_id),
        Runs::Logs {
            dag_id,
            run_id,
            task_id,
            try_number,
            map_index,
            server,
        } => logs(&server, [&dag_id, &run_id, &task_id], try_number, map_index),
    }
}

fn list(
    server: &Server,
    dag_id: Option<String>,
    state: Option<String>,
    limit: usize,
) -> Result<(), Trouble> {
    let dag_id = dag_id.map_or("~".to_owned(), |dag_id| part(&dag_id));
    let state = state.map_or(String::new(), |state| format!("&state={}", part(&state)));
    let limit = limit.min(PAGE_ENTRIES);
    let path = format!("dags/{dag_id}/dagRuns?order_by=-run_after&limit={limit}{state}");
    let page = Client::new(server).get(&path)?;
    if server.json {
        return output::json(&page);
    }
    let row = |run: &Value| {
        ["dag_id", "dag_run_id", "state", "run_after", "duration"]
            .map(|field| text(run, field))
            .to_vec()
    };
    let rows: Vec<_> = entries(&page, "dag_runs").iter().map(row).collect();
    output::table(&["DAG", "RUN", "STATE", "RUN AFTER", "SECONDS"], &rows)
}

fn show(server: &Server, dag_id: &str, run_id: Option<String>) -> Result<(), Trouble> {
    let client = Client::new(server);
    let run_id = match run_id {
        Some(run_id) if run_id != "latest" => run_id,
        _ => latest(&client, dag_id)?,
    };
    let path = format!("dags/{}/dagRuns/{}", part(dag_id), part(&run_id));
    let run = client.get(&path)?;
    let mut tasks = Vec::new();
    loop {
        let offset = tasks.len();
        let page = client.get(&format!(
            "{path}/taskInstances?limit={PAGE_ENTRIES}&offset={offset}"
        ))?;
        let got = entries(&page, "task_instances");
        tasks.extend_from_slice(got);
        if got.len() < PAGE_ENTRIES {
            break;
        }
    }
    let why = client.get(&format!("orrery/{path}/reasons"))?;
    if server.json {
        let tasks = Value::Array(tasks);
        return output::json(
            &serde_json::json!({ "run": run, "task_instances": tasks, "reasons": why }),
        );
    }
    output::line(&format!(
        "{} {}: {}",
        text(&run, "dag_id"),
        run_id,
        text(&run, "state")
    ))?;
    for reason in entries(&why, "reasons") {
        output::line(&format!("  {}", text(reason, "text")))?;
    }
    let row = |task: &Value| {
        vec![
            label(task),
            text(task, "state"),
            text(task, "try_number"),
            text(task, "duration"),
            because(&why, task),
        ]
    };
    let rows: Vec<_> = tasks.iter().map(row).collect();
    output::table(&["TASK", "STATE", "TRY", "SECONDS", "WHY"], &rows)
}

fn label(task: &Value) -> String {
    match task.get("map_index").and_then(Value::as_i64) {
        Some(index) if index >= 0 => format!("{}[{index}]", text(task, "task_id")),
        _ => text(task, "task_id"),
    }
}

fn because(why: &Value, task: &Value) -> String {
    let same = |one: &&Value| {
        one.get("task_id") == task.get("task_id") && one.get("map_index") == task.get("map_index")
    };
    let reasons = entries(why, "tasks")
        .iter()
        .find(same)
        .map_or(&[][..], |one| entries(one, "reasons"));
    reasons
        .iter()
        .map(|reason| text(reason, "text"))
        .collect::<Vec<_>>()
        .join("; ")
}

fn latest(client: &Client, dag_id: &str) -> Result<String, Trouble> {
    let path = format!("dags/{}/dagRuns?order_by=-run_after&limit=1", part(dag_id));
    let page = client.get(&path)?;
    let run = entries(&page, "dag_runs").first();
    let none = || {
        Trouble(format!(
            "dag `{dag_id}` has no runs; start one: orrery dags trigger {dag_id}"
        ))
    };
    run.map(|run| text(run, "dag_run_id")).ok_or_else(none)
}

fn logs(
    server: &Server,
    [dag_id, run_id, task_id]: [&String; 3],
    try_number: Option<u64>,
    map_index: i64,
) -> Result<(), Trouble> {
    let client = Client::new(server);
    let run_id = if run_id == "latest" {
        latest(&client, dag_id)?
    } else {
        run_id.clone()
    };
    let path = format!(
        "dags/{}/dagRuns/{}/taskInstances/{}",
        part(dag_id),
        part(&run_id),
        part(task_id)
    );
    let try_number = match try_number {
        Some(try_number) => try_number,
        None => {
            let mapped = if map_index < 0 {
                path.clone()
            } else {
                format!("{path}/{map_index}")
            };
            client
                .get(&mapped)?
                .get("try_number")
                .and_then(Value::as_u64)
                .unwrap_or(1)
                .max(1)
        }
    };
    let mut token = String::new();
    loop {
        let query = format!("map_index={map_index}&full_content=false{token}");
        let page = client.get(&format!("{path}/logs/{try_number}?{query}"))?;
        let lines = entries(&page, "content");
        for entry in lines {
            if server.json {
                output::line(&entry.to_string())?;
            } else {
                output::line(&traceback::line(entry))?;
            }
        }
        match page.get("continuation_token").and_then(Value::as_str) {
            Some(next) if !lines.is_empty() => token = format!("&token={}", part(next)),
            _ => return Ok(()),
        }
    }
}
