"""HTTP by operators and by a deferrable sensor."""

from __future__ import annotations

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk import dag


@dag(schedule=None)
def web():
    ready = HttpSensor(task_id="ready", http_conn_id="web", endpoint="second", deferrable=True, poke_interval=1)
    get = HttpOperator(
        task_id="get", http_conn_id="web", method="GET", endpoint="hello", response_filter=lambda r: r.json()["hello"]
    )
    later = HttpOperator(task_id="later", http_conn_id="web", method="GET", endpoint="hello", deferrable=True)
    post = HttpOperator(task_id="post", http_conn_id="web", endpoint="hello", data="{{ ti.xcom_pull(task_ids='get') }}")
    ready >> get >> [later, post]


web()
