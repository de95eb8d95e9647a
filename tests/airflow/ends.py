"""How dags end, compared with what is recorded."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import pytest

HERE = pathlib.Path(__file__).parent
# Upstream's own race: what is seen first, the skip or the failure, decides.
RACES = {("oracle_rules", "all_success__ku"), ("oracle_rules", "all_success__fk")}


def vectors() -> pathlib.Path:
    """The folder with what Airflow recorded: AIRFLOW_VECTORS, or beside the repository."""
    beside = HERE.parents[1].parent / "shared/airflow/vectors"
    folder = pathlib.Path(os.environ.get("AIRFLOW_VECTORS", beside))
    if not folder.is_dir():
        pytest.skip("no recorded vectors: AIRFLOW_VECTORS names no folder, and there is none beside")
    return folder


def recorded(path: pathlib.Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def differences(dag_id: str, want: dict, run: dict, found: dict) -> list[str]:
    wrong = []
    if run["state"] != want["run_state"]:
        wrong.append(f"{dag_id}: the run is {run['state']}, recorded is {want['run_state']}")
    for name in found.keys() ^ want["task_instances"].keys():
        wrong.append(f"{dag_id}.{name}: is not in both")
    for name, end in want["task_instances"].items():
        if (ti := found.get(name)) is None:
            continue
        # Who did not run has no try of its own, and upstream's EmptyOperator is not always run.
        ran = end["state"] in ("success", "failed")
        same = ti["state"] == end["state"] and (not ran or ti["try_number"] == end["try_number"])
        if not same and (dag_id, name) not in RACES:
            wrong.append(f"{dag_id}.{name}: {ti['state']} at try {ti['try_number']}, recorded is {end}")
    return wrong
