"""Task instances, their tries, logs and XComs."""

from __future__ import annotations

import datetime

import pytest
from airflow_client.client import ApiException, api, models
from conftest import run_to_end

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"order_by": ["start_date"]}, "say hear"),
        ({"order_by": ["-start_date"]}, "hear say"),
        ({"order_by": ["start_date"], "limit": 1, "offset": 1}, "hear"),
        ({"task_id": "say"}, "say"),
        ({"task_display_name_pattern": "%ea%"}, "hear"),
        ({"state": ["failed"]}, ""),
        ({"pool": ["default_pool"], "task_id": "say"}, "say"),
        ({"pool": ["other"]}, ""),
        ({"queue": ["default"], "task_id": "say"}, "say"),
        ({"operator": ["BashOperator"], "task_id": "say"}, "say"),
        ({"operator": ["EmptyOperator"]}, ""),
        ({"try_number": [1], "task_id": "say"}, "say"),
        ({"try_number": [2]}, ""),
        ({"version_number": [1], "task_id": "say"}, "say"),
        ({"map_index": [-1], "task_id": "say"}, "say"),
        ({"start_date_gte": LONG_AGO, "task_id": "say"}, "say"),
        ({"end_date_lt": LONG_AGO}, ""),
        ({"run_after_lte": LONG_AGO}, ""),
        ({"duration_gt": 3600.0}, ""),
    ],
)
def test_task_instances_are_filtered(client, ended, query, expected):
    tasks = api.TaskInstanceApi(client)
    for dag_id, run_id in (("quick", "quick-ended"), ("~", "~")):
        more = {"run_id_pattern": "quick-ended"} if run_id == "~" else {}
        page = tasks.get_task_instances(dag_id, run_id, **more, **query)
        assert " ".join(ti.task_id for ti in page.task_instances) == expected, dag_id


def test_task_instances_in_a_batch(client, ended):
    tasks = api.TaskInstanceApi(client)
    body = models.TaskInstancesBatchBody(
        dag_ids=["fails"], dag_run_ids=["fails-ended"], state=["failed"], order_by="-start_date", page_limit=5
    )
    page = tasks.get_task_instances_batch("~", "~", body)
    assert [(ti.task_id, ti.state) for ti in page.task_instances] == [("bad", "failed")]


def test_one_task_instance_in_all_forms(client, ended):
    tasks = api.TaskInstanceApi(client)
    names = ("fails", "fails-ended", "bad")
    ti = tasks.get_task_instance(*names)
    assert (ti.state, ti.try_number, ti.max_tries, ti.map_index) == ("failed", 1, 0, -1)
    assert ti.operator_name == "BashOperator" and ti.duration >= 0 and ti.dag_version.version_number == 1
    assert tasks.get_mapped_task_instance(*names, -1) == ti
    tries = tasks.get_task_instance_tries(*names).task_instances
    assert [one.try_number for one in tries] == [1]
    assert tasks.get_task_instance_try_details(*names, 1) == tries[0]
    assert tasks.get_mapped_task_instance_tries(*names, -1).task_instances == tries
    assert tasks.get_task_instance_dependencies(*names).dependencies == []
    log = tasks.get_log(*names, 1, full_content=True)
    assert "oops" in str(log.content.actual_instance)
    with pytest.raises(ApiException) as error:
        tasks.get_log(*names, 7)
    assert error.value.status == 404


def test_a_task_instance_is_noted_and_marked(client, ended):
    tasks = api.TaskInstanceApi(client)
    names = ("fails", "fails-ended", "bad")
    both = models.PatchTaskInstanceBody(note="known", new_state="success")
    page = tasks.patch_task_instance(*names, both, update_mask=["note"])
    assert [(ti.note, ti.state) for ti in page.task_instances] == [("known", "failed")]
    state = models.PatchTaskInstanceBody(new_state="success")
    dry = tasks.patch_task_instance_dry_run(*names, state)
    assert [ti.task_id for ti in dry.task_instances] == ["bad"]
    assert tasks.get_task_instance(*names).state == "failed"
    tasks.patch_task_instance(*names, state)
    assert tasks.get_task_instance(*names).state == "success"
    failed = models.PatchTaskInstanceBody(new_state="failed")
    tasks.patch_task_instance(*names, failed)
    assert tasks.get_task_instance(*names).state == "failed"


def test_clearing_can_be_tried_first(client):
    tasks = api.TaskInstanceApi(client)
    run_to_end(client, "fails", dag_run_id="to-clear")
    name = models.ClearTaskInstancesBodyTaskIdsInner
    body = models.ClearTaskInstancesBody(
        dag_run_id="to-clear", task_ids=[name("bad")], include_downstream=True, only_failed=True, dry_run=True
    )
    page = tasks.post_clear_task_instances("fails", body)
    assert {ti.task_id for ti in page.task_instances} == {"bad", "after"}
    assert tasks.get_task_instance("fails", "to-clear", "bad").state == "failed"
    body.task_ids = [name("nowhere")]
    # Upstream clears what is there of what is named.
    assert not tasks.post_clear_task_instances("fails", body).task_instances


def test_xcoms_are_read_made_changed_and_deleted(client, ended):
    xcoms = api.XComApi(client)
    place = ("quick", "say", "quick-ended")
    listed = xcoms.get_xcom_entries("quick", "quick-ended", "~", xcom_key_pattern="return%")
    assert {one.task_id for one in listed.xcom_entries} == {"say", "hear"}
    assert xcoms.get_xcom_entries("~", "~", "~", task_id_pattern="hear", limit=1).xcom_entries
    made = models.XComCreateBody(key="mine", value={"a": [1, 2.5, None]})
    assert xcoms.create_xcom_entry(*place, made).value == {"a": [1, 2.5, None]}
    with pytest.raises(ApiException) as error:
        xcoms.create_xcom_entry(*place, made)
    assert error.value.status == 409
    changed = xcoms.update_xcom_entry(*place, "mine", models.XComUpdateBody(value="new"))
    assert changed.value == "new"
    text = xcoms.get_xcom_entry(*place[:2], place[2], "mine", stringify=True)
    assert text.actual_instance.value == "new"
    xcoms.delete_xcom_entry(*place, "mine")
    with pytest.raises(ApiException) as error:
        xcoms.get_xcom_entry(*place, "mine")
    assert error.value.status == 404
