//! Bad input is refused with upstream's status, a code of ours and a word on what to do.

#![allow(clippy::too_many_lines, reason = "what is asked and expected is data")]

use std::{fmt::Write, time::Duration};

use expect_test::expect;
use serde_json::{Value as Json, json};

use super::node::{Node, wrap};

const TASK: &str = "tasks:\n  - {id: a, uses: empty}\n";

/// As upstream's, wrong dag files are import errors; other files are read all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_schedules_and_dags_are_import_errors() {
    let files = [
        (
            "cron",
            format!("dag_id: cron\nschedule: '61 * * * *'\n{TASK}"),
        ),
        (
            "fields",
            format!("dag_id: fields\nschedule: '0 5 *'\n{TASK}"),
        ),
        (
            "never",
            format!("dag_id: never\nschedule: '0 0 30 2 *'\nstart_date: 2026-01-01\n{TASK}"),
        ),
        (
            "zone",
            format!("dag_id: zone\ntimezone: Mars/Olympus\n{TASK}"),
        ),
        ("zero", format!("dag_id: zero\nschedule: PT0S\n{TASK}")),
        ("back", format!("dag_id: back\nschedule: -PT5M\n{TASK}")),
        (
            "ends",
            format!("dag_id: ends\nstart_date: 2026-02-01\nend_date: 2026-01-01\n{TASK}"),
        ),
        (
            "ring",
            "dag_id: ring\ntasks:\n  - {id: a, uses: empty, needs: [b]}\n  - {id: b, uses: empty, \
             needs: [a]}\n"
                .to_owned(),
        ),
        (
            "self",
            "dag_id: self\ntasks:\n  - {id: a, uses: empty, needs: [a]}\n".to_owned(),
        ),
        (
            "mapped",
            "dag_id: mapped\ntasks:\n  - id: a\n    uses: bash\n    expand: {bash_command: [x]}\n"
                .to_owned(),
        ),
        ("good", format!("dag_id: good\nschedule: null\n{TASK}")),
    ];
    let files = files.map(|(name, text)| (format!("{name}.yaml"), text));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let node = Node::new(&[], &files);
    let mut text = String::new();
    let errors = node.get("/importErrors?order_by=filename").await;
    for error in errors["import_errors"].as_array().unwrap() {
        let (file, trace) = (&error["filename"], &error["stack_trace"]);
        let line = format!("{}: {}", file.as_str().unwrap(), trace.as_str().unwrap());
        writeln!(text, "{}", wrap(line.trim_end())).unwrap();
    }
    expect![[r#"
        back.yaml: back.yaml:2:11: DAG-007: the distance between runs must be more than
            nothing: write for example `PT30M`
        cron.yaml: cron.yaml:2:11: DAG-007: `61 * * * *` is no cron expression: `61` is
            no minute (0 to 59)
        fields.yaml: fields.yaml:2:11: DAG-007: `0 5 *` is not a schedule: write a
            preset such as `@daily`, a cron expression of five fields such as `0 5 * *
            *`, or a duration such as `PT30M`
        mapped.yaml: mapped.yaml:4:11: DAG-005: task `a`: the argument `bash_command`
            is missing: The command, or a whole script.
        line 5, column 5: task `a`: the
            key `expand` is not known
        ring.yaml: ring.yaml:3:10: DAG-006: the tasks wait for each other: `a` → `b`
            → `a`: take one of these edges away
        self.yaml: self.yaml:3:34: DAG-006: task `a` waits for itself: take it out of
            its `needs`
        zero.yaml: zero.yaml:2:11: DAG-007: the distance between runs must be more than
            nothing: write for example `PT30M`
        zone.yaml: zone.yaml:2:11: DAG-003: `timezone`: there is no time zone
            `Mars/Olympus`; write an IANA name or an offset such as `+02:00`
    "#]]
    .assert_eq(&text);
    assert_eq!(node.get("/dags/good").await["has_import_errors"], false);
}

const DAGS: &str = "
dag_id: d
schedule: '@daily'
start_date: 2026-01-01
catchup: false
is_paused_upon_creation: true
tasks:
  - {id: a, uses: empty}
";
const STAY: &str = "
dag_id: w
schedule: null
tasks:
  - {id: stay, uses: bash, with: {bash_command: 'sleep 60'}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asks_that_contradict_each_other_are_refused() {
    let node = Node::new(&[], &[("d.yaml", DAGS), ("w.yaml", STAY)]);
    let ask = |id: &str, date: Json| json!({ "dag_run_id": id, "logical_date": date });
    let first = ask("one", json!("2026-01-05T00:00:00Z"));
    let path = "/dags/d/dagRuns";
    assert_eq!(
        node.ask("POST", path, Some(first.clone())).await.status,
        200
    );
    let work = ask("r", Json::Null);
    assert_eq!(
        node.ask("POST", "/dags/w/dagRuns", Some(work)).await.status,
        200
    );
    let ti = "/dags/w/dagRuns/r/taskInstances/stay";
    for _ in 0..500 {
        if node.get(ti).await["state"] == "running" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let interval = |from: Json, to: Json| {
        json!({
            "dag_run_id": "three", "logical_date": "2026-01-06T00:00:00Z",
            "data_interval_start": from, "data_interval_end": to,
        })
    };
    let (sixth, seventh) = (json!("2026-01-06T00:00:00Z"), json!("2026-01-07T00:00:00Z"));
    let backfill = |from: &str, to: &str| json!({ "dag_id": "d", "from_date": from, "to_date": to, "max_active_runs": 1 });
    let clear = json!({
        "dag_run_id": "r", "dry_run": false, "only_failed": false, "task_ids": ["stay"],
        "prevent_running_task": true,
    });
    // As upstream has it, an interval may end before it starts: what is in it is the dag's affair.
    let taken = interval(seventh, sixth.clone());
    assert_eq!(node.ask("POST", path, Some(taken)).await.status, 200);
    let mut told = String::new();
    for (path, body) in [
        (path, first),
        (path, ask("two", json!("2026-01-05T00:00:00Z"))),
        (path, ask("two", json!("2026-01-32T00:00:00Z"))),
        (path, ask("two", json!("2026-01-08T00:00:00"))),
        (path, ask("scheduled__x", Json::Null)),
        (path, ask("../up", Json::Null)),
        (path, interval(sixth, Json::Null)),
        ("/dags/w/clearTaskInstances", clear),
        (
            "/dags/w/clearTaskInstances",
            json!({ "dag_run_id": "none", "dry_run": false }),
        ),
        (
            "/dags/w/clearTaskInstances",
            json!({ "dag_run_id": "r", "include_past": true, "dry_run": false }),
        ),
        (
            "/backfills",
            backfill("2026-01-09T00:00:00Z", "2026-01-07T00:00:00Z"),
        ),
        (
            "/backfills",
            backfill("2999-01-07T00:00:00Z", "2999-01-09T00:00:00Z"),
        ),
    ] {
        writeln!(told, "{}", node.refused("POST", path, Some(body)).await).unwrap();
    }
    let path = "/backfills";
    let many = backfill("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z");
    let made = node.ask("POST", path, Some(many.clone())).await;
    assert_eq!(made.status, 200, "{}", made.text);
    writeln!(told, "{}", node.refused("POST", path, Some(many)).await).unwrap();
    expect![[r#"
        409 RUN-005 dag `d` has a run `one` already: choose another dag_run_id, or
            clear that run
        409 RUN-006 dag `d` has a run with logical date 2026-01-05T00:00:00Z already:
            choose another date or null, or clear that run
        422 API-014 body.logical_date value_error: `2026-01-32T00:00:00Z` is not a time
            or duration in ISO 8601
        422 API-014 body.logical_date value_error: `2026-01-08T00:00:00` has no time
            zone: end it with Z or an offset like +01:00
        400 RUN-004 run id `scheduled__x` begins with `scheduled__`, which is kept for
            runs of that type: choose another
        400 RUN-003 `../up` is no run id: use at most 250 of letters, digits and `_ . ~
            : + -`, without `..`
        422 API-014 body.data_interval_start value_error: give both data_interval_start
            and data_interval_end, or neither
        409 RUN-009 `stay` is running: wait for it, or set its state first
        404 RUN-002 dag `w` has no run `none`
        400 RUN-091 run `r` has no logical date, so nothing is before or after it:
            leave include_past and include_future out
        422 RUN-082 from_date 2026-01-09T00:00:00Z is after to_date
            2026-01-07T00:00:00Z: exchange them
        422 RUN-083 from_date 2999-01-07T00:00:00Z is in the future: a backfill makes
            runs for past dates
        409 RUN-080 there is already a running backfill for dag `d`: wait for backfill
            1, or cancel it
    "#]]
    .assert_eq(&told);
}
