"""The audit log."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from airflow_client.client import ApiException, api, models


def test_what_is_asked_for_is_recorded(client, ask):
    since = datetime.now(timezone.utc)
    variables = api.VariableApi(client)
    variables.post_variable(models.VariableBody(key="audited", value="hunter2"))
    variables.delete_variable("audited")
    assert ask("PATCH", "/dags/nowhere", {"is_paused": True})[0] == 404
    logs = api.EventLogApi(client)
    page = logs.get_event_logs(after=since, order_by=["-when"], limit=2)
    assert page.total_entries == 3
    events = [(entry.event, entry.dag_id, entry.owner) for entry in page.event_logs]
    assert events == [
        ("patch_dag", "nowhere", "anonymous"),
        ("delete_variable", None, "anonymous"),
    ]
    made = logs.get_event_logs(event="post_variable", after=since).event_logs
    assert len(made) == 1 and '"value":"***"' in made[0].extra
    assert logs.get_event_log(made[0].event_log_id) == made[0]
    assert "hunter2" not in str(logs.get_event_logs(after=since))


def test_entries_are_filtered(client, ask):
    ask("PATCH", "/dags/nowhere", {"is_paused": True})
    logs = api.EventLogApi(client)
    for query in (
        {"dag_id": "nowhere"},
        {"dag_id_pattern": "NOWHERE"},
        {"dag_id": "nowhere", "included_events": ["patch_dag", "delete_dag"]},
        {"owner": "anonymous", "dag_id": "nowhere", "excluded_events": ["delete_dag"]},
    ):
        found = logs.get_event_logs(order_by=["-event_log_id"], **query)
        assert found.event_logs[0].dag_id == "nowhere", query
    assert logs.get_event_logs(dag_id="nowhere", excluded_events=["patch_dag"]).total_entries == 0
    with pytest.raises(ApiException) as error:
        logs.get_event_log(1)
    assert error.value.status == 404
