"""One dag with a bit of everything that needs Airflow's own code to run."""

from __future__ import annotations

import datetime
import pathlib
import tempfile

from airflow.exceptions import AirflowSkipException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import Asset, Connection, Metadata, Variable, dag, task, task_group

REPORT = Asset("report", uri="file:///report", extra={"kind": "test"})


def tell(what: str):
    """A callback that says so in a file that the test reads."""

    def callback(context):
        ti = context["ti"]
        with open(Variable.get("callbacks"), "a") as book:
            book.write(f"{what} {ti.dag_id} {ti.task_id} {ti.try_number}\n")

    return callback


@dag(
    schedule=None,
    start_date=datetime.datetime(2026, 1, 1),
    catchup=False,
    on_success_callback=lambda context: tell("dag succeeded")(context),
    params={"name": "world"},
)
def feature_mix():
    @task
    def numbers() -> list[int]:
        return [1, 2, 3]

    @task
    def double(x: int) -> int:
        return 2 * x

    @task
    def total(values) -> int:
        return sum(values)

    @task(multiple_outputs=True)
    def parts() -> dict:
        return {"a": 1, "when": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)}

    @task
    def join_parts(a, when) -> str:
        return f"{a} {when.year}"

    @task_group
    def squares(x: int):
        @task
        def square(y: int) -> int:
            return y * y

        @task
        def keep_odd(y: int) -> int:
            if y % 2 == 0:
                raise AirflowSkipException("even")
            return y

        keep_odd(square(x))

    @task.branch
    def choose() -> str:
        return "left"

    @task.short_circuit
    def stop() -> bool:
        return False

    @task(
        retries=2,
        retry_delay=datetime.timedelta(seconds=0),
        on_execute_callback=tell("executes"),
        on_retry_callback=tell("is retried"),
        on_success_callback=tell("succeeded"),
    )
    def unsteady(ti=None):
        if ti.try_number < 2:
            raise RuntimeError("once more")

    @task.sensor(poke_interval=1, timeout=60, mode="reschedule")
    def looks_twice(ti=None) -> bool:
        mark = pathlib.Path(tempfile.gettempdir(), f"looked-{ti.id}")
        if mark.exists():
            mark.unlink()
            return True
        mark.touch()
        return False

    @task(trigger_rule="one_failed")
    def alarm():
        print("not needed")

    @task(on_failure_callback=tell("failed"))
    def fails():
        raise ValueError("it has to")

    @task(trigger_rule="one_failed")
    def heals():
        print("somebody failed")

    @task(outlets=[REPORT])
    def writes(*, outlet_events):
        outlet_events[REPORT].extra = {"rows": 3}
        yield Metadata(REPORT, extra={"rows": 4})

    @task
    def secrets():
        shop = Connection.get("shop")
        assert (shop.host, shop.login, shop.port) == ("shop.example", "clerk", 8443), shop
        print("the password is", shop.password)
        assert Variable.get("colour") == "blue"
        assert Variable.get("absent", default="green") == "green"
        assert Variable.get("shape", deserialize_json=True) == {"corners": 3}
        Variable.set("written", "by a task")
        print("the token is", Variable.get("api_token"))

    def classic(name: str, ti) -> str:
        ti.xcom_push(key="greeting", value=f"hello {name}")
        return ti.xcom_pull(task_ids="classic", key="greeting") or "nothing yet"

    wait = DateTimeSensorAsync(
        task_id="wait",
        target_time="{{ (dag_run.start_date + macros.timedelta(seconds=1)).isoformat() }}",
    )
    left, right = EmptyOperator(task_id="left"), EmptyOperator(task_id="right")
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    some, some_parts = numbers(), parts()
    end = BashOperator(
        task_id="end",
        bash_command="echo {{ ti.xcom_pull(task_ids='total') }} of {{ params.name }}",
    )
    operator = PythonOperator(
        task_id="classic",
        python_callable=classic,
        op_kwargs={"name": "{{ params.name }}"},
    )
    choose() >> [left, right] >> join
    total(double.expand(x=some)) >> end
    squares.expand(x=some)
    join_parts(some_parts["a"], some_parts["when"])
    steady = unsteady()
    steady >> alarm()
    stop() >> EmptyOperator(task_id="stopped")
    fails() >> heals()
    [join, wait, steady, looks_twice(), writes(), secrets(), operator] >> end


feature_mix()
