# What every generated dag file begins with: the few tasks that all dags are made of.
# ruff: noqa: F401
from __future__ import annotations

import datetime
import os
import pathlib
import signal
import tempfile
import time

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator,
    PythonOperator,
    ShortCircuitOperator,
)
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.providers.standard.triggers.file import FileDeleteTrigger
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import (
    DAG,
    Asset,
    AssetAlias,
    AssetWatcher,
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
    AssetOrTimeSchedule,
    BaseOperator,
    CronTriggerTimetable,
    Param,
    PartitionedAssetTimetable,
    TaskGroup,
    task,
    task_group,
)

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
# Of each system its own, beside the folder of its dags.
DAGS = pathlib.Path(__file__).resolve().parent
GATES = DAGS.with_name(DAGS.name.replace("dags", "gates"))


def pick(outcomes, ti, logical_date):
    """The outcomes of this instance: for all, or by day of the month, or by map index."""
    if isinstance(outcomes, dict):
        day = f"d{logical_date.day}" if logical_date else ""
        outcomes = outcomes.get(day) or outcomes.get(str(ti.map_index)) or outcomes.get("*") or ["ok"]
    return outcomes[min(ti.try_number, len(outcomes)) - 1]


def hold(gate, dag_run, ti):
    """Waits until the oracle opens the gate, that of the instance for `each`; runs not made by it have none."""
    folder = (dag_run.conf or {}).get("gates")
    if gate == "each":
        gate = f"{dag_run.run_id}.{ti.task_id}_{ti.map_index}"
    opened = pathlib.Path(folder or "", f"{dag_run.dag_id}.{gate}")
    while gate and folder and opened.parent.exists() and not opened.exists():
        time.sleep(0.2)


def act(outcomes=("ok",), value=None, gate=None, x=None, y=None, ti=None, dag_run=None, logical_date=None):
    hold(gate, dag_run, ti)
    outcome = pick(outcomes, ti, logical_date)
    if outcome == "fail":
        raise RuntimeError("as asked")
    if outcome == "fatal":
        raise AirflowFailException("as asked")
    if outcome == "skip":
        raise AirflowSkipException("as asked")
    if outcome == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if outcome == "slow":
        time.sleep(4)
    if outcome == "long":
        time.sleep(35)
    if outcome == "id":
        (GATES / f"{dag_run.dag_id}.id.{ti.id}").touch()
        if ti.try_number <= ti.max_tries:
            raise RuntimeError("as asked")
    if outcome == "push":
        ti.xcom_push(key=f"of try {ti.try_number}", value=True)
        if ti.try_number == 1:
            raise RuntimeError("as asked")
    if isinstance(value, dict):
        value = value.get(str(ti.try_number), value.get("*"))
    if value is None and x is not None:
        value = x if y is None else [x, y]
    return value


def second_look(ti=None):
    """False at the first look of an instance, then true."""
    mark = pathlib.Path(tempfile.gettempdir(), f"oracle-{ti.id}")
    if mark.exists():
        mark.unlink()
        return True
    mark.touch()
    return False


def choose(names, ti=None):
    return names


def t(name, *outcomes, value=None, gate=None, by=None, **args):
    words = {"outcomes": by or list(outcomes) or ["ok"], "value": value, "gate": gate}
    return PythonOperator(task_id=name, python_callable=act, op_kwargs=words, **args)


def e(name, **args):
    return EmptyOperator(task_id=name, **args)


def m(name, **args):
    return task(task_id=name, **args)(act)


def told(what):
    def tell(context):
        context["ti"].xcom_push(key=f"told {what}", value=True)

    return tell


CALLS = {f"on_{what}_callback": told(what) for what in ("execute", "success", "failure", "retry", "skipped")}


class Wait(BaseOperator):
    """Waits for a trigger that breaks, since nobody may delete that file, or for one that comes too late."""

    def __init__(self, broken, **args):
        super().__init__(**args)
        self.broken = broken

    def execute(self, context):
        if self.broken:
            self.defer(trigger=FileDeleteTrigger("/proc/version"), method_name="done")
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        self.defer(
            trigger=DateTimeTrigger(moment=moment), method_name="done", timeout=datetime.timedelta(seconds=2)
        )

    def done(self, context, event=None):
        return event


def name_asset(alias, name, uri, outlet_events=None, dag_run=None, ti=None):
    hold("each", dag_run, ti)
    outlet_events[AssetAlias(alias)].add(Asset(name, uri=uri), extra={"of": alias})


def late(of, context):
    run, deadline = context["dag_run"], context["deadline"]
    told = {"keys": sorted(deadline), "dag": run["dag_id"], "type": run["run_type"], "conf": len(run["conf"] or {})}
    (GATES / f"{of}.late.{run['dag_run_id']}").write_text(str(told))


def lingers(context):
    """Longer than a task that has succeeded may still take."""
    context["ti"].xcom_push(key="told at once", value=True)
    time.sleep(26)
    context["ti"].xcom_push(key="told too late", value=True)
