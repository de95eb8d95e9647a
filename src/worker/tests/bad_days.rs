//! Tasks that do not behave.

use super::kit::*;
use model::{Fence, TimeDelta, ports::Executor, report::Outcome};
use std::{
    fs,
    time::{Duration, Instant},
};

#[test]
fn ignoring_term_ends_by_kill() {
    let kit = Kit::new("ignore");
    let server = kit.serve();
    let mut work = bash(1, "trap '' TERM; echo ready; while :; do sleep 0.05; done");
    let limit = TimeDelta::from_millis(300);
    work.execution_timeout = Some(limit);
    let begin = Instant::now();
    assert_eq!(server.run(work), Outcome::TimedOut { limit });
    assert!(begin.elapsed() >= Duration::from_millis(800));
    assert!(
        kit.events(1)
            .contains("did not end after TERM; it gets KILL")
    );
}

#[test]
fn what_a_task_leaves_in_its_group_is_ended() {
    let kit = Kit::new("leave");
    let server = kit.serve();
    let mut fence = 0;
    let mut check = |child: &str, least: Duration, most: Duration| {
        fence += 1;
        let begin = Instant::now();
        let outcome = server.run(bash(fence, &format!("{child} & echo $!; sleep 0.15")));
        let Outcome::Success { xcoms, .. } = outcome else {
            panic!("{outcome:?}");
        };
        let pid: u32 = xcoms[0].1.as_str().unwrap().parse().unwrap();
        assert!(!is_alive(pid), "{child}");
        let took = begin.elapsed();
        assert!(took >= least && took < most, "{child}: {took:?}");
    };
    let (none, grace, long) = (
        Duration::ZERO,
        Duration::from_millis(600),
        Duration::from_secs(5),
    );
    check("sleep 100", none, long);
    check("sleep 100 >/dev/null 2>&1", none, long);
    check(
        "(trap '' TERM; while :; do sleep 0.05; done) >/dev/null 2>&1",
        grace,
        long,
    );
    check("(trap '' TERM; while :; do sleep 0.05; done)", grace, long);
}

#[test]
fn a_daemon_that_holds_the_output_is_left_behind() {
    let kit = Kit::new("daemon");
    let server = kit.serve();
    let pid_file = kit.dir.join("pid");
    let command = format!(
        "setsid sleep 60 & echo $! > {}; echo done; sleep 0.2",
        pid_file.display()
    );
    let begin = Instant::now();
    assert_eq!(server.run(bash(1, &command)), success("done"));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(
        kit.events(1)
            .contains("left the group still holds the output")
    );
    let pid: u32 = fs::read_to_string(&pid_file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(is_alive(pid));
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_flood_of_output_is_bounded_and_does_not_stop_others() {
    let kit = Kit::new("flood");
    let server = kit.serve();
    let worker = server.client.pid().unwrap();
    server.client.start(bash(
        1,
        "yes 'a line that is printed again and again' | head -c 300000000; echo; echo end",
    ));
    server
        .client
        .start(bash(2, "head -c 50000000 /dev/zero; echo"));
    server.pid_of_start();
    server.pid_of_start();
    let mut slowest = Duration::ZERO;
    let mut ended = Vec::new();
    for fence in 10..20 {
        let begin = Instant::now();
        server.client.start(bash(fence, "true"));
        loop {
            let report = server.next();
            if let model::report::Happened::Finished { outcome, .. } = report.what {
                server.client.ack(report.fence);
                if report.fence == Fence(fence) {
                    break;
                }
                ended.push((report.fence.0, outcome));
            }
        }
        slowest = slowest.max(begin.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    while ended.len() < 2 {
        let report = server.next();
        if let model::report::Happened::Finished { outcome, .. } = report.what {
            ended.push((report.fence.0, outcome));
        }
    }
    ended.sort_by_key(|(fence, _)| *fence);
    assert_eq!(ended[0].1, success("end"));
    assert!(message(ended[1].1.clone()).starts_with("TSK-014"));
    let log = kit.log(1);
    assert!((log.len() as u64) < LOG_BYTES + 200_000, "{}", log.len());
    assert!(
        kit.events(1)
            .contains("were dropped, since it has reached 262144 bytes")
    );
    assert!(
        kit.events(1)
            .ends_with("task: Command exited with return code 0\n")
    );
    let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
    let peak = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 40_000, "{peak} kB");
}

#[test]
fn a_full_disk_cuts_the_log_and_not_the_task() {
    let kit = Kit::new("full");
    let server = kit.serve();
    fs::create_dir_all(kit.dir.join("logs/dag")).unwrap();
    std::os::unix::fs::symlink("/dev/full", kit.dir.join("logs/dag/1.log")).unwrap();
    assert_eq!(
        server.run(bash(1, "seq 100000; echo fine")),
        success("fine")
    );
    assert_eq!(server.run(bash(2, "echo next")), success("next"));
}

#[test]
fn many_at_once() {
    let kit = Kit::new("many");
    let server = kit.serve();
    for fence in 1..=300 {
        server.client.start(bash(fence, "sleep 0.3; echo $$"));
    }
    let mut left = 300;
    while left > 0 {
        let report = server.next();
        if let model::report::Happened::Finished { outcome, .. } = report.what {
            assert!(matches!(outcome, Outcome::Success { .. }), "{outcome:?}");
            server.client.ack(report.fence);
            left -= 1;
        }
    }
    eventually("claims go", || kit.claims() == 0);
}
