"""Airflow's own example dags, unmodified: they end here as Airflow recorded that they end there."""

from __future__ import annotations

import shutil

from ends import differences, recorded, vectors
from orrery import NEWEST, Runtime


def test_vectors_of_upstream(serve) -> None:
    folder = vectors()
    want = recorded(folder / "example_dags.json") | recorded(folder / "trigger_rules.json")
    server = serve()
    packages = Runtime(NEWEST).packages()
    ignore = shutil.ignore_patterns("__pycache__", "plugins")
    shutil.copytree(packages / "airflow/example_dags", server.dags / "core", ignore=ignore)
    examples = packages / "airflow/providers/standard/example_dags"
    shutil.copytree(examples, server.dags / "standard", ignore=ignore)
    shutil.copy(folder / "trigger_rules.py", server.dags)
    server.start()
    runs = {}
    for dag_id in want:
        server.wait_for_dag(dag_id)
        runs[dag_id] = server.trigger(dag_id)
    wrong, n = [], 0
    for dag_id, run_id in runs.items():
        run = server.wait_for_end(dag_id, run_id)
        wrong += differences(dag_id, want[dag_id], run, server.instances(dag_id, run_id))
        n += len(want[dag_id]["task_instances"])
    print(f"vectors: compared {n} task instances of {len(want)} dags, {len(wrong)} differ")
    assert not wrong, "\n".join(wrong)
