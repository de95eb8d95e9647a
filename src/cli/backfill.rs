//! `orrery backfill`: runs for past dates of a schedule.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Server, Trouble,
    client::{Client, part},
    output::{self, entries, text},
};

const PAGE_ENTRIES: usize = 100;

#[derive(Subcommand)]
pub enum Backfill {
    /// Makes runs for the dates of a dag's schedule between two.
    Create(Create),
    /// Lists the backfills of a dag.
    List {
        /// The dag.
        dag_id: String,
        #[command(flatten)]
        server: Server,
    },
    /// Keeps queued runs of a backfill queued.
    Pause(Which),
    /// Lets them start again.
    Unpause(Which),
    /// Ends a backfill: queued runs fail, those that run go on.
    Cancel(Which),
}

#[derive(Args)]
pub struct Create {
    /// The dag.
    dag_id: String,
    /// The first date, such as 2026-11-01 or 2026-11-01T12:00:00Z.
    #[arg(long = "from", visible_alias = "from-date", value_name = "DATE")]
    from_date: String,
    /// The last date.
    #[arg(long = "to", visible_alias = "to-date", value_name = "DATE")]
    to_date: String,
    /// The params of its runs, a JSON object.
    #[arg(long, value_name = "JSON")]
    conf: Option<String>,
    /// What to do where there is a run already: none, failed or completed.
    #[arg(long, default_value = "none", value_name = "WHICH")]
    reprocess_behavior: String,
    /// How many of its runs run at once.
    #[arg(long, default_value_t = 10)]
    max_active_runs: u32,
    /// From the last date to the first.
    #[arg(long)]
    run_backwards: bool,
    /// Only says which runs it would make.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
pub struct Which {
    /// Its number, as `orrery backfill list` shows it.
    backfill_id: u64,
    #[command(flatten)]
    server: Server,
}

pub fn run(command: Backfill) -> Result<(), Trouble> {
    match command {
        Backfill::Create(create) => self::create(&create),
        Backfill::List { dag_id, server } => list(&server, &dag_id),
        Backfill::Pause(which) => change(&which, "pause"),
        Backfill::Unpause(which) => change(&which, "unpause"),
        Backfill::Cancel(which) => change(&which, "cancel"),
    }
}

fn create(create: &Create) -> Result<(), Trouble> {
    let conf = match &create.conf {
        Some(conf) => serde_json::from_str(conf)?,
        None => Value::Null,
    };
    let body = json!({
        "dag_id": create.dag_id,
        "from_date": create.from_date,
        "to_date": create.to_date,
        "dag_run_conf": conf,
        "reprocess_behavior": create.reprocess_behavior,
        "max_active_runs": create.max_active_runs,
        "run_backwards": create.run_backwards,
    });
    let client = Client::new(&create.server);
    if create.dry_run {
        let page = client.post("backfills/dry_run", &body)?;
        if create.server.json {
            return output::json(&page);
        }
        let row = |run: &Value| {
            ["logical_date", "partition_key"]
                .map(|field| text(run, field))
                .to_vec()
        };
        let rows: Vec<_> = entries(&page, "backfills").iter().map(row).collect();
        return output::table(&["LOGICAL DATE", "PARTITION"], &rows);
    }
    let made = client.post("backfills", &body)?;
    show(&create.server, &made)
}

fn list(server: &Server, dag_id: &str) -> Result<(), Trouble> {
    let dag_id = part(dag_id);
    let path = format!("backfills?dag_id={dag_id}&order_by=-id&limit={PAGE_ENTRIES}");
    let page = Client::new(server).get(&path)?;
    if server.json {
        return output::json(&page);
    }
    table(entries(&page, "backfills"))
}

fn change(which: &Which, act: &str) -> Result<(), Trouble> {
    let path = format!("backfills/{}/{act}", which.backfill_id);
    let changed = Client::new(&which.server).put(&path)?;
    show(&which.server, &changed)
}

fn show(server: &Server, backfill: &Value) -> Result<(), Trouble> {
    if server.json {
        return output::json(backfill);
    }
    table(std::slice::from_ref(backfill))
}

fn table(backfills: &[Value]) -> Result<(), Trouble> {
    let row = |backfill: &Value| {
        let mut row = ["id", "dag_id", "from_date", "to_date", "reprocess_behavior"]
            .map(|field| text(backfill, field))
            .to_vec();
        row.push(text(backfill, "max_active_runs"));
        row.push(state(backfill).to_owned());
        row
    };
    let rows: Vec<_> = backfills.iter().map(row).collect();
    let heading = ["ID", "DAG", "FROM", "TO", "REPROCESS", "AT ONCE", "STATE"];
    output::table(&heading, &rows)
}

fn state(backfill: &Value) -> &'static str {
    let is_paused = backfill.get("is_paused").and_then(Value::as_bool) == Some(true);
    let is_over = backfill.get("completed_at").is_some_and(Value::is_string);
    match (is_over, is_paused) {
        (true, _) => "completed",
        (false, true) => "paused",
        (false, false) => "running",
    }
}
