"""What only Python can say: a plugin's timetable and priority strategy."""

from __future__ import annotations

import os
import signal

from orrery import Server, processes, wait_for

WORKDAYS = """
import datetime
from pendulum import UTC, DateTime, Time
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

class Workdays(Timetable):
    description = "Each workday, at midnight"
    @property
    def summary(self):
        return "workdays"
    def serialize(self):
        return {"n": self.n}
    @classmethod
    def deserialize(cls, value):
        return cls(value["n"])
    def __init__(self, n=1):
        self.n = n
    def workday(self, day, step):
        while day.weekday() >= 5:
            day = day.add(days=step)
        return day
    def infer_manual_data_interval(self, *, run_after):
        if run_after.year == 1970:
            raise ValueError("nobody worked then")
        day = DateTime.combine((run_after - datetime.timedelta(days=1)).date(), Time.min).replace(tzinfo=UTC)
        start = self.workday(day, -1)
        return DataInterval(start=start, end=start.add(days=1))
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        if last_automated_data_interval is not None:
            day = last_automated_data_interval.start.add(days=1)
        elif restriction.earliest is None:
            return None
        else:
            day = restriction.earliest
        start = self.workday(DateTime.combine(day.date(), Time.min).replace(tzinfo=UTC), 1)
        if restriction.latest is not None and start > restriction.latest:
            return None
        return DagRunInfo.interval(start=start, end=start.add(days=1))
    def generate_run_id(self, *, run_type, run_after, data_interval, **extra):
        return f"{run_type.value if hasattr(run_type, 'value') else run_type}__workday_{data_interval.start.date()}"

class WorkdayPlugin(AirflowPlugin):
    name = "workday_plugin"
    timetables = [Workdays]
"""

STRATEGY = """
from airflow.plugins_manager import AirflowPlugin
from airflow.task.priority_strategy import PriorityWeightStrategy

class LastLetter(PriorityWeightStrategy):
    def get_weight(self, ti):
        return ord(ti.task_id[-1])

class StrategyPlugin(AirflowPlugin):
    name = "strategy_plugin"
    priority_weight_strategies = [LastLetter]
"""

DAGS = """
import datetime
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.bash import BashOperator
from workdays import Workdays

with DAG("workdays", schedule=Workdays(2), catchup=True, start_date=datetime.datetime(2026, 1, 2),
         end_date=datetime.datetime(2026, 1, 9), max_active_runs=3):
    @task
    def day(data_interval_start=None):
        print("it is", data_interval_start.date())
    day()
"""

WEIGHTS = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
from strategy import LastLetter

with DAG("weights", schedule=None):
    for name in "adcb":
        BashOperator(task_id=f"t_{name}", bash_command="true", pool="one", weight_rule=LastLetter())
