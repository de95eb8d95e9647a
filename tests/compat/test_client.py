"""Each call is read by the published client, whose models raise where a field is missing or of a wrong kind."""

from __future__ import annotations

import time

import pytest
from airflow_client.client import ApiException, api, models
from conftest import run_to_end


def test_lists_dags_with_tags_and_details(client):
    dags = api.DAGApi(client)
    page = dags.get_dags(tags=["compat"])
    assert [dag.dag_id for dag in page.dags] == ["quick", "still"]
    details = dags.get_dag_details("quick")
    assert details.timetable_summary == "0 0 * * *"
    assert details.params["name"]["value"] == "world"
    assert api.DAGApi(client).get_dag_tags().tags == ["compat", "quiet"]
    assert {task.task_id for task in api.TaskApi(client).get_tasks("quick").tasks} == {"say", "hear"}


def test_runs_a_dag_and_reads_states_logs_and_xcoms(client):
    run = run_to_end(client, "quick", conf={"name": "Orrery"})
    assert run.state == "success" and run.run_type == "manual"
    tasks = api.TaskInstanceApi(client)
    states = {ti.task_id: ti.state for ti in tasks.get_task_instances("quick", run.dag_run_id).task_instances}
    assert states == {"say": "success", "hear": "success"}
    xcom = api.XComApi(client).get_xcom_entry("quick", "hear", run.dag_run_id, "return_value")
    assert xcom.actual_instance.value == "heard hello Orrery"
    log = tasks.get_log("quick", run.dag_run_id, "hear", 1)
    assert "heard hello Orrery" in str(log.content.actual_instance)


def test_clears_a_failed_run_and_it_fails_again(client):
    run = run_to_end(client, "fails")
    assert run.state == "failed"
    tasks = api.TaskInstanceApi(client)
    states = {ti.task_id: ti.state for ti in tasks.get_task_instances("fails", run.dag_run_id).task_instances}
    assert states == {"bad": "failed", "after": "upstream_failed"}
    body = models.ClearTaskInstancesBody(dag_run_id=run.dag_run_id, dry_run=False, only_failed=True)
    cleared = tasks.post_clear_task_instances("fails", body)
    assert cleared.total_entries == 2
    deadline = time.monotonic() + 60
    while tasks.get_task_instance("fails", run.dag_run_id, "bad").try_number != 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(tasks.get_task_instance_tries("fails", run.dag_run_id, "bad").task_instances) == 2


def test_pauses_and_refuses_what_is_not_there(client):
    dags = api.DAGApi(client)
    assert dags.patch_dag("quick", models.DAGPatchBody(is_paused=True)).is_paused
    assert not dags.patch_dag("quick", models.DAGPatchBody(is_paused=False)).is_paused
    with pytest.raises(ApiException) as error:
        dags.get_dag("nowhere")
    assert error.value.status == 404


def test_pools_and_variables(client):
    pools = api.PoolApi(client)
    pools.post_pool(models.PoolBody(name="compat", slots=3))
    assert {pool.name for pool in pools.get_pools().pools} == {"compat", "default_pool"}
    pools.delete_pool("compat")
    variables = api.VariableApi(client)
    variables.post_variable(models.VariableBody(key="answer", value="42"))
    assert variables.get_variable("answer").value == "42"
    variables.delete_variable("answer")


def test_says_what_is_wrong_with_a_file(client):
    errors = api.ImportErrorApi(client).get_import_errors().import_errors
    assert [error.filename for error in errors] == ["broken.yaml"]
    assert "wiht" in errors[0].stack_trace and "with" in errors[0].stack_trace


def test_health_and_version(client):
    health = api.MonitorApi(client).get_health()
    assert health.scheduler.status == "healthy"
    assert api.VersionApi(client).get_version().version
