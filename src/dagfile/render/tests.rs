use std::collections::HashMap;

use expect_test::{Expect, expect};
use model::{
    DagNo, RunNo, VersionNo,
    schedule::Schedule,
    state::{DagRunType, TriggeredBy},
};
use serde_json::json;

use super::*;

mod operators;

/// A book with a few entries.
#[derive(Default)]
struct Book {
    xcoms: HashMap<(String, String), Vec<(MapIndex, Json)>>,
    variables: HashMap<String, String>,
    connections: HashMap<String, Connection>,
}

impl Lookup for Book {
    fn xcom(&self, query: &XComQuery) -> Result<Vec<(MapIndex, Json)>, String> {
        let key = (query.task_id.to_string(), query.key.clone());
        let found = self.xcoms.get(&key).cloned().unwrap_or_default();
        let is_asked = |index: MapIndex| query.map_index.is_none_or(|asked| asked == index);
        Ok(found
            .into_iter()
            .filter(|(index, _)| is_asked(*index))
            .collect())
    }
    fn variable(&self, key: &str) -> Result<Option<String>, String> {
        match key {
            "locked" => Err("the variable `locked` cannot be opened".to_owned()),
            _ => Ok(self.variables.get(key).cloned()),
        }
    }
    fn connection(&self, conn_id: &str) -> Result<Option<Connection>, String> {
        Ok(self.connections.get(conn_id).cloned())
    }
}

