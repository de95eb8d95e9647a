"""Triggers in upstream's triggerer: start_from_trigger, ends, failures, restarts, a thousand at once."""

from __future__ import annotations

import os
import pathlib
import signal
import time

from orrery import Server, quoted, wait_for

SLEEPS = """
import asyncio, datetime, os
from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

class Sleeps(BaseTrigger):
    def __init__(self, seconds, what="event", path=""):
        super().__init__()
        self.seconds, self.what, self.path = seconds, what, path
    def serialize(self):
        return f"{self.__class__.__module__}.Sleeps", dict(seconds=self.seconds, what=self.what, path=self.path)
    async def run(self):
        await asyncio.sleep(self.seconds)
        while self.what == "gate" and not os.path.exists(self.path):
            await asyncio.sleep(0.5)
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

class Gated(Waits):
    template_fields = ("path",)
    def execute(self, context):
        self.defer(trigger=Sleeps(0, "gate", self.path), method_name="go")
    def __init__(self, path, **kwargs):
        super().__init__(**kwargs)
        self.path = path

class StartsGated(Starts):
    start_trigger_args = StartTriggerArgs(
        trigger_cls="sleeps.Sleeps", trigger_kwargs={"seconds": 0, "what": "gate", "path": "{{ dag_run.conf['gate'] }}"},
        next_method="go", next_kwargs=None, timeout=None,
    )

with DAG("thousand", schedule=None):
    gate = "{{ dag_run.conf['gate'] }}"
    StartsGated.partial(task_id="starts").expand(path=[str(n) for n in range(900)])
    Gated.partial(task_id="waits").expand(path=[gate] * 100)
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


def private_mib(pid: int) -> float:
    """The memory that a process has for itself alone."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def deferred(server: Server, run_id: str) -> int:
    path = f"dags/thousand/dagRuns/{quoted(run_id)}/taskInstances?state=deferred&limit=1"
    return server("GET", path)["total_entries"]


def test_a_thousand_triggers_wait_at_once(serve) -> None:
    server = serve_triggers(serve)
    # No interpreter keeps a dag file, so that all children but one are tasks.
    server.arguments = ["--set", "airflow.dag_age_s=0"]
    server.start()
    server.wait_for_dag("thousand")
    gate = server.folder / "gate"
    since = time.monotonic()
    run_id = server.trigger("thousand", conf={"gate": str(gate)})
    wait_for("a thousand waits", lambda: deferred(server, run_id) == 1000, 600)
    # No task runs any more, so the only child is the triggerer.
    (triggerer,) = wait_for("the triggerer alone", lambda: len(server.children()) == 1 and server.children(), 60)
    n_seconds = time.monotonic() - since
    used = private_mib(triggerer)
    gate.touch()
    opened = time.monotonic()
    assert server.wait_for_end("thousand", run_id, 900)["state"] == "success"
    print(f"1,000 waits after {n_seconds:.0f} s, {used:.0f} MiB, ended {time.monotonic() - opened:.0f} s later")
    found = server.instances("thousand", run_id)
    assert len(found) == 1000 and {ti["state"] for ti in found.values()} == {"success"}
    assert server.children() == [triggerer], "it was started anew"
    assert used < 200
