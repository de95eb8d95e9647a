"""What dag files are told by the scheduler itself: how runs ended, and of processes that are gone."""

from __future__ import annotations

import os
import pathlib
import signal

from orrery import Server, wait_for

DAGS = """
import datetime, pathlib, time
from airflow.sdk import DAG, task

BOOK = pathlib.Path({book!r})

def told(what):
    def tell(context):
        ti = context.get("ti")
        line = [what, context["dag"].dag_id, context["run_id"], str(context.get("reason")),
                ti.task_id if ti else "-", str(ti.try_number) if ti else "-"]
        with BOOK.open("a") as book:
            book.write(" ".join(line) + "\\n")
        print("callback says", what)
    return tell

def breaks(context):
    raise ValueError("a callback that breaks")

both = dict(on_success_callback=told("success"), on_failure_callback=[breaks, told("failure")], schedule=None)

with DAG("ends_well", **both):
    @task
    def first(): pass
    @task
    def last(): pass
    first() >> last()

with DAG("ends_badly", **both):
    @task
    def fails(): raise ValueError("why not")
    fails()

with DAG("takes_long", dagrun_timeout=datetime.timedelta(seconds=3), **both):
    @task
    def sleeps(): time.sleep(600)
    sleeps()

with DAG("is_lost", **both):
    @task(retries=1, retry_delay=datetime.timedelta(seconds=1), on_retry_callback=told("retry"),
          on_failure_callback=told("task_failure"))
    def dies():
        pathlib.Path({pid!r}).write_text(str(__import__("os").getpid()))
        time.sleep(600)
    dies()
"""


def lines(book: pathlib.Path) -> set[str]:
    return set(book.read_text().splitlines()) if book.exists() else set()


def test_s046_dags_are_told_how_their_runs_ended(serve) -> None:
    server: Server = serve()
    book = server.folder / "book.txt"
    server.dag("callbacks.py", DAGS.format(book=str(book), pid=str(server.folder / "pid")))
    server.start()
    runs = {}
    for dag_id in ("ends_well", "ends_badly", "takes_long"):
        server.wait_for_dag(dag_id)
        runs[dag_id] = server.trigger(dag_id, dag_run_id=f"r_{dag_id}")
    for dag_id, run_id in runs.items():
        server.wait_for_end(dag_id, run_id)
    want = {
        "success ends_well r_ends_well success last 1",
        "failure ends_badly r_ends_badly task_failure fails 1",
        "failure takes_long r_takes_long timed_out sleeps 1",
    }
    wait_for(f"{want}", lambda: want <= lines(book), 60)
    assert lines(book) == want
    log = (server.data / "logs/~dag_processor/callbacks.py.log").read_text()
    assert "callback says success" in log and "a callback that breaks" in log, log


def test_s046_a_callback_outlives_a_kill_of_the_server(serve) -> None:
    server: Server = serve()
    book = server.folder / "book.txt"
    server.dag("callbacks.py", DAGS.format(book=str(book), pid=str(server.folder / "pid")))
    server.start()
    server.wait_for_dag("ends_well")
    for n in range(8):
        run_id = server.trigger("ends_well", dag_run_id=f"r{n}", logical_date=None)
        server.wait_for_end("ends_well", run_id)
        # Between the commit that ended the run and the end of its callback.
        server.kill()
        server.start()
    want = {f"success ends_well r{n} success last 1" for n in range(8)}
    wait_for("all callbacks", lambda: want <= lines(book), 120)


def test_s106_a_task_whose_process_is_gone_is_told_elsewhere(serve) -> None:
    server: Server = serve()
    book, pid = server.folder / "book.txt", server.folder / "pid"
    server.dag("callbacks.py", DAGS.format(book=str(book), pid=str(pid)))
    server.start()
    server.wait_for_dag("is_lost")
    run_id = server.trigger("is_lost", dag_run_id="r")
    for _ in range(2):
        wait_for("the task", lambda: pid.exists() and pid.read_text(), 60)
        # The worker and its interpreters with it: nobody is left to tell how it ended.
        doomed = [*server.workers(), *server.zygotes(), int(pid.read_text())]
        pid.unlink()
        for each in doomed:
            os.kill(each, signal.SIGKILL)
    server.wait_for_end("is_lost", run_id)
    want = {
        "retry is_lost r None dies 1",
        "task_failure is_lost r None dies 2",
        "failure is_lost r task_failure dies 2",
    }
    wait_for(f"{want}", lambda: want <= lines(book), 60)
