//! What is refused, and the place that is told.

use expect_test::{Expect, expect};

use super::shown;

/// Shows what is wrong with each of the texts.
fn check(texts: &[&str], expect: Expect) {
    let one = |text: &&str| format!("{}\n{}\n", text.trim_end(), shown(text));
    expect.assert_eq(&texts.iter().map(one).collect::<String>());
}

/// The same, each text being the lines of a task in the fourth line of a file.
fn check_task(texts: &[&str], expect: Expect) {
    let one = |text: &&str| {
        let whole = format!("dag_id: d\ntasks:\n- id: a\n{text}\n");
        format!("{text}\n{}\n", shown(&whole))
    };
    expect.assert_eq(&texts.iter().map(one).collect::<String>());
}

#[test]
fn values_are_literal_unless_marked_outside_tasks() {
    check(
        &["dag_id: d\nparams: {a: {$t: x}}\n"],
        expect![[r#"
        dag_id: d
        params: {a: {$t: x}}
        2:14 DAG-003 the dag: `params`: `$t` is only known below `with`

    "#]],
    );
}

#[test]
fn values_are_literal_unless_marked() {
    check_task(
        &[
            "  uses: bash\n  with: {bash_command: 'echo {{ ds }}', env: {$const: {$t: x}}}",
            "  uses: bash\n  with: {bash_command: {$tt: x}}",
            "  uses: bash\n  with: {bash_command: {$t: x, y: z}}",
            "  uses: bash\n  with: {bash_command: {$t: 3}}",
            "  uses: bash\n  with: {bash_command: {$t: '{{ ds'}}",
            "  uses: bash\n  with: {bash_command: {$t: '{% if x %}'}}",
            "  uses: bash\n  with: {bash_command: {$x: {task: a, kee: n}}}",
            "  uses: bash\n  with: {bash_command: {$x: b}}",
            "  uses: bash\n  with: {bash_command: x, append_env: {$t: x}}",
            "  uses: bash\n  with: {bash_command: {$f: ../secret}}",
            "  uses: bash\n  with: {bash_command: {$f: /etc/passwd}}",
            "  uses: bash\n  with: {bash_command: {$f: missing.sh}}",
            "  retries: {$t: '3'}",
        ],
        expect![[r#"
              uses: bash
              with: {bash_command: 'echo {{ ds }}', env: {$const: {$t: x}}}
            a Bash <- []
              bash_command: "echo {{ ds }}"
              env: {"$t":"x"}
            warning 5: task `a`: `bash_command` looks like a template but is taken as it is written; write {$t: ...}

              uses: bash
              with: {bash_command: {$tt: x}}
            5:25 DAG-003 task `a`: `bash_command`: `$tt` is no marker; put a mapping with `$` in a key below `$const`; did you mean `$t`?

              uses: bash
              with: {bash_command: {$t: x, y: z}}
            5:25 DAG-003 task `a`: `bash_command`: `$t` must stand alone in its mapping

              uses: bash
              with: {bash_command: {$t: 3}}
            5:29 DAG-003 task `a`: `bash_command`: `$t` takes a text, or `{$f: path}`

              uses: bash
              with: {bash_command: {$t: '{{ ds'}}
            5:24 DAG-009 task `a`: `bash_command`: the template is wrong in its line 1: unexpected end of input, expected end of variable block

              uses: bash
              with: {bash_command: {$t: '{% if x %}'}}
            5:24 DAG-009 task `a`: `bash_command`: the template is wrong in its line 1: unexpected end of input, expected end of block

              uses: bash
              with: {bash_command: {$x: {task: a, kee: n}}}
            5:39 DAG-003 task `a`: `bash_command`: `kee` is not known here; `$x` takes a task id, or `{task: id, key: name}`

              uses: bash
              with: {bash_command: {$x: b}}
            5:29 DAG-006 task `a`: there is no task `b`

              uses: bash
              with: {bash_command: x, append_env: {$t: x}}
            5:39 DAG-005 task `a`: `append_env` takes no `$t`, `$x` or `$f`; it is no template field

              uses: bash
              with: {bash_command: {$f: ../secret}}
            5:29 DAG-008 `$f: ../secret` must not leave the dag's folder

              uses: bash
              with: {bash_command: {$f: /etc/passwd}}
            5:29 DAG-008 `$f: /etc/passwd` must be relative to the dag's folder, with `/`

              uses: bash
              with: {bash_command: {$f: missing.sh}}
            5:29 DAG-008 `$f: missing.sh` cannot be read: there is no such file

              retries: {$t: '3'}
            4:12 DAG-003 task `a`: `retries` must be a whole number, not below 0, not a mapping

        "#]],
    );
}

#[test]
fn wrong_keys_and_values_of_the_dag() {
    check(
        &[
            "",
            "[a, b]",
            "tasks: []",
            "dag_id: a b\n",
            "dag_id: [a]\n",
            "dag_id:\n",
            "dag_id: d\nscheduel: '@daily'\nretries: 3\n",
            "dag_id: d\ncatchup: maybe\nmax_active_runs: 0\ntags: {a: b}\n",
            "dag_id: d\nstart_date: yesterday\ndagrun_timeout: 5 parsecs\n",
            "dag_id: d\ntimezone: Mars/Olympus\n",
        ],
        expect![[r#"

            1:1 DAG-003 d.yaml is empty; a dag file begins with `dag_id`

            [a, b]
            1:1 DAG-003 a dag file is a mapping that begins with `dag_id`, not a list

            tasks: []
            1:1 DAG-003 the dag needs a `dag_id`

            dag_id: a b
            1:9 DAG-003 the dag: `dag_id` must be letters, digits, `_`, `-` and `.`, at most 250 of them, not `a b`

            dag_id: [a]
            1:9 DAG-003 the dag: `dag_id` must be letters, digits, `_`, `-` and `.`, at most 250 of them, not a list

            dag_id:
            1:1 DAG-003 the dag needs a `dag_id`

            dag_id: d
            scheduel: '@daily'
            retries: 3
            2:1 DAG-003 the dag: the key `scheduel` is not known; did you mean `schedule`?
            3:1 DAG-003 the dag: the key `retries` is not known

            dag_id: d
            catchup: maybe
            max_active_runs: 0
            tags: {a: b}
            2:10 DAG-003 the dag: `catchup` must be true or false, not `maybe`
            3:18 DAG-003 the dag: `max_active_runs` must be a whole number, not below 1, not `0`
            4:7 DAG-003 the dag: `tags` must be a text or a list of texts, not a mapping

            dag_id: d
            start_date: yesterday
            dagrun_timeout: 5 parsecs
            2:13 DAG-003 the dag: `start_date` must be a time such as `2026-01-31` or `2026-01-31T08:00:00Z`, not `yesterday`
            3:17 DAG-003 the dag: `dagrun_timeout` must be seconds or a duration such as `PT5M` or `1h30m`, not `5 parsecs`

            dag_id: d
            timezone: Mars/Olympus
            2:11 DAG-003 `timezone`: there is no time zone `Mars/Olympus`; write an IANA name or an offset such as `+02:00`

        "#]],
    );
}

#[test]
fn more_wrong_keys_and_values_of_the_dag() {
    check(
        &[
            "dag_id: d\non_failure_callback: x\n",
            "dag_id: d\n$schema: https://example.org/dag.json\n",
            "dag_id: d\nallowed_run_types: [manual, schedule]\n",
            "dag_id: d\ntasks: {a: b}\n",
            "dag_id: d\ntasks: [a]\n",
            "dag_id: d\ndefault_args: {retrys: 3, id: x, retries: -1}\n",
        ],
        expect![[r#"
            dag_id: d
            on_failure_callback: x
            2:1 DAG-010 the dag: `on_failure_callback` cannot be used: callbacks are Python code, which a YAML dag cannot name yet

            dag_id: d
            $schema: https://example.org/dag.json
            2:10 DAG-003 `$schema` is not a version of the format that is known; write `https://airflow.apache.org/schemas/dag/2026-10-30.json`

            dag_id: d
            allowed_run_types: [manual, schedule]
            2:20 DAG-003 the dag: `allowed_run_types` must be one or a list of `backfill`, `scheduled`, `manual`, `operator_triggered`, `asset_triggered`, `asset_materialization`, not a list

            dag_id: d
            tasks: {a: b}
            2:8 DAG-003 `tasks` must be a list, not a mapping

            dag_id: d
            tasks: [a]
            2:9 DAG-003 a task is a mapping with an `id`, not a text

            dag_id: d
            default_args: {retrys: 3, id: x, retries: -1}
            2:16 DAG-003 `default_args`: the key `retrys` is not known; did you mean `retries`?
            2:27 DAG-003 `default_args`: `id` is each task's own
            2:43 DAG-003 `default_args`: `retries` must be a whole number, not below 0, not `-1`

        "#]],
    );
}

#[test]
fn wrong_keys_and_values_of_a_task_outside_tasks() {
    check(
        &["dag_id: d\ntasks:\n- uses: bash\n"],
        expect![[r#"
        dag_id: d
        tasks:
        - uses: bash
        3:3 DAG-003 the task needs an `id`

    "#]],
    );
}

#[test]
fn wrong_keys_and_values_of_a_task() {
    check_task(
        &[
            "  trigger_rule: all_sucess",
            "  retires: 3\n  bash_command: x",
            "  retries: '3'\n  retry_delay: -5\n  pool_slots: 0",
            "  retry_exponential_backoff: fast\n  priority_weight: 1.5",
            "  run: {x: 1}",
            "  task_id: x\n  outlets: []",
            "  needs: {b: c}",
            "  with: [x]",
        ],
        expect![[r#"
              trigger_rule: all_sucess
            4:17 DAG-003 task `a`: `trigger_rule` must be one of `all_success`, `all_failed`, `all_done`, `all_done_min_one_success`, `all_done_setup_success`, `one_success`, `one_failed`, `one_done`, `none_failed`, `none_failed_min_one_success`, `none_skipped`, `all_skipped`, `always`, not `all_sucess`; did you mean `all_success`?

              retires: 3
              bash_command: x
            4:3 DAG-003 task `a`: the key `retires` is not known; did you mean `retries`?
            5:3 DAG-003 task `a`: the key `bash_command` is not known; as an argument of an operator it belongs below `with`

              retries: '3'
              retry_delay: -5
              pool_slots: 0
            4:12 DAG-003 task `a`: `retries` must be a whole number, not below 0, not `3`
            5:16 DAG-003 task `a`: `retry_delay` must be seconds or a duration such as `PT5M` or `1h30m`, not `-5`
            6:15 DAG-003 task `a`: `pool_slots` must be a whole number, not below 1, not `0`

              retry_exponential_backoff: fast
              priority_weight: 1.5
            4:30 DAG-003 task `a`: `retry_exponential_backoff` must be a factor, not below 0, or true or false, not `fast`
            5:20 DAG-003 task `a`: `priority_weight` must be a whole number, not `1.5`

              run: {x: 1}
            4:3 DAG-010 task `a`: `run` cannot be used: tasks with code of their own (`run`) are not supported yet; use an operator with `uses`

              task_id: x
              outlets: []
            4:3 DAG-010 task `a`: `task_id` cannot be used: a task's id is written as `id`
            5:3 DAG-010 task `a`: `outlets` cannot be used: assets of a task cannot be written in a YAML dag yet

              needs: {b: c}
            4:10 DAG-003 task `a`: `needs` must be a task id or a list of task ids

              with: [x]
            4:9 DAG-003 task `a`: `with` must be a mapping of arguments

        "#]],
    );
}

#[test]
fn wrong_operators_and_arguments() {
    check_task(
        &[
            "  uses: bsh",
            "  uses: BashOperator",
            "  uses: my operator",
            "  uses: my_company.operators.Thing\n  with: {a: {$t: x}, b: 1}",
            "  uses: bash",
            "  uses: bash\n  with: {command: x}",
            "  uses: bash\n  with: {bash_command: x, retries: 3}",
            "  uses: bash\n  with: {bash_command: x, output_processor: x}",
            "  uses: bash\n  with: {bash_command: [x], env: [y], skip_on_exit_code: z}",
            "  uses: http\n  with: {method: FETCH}",
            "  uses: file-sensor\n  with: {filepath: x, poke_interval: 5, mode: wait}",
            "  uses: date-time-sensor\n  with: {target_time: noon}",
            "  uses: empty\n  with: {x: 1}",
        ],
        expect![[r#"
              uses: bsh
            4:9 DAG-004 task `a`: the operator `bsh` is not known; did you mean `bash`? Known are bash, empty, http, branch, trigger-dag, file-sensor, date-time-sensor, time-delta-sensor, and class paths such as `airflow.providers.standard.operators.bash.BashOperator`

              uses: BashOperator
            4:9 DAG-004 task `a`: the operator `BashOperator` is not known; did you mean `bash`? Known are bash, empty, http, branch, trigger-dag, file-sensor, date-time-sensor, time-delta-sensor, and class paths such as `airflow.providers.standard.operators.bash.BashOperator`

              uses: my operator
            4:9 DAG-004 task `a`: the operator `my operator` is not known. Known are bash, empty, http, branch, trigger-dag, file-sensor, date-time-sensor, time-delta-sensor, and class paths such as `airflow.providers.standard.operators.bash.BashOperator`

              uses: my_company.operators.Thing
              with: {a: {$t: x}, b: 1}
            a Python <- []
              a: template "x"
              b: 1

              uses: bash
            4:9 DAG-005 task `a`: the argument `bash_command` is missing: The command, or a whole script.

              uses: bash
              with: {command: x}
            5:9 DAG-005 task `a`: the argument `bash_command` is missing: The command, or a whole script.
            5:10 DAG-005 task `a`: `command` is no argument of `bash`; did you mean `bash_command`?

              uses: bash
              with: {bash_command: x, retries: 3}
            5:27 DAG-005 task `a`: `retries` belongs to the task itself, beside `with`

              uses: bash
              with: {bash_command: x, output_processor: x}
            5:27 DAG-005 task `a`: `output_processor` cannot be used: it is Python code, which a YAML dag cannot name

              uses: bash
              with: {bash_command: [x], env: [y], skip_on_exit_code: z}
            5:24 DAG-005 task `a`: `bash_command` must be a text, not a list
            5:34 DAG-005 task `a`: `env` must be a mapping of names to texts, not a list
            5:58 DAG-005 task `a`: `skip_on_exit_code` must be a whole number or a list of them, not `z`

              uses: http
              with: {method: FETCH}
            5:18 DAG-005 task `a`: `method` must be one of `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD`, `OPTIONS`, not `FETCH`

              uses: file-sensor
              with: {filepath: x, poke_interval: 5, mode: wait}
            5:47 DAG-005 task `a`: `mode` must be one of `poke`, `reschedule`, not `wait`

              uses: date-time-sensor
              with: {target_time: noon}
            5:23 DAG-005 task `a`: `target_time` must be a time such as `2026-01-31` or `2026-01-31T08:00:00Z`, not `noon`

              uses: empty
              with: {x: 1}
            5:10 DAG-005 task `a`: `x` is no argument of `empty`

        "#]],
    );
}