"""

WANT = {f"scheduled__workday_2026-01-{day:02}" for day in (2, 5, 6, 7, 8, 9)}


def runs(server: Server) -> dict[str, str]:
    page = server("GET", "dags/workdays/dagRuns?limit=100")
    return {run["dag_run_id"]: run["state"] for run in page["dag_runs"]}


def by_hand(server: Server) -> None:
    """The timetable says which day a run by hand is for, and what it is called."""
    run_id = server.trigger("workdays", logical_date="2026-03-01T12:00:00Z")
    run = server.wait_for_end("workdays", run_id)
    assert run_id == "manual__workday_2026-02-27", run_id
    assert run["data_interval_start"] == "2026-02-27T00:00:00Z", run
    # A broken plugin is a refusal, in its own words.
    status, said = server.ask("POST", "dags/workdays/dagRuns", {"logical_date": "1970-01-02T00:00:00Z"})
    assert status == 400 and "nobody worked then" in str(said), (status, said)


def backfill(server: Server) -> None:
    """The timetable says the days of a backfill: 5 January is one of a run that is there."""
    span = {"from_date": "2025-12-25T00:00:00Z", "to_date": "2026-01-05T00:00:00Z"}
    ask = {"dag_id": "workdays", **span, "reprocess_behavior": "none", "max_active_runs": 3}
    would = server("POST", "backfills/dry_run", ask)["backfills"]
    days = [f"2025-12-{day}" for day in (25, 26, 29, 30, 31)] + ["2026-01-01"]
    assert [each["logical_date"][:10] for each in would] == days, would
    server("POST", "backfills", ask)
    made = wait_for("their runs", lambda: [name for name in runs(server) if name.startswith("backfill__")])
    assert len(made) == len(days), made
    wait_for("their ends", lambda: set(runs(server).values()) == {"success"}, 120)


def test_s097_plugins_say_when_and_in_which_order(serve) -> None:
    server: Server = serve()
    plugins = server.data / "airflow/plugins"
    plugins.mkdir(parents=True)
    (plugins / "workdays.py").write_text(WORKDAYS)
    (plugins / "strategy.py").write_text(STRATEGY)
    server.dag("workdays_dag.py", DAGS)
    server.start()
    server.wait_for_dag("workdays")
    wait_for("the runs of all workdays", lambda: WANT <= set(runs(server)), 120)
    wait_for("their ends", lambda: set(runs(server).values()) == {"success"}, 120)
    assert set(runs(server)) == WANT
    dag = server("GET", "dags/workdays/details")
    assert dag["timetable_summary"] == "workdays"
    assert dag["timetable_description"] == "Each workday, at midnight"
    by_hand(server)
    backfill(server)
    server("POST", "pools", {"name": "one", "slots": 1})
    server.dag("weights.py", WEIGHTS)
    server.wait_for_dag("weights")
    _, found = server.run("weights")
    order = sorted(found, key=lambda name: found[name]["start_date"])
    assert order == ["t_d", "t_c", "t_b", "t_a"], order


def test_an_evaluator_that_is_killed_is_asked_again(serve) -> None:
    server: Server = serve()
    plugins = server.data / "airflow/plugins"
    plugins.mkdir(parents=True)
    slow = WORKDAYS.replace("    def next_dagrun_info", "    def next_dagrun_info", 1)
    slow = slow.replace("        if last_automated", "        __import__('time').sleep(2)\n        if last_automated", 1)
    (plugins / "workdays.py").write_text(slow)
    server.dag("workdays_dag.py", DAGS)
    server.start()
    server.wait_for_dag("workdays")
    for _ in range(2):
        # Whatever child is there now is in the middle of an answer, most likely.
        for pid in wait_for("a child", server.children, 60):
            os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: pid not in [each for each, _ in processes()], 60)
    wait_for("the runs of all workdays", lambda: WANT <= set(runs(server)), 120)
    assert set(runs(server)) == WANT


MAPPERS = """
from airflow.example_dags.plugins.business_day_window import BusinessDayWindowPlugin
from airflow.example_dags.plugins.custom_partition_mapper import PrefixStripMapperPlugin
"""
PARTITIONS = """
from airflow.example_dags.plugins.business_day_window import BusinessDayWindow
from airflow.example_dags.plugins.custom_partition_mapper import PrefixStripMapper
from airflow.sdk import DAG, Asset, MinimumCount, PartitionedAssetTimetable, RollupMapper, StartOfMonthMapper, task

strips = PrefixStripMapper("eu")
month = RollupMapper(upstream_mapper=StartOfMonthMapper(input_format="%Y-%m-%d"), window=BusinessDayWindow(),
                     wait_policy=MinimumCount(2))
for name, mapper in {"strips": strips, "month": month}.items():
    with DAG(name, schedule=PartitionedAssetTimetable(assets=Asset(f"of_{name}"), default_partition_mapper=mapper)):
        @task
        def told(dag_run=None):
            return dag_run.partition_key
        told()
"""


def test_s133_s135_plugins_say_which_partitions_an_event_is_for(serve) -> None:
    """By the mapper and the window that Airflow itself has as examples."""
    server: Server = serve()
    plugins = server.data / "airflow/plugins"
    plugins.mkdir(parents=True)
    (plugins / "mappers.py").write_text(MAPPERS)
    server.dag("partitions.py", PARTITIONS)
    server.start()
    for name in ("strips", "month"):
        server.wait_for_dag(name)
    assets = {asset["name"]: asset["id"] for asset in server("GET", "assets")["assets"]}

    def event(name: str, key: str) -> None:
        server("POST", "assets/events", {"asset_id": assets[f"of_{name}"], "partition_key": key})

    def keys(name: str) -> list[str]:
        return sorted(run["partition_key"] for run in server("GET", f"dags/{name}/dagRuns")["dag_runs"])

    event("strips", "eu::daily-sales")
    event("strips", "us::daily-sales")
    wait_for("two runs", lambda: keys("strips") == ["daily-sales", "us::daily-sales"], 60)
    # The first of the month is a Sunday, which the window does not count.
    for day in ("01", "02"):
        event("month", f"2026-02-{day}")
    event("strips", "eu::later")
    wait_for("a run", lambda: "later" in keys("strips"), 60)
    assert keys("month") == []
    event("month", "2026-02-03")
    wait_for("the month", lambda: len(keys("month")) == 1, 60)
    (run,) = server("GET", "dags/month/dagRuns")["dag_runs"]
    assert server.wait_for_end("month", run["dag_run_id"])["state"] == "success"
    assert run["partition_key"].startswith("2026-02"), run
    assert server.xcom(server.instances("month", run["dag_run_id"])["told"]) == run["partition_key"]
