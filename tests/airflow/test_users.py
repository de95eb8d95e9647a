"""Tasks that run as another user of the system, by sudo, as upstream's runner has it."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import stat
import subprocess
from collections.abc import Iterator

import pytest
from orrery import Server, processes, wait_for

USER = "nobody"
DAG = """
import getpass, os, sys, time
from airflow.sdk import Connection, DAG, Variable, task

with DAG("users", schedule=None):
    @task(run_as_user="nobody")
    def another(before):
        print("a line of", getpass.getuser(), "hush:", Connection.get("door").password)
        Variable.set("told", str(before + 1))
        try:
            os.listdir(DATA)
        except PermissionError:
            return [getpass.getuser(), Variable.get("colour"), os.environ["HOME"]]

    @task
    def oneself():
        return 41

    @task(run_as_user="nobody", retries=0)
    def fails(_):
        raise RuntimeError("it failed there")

    fails(another(oneself()))

with DAG("users_hang", schedule=None):
    @task(run_as_user="nobody")
    def hangs():
        print("it hangs", flush=True)
        time.sleep(6789)
    hangs()

with DAG("users_none", schedule=None):
    @task(run_as_user="nobody_of_this_name")
    def nowhere():
        pass
    nowhere()
"""


@contextlib.contextmanager
def through(*paths: pathlib.Path) -> Iterator[None]:
    """Lets others pass to these for a while: pytest's folder and the interpreter's may be private."""
    folders = [parent for path in paths for known in (path, path.resolve()) for parent in known.parents]
    private = {each: stat.S_IMODE(each.stat().st_mode) for each in folders}
    private = {each: mode for each, mode in private.items() if not mode & stat.S_IXOTH}
    for each, mode in private.items():
        each.chmod(mode | stat.S_IXOTH)
    try:
        yield
    finally:
        for each, mode in private.items():
            each.chmod(mode)


@pytest.fixture
def server(serve) -> Iterator[Server]:
    sudo = ["sudo", "-n", "-u", USER]
    if not shutil.which("sudo"):
        pytest.skip("there is no sudo here")
    if subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"sudo asks for a password to be {USER}, or may not")
    server: Server = serve()
    if os.getuid() != 0:
        pytest.skip("folders of others are let through by root alone")
    # As the server makes it.
    server.data.chmod(0o700)
    python = server.runtime.python
    with through(server.data, python):
        if subprocess.run([*sudo, python, "-c", ""], capture_output=True, check=False).returncode:
            pytest.skip(f"{USER} cannot run {python.resolve()}")
        server.arguments = ["--set", "airflow.run_as_user=true"]
        server.dag("users.py", DAG.replace("DATA", repr(str(server.data))))
        server.env |= {"AIRFLOW_CONN_DOOR": "http://me:squeamish-word@door"}
        server.start()
        server("POST", "variables", {"key": "colour", "value": "blue"})
        yield server
        server.stop()


def test_tasks_run_as_another_user(server: Server) -> None:
    _, found = server.run("users")
    states = {name: ti["state"] for name, ti in found.items()}
    log = server.log(found["another"])
    assert states == {"oneself": "success", "another": "success", "fails": "failed"}, log
    user, colour, home = server.xcom(found["another"])
    assert (user, colour) == (USER, "blue") and home == subprocess.getoutput(f"getent passwd {USER}").split(":")[5]
    assert server("GET", "variables/told")["value"] == "42"
    # All that it says is in its log, masked, though it is another process.
    assert f"a line of {USER} hush: ***" in log, log
    assert "it failed there" in server.log(found["fails"])
    for folder, mode in {"": 0o711, "logs": 0o700, "keys": 0o700, "run": 0o700}.items():
        assert stat.S_IMODE((server.data / folder).stat().st_mode) == mode, folder


def hanging() -> list[int]:
    mine = [pid for pid, words in processes() if "task_runner import main" in " ".join(words)]
    return [pid for pid in mine if pathlib.Path(f"/proc/{pid}").exists()]


def test_a_task_of_another_user_ends_when_it_is_told_to(server: Server) -> None:
    server.wait_for_dag("users_hang")
    run_id = server.trigger("users_hang")

    def hangs() -> bool:
        ti = server.instances("users_hang", run_id)["hangs"]
        return ti["state"] == "running" and "it hangs" in server.log(ti)

    wait_for("the task", hangs, 120)
    assert hanging()
    server("PATCH", f"dags/users_hang/dagRuns/{run_id}/taskInstances/hangs", {"new_state": "failed"})
    wait_for("the end of its processes", lambda: not hanging(), 60)


def test_a_user_that_is_not_there_is_told(server: Server) -> None:
    run, found = server.run("users_none")
    log = server.log(found["nowhere"])
    assert run["state"] == "failed" and "nobody_of_this_name" in log, log
