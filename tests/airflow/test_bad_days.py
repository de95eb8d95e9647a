"""Dag files and tasks that do harm: each harms itself alone, and is named."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from orrery import NEWEST, RUNTIMES, Runtime, Server, wait_for

GOOD = """
from airflow.sdk import dag, task

@dag(schedule=None)
def good():
    @task
    def works():
        return 1
    works()
good()
"""
# Files by name: what each does, and what its import error has to say; none where it has dags.
FILES = {
    "loops": ("while True: pass", "AirflowTaskTimeout"),
    "loops_and_holds_on": (
        "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass",
        "took longer than 50 s",
    ),
    "takes_all_memory": (
        "hoard = []\nwhile True: hoard.append(bytes(64 << 20))",
        "MemoryError",
    ),
    "leaves": ("import os\nos._exit(3)", "ended with code 3"),
    "exits": ("raise SystemExit(4)", "SystemExit: 4"),
    "is_no_python": ("def (", "SyntaxError"),
    "raises": ("1 / 0", "ZeroDivisionError"),
    "recurses": ("def again(): again()\nagain()", "RecursionError"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "Segmentation fault"),
    "says_no_message": ("import os\nos.write(0, b'\\0\\0\\0\\4\\xc1\\xc1\\xc1\\xc1')\nimport time\ntime.sleep(60)", "TSK-023"),
    "says_too_much": ("import os\nos.write(0, b'\\xff' * 64)\nimport time\ntime.sleep(60)", "TSK-022"),
    "says_nothing": ("import os\nos.close(0)", "TSK-024"),
    "kills_its_group": ("import os, signal\nos.killpg(0, signal.SIGKILL)", "ended by signal 9"),
    "kills_its_parent": ("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", None),
    "prints_bytes": ("import os\nfor _ in range(64): os.write(1, os.urandom(1 << 16)); os.write(2, os.urandom(1 << 16))", None),
    "starts_threads": ("import threading, time\nfor _ in range(8): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()", None),
    "leaves_a_daemon": ("import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(100)\n    os._exit(0)", None),
    "has_an_impossible_cron": ("from airflow.sdk import DAG\nhourly = DAG('c', schedule='61 * * * *')", "not acceptable, out of range"),
    "has_no_distance": ("import datetime\nfrom airflow.sdk import DAG\nalways = DAG('z', schedule=datetime.timedelta(0))", "must be positive"),
    "is_on_mars": ("import pendulum\nfrom airflow.sdk import DAG\nDAG('m', start_date=pendulum.datetime(2026, 1, 1, tz='Mars/Olympus'))", "Mars/Olympus"),
    "maps_in_a_ring": ("from airflow.sdk import DAG, task\nwith DAG('r'):\n    @task\n    def a(x): return [x]\n    m = a.expand(x=[1])\n    a.override(task_id='n').expand(x=m) >> m", "Cycle detected in D"),
    "maps_nothing": ("from airflow.sdk import DAG, task\nwith DAG('n'):\n    @task\n    def a(x): return [x]\n    a.expand(x=5)", "unexpected type 'int'"),
    "sets_a_hook": ("import sys\nsys.excepthook = sys.displayhook = None\nsys.stdout = sys.stderr = None", None),
}
TASKS = """
import datetime, os, signal, sys, threading, time
from airflow.sdk import dag, task

@dag(schedule=None)
def bad_tasks():
    @task(execution_timeout=datetime.timedelta(seconds=1))
    def loops():
        while True: pass
    @task
    def takes_all_memory():
        hoard = []
        while True: hoard.append(bytes(64 << 20))
    @task
    def leaves():
        os._exit(7)
    @task
    def exits():
        raise SystemExit(5)
    @task
    def crashes():
        import ctypes
        ctypes.string_at(0)
    @task
    def kills_its_parent():
        os.kill(os.getppid(), signal.SIGKILL)
        return "on my own"
    @task
    def kills_its_group():
        os.killpg(0, signal.SIGKILL)
    @task
    def prints_bytes():
        for _ in range(32):
            os.write(1, os.urandom(1 << 16))
        print("\\nat the end")
    @task
    def prints_for_ever():
        for _ in range(150):
            os.write(1, b"x" * (1 << 20) + b"\\n")
        print("at the end")
    @task
    def leaves_threads():
        threading.Thread(target=time.sleep, args=(1,)).start()
        return "started"
    @task
    def leaves_a_daemon():
        if os.fork() == 0:
            os.setsid()
            time.sleep(100)
            os._exit(0)
        return "forked"
    @task
    def says_no_message():
        os.write(0, b"\\0\\0\\0\\4\\xc1\\xc1\\xc1\\xc1")
        time.sleep(60)
    @task
    def says_too_much():
        os.write(0, b"\\xff" * 64)
        time.sleep(60)
    @task
    def says_nothing():
        os.closerange(0, 100)
    @task
    def raises():
        raise ValueError("an ordinary failure")
    loops(), takes_all_memory(), leaves(), exits(), crashes(), kills_its_parent(), kills_its_group()
    prints_bytes(), prints_for_ever(), leaves_threads(), leaves_a_daemon()
    says_no_message(), says_too_much(), says_nothing(), raises()
