"""Airflow's own examples of assets, unmodified: what one dag updates makes the runs of others."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from orrery import NEWEST, Json, Runtime, Server, quoted, wait_for

EXAMPLES = ("example_assets", "example_asset_alias", "example_asset_partition", "example_asset_state_store")


def runs_of(server: Server, dag_id: str) -> list[Json]:
    runs = server("GET", f"dags/{dag_id}/dagRuns")["dag_runs"]
    return [run for run in runs if run["run_type"] == "asset_triggered"]


def one_run(server: Server, dag_id: str, n: int = 1) -> Json:
    """The newest of the runs that assets made, once at least as many have ended."""

    def look() -> Json | None:
        ended = [run for run in runs_of(server, dag_id) if run["state"] in ("success", "failed")]
        return ended[-1] if len(ended) >= n else None

    run: Json = wait_for(f"{n} runs of {dag_id}", look)
    assert run["state"] == "success", run
    return run


def consumed(server: Server, run: Json) -> list[str]:
    path = f"dags/{run['dag_id']}/dagRuns/{quoted(run['dag_run_id'])}/upstreamAssetEvents"
    events = server("GET", path)["asset_events"]
    return [f"{event['uri']} by {event['source_dag_id']}" for event in events]


def end(server: Server, dag_id: str) -> None:
    run = server.wait_for_end(dag_id, server.trigger(dag_id))
    assert run["state"] == "success", run


def conditions(server: Server) -> None:
    """`example_assets.py`: lists, `&` and `|`."""
    end(server, "asset_produces_1")
    first = "s3://dag1/output_1.txt by asset_produces_1"
    assert first in consumed(server, one_run(server, "asset_consumes_1"))
    assert first in consumed(server, one_run(server, "consume_1_or_2_with_asset_expressions"))
    assert not runs_of(server, "asset_consumes_1_and_2")
    queued = server("GET", "dags/asset_consumes_1_and_2/assets/queuedEvents")
    assert queued["total_entries"] == 1
    end(server, "asset_produces_2")
    second = "s3://dag2/output_1.txt by asset_produces_2"
    both = consumed(server, one_run(server, "asset_consumes_1_and_2"))
    assert first in both and second in both
    one_run(server, "consume_1_and_2_with_asset_expressions")
    one_run(server, "consume_1_or_2_with_asset_expressions", 2)
    assert not runs_of(server, "asset_consumes_1_never_scheduled")
    assert not runs_of(server, "asset_consumes_unknown_never_scheduled")


def aliases(server: Server) -> None:
    """`example_asset_alias.py`: a task says at run time which asset it updates."""
    end(server, "asset_alias_example_alias_producer")
    made = "s3://bucket/my-task by asset_alias_example_alias_producer"
    assert consumed(server, one_run(server, "asset_alias_example_alias_consumer")) == [made]
    assert consumed(server, one_run(server, "asset_s3_bucket_consumer")) == [made]


def partitions(server: Server) -> None:
    """`example_asset_partition.py`: one event for each region makes one run for each of its days."""
    end(server, "ingest_regional_sales")
    wait_for("a run for each region", lambda: len(runs_of(server, "aggregate_regional_sales")) == 3)
    keys = sorted(run["partition_key"] for run in runs_of(server, "aggregate_regional_sales"))
    assert keys == ["apac|2026-06-14", "eu|2026-06-14", "us|2026-06-14"], keys


def values(server: Server) -> None:
    """`example_asset_state_store.py`: what one dag keeps with an asset, another one reads."""
    end(server, "example_asset_state_store_producer")
    one_run(server, "example_asset_state_store_consumer")
    found = server("GET", "assets?name_pattern=orders/daily")["assets"]
    kept = server("GET", f"assets/{found[0]['id']}/state-store")["asset_state_store"]
    assert [entry["key"] for entry in kept] == ["last_run_summary", "total_runs", "watermark"]
    assert kept[1]["last_updated_by"]["dag_id"] == "example_asset_state_store_producer"


def test_s125_examples_of_assets(serve: Callable[[], Server]) -> None:
    server = serve()
    packages = Runtime(NEWEST).packages()
    for name in EXAMPLES:
        shutil.copy(packages / f"airflow/example_dags/{name}.py", server.dags)
    server.start()
    files = {f"{name}.py" for name in EXAMPLES}

    def all_dags() -> list[Json] | None:
        dags: list[Json] = server("GET", "dags?limit=100")["dags"]
        return dags if {dag["relative_fileloc"] for dag in dags} == files else None

    # What is paused neither runs nor is queued by assets.
    for dag in wait_for("the dags", all_dags):
        assert server.unpause(dag["dag_id"])
    conditions(server)
    aliases(server)
    partitions(server)
    values(server)
