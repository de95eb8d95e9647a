"""Pools and variables."""

from __future__ import annotations

import pytest
from airflow_client.client import ApiException, api, models


def status_of(call, *arguments, **named) -> int:
    with pytest.raises(ApiException) as error:
        call(*arguments, **named)
    return error.value.status


def test_pools(client):
    pools = api.PoolApi(client)
    pool = pools.post_pool(models.PoolBody(name="narrow", slots=2, description="for few"))
    assert (pool.open_slots, pool.occupied_slots, pool.include_deferred) == (2, 0, False)
    assert status_of(pools.post_pool, models.PoolBody(name="narrow", slots=1)) == 409
    patch = models.PoolPatchBody(slots=5, description="changed")
    pool = pools.patch_pool("narrow", patch, update_mask=["slots"])
    assert (pool.slots, pool.description) == (5, "for few")
    names = [pool.name for pool in pools.get_pools(order_by=["-name"]).pools]
    assert names == ["narrow", "default_pool"]
    assert pools.get_pools(pool_name_pattern="%arr%").total_entries == 1
    assert len(pools.get_pools(limit=1).pools) == 1
    assert status_of(pools.delete_pool, "default_pool") == 400
    renamed = models.PoolPatchBody(pool="renamed", slots=1, include_deferred=False)
    assert status_of(pools.patch_pool, "default_pool", renamed) == 400
    pools.delete_pool("narrow")
    assert status_of(pools.get_pool, "narrow") == 404
    assert status_of(pools.delete_pool, "narrow") == 404


def test_pools_in_bulk(client, ask):
    pools = api.PoolApi(client)
    entities = [{"name": name, "slots": 1} for name in ("b1", "b2")]
    body = {"actions": [{"action": "create", "entities": entities, "action_on_existence": "fail"}]}
    body = models.BulkBodyPoolBody.from_dict(body)
    assert sorted(pools.bulk_pools(body).create.success) == ["b1", "b2"]
    again = pools.bulk_pools(body).create
    assert again.success == [] and again.errors[0]["status_code"] == 409
    body = {"actions": [{"action": "delete", "entities": ["b1", "b2"]}]}
    status, answer = ask("PATCH", "/pools", body)
    assert status == 200 and sorted(answer["delete"]["success"]) == ["b1", "b2"]


def test_variables(client):
    variables = api.VariableApi(client)
    made = variables.post_variable(models.VariableBody(key="colour", value={"r": 1}, description="d"))
    assert (made.key, made.description) == ("colour", "d")
    assert status_of(variables.post_variable, models.VariableBody(key="colour", value="x")) == 409
    body = models.VariableBody(key="colour", value="blue", description="other")
    changed = variables.patch_variable("colour", body, update_mask=["value"])
    assert (changed.value, changed.description) == ("blue", "d")
    other = models.VariableBody(key="shape", value="round")
    assert status_of(variables.patch_variable, "colour", other) == 400
    secret = variables.post_variable(models.VariableBody(key="db_password", value="hunter2"))
    assert secret.value == "***"
    listed = variables.get_variables(order_by=["-key"], variable_key_pattern="%o%")
    assert [one.key for one in listed.variables] == ["db_password", "colour"]
    assert "hunter2" not in str(listed)
    for key in ("colour", "db_password"):
        variables.delete_variable(key)
        assert status_of(variables.get_variable, key) == 404


def test_connections(client):
    connections = api.ConnectionApi(client)
    body = models.ConnectionBody(
        connection_id="shop", conn_type="http", host="h", port=80, password="hunter2", extra='{"token": "t"}'
    )
    made = connections.post_connection(body)
    assert (made.connection_id, made.password, made.extra) == ("shop", "***", '{"token":"***"}')
    assert status_of(connections.post_connection, body) == 409
    change = models.ConnectionBody(connection_id="shop", conn_type="https", host="other")
    changed = connections.patch_connection("shop", change, update_mask=["host"])
    assert (changed.host, changed.conn_type, changed.port) == ("other", "http", 80)
    other = models.ConnectionBody(connection_id="else", conn_type="http")
    assert status_of(connections.patch_connection, "shop", other) == 400
    assert status_of(connections.test_connection, body) == 403
    listed = connections.get_connections(order_by=["-connection_id"], connection_id_pattern="%ho%")
    assert [one.connection_id for one in listed.connections] == ["shop"]
    assert "hunter2" not in str(listed)
    connections.delete_connection("shop")
    assert status_of(connections.get_connection, "shop") == 404
