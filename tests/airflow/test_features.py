"""A dag with a bit of everything, on every supported version, each in its own runtime."""

from __future__ import annotations

import pytest
from ends import HERE, differences, recorded
from orrery import VERSIONS, wait_for

CALLBACKS = {
    "executes feature_mix unsteady 1",
    "executes feature_mix unsteady 2",
    "is retried feature_mix unsteady 1",
    "succeeded feature_mix unsteady 2",
    "failed feature_mix fails 1",
}
SECRETS = {
    "AIRFLOW_CONN_SHOP": "https://clerk:squeamish-ossifrage@shop.example:8443",
    "AIRFLOW_VAR_SHAPE": '{"corners": 3}',
}
OPENS_DATABASE = """
from airflow.sdk import dag, task

@dag(schedule=None)
def opens_database():
    @task
    def opens():
        import os, sqlite3
        print("database:", os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
        sqlite3.connect(":memory:")
    opens()
opens_database()
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_feature_mix(serve, version: str) -> None:
    server = serve(version, **SECRETS)
    server.dag("feature_mix.py", (HERE / "dags/feature_mix.py").read_bytes())
    server.dag("opens_database.py", OPENS_DATABASE)
    server.start()
    book = server.folder / "callbacks.txt"
    for key, value in {"callbacks": str(book), "colour": "blue", "api_token": "hunter2hunter2"}.items():
        server("POST", "variables", {"key": key, "value": value})
    run, found = server.run("feature_mix")
    want = recorded(HERE / "feature_mix.json")["feature_mix"]
    wrong = differences("feature_mix", want, run, found)
    for line in wrong:
        name = line.split(":")[0].removeprefix("feature_mix.")
        if name in found:
            line += server.log(found[name])
        print(line)
    assert not wrong
    assert "12 of world" in server.log(found["end"])
    assert server.xcom(found["join_parts"]) == "1 2026"
    assert server.xcom(found["classic"], "greeting") == "hello world"
    assert server("GET", "variables/written")["value"] == "by a task"

    (event,) = server("GET", "assets/events?source_dag_id=feature_mix")["asset_events"]
    # What the task said last of its one asset.
    assert (event["uri"], event["source_task_id"], event["extra"]) == ("file:///report", "writes", {"rows": 4}), event

    log = server.log(found["secrets"])
    assert "the password is ***" in log and "the token is ***" in log, log
    logs = b"".join(server.log_files())
    assert b"squeamish-ossifrage" not in logs and b"hunter2hunter2" not in logs

    wait_for("all callbacks", lambda: CALLBACKS <= set(book.read_text().splitlines()), 30)
    told = [line for line in book.read_text().splitlines() if not line.startswith("dag")]
    assert sorted(told) == sorted(CALLBACKS), told

    # What would open a database dies of it, so all that ran before has opened none.
    _, found = server.run("opens_database")
    log = server.log(found["opens"])
    # Upstream's own bar against databases in tasks stands before ours.
    nowhere = "database: airflow-db-not-allowed:///", "database: sqlite:////nonexistent/orrery.db"
    assert any(each in log for each in nowhere) and "ended by signal 6" in log, log
    assert found["opens"]["state"] == "failed"
