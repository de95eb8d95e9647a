"""Runtimes move between machines and survive interruptions; warm interpreters come and go."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from ends import HERE
from orrery import BINARY, NEWEST, Runtime, Server, command, processes, wait_for

DAG = """
from airflow.configuration import conf
from airflow.sdk import dag, task

@dag(schedule=None)
def looks():
    @task
    def around():
        import os, mine
        return [os.getppid(), mine.VALUE, conf.get("mine", "value", fallback="none")]
    around()
looks()
"""
DEFERS = """
import datetime
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import dag

@dag(schedule=None)
def defers():
    DateTimeSensorAsync(task_id="wait", target_time="{{ dag_run.start_date.isoformat() }}")
defers()
"""
PLUGIN = "from airflow.plugins_manager import AirflowPlugin\nVALUE = %d\nclass Mine(AirflowPlugin): name = 'mine'\n"


def around(server: Server, n: int) -> list:
    run, found = server.run("looks", logical_date=f"2026-01-{n:02}T00:00:00Z")
    assert run["state"] == "success", server.log(found["around"])
    return server.xcom(found["around"])


def test_plugins_and_settings_are_followed(serve) -> None:
    server = serve()
    airflow = server.data / "airflow"
    (airflow / "plugins").mkdir(parents=True)
    plugin, settings = airflow / "plugins/mine.py", airflow / "airflow.cfg"
    plugin.write_text(PLUGIN % 1)
    server.dag("looks.py", DAG)
    server.start()
    first, value, setting = around(server, 1)
    assert (value, setting) == (1, "none")
    assert around(server, 2)[0] == first
    plugin.write_text(PLUGIN % 22)
    second, value, _ = around(server, 3)
    assert value == 22 and second != first
    settings.write_text("[mine]\nvalue = set\n")
    third, _, setting = around(server, 4)
    assert setting == "set" and third != second
    # Those before have no more to do.
    wait_for("one zygote", lambda: server.zygotes() == [third], 60)


def pss_mib(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total / 1024


def test_an_idle_interpreter_goes(serve) -> None:
    server = serve()
    server.arguments = ["--set", "airflow.zygote_idle_s=8"]
    server.dag("defers.py", DEFERS)
    server.start()
    run, _ = server.run("defers")
    assert run["state"] == "success"
    ours = lambda: [server.process.pid, *server.workers(), *server.zygotes(), *server.children()]  # noqa: E731
    print(f"one runtime warm, with its triggerer: {pss_mib(ours()):.0f} MiB PSS")
    wait_for("the end of the triggerer", lambda: not server.children(), 60)
    print(f"one runtime warm: {pss_mib(ours()):.0f} MiB PSS")
    wait_for("the end of the warm interpreter", lambda: not server.zygotes(), 60)
    time.sleep(2)
    left = pss_mib(ours())
    print(f"none warm: {left:.0f} MiB PSS (a development build)")
    assert left < 100
    # The next one starts both anew.
    run, _ = server.run("defers", logical_date="2026-01-02T00:00:00Z")
    assert run["state"] == "success"


MANY = """
import os
from airflow.sdk import DAG, task

with DAG("many", schedule=None, max_active_tasks=200) as dag:
    @task
    def parent(n):
        return os.getppid()
    parent.expand(n=list(range(150)))
"""
# Loaded into the warm interpreter itself; each fork costs it 2 MiB.
GROWS = """
import os
kept = []
os.register_at_fork(before=lambda: kept.append(b"x" * (2 << 20)))
"""


@pytest.mark.parametrize("setting", ["airflow.zygote_forks=20", "airflow.zygote_growth_mib=64"])
def test_a_warm_interpreter_is_replaced(serve, setting: str) -> None:
    server = serve()
    # Each task is forked from the warm interpreter itself, and not from one that keeps its file.
    server.arguments = ["--set", setting, "--set", "airflow.dag_age_s=0"]
    if "growth" in setting:
        (server.data / "airflow/config").mkdir(parents=True)
        (server.data / "airflow/config/airflow_local_settings.py").write_text(GROWS)
    server.dag("many.py", MANY)
    server.start()
    run, found = server.run("many")
    assert run["state"] == "success"
    parents = {server.xcom(ti) for ti in found.values()}
    assert len(parents) >= (4 if "forks" in setting else 2), parents
    # Those before end with their last child.
    if "growth" in setting:
        # What has grown with its last fork may stay beside the next one until that is asked.
        wait_for("few zygotes", lambda: len(server.zygotes()) <= 2, 60)
        return
    wait_for("one zygote", lambda: len(server.zygotes()) == 1, 60)
    assert server.zygotes()[0] in parents


def test_a_runtime_moves(tmp_path: pathlib.Path) -> None:
    here, file = Runtime(NEWEST), tmp_path / "runtime.tar.gz"
    began = time.monotonic()
    done = command("runtime", "export", file, "--name", here.name, "--data", here.data)
    assert done.returncode == 0, done.stderr
    exported = time.monotonic()
    there = tmp_path / "there"
    there.mkdir()
    python = here.python.resolve()
    done = command("runtime", "import", file, "--name", "moved", "--python", python, "--data", there / "data")
    assert done.returncode == 0, done.stderr
    size = file.stat().st_size >> 20
    print(f"{size} MiB; export {exported - began:.0f} s, import {time.monotonic() - exported:.0f} s")
    file.unlink()
    shown = command("runtime", "show", "moved", "--data", there / "data")
    assert here.manifest["hash"] in shown.stdout and here.manifest["tree"] in shown.stdout
    runtime = Runtime.__new__(Runtime)
    runtime.name, runtime.data = "moved", there / "data"
    server = Server(there, runtime)
    server.dag("defers.py", DEFERS)
    try:
        server.start()
        assert server.run("defers")[0]["state"] == "success"
    finally:
        server.stop()


def test_an_interrupted_create_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    wheels, data = tmp_path / "wheels", tmp_path / "data"
    subprocess.run([sys.executable, HERE.parent / "python/wheels.py", wheels], check=True)
    create = ["runtime", "create", "one", "--airflow", "3.3.2", "--wheelhouse", wheels, "--data", data]
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if "airflow/uv" not in part)
    for wait_s in (0.3, 2.0):
        half = subprocess.Popen([BINARY, *create], stderr=subprocess.DEVNULL, env={**os.environ, "PATH": path})
        time.sleep(wait_s)
        half.send_signal(signal.SIGKILL)
        half.wait()
        assert not list((data / "runtimes").glob("*.json"))
    assert "RTM-007" in command("runtime", "show", "one", "--data", data).stderr
    # What it had started goes on for a moment, and the folder is then swept.
    wait_for("its installer to end", lambda: not [w for _, w in processes() if str(data) in " ".join(w)], 60)
    done = command(*create)
    assert done.returncode == 0, done.stderr
    names = {entry.name for entry in (data / "runtimes/envs").iterdir()}
    assert len(names) == 1 and len(names.pop()) == 64


def test_other_versions_are_refused(tmp_path: pathlib.Path) -> None:
    for version in ("2.11.0", "3.0.5", "3.4.0"):
        done = command("runtime", "create", "x", "--airflow", version, "--data", tmp_path)
        assert done.returncode != 0 and "RTM-002" in done.stderr and "3.0.6 to 3.3.x" in done.stderr