fn book() -> Arc<dyn Lookup> {
    let mut book = Book::default();
    let mut xcom = |task: &str, key: &str, values: Vec<(i32, Json)>| {
        let values = values
            .into_iter()
            .map(|(n, value)| (MapIndex(n), value))
            .collect();
        book.xcoms.insert((task.to_owned(), key.to_owned()), values);
    };
    xcom(
        "a",
        "return_value",
        vec![(-1, json!({"n": 3, "list": [1, "two", null, 2.0]}))],
    );
    xcom("a", "other", vec![(-1, json!("side"))]);
    xcom("m", "return_value", vec![(0, json!(1)), (1, json!(2))]);
    for (key, value) in [
        ("x", "one"),
        ("j", r#"{"k": [1, 2]}"#),
        ("my_api_key", "hunter2"),
    ] {
        book.variables.insert(key.to_owned(), value.to_owned());
    }
    let connection = |conn_id: &str| Connection {
        conn_id: conn_id.to_owned(),
        conn_type: "http".to_owned(),
        host: Some("example.org".to_owned()),
        schema: Some("https".to_owned()),
        login: Some("ann".to_owned()),
        password: Some("s3cret".to_owned()),
        port: Some(8443),
        extra: Some(r#"{"path": "/data", "X-Team": "blue", "timeout": 5}"#.to_owned()),
        description: None,
    };
    for conn_id in ["web", "fs_x"] {
        book.connections
            .insert(conn_id.to_owned(), connection(conn_id));
    }
    Arc::new(book)
}

fn run() -> DagRun {
    let at = |text: &str| Timestamp::parse(text).unwrap();
    DagRun {
        no: RunNo(1),
        dag: DagNo(1),
        run_id: "scheduled__2026-11-18T10:00:00+00:00".into(),
        run_type: DagRunType::Scheduled,
        state: DagRunState::Running,
        logical_date: Some(at("2026-11-18T10:00:00Z")),
        data_interval: Some(DataInterval {
            start: at("2026-11-18T10:00:00Z"),
            end: at("2026-11-18T11:00:00.25Z"),
        }),
        run_after: at("2026-11-18T11:00:00Z"),
        queued_at: None,
        start_date: Some(at("2026-11-18T11:00:01Z")),
        end_date: None,
        last_scheduling_decision: None,
        conf: json!({"size": 7, "deep": {"er": true}}),
        note: None,
        triggered_by: TriggeredBy::Timetable,
        triggering_user: None,
        version: VersionNo(1),
        clear_number: 0,
        partition_key: None,
        partition_date: None,
        backfill: None,
        reason: None,
    }
}

/// Renders the first task called `t` of a document.
fn render_text(text: &str, run: &DagRun) -> Result<Rendered, RenderError> {
    let files = |_: &str| Err("none".to_owned());
    let imported = crate::import(text, "d.yaml", &files).unwrap();
    let dag = imported.dag;
    assert_eq!(dag.schedule, Schedule::Null);
    let task = dag.tasks.iter().find(|task| &*task.task_id == "t").unwrap();
    let context = Context {
        run,
        try_number: 2,
        max_tries: 3,
        map_index: MapIndex::NONE,
        start_date: Timestamp::parse("2026-11-18T11:00:02Z").unwrap(),
        now: Timestamp::parse("2026-11-18T11:00:03Z").unwrap(),
        base_env: vec![
            ("PATH".into(), "/bin".into()),
            ("HOME".into(), "/root".into()),
        ],
        previous_success: None,
    };
    render(&dag, task, &context, &book())
}

fn template(template: &str, native: bool) -> String {
    let quoted = Json::from(template).to_string();
    let text = format!(
        "dag_id: d\ndoc_md: docs\nrender_template_as_native_obj: {native}\n\
         params: {{size: 3, name: bob}}\nuser_defined_macros: {{team: blue}}\ntasks:\n\
         - {{id: a}}\n- {{id: m}}\n- id: t\n  uses: trigger-dag\n  needs: [a, m]\n  \
         with: {{trigger_dag_id: x, trigger_run_id: {{$t: {quoted}}}}}\n"
    );
    match render_text(&text, &run()) {
        Ok(rendered) => rendered.fields["trigger_run_id"].to_string(),
        Err(error) => format!("{} {}", error.code, error.message),
    }
}

fn check_as(native: bool, templates: &[&str], expect: Expect) {
    let shown = templates
        .iter()
        .map(|text| format!("{text}\n    {}\n", template(text, native)));
    expect.assert_eq(&shown.collect::<String>());
}

fn check(templates: &[&str], expect: Expect) {
    check_as(false, templates, expect);
}

#[test]
fn dates() {
    check(
        &[
            "{{ ds }} {{ ds_nodash }} {{ ts }} {{ ts_nodash }} {{ ts_nodash_with_tz }}",
            "{{ logical_date }} {{ data_interval_end }} {{ data_interval_end.isoformat() }}",
            "{{ logical_date + macros.timedelta(days=1) }}",
            "{{ (logical_date-macros.timedelta(hours=11)).strftime('%Y/%m/%d %H:%M:%S.%f %z %Z %j %a %%') }}",
            "{{ data_interval_end - data_interval_start }} {{ (data_interval_end - data_interval_start).total_seconds() }}",
            "{{ macros.timedelta(days=-1, seconds=5) }} {{ macros.timedelta(weeks=1) + macros.timedelta(hours=1) }}",
            "{{ logical_date.year }} {{ logical_date.month }} {{ logical_date.day_of_week }} {{ logical_date.weekday() }} {{ logical_date.int_timestamp }}",
            "{{ logical_date < data_interval_end }} {{ logical_date == data_interval_start }} {{ logical_date > data_interval_end }}",
            "{{ logical_date | ds }} {{ logical_date | ts_nodash }} {{ data_interval_end | ts_nodash_with_tz }} {{ none | ds }}",
            "{{ logical_date.replace(hour=0, minute=30) }} {{ logical_date.add(months=1) }} {{ logical_date.subtract(days=18) }}",
            "{{ logical_date.start_of('month') }} {{ logical_date.end_of('day') }} {{ logical_date.start_of('week') }}",
            "{{ logical_date.in_timezone('Europe/Berlin') }} {{ logical_date.format('YYYY [year] MMM D HH:mm') }}",
            "{{ logical_date.date() }} {{ logical_date.to_date_string() }} {{ logical_date.timestamp() }}",
            "{{ macros.ds_add(ds, 5) }} {{ macros.ds_add('2015-01-06', -5) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%m-%d-%y') }}",
            "{{ macros.datetime(2026, 1, 31) + macros.timedelta(days=1) }} {{ macros.datetime.strptime('1/5/2015', '%m/%d/%Y') }}",
            "{{ macros.datetime.now() }} {{ macros.datetime.fromisoformat('2026-01-01T00:00:00+02:00') }} {{ macros.time.time() }}",
            "{{ macros.datetime(2026,1,1) - logical_date }}",
            "{{ macros.uuid.uuid4() }}",
            "{{ 1+2-3 }} {{ 1 - -1 }} {{ (1 + 2) * (3 + 4)-1 }} {{ 'a' + 'b' + 'c' }} {{ [1]+[2] }} {{ 1.5 + 1 }} {{ -(2-1) }}",
        ],
        expect![[r#"
            {{ ds }} {{ ds_nodash }} {{ ts }} {{ ts_nodash }} {{ ts_nodash_with_tz }}
                "2026-11-18 20261118 2026-11-18T10:00:00+00:00 20261118T100000 20261118T100000+0000"
            {{ logical_date }} {{ data_interval_end }} {{ data_interval_end.isoformat() }}
                "2026-11-18 10:00:00+00:00 2026-11-18 11:00:00.250000+00:00 2026-11-18T11:00:00.250000+00:00"
            {{ logical_date + macros.timedelta(days=1) }}
                "2026-11-19 10:00:00+00:00"
            {{ (logical_date-macros.timedelta(hours=11)).strftime('%Y/%m/%d %H:%M:%S.%f %z %Z %j %a %%') }}
                "2026/11/17 23:00:00.000000 +0000 UTC 321 Tue %"
            {{ data_interval_end - data_interval_start }} {{ (data_interval_end - data_interval_start).total_seconds() }}
                "1:00:00.250000 3600.25"
            {{ macros.timedelta(days=-1, seconds=5) }} {{ macros.timedelta(weeks=1) + macros.timedelta(hours=1) }}
                "-1 day, 0:00:05 7 days, 1:00:00"
            {{ logical_date.year }} {{ logical_date.month }} {{ logical_date.day_of_week }} {{ logical_date.weekday() }} {{ logical_date.int_timestamp }}
                "2026 11 2 2 1794996000"
            {{ logical_date < data_interval_end }} {{ logical_date == data_interval_start }} {{ logical_date > data_interval_end }}
                "True True False"
            {{ logical_date | ds }} {{ logical_date | ts_nodash }} {{ data_interval_end | ts_nodash_with_tz }} {{ none | ds }}
                "2026-11-18 20261118T100000 20261118T110000.250000+0000 None"
            {{ logical_date.replace(hour=0, minute=30) }} {{ logical_date.add(months=1) }} {{ logical_date.subtract(days=18) }}
                "2026-11-18 00:30:00+00:00 2026-12-18 10:00:00+00:00 2026-10-31 10:00:00+00:00"
            {{ logical_date.start_of('month') }} {{ logical_date.end_of('day') }} {{ logical_date.start_of('week') }}
                "2026-11-01 00:00:00+00:00 2026-11-18 23:59:59.999999+00:00 2026-11-16 00:00:00+00:00"
            {{ logical_date.in_timezone('Europe/Berlin') }} {{ logical_date.format('YYYY [year] MMM D HH:mm') }}
                "2026-11-18 11:00:00+01:00 2026 year Nov 18 10:00"
            {{ logical_date.date() }} {{ logical_date.to_date_string() }} {{ logical_date.timestamp() }}
                "2026-11-18 2026-11-18 1794996000.0"
            {{ macros.ds_add(ds, 5) }} {{ macros.ds_add('2015-01-06', -5) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%m-%d-%y') }}
                "2026-11-23 2015-01-01 11-18-26"
            {{ macros.datetime(2026, 1, 31) + macros.timedelta(days=1) }} {{ macros.datetime.strptime('1/5/2015', '%m/%d/%Y') }}
                "2026-02-01 00:00:00 2015-01-05 00:00:00"
            {{ macros.datetime.now() }} {{ macros.datetime.fromisoformat('2026-01-01T00:00:00+02:00') }} {{ macros.time.time() }}
                "2026-11-18 11:00:03 2026-01-01 00:00:00+02:00 1794999603.0"
            {{ macros.datetime(2026,1,1) - logical_date }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: can't subtract offset-naive and offset-aware datetimes
            {{ macros.uuid.uuid4() }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: templates have no chance in them, so that a try renders the same again; use `run_id` or `ti.try_number`, or let the task draw
            {{ 1+2-3 }} {{ 1 - -1 }} {{ (1 + 2) * (3 + 4)-1 }} {{ 'a' + 'b' + 'c' }} {{ [1]+[2] }} {{ 1.5 + 1 }} {{ -(2-1) }}
                "0 2 20 abc [1, 2] 2.5 -1"
        "#]],
    );
}

#[test]
fn values_look_as_in_python() {
    check(
        &[
            "{{ true }} {{ none }} {{ 1.0 }} {{ 1e20 }} {{ 0.00001 }} {{ 3 / 2 }} {{ 7 // 2 }}",
            "{{ ti.xcom_pull('a') }} {{ ti.xcom_pull(task_ids='a')['list'] }}",
            "{{ [true, none, 'it''s', \"it's\", 'a\\nb'] }} {{ (1, 'x') }} {{ {'a': {'b': none}} }}",
            "{{ ti.xcom_pull('a') | tojson }} {{ macros.json.dumps({'a': 'é'}) }} {{ macros.json.loads('[1, 2]')[1] }}",
            "{{ 'a,b'.split(',') }} {{ 'x'.upper() }} {{ ' x '.strip() }} {{ 'abc'.replace('b', '-') }} {{ '-'.join(['a', 'b']) }}",
            "{{ params }} {{ params.size }} {{ params['name'] }} {{ params.get('no', 4) }} {{ dag_run.conf.get('size') }}",
            "{% for x in [1, 2] %}{{ loop.index }}:{{ x }} {% endfor %}{% if params.size > 3 %}big{% endif %}",
            "{{ 'a' if ti.xcom_pull('a').n > 3 else 'b' }} {{ ti.xcom_pull('a').n ~ 'x' ~ none }}",
            "{{ 'b' in 'abc' }} {{ 'abc'[1:] }} {{ [3, 1, 2] | sort }} {{ 'x' | default('y') }} {{ nope | default('y') }}",
            "line\n",
        ],
        expect![[r#"
            {{ true }} {{ none }} {{ 1.0 }} {{ 1e20 }} {{ 0.00001 }} {{ 3 / 2 }} {{ 7 // 2 }}
                "True None 1.0 1e+20 1e-05 1.5 3"
            {{ ti.xcom_pull('a') }} {{ ti.xcom_pull(task_ids='a')['list'] }}
                "{'n': 3, 'list': [1, 'two', None, 2.0]} [1, 'two', None, 2.0]"
            {{ [true, none, 'it''s', "it's", 'a\nb'] }} {{ (1, 'x') }} {{ {'a': {'b': none}} }}
                "[True, None, 'its', \"it's\", 'a\\nb'] (1, 'x') {'a': {'b': None}}"
            {{ ti.xcom_pull('a') | tojson }} {{ macros.json.dumps({'a': 'é'}) }} {{ macros.json.loads('[1, 2]')[1] }}
                "{\"list\": [1, \"two\", null, 2.0], \"n\": 3} {\"a\": \"\\u00e9\"} 2"
            {{ 'a,b'.split(',') }} {{ 'x'.upper() }} {{ ' x '.strip() }} {{ 'abc'.replace('b', '-') }} {{ '-'.join(['a', 'b']) }}
                "['a', 'b'] X x a-c a-b"
            {{ params }} {{ params.size }} {{ params['name'] }} {{ params.get('no', 4) }} {{ dag_run.conf.get('size') }}
                "{'size': 7, 'name': 'bob', 'deep': {'er': True}} 7 bob 4 7"
            {% for x in [1, 2] %}{{ loop.index }}:{{ x }} {% endfor %}{% if params.size > 3 %}big{% endif %}
                "1:1 2:2 big"
            {{ 'a' if ti.xcom_pull('a').n > 3 else 'b' }} {{ ti.xcom_pull('a').n ~ 'x' ~ none }}
                "b 3xNone"
            {{ 'b' in 'abc' }} {{ 'abc'[1:] }} {{ [3, 1, 2] | sort }} {{ 'x' | default('y') }} {{ nope | default('y') }}
                "True bc [1, 2, 3] x y"
            line

                "line"
        "#]],
    );
}

#[test]
fn names_of_the_context() {
    check(
        &[
            "{{ run_id }} {{ dag.dag_id }} {{ task.task_id }} {{ ti.task_id }} {{ ti.try_number }} {{ task_instance.map_index }}",
            "{{ dag }} {{ task }} {{ ti }} {{ dag_run }}",
            "{{ dag_run.run_type }} {{ dag_run.conf['deep']['er'] }} {{ dag_run.run_after }} {{ dag_run.end_date }}",
            "{{ task_instance_key_str }} {{ test_mode }} {{ inlets }} {{ team }} {{ prev_start_date_success }}",
            "{{ ti.xcom_pull(task_ids=['a', 'm']) }} {{ ti.xcom_pull('m') }} {{ ti.xcom_pull('m', map_indexes=1) }}",
            "{{ ti.xcom_pull('a', key='other') }} {{ ti.xcom_pull('nobody') }} {{ ti.xcom_pull('nobody', default=5) }}",
            "{{ var.value.x }} {{ var.json.j.k[1] }} {{ var.value.get('nope', 'd') }} {{ var.value.my_api_key }}",
            "{{ conn.web.host }} {{ conn.web.password }} {{ conn.web.extra_dejson.path }} {{ conn.get('nope') }}",
            "{{ task.upstream_task_ids }} {{ ti.task.owner }} {{ dag.owner }} {{ dag.doc_md }}",
        ],
        expect![[r#"
            {{ run_id }} {{ dag.dag_id }} {{ task.task_id }} {{ ti.task_id }} {{ ti.try_number }} {{ task_instance.map_index }}
                "scheduled__2026-11-18T10:00:00+00:00 d t t 2 -1"
            {{ dag }} {{ task }} {{ ti }} {{ dag_run }}
                "<DAG: d> <Task(TriggerDagRunOperator): t> <TaskInstance: d.t scheduled__2026-11-18T10:00:00+00:00 [running]> <DagRun d @ scheduled__2026-11-18T10:00:00+00:00>"
            {{ dag_run.run_type }} {{ dag_run.conf['deep']['er'] }} {{ dag_run.run_after }} {{ dag_run.end_date }}
                "scheduled True 2026-11-18 11:00:00+00:00 None"
            {{ task_instance_key_str }} {{ test_mode }} {{ inlets }} {{ team }} {{ prev_start_date_success }}
                "d__t__20261118 False [] blue None"
            {{ ti.xcom_pull(task_ids=['a', 'm']) }} {{ ti.xcom_pull('m') }} {{ ti.xcom_pull('m', map_indexes=1) }}
                "[{'n': 3, 'list': [1, 'two', None, 2.0]}, [1, 2]] [1, 2] 2"
            {{ ti.xcom_pull('a', key='other') }} {{ ti.xcom_pull('nobody') }} {{ ti.xcom_pull('nobody', default=5) }}
                "side None 5"
            {{ var.value.x }} {{ var.json.j.k[1] }} {{ var.value.get('nope', 'd') }} {{ var.value.my_api_key }}
                "one 2 d hunter2"
            {{ conn.web.host }} {{ conn.web.password }} {{ conn.web.extra_dejson.path }} {{ conn.get('nope') }}
                "example.org s3cret /data None"
            {{ task.upstream_task_ids }} {{ ti.task.owner }} {{ dag.owner }} {{ dag.doc_md }}
                "['a', 'm'] airflow airflow docs"
        "#]],
    );
}

#[test]
fn mistakes_name_the_place() {
    check(
        &[
            "a\n{{ nope }}",
            "{{ nope.deeper }}",
            "{{ params.nope }}",
            "{{ dag_run.conf.nope.deeper }}",
            "{{ var.value.nope }}",
            "{{ var.value.locked }}",
            "{{ var.json.x }}",
            "{{ conn.nope.host }}",
            "{{ 1 | nofilter }}",
            "{{ logical_date + 1 }}",
            "{{ 'a' + 1 }}",
            "{{ ti.nomethod() }}",
            "{{ ti.xcom_push('a', 1) }}",
            "{% include 'x' %}",
            "{{ 1 + (nope) }} {{ x }}",
            "{% if params.size + nope.x > 3 %}a{% endif %}",
            "{{ nope + 1 }}",
        ],
        expect![[r#"
            a
            {{ nope }}
                DAG-020 task `t`: `trigger_run_id`: line 2 of the template: `nope` is undefined
            {{ nope.deeper }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: `nope.deeper` is undefined
            {{ params.nope }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: `params.nope` is undefined
            {{ dag_run.conf.nope.deeper }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: `dag_run.conf.nope.deeper` is undefined
            {{ var.value.nope }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: there is no variable `nope`
            {{ var.value.locked }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: the variable `locked` cannot be opened
            {{ var.json.x }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: the variable `x` is not JSON: expected value at line 1 column 1
            {{ conn.nope.host }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: there is no connection `nope`
            {{ 1 | nofilter }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: filter nofilter is unknown
            {{ logical_date + 1 }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: `+` does not go with plain object and number
            {{ 'a' + 1 }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: `+` does not go with string and number
            {{ ti.nomethod() }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: plain object has no method named nomethod
            {{ ti.xcom_push('a', 1) }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: a template cannot push an XCom; let the task return it
            {% include 'x' %}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: tried to include non-existing template 'x'
            {{ 1 + (nope) }} {{ x }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: what stands right of `+` is undefined
            {% if params.size + nope.x > 3 %}a{% endif %}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: `nope.x` is undefined
            {{ nope + 1 }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: what stands left of `+` is undefined
        "#]],
    );
}

#[test]
fn bombs_end() {
    check(
        &[
            "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}",
            "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('a', ns.x) %}{% endfor %}",
            "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] | join %}{% endfor %}",
            "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}",
            "{{ 'a' * 1000000000 }}",
            "{{ range(1000000000) | list | length }}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{{ '%1000000000d' | format(1) }}",
            "{{ '{:1000000000}'.format(1) }}",
            "{{ 'a' | indent(1000000000) }} {{ 'a' | indent(width=1000000000) }}",
            "{{ [1] | batch(1000000000, 'x') }}",
            "{{ ([1] * 1000000000) | list | length }}",
            "{{ 'a' | indent(2) }} {{ [1, 2, 3] | batch(2) | list }} {{ '%05d %s' | format(7, 'x') }}",
        ],
        expect![[r#"
            {% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: it takes more steps than it may
            {% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('a', ns.x) %}{% endfor %}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] | join %}{% endfor %}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {{ 'a' * 1000000000 }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: repeated string is too large
            {{ range(1000000000) | list | length }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: range has too many elements
            {% macro m() %}{{ m() }}{% endmacro %}{{ m() }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: recursion limit exceeded
            {{ '%1000000000d' | format(1) }}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {{ '{:1000000000}'.format(1) }}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {{ 'a' | indent(1000000000) }} {{ 'a' | indent(width=1000000000) }}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {{ [1] | batch(1000000000, 'x') }}
                DAG-022 task `t`: `trigger_run_id`: line 1 of the template: the template makes more text than it may
            {{ ([1] * 1000000000) | list | length }}
                DAG-020 task `t`: `trigger_run_id`: line 1 of the template: repeated sequence is too large
            {{ 'a' | indent(2) }} {{ [1, 2, 3] | batch(2) | list }} {{ '%05d %s' | format(7, 'x') }}
                "a [[1, 2], [3]] 00007 x"
        "#]],
    );
}

#[test]
fn native_values() {
    check_as(
        true,
        &[
            "{{ params.size }}",
            "{{ ti.xcom_pull('a') }}",
            "{{ [1, 2] }}",
            "{{ none }}",
            "{{ '[1, 2]' }}",
            "[{{ 1 }}, 'x', {'k': (1, None, -2.5)}]",
            "00{{ 1 }}",
            "{{ ds }}",
            "text {{ 1 }}",
            "{{ logical_date }}",
            "{{ 1 + 2 }}",
            "{{ nope }}",
        ],
        expect![[r#"
            {{ params.size }}
                7
            {{ ti.xcom_pull('a') }}
                DAG-021 task `t`: `trigger_run_id` must be a text, not `{"n":3,"list":[1,"two",null,2.0]}`
            {{ [1, 2] }}
                DAG-021 task `t`: `trigger_run_id` must be a text, not `[1,2]`
            {{ none }}
                null
            {{ '[1, 2]' }}
                DAG-021 task `t`: `trigger_run_id` must be a text, not `[1,2]`
            [{{ 1 }}, 'x', {'k': (1, None, -2.5)}]
                DAG-021 task `t`: `trigger_run_id` must be a text, not `[1,"x",{"k":[1,null,-2.5]}]`
            00{{ 1 }}
                "001"
            {{ ds }}
                "2026-11-18"
            text {{ 1 }}
                "text 1"
            {{ logical_date }}
                "2026-11-18 10:00:00+00:00"
            {{ 1 + 2 }}
                3
            {{ nope }}
                DAG-020 task `t`: `trigger_run_id`: an undefined value is used
        "#]],
    );
}

/// Pieces that templates are made of, to be put together at random.
const PIECES: [&str; 40] = [
    "{{",
    "}}",
    "{%",
    "%}",
    " ",
    "logical_date",
    "ds",
    "params",
    "ti.xcom_pull('a')",
    "macros",
    ".",
    "+",
    "-",
    "~",
    "*",
    "(",
    ")",
    "[",
    "]",
    "1",
    "'x'",
    ",",
    "=",
    "|",
    "ds_add",
    "timedelta",
    "days",
    "strftime",
    "replace",
    "format",
    "'%d'",
    "for x in",
    "range(3)",
    "endfor",
    "if",
    "endif",
    "é",
    "\n",
    "none",
    ":",
];

proptest::proptest! {
    #[test]
    fn no_template_makes_it_panic(picks in proptest::collection::vec(0..PIECES.len(), 0..25), whole in proptest::bool::ANY) {
        let text: String = picks.iter().map(|n| PIECES[*n]).collect();
        let text = if whole { format!("{{{{ {text} }}}}") } else { text };
        if minijinja::Environment::empty().template_from_str(&text).is_ok() {
            let _ = template(&text, false);
            let _ = template(&text, true);
        }
    }
}
