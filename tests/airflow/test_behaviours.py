"""Behaviours that need Python to show, by their number."""

from __future__ import annotations

from orrery import Server, quoted, wait_for

DAGS = """
import datetime, time
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator

today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
with DAG("latest", schedule="@daily", start_date=today - datetime.timedelta(days=2), catchup=True):
    LatestOnlyOperator(task_id="latest") >> EmptyOperator(task_id="below")

def told(what):
    return lambda context: context["ti"].xcom_push(key=f"told_{what}", value=context["ti"].try_number)

CALLS = {f"on_{what}_callback": told(what) for what in ("execute", "success", "failure", "retry", "skipped")}

@task(retries=1, retry_delay=datetime.timedelta(seconds=0.1), **CALLS)
def at_the_second(task_state_store=None, ti=None):
    if ti.try_number == 1:
        task_state_store.set("known", "since the first")
        raise RuntimeError("as asked")
    return task_state_store.get("known")

@task(execution_timeout=datetime.timedelta(seconds=0.5))
def slow():
    time.sleep(60)

@task(queue="elsewhere", executor="LocalExecutor")
def placed():
    return 1

with DAG("single", schedule=None):
    at_the_second()
    slow()
    placed()
"""
UNKNOWN = """
from airflow.sdk import DAG, task

@task(executor="CeleryExecutor")
def nowhere():
    return 1

with DAG("unknown", schedule=None):
    nowhere()
"""


def started(serve) -> Server:
    server: Server = serve()
    server.dag("behaviours.py", DAGS)
    server.dag("unknown.py", UNKNOWN)
    return server.start()


def test_s070_only_the_latest_run_goes_on(serve) -> None:
    server = started(serve)
    server.wait_for_dag("latest")
    server.unpause("latest")

    def all_ended() -> list[str]:
        runs = server("GET", "dags/latest/dagRuns?order_by=logical_date")["dag_runs"]
        ended = [run["dag_run_id"] for run in runs if run["state"] == "success"]
        return ended if len(ended) == 3 else []

    runs = wait_for("three runs", all_ended, 120)
    states = [server.instances("latest", run_id)["below"]["state"] for run_id in runs]
    assert states == ["skipped", "skipped", "success"]


def test_s098_s104_s111_s154_tasks_of_python(serve) -> None:
    """Executors by name, time-outs, callbacks, and state that outlives a try."""
    server = started(serve)
    run, found = server.run("single")
    assert run["state"] == "failed"
    assert {name: ti["state"] for name, ti in found.items()} == {
        "at_the_second": "success", "slow": "failed", "placed": "success"
    }
    assert found["placed"]["queue"] == "elsewhere"
    assert "AirflowTaskTimeout" in server.log(found["slow"])
    ti = found["at_the_second"]
    assert server.xcom(ti) == "since the first"
    path = f"dags/single/dagRuns/{quoted(run['dag_run_id'])}/taskInstances/at_the_second/xcomEntries"

    def keys() -> set[str]:
        return {entry["key"] for entry in server("GET", path)["xcom_entries"]}

    # What the first try's callbacks left went with it.
    want = {"return_value", "told_execute", "told_success"}
    wait_for("the last callback", lambda: keys() == want, 30)
    wait_for("the import error", lambda: "unknown.py" in server.import_errors(), 60)
    assert "which is not available" in server.import_errors()["unknown.py"]
