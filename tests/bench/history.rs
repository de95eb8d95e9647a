//! A full store: throughput, start, memory and lists beside an empty one.

use std::{fs, path::Path};

use kit::{Options, Server};
use serde_json::{Value, json};

use crate::{
    dags, lists,
    stats::{median, spread},
    tasks,
};

/// Tasks of the wide dag.
const WIDE: usize = 10_000;
/// How often each rate is measured.
const ROUNDS: usize = 5;

/// A store with `n` finished task instances: one half in runs of ten thousand, one in runs of ten
/// of `n_dags` dags. Rates are measured in turns with a server whose store is empty, so that other
/// work of the machine hits both.
pub fn measure(binary: &Path, n: usize, n_dags: usize) -> Value {
    let full = server(binary, n_dags);
    let mut finished = 0;
    while finished < n {
        while finished < n / 2 {
            tasks::one_run(&full, WIDE);
            finished += WIDE;
        }
        tasks::one_round(&full, n_dags);
        finished += 10 * n_dags;
    }
    let empty = server(binary, n_dags);
    let (mut of_full, mut of_empty) = (Rates::default(), Rates::default());
    for _ in 0..ROUNDS {
        of_empty.add(&empty, n_dags);
        of_full.add(&full, n_dags);
    }
    empty.stop();
    let lists = lists::measure(&full);
    let cpu = crate::cpu_percent(&full, 20);
    let (pss, bytes) = (full.pss_mib(), full.store_bytes());
    let folder = full.stop_keeping();
    let start = start(binary, &folder);
    fs::remove_dir_all(&folder).ok();
    json!({
        "finished_task_instances": finished, "store_mib": bytes >> 20,
        "pss_mib": pss, "cpu_percent_of_a_core": cpu,
        "one_run": Rates::beside(&of_full.run, &of_empty.run),
        "many_dags": Rates::beside(&of_full.round, &of_empty.round),
        "start": start, "lists": lists,
    })
}

fn server(binary: &Path, n_dags: usize) -> Server {
    let mut files = dags::empties(WIDE);
    files.extend(dags::many(n_dags));
    let server = tasks::start(binary, files);
    tasks::wait_for_many(&server, n_dags);
    // The first of each is slower: the dags are imported for it.
    tasks::one_run(&server, WIDE);
    tasks::one_round(&server, n_dags);
    server
}

#[derive(Default)]
struct Rates {
    run: Vec<f64>,
    round: Vec<f64>,
}

impl Rates {
    fn add(&mut self, server: &Server, n_dags: usize) {
        self.run.push(tasks::one_run(server, WIDE));
        self.round.push(tasks::one_round(server, n_dags));
    }

    fn beside(full: &[f64], empty: &[f64]) -> Value {
        json!({
            "tasks_per_s": median(full), "spread": spread(full),
            "empty_store": median(empty), "empty_store_spread": spread(empty),
            "slower_than_empty_store_x": median(empty) / median(full), "must_x": 1.2,
        })
    }
}

/// Start to ready after an orderly stop, and after a kill.
fn start(binary: &Path, folder: &Path) -> Value {
    let again = |kill: bool| -> Vec<f64> {
        let one = |_| {
            let server = Server::start_in(binary, folder.to_owned(), &Options::default());
            let ready_ms = server.ready_ms;
            if kill {
                server.kill_keeping();
            } else {
                server.stop_keeping();
            }
            ready_ms
        };
        (0..9).map(one).collect()
    };
    // The first start after a kill is what counts, so each of the second round but one follows one.
    let (clean, killed) = (again(false), again(true));
    let killed = killed.get(1..).unwrap_or_default();
    json!({
        "ready_ms_p50": median(&clean), "spread": spread(&clean), "must_ms": 300,
        "ready_ms_after_kill_p50": median(killed), "after_kill_spread": spread(killed),
    })
}
