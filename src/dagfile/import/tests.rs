use expect_test::{Expect, expect};
use model::dag::Argument;
use proptest::prelude::*;

use super::*;

mod wrong;

fn files(path: &str) -> Result<String, String> {
    match path {
        "sql/load.sql" => Ok("select '{{ ds }}'\n".to_owned()),
        _ => Err("there is no such file".to_owned()),
    }
}

/// Imports a text and shows the dag's tasks, or all that is wrong.
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&shown(text));
}

fn shown(text: &str) -> String {
    let problems = validate(text, "d.yaml", &files);
    if !problems.is_empty() {
        return problems
            .iter()
            .map(|p| {
                let at = |n: Option<u32>| n.map_or("-".to_owned(), |n| n.to_string());
                format!("{}:{} {} {}\n", at(p.line), at(p.column), p.code, p.message)
            })
            .collect();
    }
    let imported = import(text, "d.yaml", &files).unwrap();
    let again = from_source(&imported.source).unwrap();
    assert_eq!(again, imported.dag);
    let mut out = String::new();
    for task in &imported.dag.tasks {
        let ups: Vec<&str> = task
            .upstream
            .iter()
            .map(|n| imported.dag.tasks[*n].task_id.as_str())
            .collect();
        out += &format!(
            "{} {:?} <- [{}]",
            task.task_id,
            task.operator.kind,
            ups.join(" ")
        );
        for (name, argument) in &task.operator.arguments {
            out += &format!("\n  {name}: {}", argument_shown(argument));
        }
        out.push('\n');
    }
    for warning in imported.warnings {
        out += &format!("warning {}: {}\n", warning.line.unwrap(), warning.message);
    }
    out
}

