# What every generated dag file begins with: the few tasks that all dags are made of.
# ruff: noqa: F401
from __future__ import annotations

import datetime
import pathlib
import tempfile
import time

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator,
    PythonOperator,
    ShortCircuitOperator,
)
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import DAG, Asset, AssetAlias, TaskGroup, task, task_group

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def pick(outcomes, ti, logical_date):
    """The outcomes of this instance: for all, or by day of the month, or by map index."""
    if isinstance(outcomes, dict):
        day = f"d{logical_date.day}" if logical_date else ""
        outcomes = outcomes.get(day) or outcomes.get(str(ti.map_index)) or outcomes.get("*") or ["ok"]
    return outcomes[min(ti.try_number, len(outcomes)) - 1]


def hold(gate, dag_run):
    """Waits until the oracle opens the gate; runs that were not made by it have none."""
    folder = (dag_run.conf or {}).get("gates")
    while gate and folder and not pathlib.Path(folder, f"{dag_run.dag_id}.{gate}").exists():
        time.sleep(0.2)


def act(outcomes=("ok",), value=None, gate=None, x=None, y=None, ti=None, dag_run=None, logical_date=None):
    hold(gate, dag_run)
    outcome = pick(outcomes, ti, logical_date)
    if outcome == "fail":
        raise RuntimeError("as asked")
    if outcome == "fatal":
        raise AirflowFailException("as asked")
    if outcome == "skip":
        raise AirflowSkipException("as asked")
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


