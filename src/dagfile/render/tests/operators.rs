//! What each operator's arguments become.

use expect_test::{Expect, expect};
use model::{TimeDelta, task_instance::Trigger, work::Job};

use super::*;

fn shown(lines: &str, run: &DagRun) -> String {
    let text = format!(
        "dag_id: d\nparams: {{n: 5}}\ntasks:\n- {{id: a}}\n- {{id: m}}\n- {{id: x, needs: t}}\n\
         - {{id: y, needs: t}}\n- id: t\n{lines}\n"
    );
    match render_text(&text, run) {
        Err(error) => format!("{} {}", error.code, error.message),
        Ok(rendered) => {
            let what = match rendered.what {
                Rendering::Job(Job::Process(p)) => {
                    let env: Vec<String> = p.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
                    format!(
                        "{:?} cwd {:?} skip {:?} push {}\n  {}",
                        p.argv,
                        p.cwd,
                        p.skip_on_exit_code,
                        p.push_last_line,
                        env.join("\n  ")
                    )
                }
                Rendering::Job(Job::Python(_)) => panic!("nothing native runs in Python"),
                Rendering::Job(Job::Http(r)) => {
                    let body = r.body.map(|body| String::from_utf8(body).unwrap());
                    format!(
                        "{} {} {:?} {body:?} {} verify {} log {} push {} ok {}",
                        r.method,
                        r.url,
                        r.headers,
                        r.timeout,
                        r.verify,
                        r.log_response,
                        r.push_body,
                        r.ok_statuses.len()
                    )
                }
                Rendering::Defer(d) => {
                    let trigger = match d.trigger {
                        Trigger::At(at) => format!("at {at}"),
                        Trigger::File {
                            path,
                            recursive,
                            poke_interval_us,
                        } => {
                            let poke = TimeDelta::from_micros(poke_interval_us as i64);
                            format!("file {path} recursive {recursive} every {poke}")
                        }
                        Trigger::Python { class, .. } => class,
                        Trigger::Human => unreachable!("no native task asks people"),
                    };
                    format!(
                        "{trigger} until {} soft {}",
                        d.timeout.unwrap(),
                        d.soft_fail
                    )
                }
                other
                @ (Rendering::Empty | Rendering::Branch { .. } | Rendering::TriggerDag(_)) => {
                    format!("{other:?}")
                }
            };
            format!(
                "{what}\n  fields {}\n  secrets {:?}",
                Json::Object(rendered.fields),
                rendered.secrets
            )
        }
    }
}

fn check(tasks: &[&str], expect: Expect) {
    let all = tasks
        .iter()
        .map(|lines| format!("{lines}\n=> {}\n\n", shown(lines, &run())));
    expect.assert_eq(&all.collect::<String>());
}

