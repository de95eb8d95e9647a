"""Where upstream's parts are; found by looking what the installed version has."""

from __future__ import annotations

import importlib
from typing import Any

Json = dict[str, Any]

SDK = "airflow.sdk.execution_time"
COMMS, RUNNER = f"{SDK}.comms", f"{SDK}.task_runner"
PROCESSOR = "airflow.dag_processing.processor"
TRIGGERER = "airflow.jobs.triggerer_job_runner"


def find(name: str, *modules: str) -> Any:
    """What has this name in the first of the modules that has it, or None."""
    for module in modules:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    return None


def need(name: str, *modules: str) -> Any:
    """The same, where none is a broken runtime."""
    if (found := find(name, *modules)) is None:
        # Once more, to say what keeps it from being imported.
        importlib.import_module(modules[0])
        raise ImportError(f"this Airflow has no {name} in {' or '.join(modules)}")
    return found
