"""Tasks that run in other interpreters, ask other places for secrets, and read values piece by piece."""

from __future__ import annotations

import datetime
import os

from airflow.providers.standard.operators.python import (
    BranchExternalPythonOperator,
    ExternalPythonOperator,
    PythonOperator,
)
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import BaseOperator, BaseOperatorLink, Connection, Variable, dag, task
from airflow.sdk.execution_time.xcom import XCom

OTHER = os.environ["AIRFLOW_VAR_OTHER_PYTHON"]


def left():
    return "chosen"


def divides():
    return 1 / 0


class Manual(BaseOperatorLink):
    name = "Manual"

    def get_link(self, operator, *, ti_key):
        return f"https://manual.example/{ti_key.task_id}/{XCom.get_value(key='page', ti_key=ti_key)}"


class Linked(BaseOperator):
    operator_extra_links = (Manual(),)

    def execute(self, context):
        context["ti"].xcom_push(key="page", value=7)


@dag(schedule=None)
def special_tasks():
    @task.virtualenv(system_site_packages=False)
    def in_virtualenv(n):
        import sys

        print("in", sys.prefix)
        return {"n": n + 1, "is_venv": sys.prefix != sys.base_prefix}

    @task.external_python(python=OTHER)
    def in_other():
        import sys

        print("from", sys.executable)
        return sys.executable

    branch = BranchExternalPythonOperator(task_id="branch", python=OTHER, python_callable=left)
    chosen = PythonOperator(task_id="chosen", python_callable=print)
    spurned = PythonOperator(task_id="spurned", python_callable=print)
    ExternalPythonOperator(task_id="fails_there", python=OTHER, python_callable=divides)

    @task
    def secrets():
        assert Variable.get("in_backend") == "from the backend"
        assert Variable.get("in_environment") == "from the environment"
        assert Variable.get("in_book") == "from the book"
        # The first that knows it is asked no further.
        assert Variable.get("in_all") == "from the backend"
        assert Connection.get("in_backend").password == "backend-secret-word"
        print("hush:", Connection.get("in_backend").password)

    @task
    def numbers():
        return list(range(5))

    @task
    def tenfold(n):
        return 10 * n

    @task
    def lazily(values):
        assert len(values) == 5, len(values)
        assert (values[0], values[-1], values[4]) == (0, 40, 40)
        assert list(values[1:4]) == [10, 20, 30] and list(values[::-2]) == [40, 20, 0]
        try:
            values[5]
        except IndexError:
            pass
        else:
            raise AssertionError("there is no sixth")
        return type(values).__name__

    @task(retries=1, retry_delay=datetime.timedelta(0))
    def remembers(ti=None, task_state_store=None):
        if ti.try_number == 1:
            task_state_store.set("job", {"id": 17})
            task_state_store.set("gone", 1)
            task_state_store.delete("gone")
            raise RuntimeError("lost the connection")
        assert task_state_store.get("job") == {"id": 17}
        assert task_state_store.get("gone", default="nothing") == "nothing"
        return task_state_store.get("job")["id"]

    @task
    def times():
        now = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
        return {"at": now, "took": datetime.timedelta(minutes=3), "set": {1, 2}, "bytes": b"x".hex()}

    @task
    def reads_times(value):
        assert value["at"].year == 2026 and value["took"].total_seconds() == 180 and value["set"] == {1, 2}

    in_virtualenv(in_other() and 1)
    branch >> [chosen, spurned]
    secrets()
    lazily(tenfold.expand(n=numbers()))
    remembers()
    reads_times(times())
    Linked(task_id="linked")
    TriggerDagRunOperator(task_id="triggers", trigger_dag_id="triggered", conf={"who": "{{ dag.dag_id }}"})


@dag(schedule=None, is_paused_upon_creation=False)
def triggered():
    @task
    def told(params=None, dag_run=None):
        return dag_run.conf["who"]

    told()


special_tasks()
triggered()
