"""Tasks in other interpreters, secrets from other places, values piece by piece, links, state."""

from __future__ import annotations

import json
import shutil
import sys

from ends import HERE
from orrery import quoted

FAILS = {"fails_there"}


def test_special_tasks(serve) -> None:
    server = serve()
    other = shutil.which("python3") or sys.executable
    backend = server.folder / "backend"
    backend.mkdir()
    (backend / "variables.json").write_text(json.dumps({"in_backend": "from the backend", "in_all": "from the backend"}))
    connection = {"conn_type": "http", "host": "h", "password": "backend-secret-word"}
    (backend / "connections.json").write_text(json.dumps({"in_backend": connection}))
    files = {f"{kind}_file_path": str(backend / f"{kind}.json") for kind in ("variables", "connections")}
    server.env |= {
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(files),
        "AIRFLOW_VAR_IN_ENVIRONMENT": "from the environment",
        "AIRFLOW_VAR_IN_ALL": "from the environment",
        "AIRFLOW_VAR_OTHER_PYTHON": other,
    }
    server.dag("special_tasks.py", (HERE / "dags/special_tasks.py").read_bytes())
    server.start()
    for key in ("in_book", "in_all"):
        server("POST", "variables", {"key": key, "value": "from the book"})
    server.wait_for_dag("triggered")
    _, found = server.run("special_tasks")
    for name, ti in found.items():
        wanted = "failed" if name in FAILS else "skipped" if name == "spurned" else "success"
        assert ti["state"] == wanted, f"{name}: {ti['state']}\n{server.log(ti)[-3000:]}"
    assert server.xcom(found["in_virtualenv"]) in ({"n": 2, "is_venv": True}, str({"n": 2, "is_venv": True}))
    assert "in /" in server.log(found["in_virtualenv"]) and "from /" in server.log(found["in_other"])
    assert "ZeroDivisionError" in server.log(found["fails_there"])
    assert "Lazy" in server.xcom(found["lazily"])
    assert found["remembers"]["try_number"] == 2
    assert "hush: ***" in server.log(found["secrets"])
    # Where links of operators are kept for those who show them.
    assert server.xcom(found["linked"], "_link_Manual") == "https://manual.example/linked/7"
    path = f"dags/special_tasks/dagRuns/{quoted(found['linked']['dag_run_id'])}/taskInstances/linked/links"
    links = server("GET", path)
    assert links == {"extra_links": {"Manual": "https://manual.example/linked/7"}, "total_entries": 1}, links
    (run,) = server("GET", "dags/triggered/dagRuns")["dag_runs"]
    assert run["conf"] == {"who": "special_tasks"} and run["run_type"] == "operator_triggered"