bad_tasks()
"""
# How they end, and what their logs say.
ENDS = {
    "loops": ("failed", "AirflowTaskTimeout"),
    "takes_all_memory": ("failed", "MemoryError"),
    "leaves": ("failed", "return code 7"),
    "exits": ("failed", "Task exited"),
    "crashes": ("failed", "Segmentation fault"),
    "kills_its_parent": ("success", "return code 0"),
    "kills_its_group": ("failed", "ended by signal 9"),
    "prints_bytes": ("success", "at the end"),
    "prints_for_ever": ("success", "at the end"),
    "leaves_threads": ("success", "return code 0"),
    "leaves_a_daemon": ("success", "return code 0"),
    "says_no_message": ("failed", "TSK-023"),
    "says_too_much": ("failed", "TSK-022"),
    "says_nothing": ("failed", "return code"),
    "raises": ("failed", "an ordinary failure"),
}
BYTES_MAX = 400 << 20


def memory(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def test_bad_files_and_tasks(serve) -> None:
    server = serve(AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="10")
    server.arguments = ["--set", "airflow.task_memory_mib=1024"]
    server.dag("good.py", GOOD)
    for name, (text, said) in FILES.items():
        dag = GOOD.replace("def good", f"def {name}").replace("good()", f"{name}()")
        server.dag(f"{name}.py", f"# airflow dag\n{text}\n{dag}")
    server.dag("bad_tasks.py", TASKS)
    began = time.monotonic()
    server.start()
    run, found = server.run("good")
    assert run["state"] == "success"
    print(f"the good dag ran {time.monotonic() - began:.1f} s after the start")

    server.wait_for_dag("bad_tasks")
    run_id = server.trigger("bad_tasks")
    server.run("good", logical_date="2026-01-02T00:00:00Z")
    server.wait_for_end("bad_tasks", run_id)
    wrong = []
    for name, ti in server.instances("bad_tasks", run_id).items():
        state, said = ENDS[name]
        log = server.log(ti)
        if ti["state"] != state or said not in log:
            wrong.append(f"{name}: {ti['state']} and not {state} with {said}: ...{log[-900:]}")
    assert not wrong, "\n".join(wrong)

    broken = {f"{name}.py": said for name, (_, said) in FILES.items() if said}
    wait_for("all import errors", lambda: broken.keys() <= server.import_errors().keys(), 120)
    errors = server.import_errors()
    wrong = [f"{file}: {errors[file]}" for file, said in broken.items() if said not in errors[file]]
    assert not wrong, "\n".join(wrong)
    assert errors.keys() == broken.keys()
    for name, (_, said) in FILES.items():
        if not said:
            server.wait_for_dag(name, 60)
    assert time.monotonic() - began < 180
    run, _ = server.run("good", logical_date="2026-01-03T00:00:00Z")
    assert run["state"] == "success"
    (worker,) = server.workers()
    assert server.process and memory(server.process.pid) < BYTES_MAX and memory(worker) < BYTES_MAX
    assert sum(map(len, server.log_files())) < 200 << 20


def damaged(name: str) -> Runtime:
    """A copy of the newest runtime, by links, whose files may be removed."""
    whole, data = Runtime(NEWEST), RUNTIMES / "damaged"
    envs = data / "runtimes/envs"
    shutil.rmtree(data, ignore_errors=True)
    envs.mkdir(parents=True)
    subprocess.run(["cp", "-al", whole.folder, envs], check=True)
    shutil.copy(whole.data / "runtimes" / f"{whole.name}.json", data / "runtimes/damaged.json")
    return Runtime("", "damaged")


def lose_module(env: pathlib.Path) -> None:
    next(env.glob("lib/python*/site-packages/airflow/sdk/__init__.py")).unlink()


# What is lost, and whether a server still starts.
DAMAGES = {
    "a module": (lose_module, True),
    "the interpreter": (lambda env: (env / "bin/python").unlink(), False),
    "all": (shutil.rmtree, False),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_runtime_is_named(tmp_path: pathlib.Path, damage: str) -> None:
    runtime = damaged("damaged")
    server = Server(tmp_path, runtime)
    server.dag("good.py", GOOD)
    server.dag("still.yaml", "dag_id: still\nschedule: null\ntasks: [{id: one, uses: empty}]\n")
    lose, starts = DAMAGES[damage]
    try:
        server.start()
        assert server.run("good")[0]["state"] == "success"
        lose(runtime.folder)
        for pid in server.zygotes():
            os.kill(pid, signal.SIGKILL)
        # What was known is still there; what has to be read or run says what is wrong.
        assert server.run("still")[0]["state"] == "success"
        run, found = server.run("good", logical_date="2026-01-02T00:00:00Z")
        log = server.log(found["works"])
        assert run["state"] == "failed" and "TSK-020" in log and runtime.folder.name in log, log
        server.dag("good.py", GOOD + "\n")
        errors = wait_for("the import error", server.import_errors)
        assert "TSK-020" in errors["good.py"], errors
        server.stop()
        try:
            server.start()
        except AssertionError as error:
            assert not starts and "RTM-008" in str(error)
        else:
            assert starts
    finally:
        server.stop()
        shutil.rmtree(runtime.data)
