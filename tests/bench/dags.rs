//! The dag files of the workloads: name and text.

use std::fmt::Write;

use kit::DagFile;

/// A dag of `n` `bash: true` tasks, one after the other.
pub fn chain(n: usize) -> Vec<DagFile> {
    let needs = |at: usize| {
        if at == 0 {
            String::new()
        } else {
            format!(", needs: [t{}]", at - 1)
        }
    };
    one(
        "chain",
        n,
        "uses: bash, with: {bash_command: 'true'}",
        needs,
    )
}

/// A dag of `n` `bash: true` tasks, all at once.
pub fn independent(n: usize) -> Vec<DagFile> {
    one(
        "independent",
        n,
        "uses: bash, with: {bash_command: 'true'}",
        |_| String::new(),
    )
}

/// A dag of `n` empty tasks, all at once.
pub fn empties(n: usize) -> Vec<DagFile> {
    one("empties", n, "uses: empty", |_| String::new())
}

/// `n` dags of ten empty tasks each, one after the other.
pub fn many(n: usize) -> Vec<DagFile> {
    let needs = |at: usize| {
        if at == 0 {
            String::new()
        } else {
            format!(", needs: [t{}]", at - 1)
        }
    };
    (0..n)
        .flat_map(|at| one(&format!("many_{at}"), 10, "uses: empty", needs))
        .collect()
}

fn one(dag_id: &str, n: usize, what: &str, needs: impl Fn(usize) -> String) -> Vec<DagFile> {
    let mut text = format!(
        "dag_id: {dag_id}\nschedule: null\nmax_active_tasks: 100000\nmax_active_runs: 100000\n\
         is_paused_upon_creation: false\ntasks:\n"
    );
    for at in 0..n {
        writeln!(text, "  - {{id: t{at}, {what}{}}}", needs(at)).unwrap();
    }
    vec![(format!("{dag_id}.yaml"), text)]
}
