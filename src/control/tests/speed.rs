//! How long a task's end takes to become the next one's start. Run by hand, with `--ignored`.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use model::{Json, command::Reply};

use super::kit::{Node, Scripted, well};

#[test]
#[ignore = "a measurement"]
fn chain_of_a_hundred() {
    let starts: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let of_script = Arc::clone(&starts);
    let executor = Scripted::new(move |_| {
        of_script.lock().unwrap().push(Instant::now());
        well()
    });
    let mut dag = "dag_id: chain\ntasks:\n".to_owned();
    for n in 0..100 {
        let needs = if n == 0 {
            String::new()
        } else {
            format!(", needs: [t{}]", n - 1)
        };
        let with = "{bash_command: 'true'}";
        dag += &format!("  - {{id: t{n}, uses: bash, with: {with}{needs}}}\n");
    }
    let node = Node::new(&[("chain", &dag)], executor);
    for round in 0..5 {
        starts.lock().unwrap().clear();
        let Reply::Run { run, .. } = node.trigger("chain", &format!("r{round}"), Json::Null) else {
            panic!()
        };
        node.ended(run);
        let starts = starts.lock().unwrap();
        let mut gaps: Vec<Duration> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort();
        eprintln!(
            "end to start: p50 {:?} p99 {:?}",
            gaps[gaps.len() / 2],
            gaps[gaps.len() - 2]
        );
    }
    eprintln!("{}", node.control().metrics().render());
}

#[test]
#[ignore = "a measurement"]
fn ten_thousand_empty_tasks() {
    let mut dag = "dag_id: wide\nmax_active_tasks: 100000\ntasks:\n".to_owned();
    for n in 0..10_000 {
        dag += &format!("  - {{id: t{n}, uses: empty}}\n");
    }
    let node = Node::new(&[("wide", &dag)], Scripted::new(|_| well()));
    for round in 0..3 {
        let since = Instant::now();
        let Reply::Run { run, .. } = node.trigger("wide", &format!("r{round}"), Json::Null) else {
            panic!()
        };
        node.ended(run);
        eprintln!("10,000 empty tasks: {:?}", since.elapsed());
    }
}
