"""Dags, their runs and what was read of their files, by all filters that make a difference here."""

from __future__ import annotations

import datetime

import pytest
from airflow_client.client import ApiException, api, models

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "fails quick still"),
        ({"order_by": ["-dag_id"]}, "still quick fails"),
        ({"limit": 1, "offset": 1}, "quick"),
        ({"limit": 0}, ""),
        ({"offset": 9}, ""),
        ({"tags": ["compat", "quiet"]}, "quick still"),
        ({"tags": ["compat", "quiet"], "tags_match_mode": "all"}, "still"),
        ({"owners": ["airflow"]}, "fails quick still"),
        ({"owners": ["nobody"]}, ""),
        ({"dag_id_pattern": "%IL%"}, "fails still"),
        ({"dag_id_prefix_pattern": "st"}, "still"),
        ({"dag_display_name_pattern": "quick"}, "quick"),
        ({"paused": True}, "still"),
        ({"paused": False, "exclude_stale": False}, "fails quick"),
        ({"has_import_errors": True}, ""),
        ({"bundle_name": "elsewhere"}, ""),
        ({"last_dag_run_state": models.DagRunState.FAILED}, "fails"),
        ({"dag_run_state": ["success"], "dag_id_pattern": "quick"}, "quick"),
        ({"dag_run_start_date_lt": LONG_AGO}, ""),
        ({"dag_run_start_date_gte": LONG_AGO, "dag_id_pattern": "fails"}, "fails"),
    ],
)
def test_dags_are_filtered_sorted_and_paged(client, ended, query, expected):
    page = api.DAGApi(client).get_dags(**query)
    assert " ".join(dag.dag_id for dag in page.dags) == expected
    if not {"limit", "offset"} & set(query):
        assert page.total_entries == len(page.dags)
    else:
        assert page.total_entries == 3


def test_a_dag_its_tasks_versions_and_source(client, ended):
    dag = api.DAGApi(client).get_dag("quick")
    assert dag.relative_fileloc == "quick.yaml" and dag.next_dagrun_run_after
    details = api.DAGApi(client).get_dag_details("quick")
    assert details.latest_dag_version.version_number == 1 and details.catchup is False
    task = api.TaskApi(client).get_task("quick", "hear")
    assert task.trigger_rule == "all_success" and task.class_ref["class_name"] == "BashOperator"
    versions = api.DagVersionApi(client)
    assert versions.get_dag_versions("~").total_entries == 3
    assert versions.get_dag_version("quick", 1).version_number == 1
    assert "echo hello" in api.DagSourceApi(client).get_dag_source("quick").content
    stats = api.DagStatsApi(client).get_dag_stats(dag_ids=["fails"]).dags
    assert [dag.dag_id for dag in stats] == ["fails"]
    assert {one.state: one.count for one in stats[0].stats}["failed"] >= 1


def test_tags_are_matched_and_paged(client):
    dags = api.DAGApi(client)
    assert dags.get_dag_tags(order_by=["-name"]).tags == ["quiet", "compat"]
    assert dags.get_dag_tags(tag_name_pattern="%ui%").tags == ["quiet"]
    page = dags.get_dag_tags(limit=1, offset=1)
    assert (page.tags, page.total_entries) == (["quiet"], 2)


def test_pausing_takes_a_mask_and_can_be_done_to_many(client):
    dags = api.DAGApi(client)
    body = models.DAGPatchBody(is_paused=True)
    assert dags.patch_dag("still", body, update_mask=["is_paused"]).is_paused
    with pytest.raises(ApiException) as error:
        dags.patch_dag("still", body, update_mask=["tags"])
    assert error.value.status == 400
    unpaused = dags.patch_dags(models.DAGPatchBody(is_paused=False), dag_id_pattern="still")
    assert [dag.is_paused for dag in unpaused.dags] == [False]
    assert dags.patch_dag("still", body).is_paused


def test_import_errors(client):
    errors = api.ImportErrorApi(client)
    page = errors.get_import_errors(order_by=["-timestamp"], limit=5)
    assert page.total_entries == 1
    one = errors.get_import_error(page.import_errors[0].import_error_id)
    assert one == page.import_errors[0]
    assert errors.get_import_errors(filename_pattern="quick").total_entries == 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 1),
        ({"state": ["failed"]}, 0),
        ({"state": ["success", "failed"]}, 1),
        ({"run_type": ["manual"]}, 1),
        ({"run_type": ["scheduled"]}, 0),
        ({"limit": 0}, 0),
        ({"run_after_gte": LONG_AGO}, 1),
        ({"run_after_lt": LONG_AGO}, 0),
        ({"start_date_gt": LONG_AGO, "end_date_gt": LONG_AGO}, 1),
        ({"logical_date_gte": LONG_AGO}, 0),
        ({"updated_at_lte": LONG_AGO}, 0),
        ({"duration_gte": 3600.0}, 0),
        ({"conf_contains": "world"}, 1),
        ({"dag_version": [1]}, 1),
        ({"dag_version": [7]}, 0),
        ({"order_by": ["-run_after", "id"]}, 1),
        ({"triggering_user_name_pattern": "nobody"}, 0),
    ],
)
def test_runs_are_filtered(client, ended, query, expected):
    for dag_id, more in (("quick", {}), ("~", {"dag_id_pattern": "quick"})):
        page = api.DagRunApi(client).get_dag_runs(dag_id, run_id_pattern="quick-ended", **more, **query)
        assert len(page.dag_runs) == expected, dag_id


def test_runs_in_a_batch_and_by_cursor(client, ended):
    runs = api.DagRunApi(client)
    body = models.DAGRunsBatchBody(dag_ids=["quick", "fails"], states=["failed"], order_by="-run_after")
    page = runs.get_list_dag_runs_batch("~", body)
    assert {run.dag_id for run in page.dag_runs} == {"fails"}
    first = runs.get_dag_runs("~", limit=1, cursor="")
    rest = runs.get_dag_runs("~", limit=50, cursor=first.next_cursor)
    ids = [(run.dag_id, run.dag_run_id) for run in first.dag_runs + rest.dag_runs]
    assert len(ids) == len(set(ids)) == runs.get_dag_runs("~").total_entries


def test_a_run_is_noted_marked_cleared_and_deleted(client, ask):
    runs = api.DagRunApi(client)
    when = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
    body = models.TriggerDAGRunPostBody(dag_run_id="mine", logical_date=when, conf={"size": 2}, note="why")
    run = runs.trigger_dag_run("still", body)
    assert (run.state, run.logical_date, run.note, run.conf) == ("queued", when, "why", {"size": 2})
    assert run.triggered_by == "rest_api" and run.dag_versions[0].version_number == 1
    noted = models.DAGRunPatchBody(note="because", state="failed")
    run = runs.patch_dag_run("still", "mine", noted, update_mask=["note"])
    assert (run.note, run.state) == ("because", "queued")
    run = runs.patch_dag_run("still", "mine", models.DAGRunPatchBody(state="success"))
    assert (run.note, run.state) == ("because", "success")
    # The client cannot tell the two kinds of entries that upstream names for this answer apart.
    _, dry = ask("POST", "/dags/still/dagRuns/mine/clear", {"dry_run": True})
    assert dry["total_entries"] == 1
    run = runs.clear_dag_run("still", "mine", models.DAGRunClearBody(dry_run=False)).actual_instance
    assert run.state == "queued"
    runs.delete_dag_run("still", "mine")
    with pytest.raises(ApiException) as error:
        runs.get_dag_run("still", "mine")
    assert error.value.status == 404
