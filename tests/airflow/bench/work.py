"""The dags that are measured, and the figures of a run."""

from __future__ import annotations

import datetime
import pathlib
import statistics
import time
import urllib.parse

from side import Json, Rest, TooSlow

PATIENCE_S = 900
HEAD = """
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

def nothing():
    pass

def sleeps():
    import time
    time.sleep({sleep_s})

with DAG("{dag_id}", schedule=None, max_active_tasks=1_000):
"""


def independent(n: int) -> str:
    body = f"    for i in range({n}):\n        PythonOperator(task_id=f't{{i}}', python_callable=nothing)\n"
    return HEAD.format(dag_id=f"independent_{n}", sleep_s=0) + body


def chain(n: int) -> str:
    body = "    last = None\n    for i in range(%d):\n" % n
    body += "        task = PythonOperator(task_id=f't{i}', python_callable=nothing)\n"
    body += "        last = last >> task if last else task\n"
    return HEAD.format(dag_id=f"chain_{n}", sleep_s=0) + body


def sleepers(n: int, sleep_s: int) -> str:
    body = f"    for i in range({n}):\n        PythonOperator(task_id=f't{{i}}', python_callable=sleeps)\n"
    return HEAD.format(dag_id="sleepers", sleep_s=sleep_s) + body


def lay(folder: pathlib.Path, name: str, text: str) -> None:
    """All of the file at once."""
    (folder / f".{name}").write_text(text)
    (folder / f".{name}").rename(folder / name)


def until(what: str, look, patience_s: float = PATIENCE_S, every_s: float = 0.02):
    """What `look` gives, once it gives something."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(every_s)
    raise TooSlow(f"waited {patience_s} s for {what}")


def appears(rest: Rest, dag_id: str) -> None:
    """Waits for the dag, and takes its pause away."""
    until(f"dag {dag_id}", lambda: rest.ask("GET", f"dags/{dag_id}")[0] == 200, every_s=0.01)
    rest.ask("PATCH", f"dags/{dag_id}", {"is_paused": False})


def trigger(rest: Rest, dag_id: str) -> str:
    status, run = rest.ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
    if status != 200:
        raise TooSlow(f"{dag_id}: {status} {run}")
    return f"dags/{dag_id}/dagRuns/{urllib.parse.quote(run['dag_run_id'])}"


def finish(rest: Rest, path: str) -> tuple[Json, list[Json]]:
    """The run at its end, and its task instances."""

    def look() -> Json:
        run = rest.get(path)
        return run if run["state"] in ("success", "failed") else None

    # Asking is work too: not more often than matters.
    run = until(path, look, every_s=0.5)
    if run["state"] != "success":
        raise TooSlow(f"{path} ended {run['state']}")
    return run, rest.all(f"{path}/taskInstances", "task_instances")


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def span_s(instances: list[Json]) -> float:
    """From the first start to the last end."""
    return max(at(ti["end_date"]) for ti in instances) - min(at(ti["start_date"]) for ti in instances)


def gaps_ms(instances: list[Json]) -> list[float]:
    """From each end to the next start."""
    times = sorted((at(ti["start_date"]), at(ti["end_date"])) for ti in instances)
    return [(after[0] - before[1]) * 1e3 for before, after in zip(times, times[1:])]


def summary(values: list[float], digits: int = 1) -> Json:
    """Median and spread."""
    of = [round(value, digits) for value in (statistics.median(values), min(values), max(values))]
    return {"median": of[0], "min": of[1], "max": of[2], "n": len(values)}