#[test]
fn bash() {
    check(
        &[
            "  uses: bash\n  with: {bash_command: {$t: 'echo {{ ds }}'}}",
            "  uses: bash\n  do_xcom_push: false\n  owner: ann\n  with: {bash_command: 'echo {{ ds }}', env: {A: 1, B: {$x: a}}, cwd: {$t: '/tmp/{{ ds }}'}, skip_on_exit_code: [3, 4]}",
            "  uses: bash\n  with: {bash_command: {$x: {task: a, key: other}}, env: {PATH: /x}, append_env: true, skip_on_exit_code: null}",
            "  uses: bash\n  with: {bash_command: {$x: m}}",
            "  uses: bash\n  with: {bash_command: {$x: {task: a, key: none}}}",
        ],
        expect![[r#"
              uses: bash
              with: {bash_command: {$t: 'echo {{ ds }}'}}
            => ["/bin/bash", "-c", "echo 2026-11-18"] cwd None skip [99] push true
              PATH=/bin
              HOME=/root
              AIRFLOW_CTX_DAG_OWNER=airflow
              AIRFLOW_CTX_DAG_ID=d
              AIRFLOW_CTX_TASK_ID=t
              AIRFLOW_CTX_LOGICAL_DATE=2026-11-18T10:00:00+00:00
              AIRFLOW_CTX_TRY_NUMBER=2
              AIRFLOW_CTX_DAG_RUN_ID=scheduled__2026-11-18T10:00:00+00:00
              fields {"bash_command":"echo 2026-11-18"}
              secrets []

              uses: bash
              do_xcom_push: false
              owner: ann
              with: {bash_command: 'echo {{ ds }}', env: {A: 1, B: {$x: a}}, cwd: {$t: '/tmp/{{ ds }}'}, skip_on_exit_code: [3, 4]}
            => ["/bin/bash", "-c", "echo {{ ds }}"] cwd Some("/tmp/2026-11-18") skip [3, 4] push false
              A=1
              B={'n': 3, 'list': [1, 'two', None, 2.0]}
              AIRFLOW_CTX_DAG_OWNER=ann
              AIRFLOW_CTX_DAG_ID=d
              AIRFLOW_CTX_TASK_ID=t
              AIRFLOW_CTX_LOGICAL_DATE=2026-11-18T10:00:00+00:00
              AIRFLOW_CTX_TRY_NUMBER=2
              AIRFLOW_CTX_DAG_RUN_ID=scheduled__2026-11-18T10:00:00+00:00
              fields {"bash_command":"echo {{ ds }}","env":{"A":1,"B":{"n":3,"list":[1,"two",null,2.0]}},"cwd":"/tmp/2026-11-18"}
              secrets []

              uses: bash
              with: {bash_command: {$x: {task: a, key: other}}, env: {PATH: /x}, append_env: true, skip_on_exit_code: null}
            => ["/bin/bash", "-c", "side"] cwd None skip [] push true
              PATH=/x
              HOME=/root
              AIRFLOW_CTX_DAG_OWNER=airflow
              AIRFLOW_CTX_DAG_ID=d
              AIRFLOW_CTX_TASK_ID=t
              AIRFLOW_CTX_LOGICAL_DATE=2026-11-18T10:00:00+00:00
              AIRFLOW_CTX_TRY_NUMBER=2
              AIRFLOW_CTX_DAG_RUN_ID=scheduled__2026-11-18T10:00:00+00:00
              fields {"bash_command":"side","env":{"PATH":"/x"}}
              secrets []

              uses: bash
              with: {bash_command: {$x: m}}
            => DAG-021 task `t`: `bash_command` must be a text, not `[1,2]`

              uses: bash
              with: {bash_command: {$x: {task: a, key: none}}}
            => DAG-020 task `t`: `bash_command`: task `a` has no XCom `none` in this run

        "#]],
    );
}

#[test]
fn secrets_and_runs_without_a_date() {
    check(
        &[
            "  uses: bash\n  with: {bash_command: {$t: \"echo '{{ var.value.my_api_key }}' {{ conn.web.password }}\"}}",
        ],
        expect![[r#"
              uses: bash
              with: {bash_command: {$t: "echo '{{ var.value.my_api_key }}' {{ conn.web.password }}"}}
            => ["/bin/bash", "-c", "echo 'hunter2' s3cret"] cwd None skip [99] push true
              PATH=/bin
              HOME=/root
              AIRFLOW_CTX_DAG_OWNER=airflow
              AIRFLOW_CTX_DAG_ID=d
              AIRFLOW_CTX_TASK_ID=t
              AIRFLOW_CTX_LOGICAL_DATE=2026-11-18T10:00:00+00:00
              AIRFLOW_CTX_TRY_NUMBER=2
              AIRFLOW_CTX_DAG_RUN_ID=scheduled__2026-11-18T10:00:00+00:00
              fields {"bash_command":"echo 'hunter2' s3cret"}
              secrets ["hunter2", "s3cret"]

        "#]],
    );
    let mut manual = run();
    (manual.logical_date, manual.data_interval) = (None, None);
    let lines = "  uses: bash\n  with: {bash_command: {$t: 'echo {{ ds }}'}}";
    expect!["DAG-020 task `t`: `bash_command`: line 1 of the template: `ds` is undefined"]
        .assert_eq(&shown(lines, &manual));
    let lines = "  uses: bash\n  with: {bash_command: {$t: '{{ task_instance_key_str }}'}}";
    expect![[r#"
        ["/bin/bash", "-c", "d__t__scheduled__2026-11-18T10:00:00+00:00"] cwd None skip [99] push true
          PATH=/bin
          HOME=/root
          AIRFLOW_CTX_DAG_OWNER=airflow
          AIRFLOW_CTX_DAG_ID=d
          AIRFLOW_CTX_TASK_ID=t
          AIRFLOW_CTX_TRY_NUMBER=2
          AIRFLOW_CTX_DAG_RUN_ID=scheduled__2026-11-18T10:00:00+00:00
          fields {"bash_command":"d__t__scheduled__2026-11-18T10:00:00+00:00"}
          secrets []"#]].assert_eq(&shown(lines, &manual));
}

#[test]
fn http() {
    check(
        &[
            "  uses: http\n  with: {http_conn_id: web, endpoint: api/x, method: GET, data: {q: a b, n: [1, 2]}, headers: {Accept: text/plain}, log_response: true}",
            "  uses: http\n  with: {http_conn_id: web, endpoint: /api, data: {$t: '{\"d\": \"{{ ds }}\"}'}, extra_options: {verify: false, check_response: false, timeout: 2.5}}",
            "  uses: http\n  with: {http_conn_id: web, data: {a: 1, b: null}}",
            "  uses: http\n  with: {endpoint: 'https://example.com/x?y=1', method: GET, data: z=2, request_kwargs: {params: {w: 3}}}",
            "  uses: http\n  with: {endpoint: 'https://example.com/', request_kwargs: {json: {a: [1]}}}",
            "  uses: http\n  with: {endpoint: api}",
            "  uses: http\n  with: {endpoint: 'ftp://x', method: GET}",
        ],
        expect![[r#"
              uses: http
              with: {http_conn_id: web, endpoint: api/x, method: GET, data: {q: a b, n: [1, 2]}, headers: {Accept: text/plain}, log_response: true}
            => GET https://example.org:8443/api/x?q=a+b&n=1&n=2 [("path", "/data"), ("X-Team", "blue"), ("Authorization", "Basic YW5uOnMzY3JldA=="), ("Accept", "text/plain")] None PT5S verify true log true push true ok 0
              fields {"endpoint":"api/x","data":{"q":"a b","n":[1,2]},"headers":{"Accept":"text/plain"},"http_conn_id":"web"}
              secrets ["s3cret"]

              uses: http
              with: {http_conn_id: web, endpoint: /api, data: {$t: '{"d": "{{ ds }}"}'}, extra_options: {verify: false, check_response: false, timeout: 2.5}}
            => POST https://example.org:8443/api [("path", "/data"), ("X-Team", "blue"), ("Authorization", "Basic YW5uOnMzY3JldA==")] Some("{\"d\": \"2026-11-18\"}") PT2.5S verify false log false push true ok 500
              fields {"endpoint":"/api","data":"{\"d\": \"2026-11-18\"}","http_conn_id":"web"}
              secrets ["s3cret"]

              uses: http
              with: {http_conn_id: web, data: {a: 1, b: null}}
            => POST https://example.org:8443 [("path", "/data"), ("X-Team", "blue"), ("Authorization", "Basic YW5uOnMzY3JldA=="), ("Content-Type", "application/x-www-form-urlencoded")] Some("a=1") PT5S verify true log false push true ok 0
              fields {"data":{"a":1,"b":null},"http_conn_id":"web"}
              secrets ["s3cret"]

              uses: http
              with: {endpoint: 'https://example.com/x?y=1', method: GET, data: z=2, request_kwargs: {params: {w: 3}}}
            => GET https://example.com/x?y=1&w=3&z=2 [] None PT1H verify true log false push true ok 0
              fields {"endpoint":"https://example.com/x?y=1","data":"z=2"}
              secrets []

              uses: http
              with: {endpoint: 'https://example.com/', request_kwargs: {json: {a: [1]}}}
            => POST https://example.com/ [("Content-Type", "application/json")] Some("{\"a\":[1]}") PT1H verify true log false push true ok 0
              fields {"endpoint":"https://example.com/"}
              secrets []

              uses: http
              with: {endpoint: api}
            => DAG-021 task `t`: there is no connection `http_default`; create it, or write a whole address as `endpoint`

              uses: http
              with: {endpoint: 'ftp://x', method: GET}
            => DAG-021 task `t`: `ftp://x` is no address of a web server

        "#]],
    );
}

#[test]
fn branches() {
    check(
        &[
            "  uses: branch\n  needs: a\n  with: {expression: \"'x' if ti.xcom_pull('a').n + 1 > 3 else 'y'\"}",
            "  uses: branch\n  with: {expression: \"['x', 'y']\"}",
            "  uses: branch\n  with: {expression: none}",
            "  uses: branch\n  with: {expression: params.n > 3 and 'x' or 'y'}",
            "  uses: branch\n  with: {expression: {$t: \"{% if params.n > 9 %}x{% else %}y{% endif %}\"}}",
            "  uses: branch\n  with: {expression: {$t: \"['x']\"}}",
            "  uses: branch\n  with: {expression: {$x: {task: a, key: other}}}",
            "  uses: branch\n  with: {expression: \"'z'\"}",
            "  uses: branch\n  with: {expression: '1'}",
            "  uses: branch\n  with: {expression: '1 +'}",
            "  uses: branch\n  with: {expression: nope.x}",
        ],
        expect![[r#"
              uses: branch
              needs: a
              with: {expression: "'x' if ti.xcom_pull('a').n + 1 > 3 else 'y'"}
            => Branch { follow: ["x"], return_value: String("x") }
              fields {"expression":"'x' if ti.xcom_pull('a').n + 1 > 3 else 'y'"}
              secrets []

              uses: branch
              with: {expression: "['x', 'y']"}
            => Branch { follow: ["x", "y"], return_value: Array [String("x"), String("y")] }
              fields {"expression":"['x', 'y']"}
              secrets []

              uses: branch
              with: {expression: none}
            => Branch { follow: [], return_value: Null }
              fields {"expression":"none"}
              secrets []

              uses: branch
              with: {expression: params.n > 3 and 'x' or 'y'}
            => Branch { follow: ["x"], return_value: String("x") }
              fields {"expression":"params.n > 3 and 'x' or 'y'"}
              secrets []

              uses: branch
              with: {expression: {$t: "{% if params.n > 9 %}x{% else %}y{% endif %}"}}
            => Branch { follow: ["y"], return_value: String("y") }
              fields {"expression":"y"}
              secrets []

              uses: branch
              with: {expression: {$t: "['x']"}}
            => Branch { follow: ["x"], return_value: Array [String("x")] }
              fields {"expression":"['x']"}
              secrets []

              uses: branch
              with: {expression: {$x: {task: a, key: other}}}
            => DAG-021 task `t`: `expression` gives `side`, which does not come right after this task; it may follow x, y

              uses: branch
              with: {expression: "'z'"}
            => DAG-021 task `t`: `expression` gives `z`, which does not come right after this task; it may follow x, y

              uses: branch
              with: {expression: '1'}
            => DAG-021 task `t`: `expression` must give a task id, a list of them or none, not `1`

              uses: branch
              with: {expression: '1 +'}
            => DAG-020 task `t`: `expression`: line 1 of the template: unexpected end of input, expected expression

              uses: branch
              with: {expression: nope.x}
            => DAG-020 task `t`: `expression`: line 1 of the template: `nope.x` is undefined

        "#]],
    );
}

#[test]
fn sensors() {
    check(
        &[
            "  uses: file-sensor\n  with: {filepath: {$t: '/data/{{ ds }}/*.csv'}, poke_interval: 5, timeout: 1h, soft_fail: true, recursive: true}",
            "  uses: file-sensor\n  with: {filepath: in.csv, fs_conn_id: fs_x}",
            "  uses: file-sensor\n  with: {filepath: in.csv, fs_conn_id: nope}",
            "  uses: date-time-sensor\n  with: {target_time: {$t: '{{ logical_date + macros.timedelta(hours=3) }}'}}",
            "  uses: date-time-sensor\n  with: {target_time: 2026-12-01T08:00:00+01:00}",
            "  uses: date-time-sensor\n  with: {target_time: {$t: 'tomorrow'}}",
            "  uses: time-delta-sensor\n  with: {delta: PT90S, timeout: 60}",
            "  uses: airflow.providers.standard.sensors.time_delta.TimeDeltaSensorAsync\n  with: {delta: 2}",
        ],
        expect![[r#"
              uses: file-sensor
              with: {filepath: {$t: '/data/{{ ds }}/*.csv'}, poke_interval: 5, timeout: 1h, soft_fail: true, recursive: true}
            => file /data/2026-11-18/*.csv recursive true every PT5S until 2026-11-18T12:00:02Z soft true
              fields {"filepath":"/data/2026-11-18/*.csv"}
              secrets []

              uses: file-sensor
              with: {filepath: in.csv, fs_conn_id: fs_x}
            => file /data/in.csv recursive false every PT1M until 2026-11-25T11:00:02Z soft false
              fields {"filepath":"in.csv","fs_conn_id":"fs_x"}
              secrets ["s3cret"]

              uses: file-sensor
              with: {filepath: in.csv, fs_conn_id: nope}
            => DAG-021 task `t`: there is no connection `nope`

              uses: date-time-sensor
              with: {target_time: {$t: '{{ logical_date + macros.timedelta(hours=3) }}'}}
            => at 2026-11-18T13:00:00Z until 2026-11-25T11:00:02Z soft false
              fields {"target_time":"2026-11-18 13:00:00+00:00"}
              secrets []

              uses: date-time-sensor
              with: {target_time: 2026-12-01T08:00:00+01:00}
            => at 2026-12-01T07:00:00Z until 2026-11-25T11:00:02Z soft false
              fields {"target_time":"2026-12-01T08:00:00+01:00"}
              secrets []

              uses: date-time-sensor
              with: {target_time: {$t: 'tomorrow'}}
            => DAG-021 task `t`: `target_time` must be a date or time in ISO 8601, not `"tomorrow"`

              uses: time-delta-sensor
              with: {delta: PT90S, timeout: 60}
            => at 2026-11-18T11:01:30.250000Z until 2026-11-18T11:01:02Z soft false
              fields {"delta":"PT90S"}
              secrets []

              uses: airflow.providers.standard.sensors.time_delta.TimeDeltaSensorAsync
              with: {delta: 2}
            => at 2026-11-18T11:02:00.250000Z until 2026-11-25T11:00:02Z soft false
              fields {"delta":2}
              secrets []

        "#]],
    );
}

#[test]
fn triggers() {
    check(
        &[
            "  uses: trigger-dag\n  with: {trigger_dag_id: other, conf: {a: {$t: '{{ ds }}'}, b: 1}}",
            "  uses: trigger-dag\n  with: {trigger_dag_id: other, conf: '{\"a\": 1}', logical_date: null, wait_for_completion: {$t: 'True'}, poke_interval: 5, allowed_states: [success, failed], failed_states: [], note: hi, trigger_run_id: {$t: 'r_{{ ds }}'}, reset_dag_run: true}",
            "  uses: trigger-dag\n  with: {trigger_dag_id: other, logical_date: {$t: '{{ logical_date }}'}, run_after: 2026-12-01}",
            "  uses: trigger-dag\n  with: {trigger_dag_id: other, conf: '[1]'}",
            "  uses: trigger-dag\n  with: {trigger_dag_id: {$t: 'a b'}}",
            "  uses: my.python.Operator\n  with: {a: 1}",
            "  uses: empty",
        ],
        expect![[r#"
              uses: trigger-dag
              with: {trigger_dag_id: other, conf: {a: {$t: '{{ ds }}'}, b: 1}}
            => TriggerDag(TriggerDag { dag_id: "other", run_id: None, logical_date: None, run_after: None, conf: Object {"a": String("2026-11-18"), "b": Number(1)}, note: None, reset_dag_run: false, skip_when_already_exists: false, fail_when_dag_is_paused: false, wait_for_completion: false, poke_interval: PT1M, allowed_states: [Success], failed_states: [Failed] })
              fields {"trigger_dag_id":"other","conf":{"a":"2026-11-18","b":1}}
              secrets []

              uses: trigger-dag
              with: {trigger_dag_id: other, conf: '{"a": 1}', logical_date: null, wait_for_completion: {$t: 'True'}, poke_interval: 5, allowed_states: [success, failed], failed_states: [], note: hi, trigger_run_id: {$t: 'r_{{ ds }}'}, reset_dag_run: true}
            => TriggerDag(TriggerDag { dag_id: "other", run_id: Some("r_2026-11-18"), logical_date: Some(None), run_after: None, conf: Object {"a": Number(1)}, note: Some("hi"), reset_dag_run: true, skip_when_already_exists: false, fail_when_dag_is_paused: false, wait_for_completion: true, poke_interval: PT5S, allowed_states: [Success, Failed], failed_states: [] })
              fields {"trigger_dag_id":"other","trigger_run_id":"r_2026-11-18","conf":"{\"a\": 1}","logical_date":null,"wait_for_completion":"True"}
              secrets []

              uses: trigger-dag
              with: {trigger_dag_id: other, logical_date: {$t: '{{ logical_date }}'}, run_after: 2026-12-01}
            => TriggerDag(TriggerDag { dag_id: "other", run_id: None, logical_date: Some(Some(2026-11-18T10:00:00Z)), run_after: Some(2026-12-01T00:00:00Z), conf: Object {}, note: None, reset_dag_run: false, skip_when_already_exists: false, fail_when_dag_is_paused: false, wait_for_completion: false, poke_interval: PT1M, allowed_states: [Success], failed_states: [Failed] })
              fields {"trigger_dag_id":"other","logical_date":"2026-11-18 10:00:00+00:00"}
              secrets []

              uses: trigger-dag
              with: {trigger_dag_id: other, conf: '[1]'}
            => DAG-021 task `t`: `conf` must be a mapping, or JSON text of one, not `"[1]"`

              uses: trigger-dag
              with: {trigger_dag_id: {$t: 'a b'}}
            => DAG-021 task `t`: `trigger_dag_id` must be a dag id, not `"a b"`

              uses: my.python.Operator
              with: {a: 1}
            => DAG-021 task `t`: `my.python.Operator` needs the Python runtime, which is not set up

              uses: empty
            => Empty
              fields {}
              secrets []

        "#]],
    );
}
