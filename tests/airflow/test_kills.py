"""kill -9 of server, worker, zygote and children at random: nothing is lost, nothing starts twice."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import time

from orrery import quoted, wait_for

KILLS = 25
DAG = """
import datetime, time
from airflow.sdk import dag, task, Variable

AGAIN = {"retries": 40, "retry_delay": datetime.timedelta(seconds=0)}

def witness(ti):
    with open("BOOK", "a") as book:
        book.write(f"{ti.run_id} {ti.task_id} {ti.map_index} {ti.try_number}\\n")

@dag(schedule=None, max_active_runs=100, default_args=AGAIN)
def witnessed():
    @task
    def first(ti=None):
        witness(ti)
        time.sleep(0.1)
        return [1, 2]
    @task
    def each(n, ti=None):
        witness(ti)
        time.sleep(0.1)
        return n
    @task
    def last(values, ti=None):
        witness(ti)
        assert sorted(values) == [1, 2], list(values)
    last(each.expand(n=first()))
witnessed()
"""


def test_kills_lose_nothing_and_start_nothing_twice(serve) -> None:
    server = serve()
    book = server.folder / "witnesses.txt"
    book.write_text("")
    server.dag("witnessed.py", DAG.replace("BOOK", str(book)))
    server.start()
    server.wait_for_dag("witnessed")
    chance = random.Random(3)
    runs, killed = [], collections.Counter[str]()
    for n in range(KILLS):
        runs.append(server.trigger("witnessed", logical_date=None))
        time.sleep(chance.random() * 0.8)
        whom = chance.choice(["server", "server", "zygote", "child", "child", "worker"])
        pids = {"zygote": server.zygotes, "child": server.children, "worker": server.workers}
        if whom == "server":
            server.kill()
            server.start()
        elif found := pids[whom]():
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(found), signal.SIGKILL)
        else:
            continue
        killed[whom] += 1
        # What was acknowledged is there.
        for run_id in runs[-3:]:
            server("GET", f"dags/witnessed/dagRuns/{quoted(run_id)}")
    ends = {run_id: server.wait_for_end("witnessed", run_id)["state"] for run_id in runs}
    for run_id in [run_id for run_id, end in ends.items() if end != "success"]:
        for name, ti in server.instances("witnessed", run_id).items():
            print(run_id, name, ti["state"], ti["try_number"], server.log(ti) if ti["state"] == "failed" else "")
    assert set(ends.values()) == {"success"}, ends
    seen = collections.Counter(book.read_text().splitlines())
    twice = [line for line, n in seen.items() if n > 1]
    assert not twice, twice
    assert len(seen) >= 4 * len(runs)
    print(f"killed {dict(killed)}; {len(runs)} runs, {len(seen)} tries")
    wait_for("all children to be gone", lambda: not server.children(), 30)
