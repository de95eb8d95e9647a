"""A zygote of the interpreter that runs these tests, with a folder of dags."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from parent import Zygote, environment

DAGS = {
    "one.py": """
from airflow.sdk import dag, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

@dag(schedule=None)
def one():
    @task
    def say(name):
        print("hello", name)
        return {"n": 1}
    say("you") >> PythonOperator(task_id="noop", python_callable=lambda: None)
    BashOperator(task_id="bash", bash_command="echo {{ ds }} $MINE")
one()
""",
    "bad.py": """
import os, signal, subprocess
from airflow.sdk import dag, task

@dag(schedule=None)
def bad():
    @task
    def leaves():
        os._exit(7)
    @task
    def kills_parent():
        os.kill(os.getppid(), signal.SIGKILL)
    @task
    def kills_group():
        os.killpg(0, signal.SIGKILL)
    @task
    def looks():
        fds = []
        for n in os.listdir("/proc/self/fd"):
            try:
                fds.append(os.readlink(f"/proc/self/fd/{n}"))
            except OSError:
                pass
        print("SOCKETS", sum(f.startswith("socket:") for f in fds), "PIDFDS", sum("pidfd" in f for f in fds))
        print("GROUP", os.getpgid(0) == os.getpid())
    @task
    def opens_database():
        import sqlite3
        sqlite3.connect(":memory:")
    leaves(), kills_parent(), kills_group(), looks(), opens_database()
bad()
""",
    "broken.py": "from airflow.sdk import dag\nimport nothing_of_this_name\n",
}
PLUGIN = """
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable
import pendulum

class EveryHour(Timetable):
    description = "each hour"
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval(run_after.subtract(hours=1), run_after)
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        start = last_automated_data_interval.end if last_automated_data_interval else restriction.earliest
        return DagRunInfo.interval(start, start.add(hours=1)) if start else None

try:
    from airflow.task.priority_strategy import PriorityWeightStrategy
    class ByTry(PriorityWeightStrategy):
        def get_weight(self, ti):
            return 10 * ti.try_number
    weights = [ByTry]
except ImportError:
    weights = []

class Mine(AirflowPlugin):
    name = "mine"
    timetables = [EveryHour]
    priority_weight_strategies = weights
"""


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home: pathlib.Path = tmp_path_factory.mktemp("home")
    for folder in ("dags", "plugins"):
        (home / folder).mkdir()
    for name, text in DAGS.items():
        (home / "dags" / name).write_text(text)
    (home / "plugins" / "mine.py").write_text(PLUGIN)
    return environment(home, home / "dags")


@pytest.fixture(scope="session")
def zygote(env: dict[str, str]) -> Iterator[Zygote]:
    zygote = Zygote(env)
    assert zygote.boot.get("ready") == 1, zygote.boot.get("broken")
    yield zygote
    assert zygote.close() == 0
