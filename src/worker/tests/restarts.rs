//! Servers and worker processes that die, stop and are replaced.

use super::kit::*;
use model::{
    Fence,
    ports::{Adopted, Executor},
    report::{Happened, Outcome},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    time::{Duration, Instant},
};

fn kill_hard(pid: u32) {
    kill_process(
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(),
        Signal::KILL,
    )
    .unwrap();
}

#[test]
fn tries_outlive_the_server_and_are_told_to_the_next() {
    let kit = Kit::new("next");
    let server = kit.serve();
    let worker = server.client.pid().unwrap();
    server.client.start(bash(1, "sleep 0.5; echo late"));
    server.client.start(bash(2, "echo early"));
    server.client.start(bash(3, "sleep 100"));
    let mut reports = 0;
    while reports < 4 {
        server.next();
        reports += 1;
    }
    // As after kill -9: nothing is said, the connection is gone.
    drop(server);
    let server = kit.serve();
    assert_eq!(server.client.pid(), Some(worker));
    assert_eq!(server.client.adopt(key(1), Fence(1), true), Adopted::Known);
    assert_eq!(server.client.adopt(key(2), Fence(2), true), Adopted::Known);
    assert_eq!(
        server.client.adopt(key(7), Fence(7), false),
        Adopted::NeverStarted
    );
    assert_eq!(server.client.adopt(key(8), Fence(8), true), Adopted::Lost);
    server.client.kill(key(3), Fence(3));
    let mut seen = Vec::new();
    while seen.len() < 7 {
        let report = server.next();
        seen.push(match report.what {
            Happened::Started { pid: Some(_) } => format!("{} started", report.fence),
            Happened::Finished { outcome, .. } => {
                server.client.ack(report.fence);
                match outcome {
                    Outcome::Success { xcoms, .. } => format!("{} {}", report.fence, xcoms[0].1),
                    Outcome::Killed => format!("{} killed", report.fence),
                    other => format!("{} {}", report.fence, message(other)),
                }
            }
            other => panic!("{other:?}"),
        });
    }
    seen.sort();
    let lost = "8 lost: no worker process has this try, and nothing tells how it ended";
    let expected = [
        "1 \"late\"",
        "1 started",
        "2 \"early\"",
        "2 started",
        "3 killed",
        "3 started",
        lost,
    ];
    assert_eq!(seen, expected);
    eventually("claims go", || kit.claims() == 0);
    // What was acknowledged is not told again.
    drop(server);
    let server = kit.serve();
    assert!(
        server
            .reports
            .recv_timeout(Duration::from_millis(200))
            .is_err()
    );
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_its_orphans_are_ended() {
    let kit = Kit::new("orphans");
    let server = kit.serve();
    let worker = server.client.pid().unwrap();
    let pid_file = kit.dir.join("pid");
    let stubborn = format!(
        "trap '' TERM; sleep 60 & echo $! > {}; while :; do sleep 0.05; done",
        pid_file.display()
    );
    server.client.start(bash(1, &stubborn));
    let first = server.pid_of_start();
    server.client.start(bash(2, "sleep 100"));
    let second = server.pid_of_start();
    eventually("the task runs", || {
        fs::read_to_string(&pid_file).is_ok_and(|t| t.ends_with('\n'))
    });
    let grandchild: u32 = fs::read_to_string(&pid_file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    kill_hard(worker);
    for _ in 0..2 {
        let report = server.next();
        let Happened::Finished { outcome, .. } = report.what else {
            panic!("{report:?}");
        };
        let said = message(outcome);
        assert!(
            said.starts_with("lost: the worker process died while the task ran; "),
            "{said}"
        );
        server.client.ack(report.fence);
    }
    for pid in [first, second, grandchild] {
        assert!(!is_alive(pid));
    }
    assert_ne!(server.client.pid(), Some(worker));
    assert_eq!(server.run(bash(3, "echo on")), success("on"));
    eventually("claims go", || kit.claims() == 0);
}

#[test]
fn an_end_that_nobody_heard_outlives_the_worker() {
    let kit = Kit::new("spool");
    let server = kit.serve();
    let worker = server.client.pid().unwrap();
    server.client.start(bash(1, "sleep 0.3; echo kept"));
    server.pid_of_start();
    drop(server);
    eventually("it ends", || {
        kit.events(1).contains("exited with return code 0")
    });
    std::thread::sleep(Duration::from_millis(50));
    kill_hard(worker);
    eventually("it is dead", || !is_alive(worker));
    let server = kit.serve();
    assert_eq!(server.client.adopt(key(1), Fence(1), true), Adopted::Known);
    assert_eq!(server.end(1).0, success("kept"));
}

#[test]
fn starts_given_while_there_is_no_worker_are_not_lost() {
    let kit = Kit::new("gap");
    let server = kit.serve();
    for round in 0..10 {
        kill_hard(server.client.pid().unwrap());
        let fence = round + 1;
        server.client.start(bash(fence, "echo came"));
        let (outcome, _) = server.end(fence);
        // Begun by the one that was dying, or by its successor; never neither, never twice.
        match outcome {
            Outcome::Lost { .. } => {}
            other => assert_eq!(other, success("came")),
        }
        eventually("a worker is there", || {
            server.client.pid().is_some_and(is_alive)
        });
    }
}

#[test]
fn shutdown_lets_tries_go_on_or_ends_them() {
    let kit = Kit::new("shutdown");
    let server = kit.serve();
    let worker = server.client.pid().unwrap();
    server.client.start(bash(1, "sleep 0.5; echo kept"));
    server.pid_of_start();
    server.client.shutdown(false, Duration::from_secs(5));
    eventually("it leaves when the last try has ended", || {
        !is_alive(worker)
    });
    let server = kit.serve();
    assert_eq!(server.end(1).0, success("kept"));
    server.client.start(bash(2, "sleep 100"));
    server.pid_of_start();
    let worker = server.client.pid().unwrap();
    let begin = Instant::now();
    server.client.shutdown(true, Duration::from_secs(5));
    assert!(begin.elapsed() < Duration::from_secs(3));
    assert_eq!(
        message(server.end(2).0),
        "lost: the worker was stopped while the task ran"
    );
    eventually("it leaves", || !is_alive(worker));
}

#[test]
fn a_worker_of_another_build_finishes_what_it_has() {
    let mut kit = Kit::new("drain");
    kit.env = vec![("ORRERY_TEST_BUILD".to_owned(), "older".to_owned())];
    let server = kit.serve();
    let old = server.client.pid().unwrap();
    server.client.start(bash(1, "sleep 1; echo old"));
    server.client.start(bash(2, "sleep 100"));
    server.client.start(bash(3, "sleep 100"));
    for _ in 0..3 {
        server.pid_of_start();
    }
    drop(server);
    kit.env.clear();
    // Twice, since the next server must find the drained one as well.
    drop(kit.serve());
    let server = kit.serve();
    let new = server.client.pid().unwrap();
    assert!(new != old && is_alive(old));
    assert_eq!(server.client.adopt(key(1), Fence(1), true), Adopted::Known);
    server.client.kill(key(2), Fence(2));
    server.client.start(bash(4, "echo new"));
    let mut ends = Vec::new();
    while ends.len() < 3 {
        let report = server.next();
        if let Happened::Finished { outcome, .. } = report.what {
            ends.push((report.fence.0, outcome));
            server.client.ack(report.fence);
        }
    }
    ends.sort_by_key(|(fence, _)| *fence);
    eventually("acknowledged claims go", || kit.claims() == 1);
    assert_eq!(ends[0], (1, success("old")));
    assert_eq!(ends[1], (2, Outcome::Killed));
    assert_eq!(ends[2], (4, success("new")));
    // The old one dies with a try: the new one looks after it.
    kill_hard(old);
    let said = message(server.end(3).0);
    // Why is a matter of who looks first: the new one at what is left, or the server at the link.
    assert!(said.starts_with("lost: "), "{said}");
}

#[test]
fn a_worker_without_server_and_work_leaves() {
    let kit = Kit::new("idle");
    let server = kit.serve();
    let worker = server.client.pid().unwrap();
    server.run(bash(1, "true"));
    drop(server);
    eventually("it leaves", || !is_alive(worker));
    assert!(!kit.dir.join("run/worker.sock").exists());
}

#[test]
fn a_long_data_folder_works_too() {
    let mut kit = Kit::new("path");
    let top = kit.dir.clone();
    kit.dir = kit.dir.join("d".repeat(100)).join("e".repeat(100));
    let server = kit.serve();
    assert_eq!(server.run(bash(1, "echo far")), success("far"));
    server.client.shutdown(true, Duration::from_secs(1));
    drop(kit);
    let _ = fs::remove_dir_all(top);
}
