"""Deadlines of runs on a real Airflow: what is called when one passes, where, and with what."""

from __future__ import annotations

import json

from orrery import Server, wait_for

LATE = """
import asyncio, json

def write(book, how, context, **more):
    run, deadline = context["dag_run"], context["deadline"]
    line = {"how": how, "run_id": run["dag_run_id"], "dag_id": run["dag_id"], "state": run["state"],
            "due": str(deadline["deadline_time"])[:10], **more}
    with open(book, "a") as file:
        file.write(json.dumps(line) + "\\n")

def of_plugin(book, context, who="nobody"):
    write(book, "of the plugin", context, who=who)

async def awaited(book, context, who="nobody"):
    from airflow.sdk import Variable
    await asyncio.sleep(0.1)
    write(book, "awaited", context, who=who, colour=await asyncio.to_thread(Variable.get, "colour"))

async def breaks(**kwargs):
    raise ValueError("an awaited callback that breaks")

class Notifies:
    def __init__(self, book, **kwargs):
        self.book = book
    def __call__(self, context):
        write(self.book, "of a class", context)
"""
DAG = """
import datetime, os
from airflow.sdk import DAG, AsyncCallback, DeadlineAlert, DeadlineReference, SyncCallback, task
import late

BOOK = {"book": BOOK_PATH}

def here(book, context):
    from airflow.sdk import Variable
    late.write(book, "of the file", context, colour=Variable.get("colour"))

def breaks(**kwargs):
    raise ValueError("a callback that breaks")

def alert(callback, seconds=1):
    return DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT,
                         interval=datetime.timedelta(seconds=seconds), callback=callback)

with DAG("late_dag", schedule=None, deadline=[
    alert(SyncCallback(here, BOOK)),
    alert(SyncCallback(late.of_plugin, {**BOOK, "who": "me"})),
    alert(SyncCallback("late.Notifies", BOOK)),
    alert(SyncCallback(breaks, {})),
    alert(AsyncCallback(late.awaited, {**BOOK, "who": "you"})),
    alert(AsyncCallback(late.breaks, {})),
    alert(SyncCallback(here, BOOK), seconds=3600),
]):
    @task
    def sleeps():
        import time
        time.sleep(SECONDS)
    sleeps()
"""


def test_callbacks_of_deadlines(serve) -> None:
    server: Server = serve()
    plugins = server.data / "airflow/plugins"
    plugins.mkdir(parents=True)
    (plugins / "late.py").write_text(LATE)
    book = server.folder / "book.txt"
    book.touch()
    server.dag("late_dag.py", DAG.replace("BOOK_PATH", repr(str(book))).replace("SECONDS", "4"))
    server.start()
    server("POST", "variables", {"key": "colour", "value": "blue"})
    run, _ = server.run("late_dag")
    assert run["state"] == "success"

    def told() -> dict[str, dict]:
        lines = [json.loads(line) for line in book.read_text().splitlines()]
        return {line["how"]: line for line in lines}

    wait_for("four callbacks", lambda: len(told()) == 4, 120)
    found = told()
    same = {"run_id": run["dag_run_id"], "dag_id": "late_dag", "state": "running", "due": run["queued_at"][:10]}
    assert found["of the file"] == {"how": "of the file", "colour": "blue", **same}
    assert found["of the plugin"] == {"how": "of the plugin", "who": "me", **same}
    assert found["of a class"] == {"how": "of a class", **same}
    assert found["awaited"] == {"how": "awaited", "who": "you", "colour": "blue", **same}
    # Each once; what broke is told, and owed no longer.
    assert len(book.read_text().splitlines()) == 4
    wait_for("the errors", lambda: server.said().count("CTL-021") == 2, 60)
    logs = b"".join(server.log_files()).decode() + server.said()
    assert "a callback that breaks" in logs and "an awaited callback that breaks" in logs
