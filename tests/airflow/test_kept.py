"""Dag files that are read once for many tasks, and read again when they change."""

from __future__ import annotations

from orrery import Server, wait_for

DAG = """
import os
import pathlib
import time
from airflow.sdk import dag, task

READ_BY = os.getpid()
WORD = {word!r}

@dag(schedule=None)
def kept():
    @task
    def say():
        return [WORD, READ_BY]

    @task.sensor(poke_interval=0.2, timeout=120, mode="poke")
    def waits():
        return pathlib.Path(__file__).with_name("go").exists()

    before = [say.override(task_id=f"before{{n}}")() for n in range(8)]
    for one, two in zip(before, before[1:]):
        one >> two
    after = [say.override(task_id=f"after{{n}}")() for n in range(2)]
    before[-1] >> waits() >> after[0] >> after[1]
kept()
"""


def test_a_kept_file_serves_tasks_until_it_changes(serve) -> None:
    server: Server = serve()
    server.dag("kept.py", DAG.format(word="old"))
    server.start()
    server.wait_for_dag("kept")
    run_id = server.trigger("kept")

    def sensor_runs() -> bool:
        waits = server.instances("kept", run_id).get("waits")
        return bool(waits) and waits["state"] == "running"

    wait_for("the sensor", sensor_runs)
    server.dag("kept.py", DAG.format(word="new"))
    server.dag("go", "")
    assert server.wait_for_end("kept", run_id)["state"] == "success"
    found = server.instances("kept", run_id)
    before = [server.xcom(found[f"before{n}"]) for n in range(8)]
    assert {word for word, _ in before} == {"old"}
    # Two read it themselves; of the others some started from what was read once.
    assert len({pid for _, pid in before}) < len(before), before
    after = [server.xcom(found[f"after{n}"])[0] for n in range(2)]
    assert after == ["new", "new"]


def test_a_file_need_not_be_kept(serve) -> None:
    server: Server = serve()
    server.arguments = ["--set", "airflow.dag_age_s=0"]
    server.dag("kept.py", DAG.format(word="old"))
    server.dag("go", "")
    server.start()
    run, found = server.run("kept")
    assert run["state"] == "success"
    pids = [server.xcom(found[f"before{n}"])[1] for n in range(8)]
    assert len(set(pids)) == len(pids)
