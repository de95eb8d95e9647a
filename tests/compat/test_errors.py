"""What is wrong is said in upstream's words: the status, and `detail` as a sentence or a list of fields."""

from __future__ import annotations

import pytest

RUN = {"logical_date": None}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/dags/nowhere", None, 404),
        ("GET", "/dags/nowhere/details", None, 404),
        ("GET", "/dags/nowhere/tasks", None, 404),
        ("GET", "/dags/quick/tasks/nothing", None, 404),
        ("GET", "/dags/quick/tasks?order_by=colour", None, 400),
        ("GET", "/dags?order_by=colour", None, 400),
        ("GET", "/dags?limit=-1", None, 422),
        ("GET", "/dags?limit=many", None, 422),
        ("GET", "/dags?paused=perhaps", None, 422),
        ("GET", "/dags?last_dag_run_state=lost", None, 422),
        ("PATCH", "/dags/quick", {"is_paused": "perhaps"}, 422),
        ("PATCH", "/dags/quick", {}, 422),
        ("PATCH", "/dags/nowhere", {"is_paused": True}, 404),
        ("DELETE", "/dags/nowhere", None, 404),
        ("GET", "/dags/nowhere/dagRuns", None, 404),
        ("GET", "/dags/quick/dagRuns?state=lost", None, 422),
        ("GET", "/dags/quick/dagRuns?start_date_gte=yesterday", None, 422),
        ("GET", "/dags/quick/dagRuns?order_by=colour", None, 400),
        ("GET", "/dags/quick/dagRuns/nothing", None, 404),
        ("POST", "/dags/nowhere/dagRuns", RUN, 404),
        ("POST", "/dags/quick/dagRuns", {}, 422),
        ("POST", "/dags/quick/dagRuns", {**RUN, "conf": 7}, 422),
        ("POST", "/dags/quick/dagRuns", {**RUN, "colour": "red"}, 422),
        ("POST", "/dags/quick/dagRuns", {**RUN, "dag_run_id": "quick-ended"}, 409),
        ("POST", "/dags/still/dagRuns", {**RUN, "conf": {"size": "big"}}, 400),
        ("PATCH", "/dags/quick/dagRuns/quick-ended", {"state": "running"}, 422),
        ("PATCH", "/dags/quick/dagRuns/nothing", {"state": "failed"}, 404),
        ("DELETE", "/dags/quick/dagRuns/nothing", None, 404),
        ("POST", "/dags/quick/dagRuns/nothing/clear", {"dry_run": False}, 404),
        ("GET", "/dags/quick/dagRuns/nothing/taskInstances", None, 404),
        ("GET", "/dags/quick/dagRuns/quick-ended/taskInstances/nothing", None, 404),
        ("GET", "/dags/quick/dagRuns/quick-ended/taskInstances?state=lost", None, 422),
        ("GET", "/dags/quick/dagRuns/quick-ended/taskInstances?order_by=colour", None, 400),
        ("GET", "/dags/quick/dagRuns/quick-ended/taskInstances/say/logs/7", None, 404),
        ("GET", "/dags/quick/dagRuns/quick-ended/taskInstances/say/logs/x", None, 422),
        ("PATCH", "/dags/quick/dagRuns/quick-ended/taskInstances/say", {"new_state": "lost"}, 422),
        ("PATCH", "/dags/quick/dagRuns/quick-ended/taskInstances/no", {"new_state": "failed"}, 404),
        ("POST", "/dags/nowhere/clearTaskInstances", {}, 404),
        ("POST", "/dags/quick/clearTaskInstances", {"dag_run_id": "nothing"}, 404),
        ("POST", "/dags/quick/clearTaskInstances", {"dry_run": "perhaps"}, 422),
        ("GET", "/pools/nowhere", None, 404),
        ("POST", "/pools", {"name": "x"}, 422),
        ("POST", "/pools", {"name": "x", "slots": -2}, 422),
        ("POST", "/pools", {"name": "x", "slots": 1, "colour": 1}, 422),
        ("PATCH", "/pools/nowhere", {"slots": 1}, 404),
        ("GET", "/variables/nowhere", None, 404),
        ("POST", "/variables", {"key": "x"}, 422),
        ("POST", "/variables", {"key": "x" * 251, "value": "1"}, 422),
        ("DELETE", "/variables/nowhere", None, 404),
        ("GET", "/importErrors/999999", None, 404),
        ("GET", "/importErrors/x", None, 422),
        ("GET", "/dagSources/nowhere", None, 404),
        ("GET", "/dags/quick/dagVersions/99", None, 404),
        ("POST", "/pools", b"{\"name\": ", 422),
        ("POST", "/pools", b"[]", 422),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/version", None, 405),
    ],
)
def test_what_is_wrong(ask, ended, method, path, body, status):
    answered, answer = ask(method, path, body)
    assert answered == status, answer
    if status == 422 and isinstance(answer["detail"], list):
        for field in answer["detail"]:
            assert {"type", "loc", "msg"} <= set(field) and field["loc"][0] in ("query", "path", "body")
    else:
        assert isinstance(answer["detail"], str) and answer["detail"]
