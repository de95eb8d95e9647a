use expect_test::expect;
use model::Json;

use super::{generate, schema};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../assets/schema/dag.schema.json"
);

fn validator() -> jsonschema::Validator {
    let schema: Json = serde_json::from_str(schema()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn json_of(text: &str) -> Json {
    crate::yaml::parse(text).unwrap().unwrap().to_json()
}

/// `UPDATE_EXPECT=1` writes the file anew.
#[test]
fn the_file_is_what_the_tables_say() {
    let made = format!("{:#}\n", generate::schema());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(FILE).unwrap(), made);
}

#[test]
fn all_examples_are_valid_and_import_without_a_warning() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/dags");
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let problems: Vec<String> = validator()
            .iter_errors(&json_of(&text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(problems, Vec::<String>::new(), "{name}");
        let imported = crate::import(&text, &name, &|path| Err(format!("no {path}"))).unwrap();
        assert_eq!(imported.warnings, Vec::new(), "{name}");
        assert_eq!(imported.dag.dag_id.as_str(), name);
        seen.push(format!(
            "{name}: {} tasks, {:?}\n",
            imported.dag.tasks.len(),
            imported.dag.tags
        ));
    }
    seen.sort();
    expect![[r#"
        dpkg_report: 7 tasks, ["example", "files", "xcom"]
        folder_hash: 7 tasks, ["branch", "example", "files"]
        hello: 1 tasks, []
        machine_pulse: 4 tasks, ["branch", "example", "scheduled"]
        retry_and_recover: 9 tasks, ["example", "retries", "sensor", "trigger"]
        zoneinfo_resample: 315 tasks, ["example", "files", "wide"]
    "#]]
    .assert_eq(&seen.concat());
}

#[test]
fn wrong_documents_are_refused_as_the_importer_refuses_them() {
    let wrong = [
        "tasks: []",
        "dag_id: a b",
        "dag_id: d\nscheduel: x",
        "dag_id: d\ncatchup: maybe",
        "dag_id: d\nmax_active_runs: 0",
        "dag_id: d\non_failure_callback: x",
        "dag_id: d\nstart_date: yesterday",
        "dag_id: d\ndefault_args: {id: x}",
        "dag_id: d\nschedule: {with: {}}",
        "dag_id: d\ntasks: {a: b}",
        "dag_id: d\ntasks: [{uses: bash}]",
        "dag_id: d\ntasks: [{id: a, trigger_rule: all_sucess}]",
        "dag_id: d\ntasks: [{id: a, retires: 1}]",
        "dag_id: d\ntasks: [{id: a, uses: bsh}]",
        "dag_id: d\ntasks: [{id: a, uses: bash}]",
        "dag_id: d\ntasks: [{id: a, uses: bash, with: {command: x}}]",
        "dag_id: d\ntasks: [{id: a, uses: bash, with: {bash_command: {$t: 1}}}]",
        "dag_id: d\ntasks: [{id: a, uses: bash, with: {bash_command: {$tt: x}}}]",
        "dag_id: d\ntasks: [{id: a, uses: bash, with: {bash_command: x, append_env: {$t: x}}}]",
        "dag_id: d\ntasks: [{id: a, uses: bash, with: {bash_command: {$f: ../x}}}]",
        "dag_id: d\ntasks: [{id: a, uses: http, with: {method: FETCH}}]",
        "dag_id: d\ntasks: [{id: a, run: {x: 1}}]",
    ];
    let files = |_: &str| Ok(String::new());
    for text in wrong {
        assert!(
            !validator().is_valid(&json_of(text)),
            "the schema takes {text}"
        );
        assert!(
            crate::import(text, "d", &files).is_err(),
            "the importer takes {text}"
        );
    }
    let right = [
        "dag_id: d",
        "dag_id: d\nschedule: {uses: airflow.sdk.CronTriggerTimetable, with: {cron: '0 5 * * *'}}",
        "dag_id: d\nparams: {a: 1, b: {type: integer}}\ntasks: [{id: a, uses: my.Op, with: {x: [{$x: b}]}}, {id: b}]",
        "dag_id: d\ntemplates: {t: {uses: bash, with: {bash_command: x}}}\ntasks: [{id: a, extends: t, needs: []}]",
        "dag_id: d\ntasks: [{id: a, uses: http, with: {endpoint: {$t: x}, data: {a: {$t: y}, b: 1}}}]",
        "dag_id: d\ntasks: [{id: a, uses: bash, with: {bash_command: {$t: {$f: x.sh}}, env: {A: 1}, skip_on_exit_code: [1]}}]",
        "dag_id: d\ntasks: [{id: a, uses: time-delta-sensor, with: {delta: 5m, mode: reschedule, timeout: PT1H}}]",
    ];
    for text in right {
        let problems: Vec<String> = validator()
            .iter_errors(&json_of(text))
            .map(|e| e.to_string())
            .collect();
        assert_eq!(problems, Vec::<String>::new(), "{text}");
        crate::import(text, "d", &files).unwrap();
    }
}