fn argument_shown(argument: &Argument) -> String {
    match argument {
        Argument::Literal(json) => json.to_string(),
        Argument::Template(text) => format!("template {text:?}"),
        Argument::XCom { task_id, key } => format!("xcom {task_id}.{key}"),
        Argument::List(items) => {
            let items: Vec<String> = items.iter().map(argument_shown).collect();
            format!("[{}]", items.join(", "))
        }
        Argument::Object(pairs) => {
            let pair =
                |(name, value): &(String, Argument)| format!("{name}: {}", argument_shown(value));
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

#[test]
fn a_small_dag() {
    check(
        "
$schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
dag_id: small
schedule: '@daily'
tasks:
- id: load
  uses: bash
  needs: [extract]
  with:
    bash_command: {$t: 'echo {{ ds }}'}
    env: {A: {$x: extract}, B: plain, C: {$x: {task: count, key: n}}}
- id: extract
  uses: airflow.providers.standard.operators.bash.BashOperator
  with: {bash_command: {$t: {$f: sql/load.sql}}}
- id: count
  uses: bash
  with: {bash_command: {$f: sql/load.sql}}
- id: nothing
",
        expect![[r#"
            extract Bash <- []
              bash_command: template "select '{{ ds }}'\n"
            count Bash <- []
              bash_command: "select '{{ ds }}'\n"
            load Bash <- [extract count]
              bash_command: template "echo {{ ds }}"
              env: {A: xcom extract.return_value, B: "plain", C: xcom count.n}
            nothing Empty <- []
        "#]],
    );
}

#[test]
fn edges() {
    check(
        "dag_id: d\ntasks:\n- {id: a, needs: b}\n- {id: b, needs: [c]}\n- {id: c, needs: [a]}\n- {id: e, needs: [c]}\n- {id: f}\n",
        expect![[r#"
            3:8 DAG-006 the tasks wait for each other: `a` → `c` → `b` → `a`: take one of these edges away
        "#]],
    );
    check(
        "dag_id: d\ntasks:\n- {id: a, needs: [a]}\n",
        expect![[r#"
            3:19 DAG-006 task `a` waits for itself: take it out of its `needs`
        "#]],
    );
    check(
        "dag_id: d\ntasks:\n- {id: extract}\n- {id: b, needs: [extrat]}\n",
        expect![[r#"
            4:19 DAG-006 task `b`: there is no task `extrat`; did you mean `extract`?
        "#]],
    );
    check(
        "dag_id: d\ntasks:\n- {id: a}\n- {id: b}\n- {id: a}\n",
        expect![[r#"
            5:8 DAG-006 there are two tasks `a`, the first in line 3
        "#]],
    );
    check(
        "dag_id: d\ntasks:\n- {id: b, needs: [a, a, 1]}\n- {id: a}\n- {id: 1}\n",
        expect![[r#"
            a Empty <- []
            1 Empty <- []
            b Empty <- [a 1]
        "#]],
    );
    let ring: String = (0..1_000)
        .map(|n| format!("- {{id: t{n}, needs: t{}}}\n", (n + 1) % 1_000))
        .collect();
    check(
        &format!("dag_id: d\ntasks:\n{ring}"),
        expect![[r#"
            3:8 DAG-006 the tasks wait for each other: `t0` → `t999` → `t998` → `t997` → `t996` → `t995` → `t994` → `t993` → `t992` → `t991` → `t990` → `t989` → `t988` → `t987` → `t986` → `t985` → `t984` → `t983` → `t982` → `t981` → … 980 more … → `t0`: take one of these edges away
        "#]],
    );
}

#[test]
fn schedules() {
    let schedule = |text: &str| {
        let text = format!("dag_id: d\nschedule: {text}\n");
        match import(&text, "d.yaml", &files) {
            Ok(imported) => format!("{:?}", imported.dag.schedule),
            Err(error) => format!(
                "{}:{} {}",
                error.line.unwrap(),
                error.column.unwrap(),
                error.message
            ),
        }
    };
    let all: Vec<String> = [
        "null", "'@daily'", "'*/5 * * * *'", "PT10M", "'@dialy'", "61 * * * *", "hourly", "[a]", "0 0 * * fri",
        "{uses: airflow.timetables.interval.CronDataIntervalTimetable, with: {cron: '0 5 * * *', timezone: Europe/Berlin}}",
        "{uses: airflow.sdk.DeltaTriggerTimetable, with: {delta: PT1H}}",
        "{uses: airflow.sdk.CronTriggerTimetable, with: {corn: '0 5 * * *'}}",
        "{uses: CronTriggerTimetabel, with: {cron: '0 5 * * *'}}",
        "{uses: my.Timetable, with: {x: 1}}",
        "{with: {x: 1}}",
        "{uses: airflow.timetables.events.EventsTimetable, with: {event_dates: [2026-01-02, 2026-01-01T00:00:00+01:00]}}",
    ]
    .into_iter()
    .map(|text| format!("{text}\n    {}\n", schedule(text)))
    .collect();
    expect![[r#"
        null
            Null
        '@daily'
            CronTrigger(CronTrigger { expression: "0 0 * * *", timezone: "UTC", interval: Delta { months: 0, days: 0, span: PT0S, relative: None }, run_immediately: No })
        '*/5 * * * *'
            CronTrigger(CronTrigger { expression: "*/5 * * * *", timezone: "UTC", interval: Delta { months: 0, days: 0, span: PT0S, relative: None }, run_immediately: No })
        PT10M
            DeltaTrigger { delta: Delta { months: 0, days: 0, span: PT10M, relative: None }, interval: Delta { months: 0, days: 0, span: PT0S, relative: None } }
        '@dialy'
            2:11 `@dialy` is not a schedule: write a preset such as `@daily`, a cron expression of five fields such as `0 5 * * *`, or a duration such as `PT30M`; did you mean `@daily`?
        61 * * * *
            2:11 `61 * * * *` is no cron expression: `61` is no minute (0 to 59)
        hourly
            2:11 `hourly` is not a schedule: write a preset such as `@daily`, a cron expression of five fields such as `0 5 * * *`, or a duration such as `PT30M`
        [a]
            2:11 `schedule` must be a text or a mapping with `uses`, not a list
        0 0 * * fri
            CronTrigger(CronTrigger { expression: "0 0 * * fri", timezone: "UTC", interval: Delta { months: 0, days: 0, span: PT0S, relative: None }, run_immediately: No })
        {uses: airflow.timetables.interval.CronDataIntervalTimetable, with: {cron: '0 5 * * *', timezone: Europe/Berlin}}
            CronDataInterval { expression: "0 5 * * *", timezone: "Europe/Berlin" }
        {uses: airflow.sdk.DeltaTriggerTimetable, with: {delta: PT1H}}
            DeltaTrigger { delta: Delta { months: 0, days: 0, span: PT1H, relative: None }, interval: Delta { months: 0, days: 0, span: PT0S, relative: None } }
        {uses: airflow.sdk.CronTriggerTimetable, with: {corn: '0 5 * * *'}}
            2:59 `corn` is not known for this timetable; did you mean `cron`?
        {uses: CronTriggerTimetabel, with: {cron: '0 5 * * *'}}
            2:18 `CronTriggerTimetabel` is no class path of a timetable; did you mean `airflow.timetables.trigger.CronTriggerTimetable`?
        {uses: my.Timetable, with: {x: 1}}
            Other { class: "my.Timetable", data: Object {"x": Number(1)} }
        {with: {x: 1}}
            2:11 a schedule that is a mapping needs `uses`, the timetable's class path
        {uses: airflow.timetables.events.EventsTimetable, with: {event_dates: [2026-01-02, 2026-01-01T00:00:00+01:00]}}
            Events { dates: [2025-12-31T23:00:00Z, 2026-01-02T00:00:00Z], restrict_to_events: false, description: None, summary: None }
    "#]].assert_eq(&all.concat());
}

#[test]
fn templates_are_taken_in() {
    check(
        "
dag_id: d
templates:
  base: {retries: 3, uses: bash, with: {bash_command: base, env: {A: base}}}
  loud: {extends: base, with: {env: {A: loud}}}
tasks:
- {id: a, extends: loud, with: {bash_command: own}}
- {id: b, extends: [base, loud]}
",
        expect![[r#"
            a Bash <- []
              bash_command: "own"
              env: {"A":"loud"}
            b Bash <- []
              bash_command: "base"
              env: {"A":"loud"}
        "#]],
    );
    check(
        "dag_id: d\ntemplates: {loud: {}}\ntasks:\n- {id: c, extends: laud}\n",
        expect![[r#"
            4:20 DAG-003 there is no template `laud`; did you mean `loud`?
        "#]],
    );
    check(
        "dag_id: d\ntemplates: {a: {extends: b}, b: {extends: [a]}}\ntasks:\n- {id: x, extends: a}\n",
        expect![[r#"
            2:43 DAG-003 the template `a` extends itself, by a, b
        "#]],
    );
}

#[test]
fn dates_and_zones() {
    let dates = |lines: &str| {
        let imported = import(&format!("dag_id: d\n{lines}\n"), "d.yaml", &files).unwrap();
        let dag = imported.dag;
        format!("{:?} {:?} {}", dag.start_date, dag.end_date, dag.timezone)
    };
    for (lines, expect) in [
        (
            "start_date: 2026-01-01",
            "Some(2026-01-01T00:00:00Z) None UTC",
        ),
        (
            "start_date: '2026-01-01T00:00:00Z'",
            "Some(2026-01-01T00:00:00Z) None UTC",
        ),
        (
            "start_date: 2026-01-01 00:00:00+02:00",
            "Some(2025-12-31T22:00:00Z) None +02:00",
        ),
        (
            "start_date: 2026-07-01\ntimezone: Europe/Berlin",
            "Some(2026-06-30T22:00:00Z) None Europe/Berlin",
        ),
        (
            "default_args: {start_date: 2026-01-01, end_date: 2026-02-01}",
            "Some(2026-01-01T00:00:00Z) Some(2026-02-01T00:00:00Z) UTC",
        ),
        (
            "tasks: [{id: a, start_date: 2026-02-01}, {id: b, start_date: 2026-01-01}]",
            "Some(2026-01-01T00:00:00Z) None UTC",
        ),
    ] {
        assert_eq!(dates(lines), expect, "{lines}");
    }
}

#[test]
fn params_and_defaults() {
    let text = "
dag_id: d
default_args: {retries: 2, retry_delay: 1m, owner: ann, poke_interval: 5}
params:
  n: 3
  level: {type: string, enum: [low, high], default: low, description: How loud}
  plain: {type: strange}
  needed: {type: integer, minimum: 1}
  apart: {default: 1, schema: {type: integer}}
  bare: {schema: {type: integer}}
tasks:
- {id: a, retries: 0}
- {id: b, uses: file-sensor, with: {filepath: /x}}
";
    let dag = import(text, "d.yaml", &files).unwrap().dag;
    let params: Vec<String> = dag
        .params
        .iter()
        .map(|p| {
            format!(
                "{} {:?} {}\n",
                p.name,
                p.default.as_ref().map(ToString::to_string),
                p.schema
            )
        })
        .collect();
    expect![[r#"
        n Some("3") {}
        level Some("\"low\"") {"type":"string","enum":["low","high"]}
        plain Some("{\"type\":\"strange\"}") {}
        needed None {"type":"integer","minimum":1}
        apart Some("1") {"type":"integer"}
        bare Some("{\"schema\":{\"type\":\"integer\"}}") {}
    "#]]
    .assert_eq(&params.concat());
    let tasks: Vec<String> = dag
        .tasks
        .iter()
        .map(|t| {
            format!(
                "{} {} {} {:?}\n",
                t.retries, t.retry_delay, t.owner, t.operator.arguments
            )
        })
        .collect();
    expect![[r#"
        0 PT1M ann {}
        2 PT1M ann {"filepath": Literal(String("/x")), "poke_interval": Literal(Number(5))}
    "#]]
    .assert_eq(&tasks.concat());
}

#[test]
fn things_that_are_no_text() {
    for (bytes, expect) in [
        (
            b"dag_id: d\n\xff\xfe".to_vec(),
            "DAG-001 Some(2) d.yaml is not text in UTF-8",
        ),
        (
            b"dag_id: d\n\0".to_vec(),
            "DAG-001 Some(1) d.yaml is not text: it has a NUL byte",
        ),
        (
            vec![b'a'; 11 << 20],
            "DAG-001 None d.yaml has 11 MiB; a dag file may have 10 MiB",
        ),
    ] {
        let error = import_bytes(&bytes, "d.yaml", &files).unwrap_err();
        assert_eq!(
            format!("{} {:?} {}", error.code, error.line, error.message),
            expect
        );
    }
    assert!(!might_be_dag("apiVersion: v1\nkind: Pod\n"));
    assert!(might_be_dag("# x\ndag_id : d\n"));
}

#[test]
fn taking_much_in_is_refused_before_it_is_copied() {
    let big = "x".repeat(1_000_000);
    let tasks: String = (0..10_000)
        .map(|n| format!("- {{id: t{n}, extends: big}}\n"))
        .collect();
    let text = format!("dag_id: d\ntemplates: {{big: {{doc_md: {big}}}}}\ntasks:\n{tasks}");
    let error = import(&text, "d.yaml", &files).unwrap_err();
    assert_eq!(error.code, "DAG-001");
    let chain: String = (0..60)
        .map(|n| format!("  t{}: {{extends: [t{n}, t{n}]}}\n", n + 1))
        .collect();
    let text =
        format!("dag_id: d\ntemplates:\n  t0: {{}}\n{chain}tasks:\n- {{id: a, extends: t60}}\n");
    assert!(import(&text, "d.yaml", &files).is_ok());
}

#[test]
fn a_file_that_is_wrong_throughout_is_told_by_its_beginning() {
    let keys: String = (0..100_000).map(|n| format!("retires{n}: 1\n")).collect();
    let needs: String = (0..50_000)
        .map(|n| format!("- {{id: t{n}, needs: [x{n}]}}\n"))
        .collect();
    for text in [
        format!("dag_id: d\n{keys}"),
        format!("dag_id: d\ntasks:\n{needs}"),
    ] {
        let error = import(&text, "d.yaml", &files).unwrap_err();
        assert_eq!(error.message.lines().count(), 11);
        assert!(error.message.ends_with("and more"));
    }
}

const SEED: &str = "$schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
dag_id: seed
schedule: {uses: airflow.sdk.CronTriggerTimetable, with: {cron: '0 5 * * *', interval: PT1H}}
default_args: &d {retries: 2}
params: {a: {type: integer, default: 3}}
templates: {t: {uses: bash, <<: *d}}
tasks:
- {id: a, extends: t, with: {bash_command: {$t: '{{ ds + 1 }}'}, env: {K: {$x: {task: b, key: k}}}}}
- id: b
  needs: [c]
- {id: c, uses: branch, with: {expression: \"'b' if 1 - 2 else none\"}}
";

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = import_bytes(&bytes, "d.yaml", &files);
    }

    #[test]
    fn no_mutation_makes_it_panic(
        edits in proptest::collection::vec((0..SEED.len(), 0_usize..6, "[\\PC\n\t]{0,4}|\\$x|\\{|- |: |\\*d|&d |<<"), 1..5)
    ) {
        let mut text = SEED.to_owned();
        for (at, len, new) in edits {
            let from = (0..=at.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap();
            let to = (from + len).min(text.len());
            let to = (to..=text.len()).find(|n| text.is_char_boundary(*n)).unwrap();
            text.replace_range(from..to, &new);
        }
        if let Ok(imported) = import(&text, "d.yaml", &files) {
            prop_assert_eq!(from_source(&imported.source).unwrap(), imported.dag);
        }
    }
}
