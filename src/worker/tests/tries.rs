//! Single tries on good days.

use super::kit::*;
use expect_test::expect;
use model::{TimeDelta, ports::Executor, report::Outcome};

#[test]
fn a_command_runs_with_its_log_and_its_value() {
    let kit = Kit::new("good");
    let server = kit.serve();
    server
        .client
        .start(bash(1, "echo one; echo two >&2; echo 'three  '"));
    let pid = server.pid_of_start();
    assert!(pid > 1);
    let (outcome, usage) = server.end(1);
    assert_eq!(outcome, success("three"));
    assert!(
        usage.cpu_us > 0 && usage.memory_peak_bytes > 500_000,
        "{usage:?}"
    );
    expect![[r#"
        task: Running command: ['bash', '-c', "echo one; echo two >&2; echo 'three  '"]
        task: Output:
        task.stdout: one
        task.stdout: two
        task.stdout: three
        task: Command exited with return code 0
    "#]]
    .assert_eq(&kit.events(1));
    let line = kit.log(1).lines().nth(2).unwrap().to_owned();
    let (stamp, rest) = line.split_at(r#"{"timestamp":"2026-11-18T10:00:00"#.len());
    assert!(stamp.starts_with(r#"{"timestamp":"2"#), "{line}");
    assert!(
        rest.ends_with(r#"Z","level":"info","event":"one","logger":"task.stdout","task_id":"t"}"#)
    );
    eventually("claims go when acknowledged", || kit.claims() == 0);
}

#[test]
fn the_environment_is_what_was_given_and_nothing_else() {
    let kit = Kit::new("env");
    let server = kit.serve();
    let mut work = bash(1, "");
    process(&mut work).argv = vec!["/usr/bin/env".to_owned()];
    process(&mut work).env = vec![("A".to_owned(), "1\n2".to_owned())];
    assert_eq!(server.run(work), success("2"));
    expect![[r"
        task: Running command: ['/usr/bin/env']
        task: Output:
        task.stdout: A=1
        task.stdout: 2
        task: Command exited with return code 0
    "]]
    .assert_eq(&kit.events(1));
    let worker = server.client.pid().unwrap();
    // A folder of its own, nothing on standard input, and a group that it leads.
    let script = "pwd; cat; ls -A | wc -l; stat -c %a .; touch left; mkdir -p a/b; ps -o pgid= $$";
    let mut work = bash(2, &format!("{script} | tr -d ' '; echo $$"));
    process(&mut work).push_last_line = false;
    assert!(matches!(server.run(work), Outcome::Success { xcoms, .. } if xcoms.is_empty()));
    let events = kit.events(2);
    let lines: Vec<&str> = events
        .lines()
        .skip(2)
        .map(|l| &l["task.stdout: ".len()..])
        .collect();
    assert_eq!(
        lines[0],
        kit.dir
            .join(format!("run/work/{worker}/1"))
            .to_str()
            .unwrap()
    );
    assert_eq!(lines[1..3], ["0", "700"]);
    assert_eq!(lines[3], lines[4]);
    eventually("the folder goes", || !kit.dir.join(lines[0]).exists());
    // One that was left empty serves the next; one that is changed does not.
    let pwd = |fence, command: &str| match server.run(bash(fence, command)) {
        Outcome::Success { xcoms, .. } => xcoms[0].1.clone(),
        other => panic!("{other:?}"),
    };
    let first = pwd(3, "pwd");
    assert_eq!(pwd(4, "chmod 755 .; pwd"), first);
    assert_ne!(pwd(5, "pwd"), first);
}

#[test]
fn exits_are_mapped() {
    let kit = Kit::new("exits");
    let server = kit.serve();
    let mut fence = 0;
    let mut check = |command: &str, expected: expect_test::Expect| {
        fence += 1;
        let outcome = format!("{:?}", server.run(bash(fence, command)));
        let outcome = outcome.replace("Bash command failed. The command", "~");
        expected.assert_eq(&outcome.replace(", retry_delay: None", ""));
    };
    check(
        "exit 3",
        expect![[r#"Failed { message: "~ returned a non-zero exit code 3.", may_retry: true }"#]],
    );
    check(
        "exit 99",
        expect![[r#"Skipped { message: "Bash command returned exit code 99. Skipping." }"#]],
    );
    check(
        "kill -SEGV $$",
        expect![[r#"Failed { message: "~ was ended by signal 11 (SIGSEGV).", may_retry: true }"#]],
    );
    check(
        "true",
        expect![[
            r#"Success { xcoms: [("return_value", String(""))], skip: [], outlets: Outlets { assets: [], events: [] } }"#
        ]],
    );
    check(
        "printf 'no end'",
        expect![[
            r#"Success { xcoms: [("return_value", String("no end"))], skip: [], outlets: Outlets { assets: [], events: [] } }"#
        ]],
    );
    check(
        "echo a; echo",
        expect![[
            r#"Success { xcoms: [("return_value", String(""))], skip: [], outlets: Outlets { assets: [], events: [] } }"#
        ]],
    );
    check(
        r"printf 'a\xffb\0c\n'",
        expect![[
            r#"Success { xcoms: [("return_value", String("a\\xffb\0c"))], skip: [], outlets: Outlets { assets: [], events: [] } }"#
        ]],
    );
}

#[test]
fn streams_are_told_apart_where_no_value_is_wanted() {
    let kit = Kit::new("streams");
    let server = kit.serve();
    let mut work = bash(1, "echo out; sleep 0.1; echo err >&2");
    process(&mut work).push_last_line = false;
    server.run(work);
    expect![[r"
        task: Running command: ['bash', '-c', 'echo out; sleep 0.1; echo err >&2']
        task: Output:
        task.stdout: out
        task.stderr: err
        task: Command exited with return code 0
    "]]
    .assert_eq(&kit.events(1));
}

#[test]
fn secrets_are_masked_wherever_they_come_out() {
    let kit = Kit::new("secrets");
    let server = kit.serve();
    let mut work = bash(
        1,
        "printf 'x hunt'; sleep 0.2; echo er2; echo hunter2=hunter2",
    );
    work.secrets = vec!["hunter2".to_owned()];
    assert_eq!(server.run(work), success("***=***"));
    expect![[r#"
        task: Running command: ['bash', '-c', "printf 'x hunt'; sleep 0.2; echo er2; echo ***=***"]
        task: Output:
        task.stdout: x ***
        task.stdout: ***=***
        task: Command exited with return code 0
    "#]]
    .assert_eq(&kit.events(1));
    let mut work = bash(2, "");
    process(&mut work).argv = vec!["/nowhere/hunter2".to_owned()];
    work.secrets = vec!["hunter2".to_owned()];
    let said = message(server.run(work));
    assert!(
        said.contains("/nowhere/***") && !said.contains("hunter2"),
        "{said}"
    );
    assert!(!kit.log(2).contains("hunter2"));
}

#[test]
fn what_cannot_be_started_says_what_to_do() {
    let kit = Kit::new("nostart");
    let server = kit.serve();
    let said = |fence, change: &dyn Fn(&mut model::work::Process)| {
        let mut work = bash(fence, "true");
        change(process(&mut work));
        message(server.run(work))
    };
    let none = said(1, &|p| p.argv = vec!["no-such-program".to_owned()]);
    assert!(
        none.starts_with("TSK-010: cannot run `no-such-program`"),
        "{none}"
    );
    let not = said(2, &|p| p.argv = vec!["/etc/passwd".to_owned()]);
    assert!(
        not.starts_with("TSK-010: cannot run `/etc/passwd`"),
        "{not}"
    );
    let empty = said(3, &|p| p.argv.clear());
    assert!(
        empty.starts_with("TSK-010: the task has no command"),
        "{empty}"
    );
    let cwd = said(4, &|p| p.cwd = Some("/no/such/folder".to_owned()));
    assert!(
        cwd.starts_with("TSK-011: cannot use the working folder `/no/such/folder`"),
        "{cwd}"
    );
    let large = said(5, &|p| p.argv.push("x".repeat(3_000_000)));
    assert!(large.starts_with("TSK-012: the command line"), "{large}");
    let mut outside = bash(6, "true");
    outside.log_path = "../6.log".to_owned();
    let said = message(server.run(outside));
    assert!(
        said.starts_with("TSK-015: the log cannot be made"),
        "{said}"
    );
}

#[test]
fn a_value_that_is_too_long_is_no_value() {
    let kit = Kit::new("long");
    let server = kit.serve();
    let said = message(server.run(bash(1, "head -c 1100000 /dev/zero | tr '\\0' x")));
    assert!(
        said.starts_with("TSK-014: the last line of output has 1100000 bytes"),
        "{said}"
    );
    let line = "x".repeat(70_000);
    assert_eq!(
        server.run(bash(2, "head -c 70000 /dev/zero | tr '\\0' x")),
        success(&line)
    );
    let events = kit.events(2);
    let logged = events.lines().nth(2).unwrap();
    assert!(logged.ends_with("xx [cut: the line has 70000 bytes]"));
    assert_eq!(logged.matches('x').count(), 64 * 1024);
}

#[test]
fn a_repeated_start_is_one_start() {
    let kit = Kit::new("twice");
    let server = kit.serve();
    let work = || {
        bash(
            1,
            &format!("echo ran >> {}/ran; sleep 0.2", kit.dir.display()),
        )
    };
    server.client.start(work());
    server.client.start(work());
    server.end(1);
    server.run(bash(2, "true"));
    assert_eq!(
        std::fs::read_to_string(kit.dir.join("ran")).unwrap(),
        "ran\n"
    );
}

#[test]
fn a_time_limit_ends_the_whole_group() {
    let kit = Kit::new("limit");
    let server = kit.serve();
    let mut work = bash(1, "sleep 100 & echo $!; sleep 100");
    let limit = TimeDelta::from_millis(300);
    work.execution_timeout = Some(limit);
    assert_eq!(server.run(work), Outcome::TimedOut { limit });
    let events = kit.events(1);
    let child: u32 = events.lines().nth(2).unwrap()["task.stdout: ".len()..]
        .parse()
        .unwrap();
    assert!(!is_alive(child));
    assert!(events.contains("task: The task ran longer than 0.3 s; its processes get TERM."));
}

#[test]
fn killing() {
    let kit = Kit::new("kill");
    let server = kit.serve();
    server.client.start(bash(1, "sleep 100"));
    let pid = server.pid_of_start();
    server.client.kill(key(1), model::Fence(1));
    assert_eq!(server.end(1).0, Outcome::Killed);
    assert!(!is_alive(pid));
    // An order right behind the start is not lost, and an unknown try is told to be lost.
    server.client.start(bash(2, "sleep 100"));
    server.client.kill(key(2), model::Fence(2));
    assert_eq!(server.end(2).0, Outcome::Killed);
    server.client.kill(key(3), model::Fence(3));
    assert!(message(server.end(3).0).starts_with("lost: no worker process has this try"));
}
