//! Zygotes that die, are killed or replaced.

use super::{kit::*, python::*};
use model::ports::Executor;
use std::{fs, path::Path};

#[test]
fn the_death_of_a_zygote_is_no_failure_of_the_next_task() {
    let (kit, _) = kit("next");
    let server = kit.serve();
    for fence in 1..8 {
        let slow = "time.sleep(0.3); task.succeed()";
        server.client.start(python(&kit, fence, slow));
        let zygote = parent_of(server.pid_of_start());
        kill_hard(zygote);
        assert!(is_well(&server.end(fence).0));
    }
}

#[test]
fn children_outlive_their_zygote() {
    let (kit, _) = kit("zygote");
    let server = kit.serve();
    let (killed, seen) = (kit.dir.join("killed"), kit.dir.join("seen"));
    let wait = |file: &Path| format!("while not os.path.exists({file:?}): time.sleep(0.01)\n");
    server
        .client
        .start(python(&kit, 1, &(wait(&killed) + "sys.exit(5)")));
    let first = server.pid_of_start();
    server
        .client
        .start(python(&kit, 2, &(wait(&seen) + "task.succeed()")));
    let second = server.pid_of_start();
    let zygote = parent_of(first);
    assert_eq!(zygote, parent_of(second));
    kill_hard(zygote);
    fs::write(&killed, "").unwrap();
    assert_eq!(message(server.end(1).0), "the process ended with code 5");
    fs::write(&seen, "").unwrap();
    assert!(is_well(&server.end(2).0));
    server.client.start(python(&kit, 3, "time.sleep(60)"));
    let third = server.pid_of_start();
    assert_ne!(parent_of(third), zygote);
    kill_hard(third);
    assert_eq!(
        message(server.end(3).0),
        "the process was ended by signal 9"
    );
    eventually("all are forgotten", || kit.claims() == 0);
}

#[test]
fn a_zygote_is_replaced_after_some_forks_and_when_the_worker_dies() {
    let (mut kit, _) = kit("replace");
    kit.env.push((ZYGOTE_FORKS.to_owned(), "5".to_owned()));
    let server = kit.serve();
    let mut zygotes = std::collections::BTreeSet::new();
    for fence in 1..=7 {
        server
            .client
            .start(python(&kit, fence, "time.sleep(0.2); task.succeed()"));
        zygotes.insert(parent_of(server.pid_of_start()));
        assert!(is_well(&server.end(fence).0));
    }
    assert_eq!(zygotes.len(), 2);
    server.client.start(python(
        &kit,
        8,
        "signal.signal(15, signal.SIG_IGN); time.sleep(60)",
    ));
    let pid = server.pid_of_start();
    let zygote = parent_of(pid);
    kill_hard(server.client.pid().unwrap());
    let lost = message(server.end(8).0);
    assert!(
        lost.starts_with("lost: the worker process died while the task ran"),
        "{lost}"
    );
    assert!(!is_alive(pid));
    eventually("the zygote ends", || !is_alive(zygote));
}
