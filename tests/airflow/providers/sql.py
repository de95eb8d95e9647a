"""SQLite and PostgreSQL by common-sql's operators, and from a hook."""

from __future__ import annotations

import os

from airflow.providers.common.sql.operators.sql import (
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLTableCheckOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.sdk import BaseHook, dag, task, task_group


@dag(schedule=None)
def sql():
    for name in os.environ["AIRFLOW_VAR_DATABASES"].split(","):

        @task_group(group_id=name)
        def on(name):
            make = SQLExecuteQueryOperator(
                task_id="make",
                conn_id=name,
                sql=[
                    "drop table if exists orders",
                    "create table orders (id integer primary key, price integer)",
                    "insert into orders values (1, 10), (2, {{ 30 + 2 }})",
                ],
            )
            read = SQLExecuteQueryOperator(task_id="read", conn_id=name, sql="select id, price from orders order by id")
            columns = SQLColumnCheckOperator(
                task_id="columns",
                conn_id=name,
                table="orders",
                column_mapping={"id": {"unique_check": {"equal_to": 0}}, "price": {"min": {"geq_to": 10}}},
            )
            table = SQLTableCheckOperator(
                task_id="table", conn_id=name, table="orders", checks={"rows": {"check_statement": "count(*) = 2"}}
            )
            seen = SqlSensor(task_id="seen", conn_id=name, sql="select count(*) from orders", poke_interval=1)

            @task
            def hook() -> int:
                return BaseHook.get_hook(name).get_first("select sum(price) from orders")[0]

            make >> [read, columns, table, seen, hook()]

        on(name)


sql()
