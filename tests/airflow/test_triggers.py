"""Triggers in upstream's triggerer: start_from_trigger, ends, failures, restarts."""

from __future__ import annotations

import os
import signal

from orrery import Server, wait_for

SLEEPS = """
import asyncio, datetime
from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

class Sleeps(BaseTrigger):
    def __init__(self, seconds, what="event", path=""):
        super().__init__()
        self.seconds, self.what, self.path = seconds, what, path
    def serialize(self):
        return f"{self.__class__.__module__}.Sleeps", dict(seconds=self.seconds, what=self.what, path=self.path)
    async def run(self):
        await asyncio.sleep(self.seconds)
        if self.what == "success":
            yield TaskSuccessEvent(xcoms={"return_value": 7})
        elif self.what == "failed":
            yield TaskFailedEvent()
        elif self.what == "skipped":
            yield TaskSkippedEvent()
        elif self.what == "breaks":
            raise ValueError("a trigger that breaks")
        else:
            yield TriggerEvent({"path": self.path, "at": datetime.datetime.now(datetime.timezone.utc)})
"""

OPERATORS = """
import datetime
from airflow.sdk import DAG, BaseOperator
from airflow.triggers.base import StartTriggerArgs
from sleeps import Sleeps

class Waits(BaseOperator):
    def __init__(self, seconds=1, what="event", limit=None, **kwargs):
        super().__init__(**kwargs)
        self.seconds, self.what, self.limit = seconds, what, limit
    def execute(self, context):
        timeout = datetime.timedelta(seconds=self.limit) if self.limit else None
        self.defer(trigger=Sleeps(self.seconds, self.what), method_name="go", timeout=timeout)
    def go(self, context, event=None):
        return event["path"] + type(event["at"]).__name__

class Starts(BaseOperator):
    template_fields = ("path",)
    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(
        trigger_cls="sleeps.Sleeps", trigger_kwargs={"seconds": 1, "what": "event", "path": "{{ run_id }}"},
        next_method="go", next_kwargs=None, timeout=None,
    )
    def __init__(self, path="", **kwargs):
        super().__init__(**kwargs)
        self.path = path
    def execute(self, context):
        raise AssertionError("nobody executes this")
    def go(self, context, event=None):
        return event["path"]

with DAG("triggers", schedule=None):
    Waits(task_id="event")
    Waits(task_id="success", what="success")
    Waits(task_id="failed", what="failed")
    Waits(task_id="skipped", what="skipped")
    Waits(task_id="breaks", what="breaks")
    Waits(task_id="too_long", seconds=600, limit=2)
    Starts(task_id="starts", path="p")

with DAG("long", schedule=None):
    Waits(task_id="waits", seconds=12)
"""


def serve_triggers(serve) -> Server:
    server: Server = serve()
    plugins = server.data / "airflow/plugins"
    plugins.mkdir(parents=True)
    (plugins / "sleeps.py").write_text(SLEEPS)
    server.dag("triggers.py", OPERATORS)
    return server


def test_s074_s113_to_s117_triggers(serve) -> None:
    server = serve_triggers(serve)
    server.start()
    run, found = server.run("triggers", dag_run_id="r")
    states = {name: ti["state"] for name, ti in found.items()}
    assert states == {
        "event": "success",
        "success": "success",
        "failed": "failed",
        "skipped": "skipped",
        "breaks": "failed",
        "too_long": "failed",
        "starts": "success",
    }, states
    assert server.xcom(found["event"]) == "DateTime"
    assert server.xcom(found["success"]) == 7
    # Rendered by the trigger itself, which has the dag and the run for it.
    assert server.xcom(found["starts"]) == "r", server.log(found["starts"])
    assert "a trigger that breaks" in server.log(found["breaks"])


def test_a_triggerer_that_is_killed_gets_all_its_triggers_again(serve) -> None:
    server = serve_triggers(serve)
    server.start()
    server.wait_for_dag("long")
    run_id = server.trigger("long")
    wait_for("the wait", lambda: server.instances("long", run_id)["waits"]["state"] == "deferred")
    for pid in wait_for("the triggerer", server.children, 60):
        os.kill(pid, signal.SIGKILL)
    assert server.wait_for_end("long", run_id)["state"] == "success"


def test_a_cancelled_wait_is_over_at_once(serve) -> None:
    server = serve_triggers(serve)
    server.start()
    server.wait_for_dag("long")
    run_id = server.trigger("long")
    wait_for("the wait", lambda: server.instances("long", run_id)["waits"]["state"] == "deferred")
    server("PATCH", f"dags/long/dagRuns/{run_id}/taskInstances/waits", {"new_state": "failed"})
    assert server.wait_for_end("long", run_id, 10)["state"] == "failed"
