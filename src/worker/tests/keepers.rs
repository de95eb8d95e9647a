//! Dag files that are read once for many tasks.

use super::{kit::*, python::*};
use model::{
    ports::Executor,
    work::{Job, Work},
};
use std::{fs, path::PathBuf};

/// A task of a dag file that may be kept; it says who its parent is and stays a little.
fn task(kit: &Kit, fence: u64, file: &str) -> Work {
    let mut work = python(kit, fence, "time.sleep(0.1); task.succeed()");
    let Job::Python(task) = &mut work.job else {
        panic!("no Python task");
    };
    task.runtime.dag_age_ms = 30_000;
    task.startup.dag_rel_path = kit.dir.join(file).display().to_string();
    work
}

/// Runs tasks one after another; gives the parent of each.
fn parents(server: &Server, tasks: impl IntoIterator<Item = Work>) -> Vec<u32> {
    let run = |work: Work| {
        let fence = work.fence.0;
        server.client.start(work);
        let parent = parent_of(server.pid_of_start());
        assert!(is_well(&server.end(fence).0));
        parent
    };
    tasks.into_iter().map(run).collect()
}

fn file(kit: &Kit, name: &str) -> PathBuf {
    let path = kit.dir.join(name);
    fs::write(&path, "").unwrap();
    path
}

#[test]
fn tasks_start_from_a_file_that_was_read_before() {
    let (kit, _) = kit("kept");
    file(&kit, "d.py");
    let server = kit.serve();
    let found = parents(&server, (1..=4).map(|fence| task(&kit, fence, "d.py")));
    let [zygote, second, keeper, again] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(zygote, second);
    assert_ne!(zygote, keeper);
    assert_eq!(keeper, again);
    assert_eq!(parent_of(keeper), zygote);
    // It goes with its file, and neither is missed.
    fs::remove_file(kit.dir.join("d.py")).unwrap();
    assert_eq!(parents(&server, [task(&kit, 5, "d.py")]), [zygote]);
    eventually("it ends", || !is_alive(keeper));
}

#[test]
fn a_file_that_cannot_be_kept_is_read_by_each_task() {
    for name in ["missing.py", "harmful.py"] {
        let (kit, _) = kit("unkept");
        file(&kit, "harmful.py");
        let server = kit.serve();
        let found = parents(&server, (1..=4).map(|fence| task(&kit, fence, name)));
        assert!(found.iter().all(|pid| *pid == found[0]), "{name}");
    }
}

#[test]
fn the_death_of_a_keeper_is_no_failure_of_a_task() {
    let (kit, _) = kit("keeper-dies");
    file(&kit, "d.py");
    let server = kit.serve();
    let found = parents(&server, (1..=3).map(|fence| task(&kit, fence, "d.py")));
    let keeper = found[2];
    server.client.start(task(&kit, 4, "d.py"));
    assert_eq!(parent_of(server.pid_of_start()), keeper);
    kill_hard(keeper);
    assert!(is_well(&server.end(4).0));
    let next = parents(&server, [task(&kit, 5, "d.py")]);
    assert_ne!(next, [keeper]);
}

#[test]
fn no_more_files_are_kept_than_there_is_room_for() {
    let (kit, _) = kit("many-kept");
    let server = kit.serve();
    let mut keepers = Vec::new();
    for n in 0..=model::limits::KEPT_DAGS_MAX as u64 {
        let name = format!("d{n}.py");
        file(&kit, &name);
        let tasks = (1..=3).map(|i| task(&kit, n * 10 + i, &name));
        keepers.push(parents(&server, tasks)[2]);
    }
    eventually("the oldest ends", || !is_alive(keepers[0]));
    assert!(is_alive(*keepers.last().unwrap()));
}
