"""One dag with a bit of everything that needs Airflow's own code to run."""

from __future__ import annotations

import datetime
import pathlib
import tempfile

from airflow.exceptions import AirflowSkipException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import dag, task, task_group


@dag(schedule=None, start_date=datetime.datetime(2026, 1, 1), catchup=False)
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

    @task(retries=2, retry_delay=datetime.timedelta(seconds=0))
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

    wait = DateTimeSensorAsync(
        task_id="wait",
        target_time="{{ (dag_run.start_date + macros.timedelta(seconds=1)).isoformat() }}",
    )
    left, right = EmptyOperator(task_id="left"), EmptyOperator(task_id="right")
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    some = numbers()
    end = BashOperator(task_id="end", bash_command="echo {{ ti.xcom_pull(task_ids='total') }} of {{ run_id }}")
    choose() >> [left, right] >> join
    total(double.expand(x=some)) >> end
    squares.expand(x=some)
    steady = unsteady()
    steady >> alarm()
    [join, wait, steady, looks_twice()] >> end


feature_mix()
