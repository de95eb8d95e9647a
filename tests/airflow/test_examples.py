"""All of Airflow's own example dags, unmodified: which load here, and why the others do not."""

from __future__ import annotations

import json
import os
import shutil
import time

from ends import HERE, differences, recorded
from orrery import NEWEST, Json, Runtime, Server, wait_for

GOLDEN = HERE / "examples.json"
PLUGINS = """
from airflow.example_dags.plugins.decreasing_priority_weight_strategy import DecreasingPriorityWeightStrategyPlugin
from airflow.example_dags.plugins.workday import WorkdayTimetablePlugin
"""


def examples(server: Server) -> None:
    """The example dags of core and of the standard provider, with plugins of the former."""
    packages = Runtime(NEWEST).packages()
    ignore = shutil.ignore_patterns("__pycache__", "plugins")
    shutil.copytree(packages / "airflow/example_dags", server.dags / "core", ignore=ignore)
    # As upstream does where examples are loaded by its own setting.
    plugins = server.data / "airflow/plugins"
    plugins.mkdir(parents=True)
    (plugins / "examples.py").write_text(PLUGINS)
    shutil.copytree(packages / "airflow/providers/standard/example_dags", server.dags / "standard", ignore=ignore)


def loaded(server: Server) -> Json:
    """The dags of each file, and the last line of why a file has none."""
    dags: dict[str, list[str]] = {}
    page = server("GET", "dags?limit=100")
    while len(page["dags"]) < page["total_entries"]:
        page["dags"] += server("GET", f"dags?limit=100&offset={len(page['dags'])}")["dags"]
    for dag in page["dags"]:
        dags.setdefault(dag["relative_fileloc"], []).append(dag["dag_id"])
    errors = {name: text.strip().splitlines()[-1] for name, text in server.import_errors().items()}
    return {
        "dags": {name: sorted(ids) for name, ids in sorted(dags.items())},
        "not_imported": dict(sorted(errors.items())),
    }


def test_all_examples_load(serve) -> None:
    server = serve()
    examples(server)
    server.start()
    if os.environ.get("UPDATE_EXPECT"):
        seen, since = loaded(server), time.monotonic()
        while time.monotonic() - since < 30:
            time.sleep(1)
            now = loaded(server)
            seen, since = (now, since) if now == seen else (now, time.monotonic())
        GOLDEN.write_text(json.dumps(seen, indent=1) + "\n")
        return
    want = json.loads(GOLDEN.read_text())
    count = lambda found: sum(len(part) for part in found.values())  # noqa: E731
    wait_for("all files", lambda: count(loaded(server)) >= count(want))
    assert loaded(server) == want
    n_dags = sum(len(ids) for ids in want["dags"].values())
    print(f"examples: {n_dags} dags of {len(want['dags'])} files load, {len(want['not_imported'])} files do not")


def test_more_examples_end_as_on_airflow(serve) -> None:
    """Beside the vectors: those that ended alike twice on a real Airflow 3.3.2, whatever the clock says."""
    want = recorded(HERE / "examples_ends.json")
    server = serve()
    examples(server)
    server.start()
    runs = {}
    for dag_id in want:
        server.wait_for_dag(dag_id)
        runs[dag_id] = server.trigger(dag_id, logical_date="2026-01-01T00:00:00Z")
    wrong = []
    for dag_id, run_id in runs.items():
        run = server.wait_for_end(dag_id, run_id)
        wrong += differences(dag_id, want[dag_id], run, server.instances(dag_id, run_id))
    n = sum(len(dag["task_instances"]) for dag in want.values())
    print(f"examples: compared {n} task instances of {len(want)} dags, {len(wrong)} differ")
    assert not wrong, "\n".join(wrong)
