"""A dag file that is read once for many tasks, with the Airflow that is installed beside these tests."""

from __future__ import annotations

import os
import pathlib
import signal

import pytest
from parent import Kept, Zygote

DAG = """
from airflow.sdk import dag, task

@dag(schedule=None)
def kept():
    @task
    def t():
        print("says", WHAT)
        return WHAT
    t()
kept()
"""
HARMS = {
    "asks the server": "from airflow.sdk import Variable\nWHAT = Variable.get('what', default='none')",
    "prints": "print('here')\nWHAT = 1",
    "logs as": "import logging\nlogging.getLogger('mine').warning('here')\nWHAT = 1",
    "subprocess": "import subprocess\nsubprocess.run(['true'])\nWHAT = 1",
    "writes": "open(__file__ + '.txt', 'w').close()\nWHAT = 1",
    "tempfile": "import tempfile\ntempfile.mkdtemp()\nWHAT = 1",
    "socket": "import socket\nWHAT = socket.socket().connect_ex(('127.0.0.1', 1))",
    "starts threads": "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    "get_parsing_context": "CONTEXT",
    "cannot be read": "import nothing_of_this_name",
}


@pytest.fixture
def dags(env: dict[str, str]) -> pathlib.Path:
    return pathlib.Path(env["AIRFLOW__CORE__DAGS_FOLDER"])


def put(folder: pathlib.Path, name: str, text: str) -> None:
    # Another inode, so that a change within the same tick of the clock is one.
    next_one = folder / f".{name}"
    next_one.write_text(text)
    next_one.replace(folder / name)


def keep(zygote: Zygote, file: str, age_s: float = 60) -> Kept:
    kept = zygote.keep("kept", file, age_s)
    assert isinstance(kept, Kept), kept
    return kept


def said(zygote: Zygote, file: str) -> str:
    session, ended, came = zygote.run_task("kept", "t", file)
    assert ended["status"] == 0 and came[-1]["type"] == "SucceedTask", session.text()
    return session.told[0].decode()


@pytest.mark.parametrize("why", HARMS)
def test_what_nobody_may_miss_is_done_for_each_task(zygote: Zygote, dags: pathlib.Path, why: str) -> None:
    before = HARMS[why]
    if before == "CONTEXT":
        before = "from airflow.sdk import get_parsing_context\nWHAT = get_parsing_context().dag_id"
    put(dags, "harm.py", f"{before}\n{DAG}")
    found = zygote.keep("kept", "harm.py")
    assert isinstance(found, str) and why in found


def test_tasks_find_what_was_read(zygote: Zygote, dags: pathlib.Path) -> None:
    put(dags, "seen.py", f"import os\nWHAT = os.getpid()\n{DAG}")
    kept = keep(zygote, "seen.py")
    first, second = said(kept, "seen.py"), said(kept, "seen.py")
    assert first == second != said(zygote, "seen.py")
    # Another file is read as ever, and the class that was stood in for is one to derive from.
    _, ended, came = kept.run_task("one", "say", "one.py")
    assert ended["status"] == 0 and came[-1]["type"] == "SucceedTask"
    kept.close()


def test_tasks_are_refused_when_what_was_read_has_changed(zygote: Zygote, dags: pathlib.Path) -> None:
    listed = dags / "listed"
    listed.mkdir()
    text = "import json, os, pathlib\nimport kept_helper\nHERE = pathlib.Path(__file__).parent\n"
    text += "WHAT = [kept_helper.N, (HERE / 'kept.txt').read_text(), len(os.listdir(HERE / 'listed'))]\n"
    changes = {
        "file": lambda: put(dags, "many.py", text + DAG + "\n"),
        "module": lambda: put(dags, "kept_helper.py", "N = 22"),
        "text": lambda: put(dags, "kept.txt", "b"),
        "folder": lambda: put(listed, "new", ""),
    }
    put(dags, "kept_helper.py", "N = 1")
    put(dags, "kept.txt", "a")
    put(dags, "many.py", text + DAG)
    assert "[1, 'a', 0]" in said(zygote, "many.py")
    for what, change in changes.items():
        kept = keep(zygote, "many.py")
        said(kept, "many.py")
        change()
        with pytest.raises(PermissionError):
            kept.open("task")
            pytest.fail(what)
        kept.close()
    assert "[22, 'b', 1]" in said(zygote, "many.py")


def test_a_crash_ends_the_task_alone(zygote: Zygote, dags: pathlib.Path) -> None:
    put(dags, "crash.py", "import ctypes\n" + DAG.replace("return WHAT", "ctypes.string_at(0)\n").replace("WHAT", "1"))
    kept = keep(zygote, "crash.py")
    for _ in range(2):
        session, ended, _ = kept.run_task("kept", "t", "crash.py")
        assert os.WTERMSIG(ended["status"]) == signal.SIGSEGV and "Segmentation fault" in session.text()
    kept.close()


def test_a_reading_has_an_age(zygote: Zygote, dags: pathlib.Path) -> None:
    put(dags, "old.py", f"WHAT = 1\n{DAG}")
    kept = keep(zygote, "old.py", age_s=0)
    with pytest.raises(PermissionError, match="its age"):
        kept.open("task")
    kept.close()


def test_whoever_keeps_a_file_ends_with_its_socket(zygote: Zygote, dags: pathlib.Path) -> None:
    put(dags, "end.py", f"WHAT = 1\n{DAG}")
    kept = keep(zygote, "end.py")
    number = zygote.number
    forked = zygote.wait_for(lambda said: said.get("id") == number)
    kept.close()
    assert zygote.wait_for(lambda said: said.get("id") == number)["status"] == 0
    assert not os.path.exists(f"/proc/{forked['pid']}")
