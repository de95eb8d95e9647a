"""A server of the development binary with a few dags, and the published client for it."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.request

import airflow_client.client
import pytest
from airflow_client.client import api, models

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "target/x86_64-unknown-linux-gnu/debug/orrery"

DAGS = {
    "quick.yaml": """
dag_id: quick
description: Two tasks that hand over a value
schedule: "@daily"
start_date: 2026-01-01
tags: [compat]
is_paused_upon_creation: false
params: {name: world}
tasks:
  - id: say
    uses: bash
    with: {bash_command: {$t: "echo hello {{ params.name }}"}}
  - id: hear
    uses: bash
    with: {bash_command: {$t: "echo heard {{ ti.xcom_pull('say') }}"}}
    needs: [say]
""",
    "fails.yaml": """
dag_id: fails
schedule: null
is_paused_upon_creation: false
tasks:
  - {id: bad, uses: bash, with: {bash_command: "echo oops >&2; exit 3"}}
  - {id: after, uses: empty, needs: [bad]}
""",
    "still.yaml": """
dag_id: still
schedule: null
is_paused_upon_creation: true
tags: [compat, quiet]
params: {size: {default: 1, type: integer}}
tasks:
  - {id: one, uses: empty}
""",
    "broken.yaml": "dag_id: broken\ntasks:\n  - id: a\n    uses: bash\n    wiht: {}\n",
}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orrery")
    dags = folder / "dags"
    dags.mkdir()
    for name, text in DAGS.items():
        (dags / name).write_text(text)
    arguments = ["serve", "--data", folder / "data", "--dags", dags, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen([BINARY, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield wait_for_address(process)
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def wait_for_address(process: subprocess.Popen) -> str:
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            break
    else:
        raise AssertionError("the server ended without saying its address")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{found[0]}/api/v2/dags/fails", timeout=5).close()
            return found[0]
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the dags did not appear")


@pytest.fixture(scope="session")
def client(server):
    configuration = airflow_client.client.Configuration(host=server)
    with airflow_client.client.ApiClient(configuration) as client:
        yield client


@pytest.fixture(scope="session")
def ask(server):
    """Asks without the client's models, which would not let what is wrong through."""

    def ask(method: str, path: str, body=None, kind: str = "application/json"):
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(f"{server}/api/v2{path}", data, method=method)
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return ask


@pytest.fixture(scope="session")
def ended(client):
    """A good run and a failed one, both at their end."""
    runs = {}
    for dag_id, conf in (("quick", {"hello": "world"}), ("fails", {})):
        runs[dag_id] = run_to_end(client, dag_id, dag_run_id=f"{dag_id}-ended", conf=conf)
    return runs


def run_to_end(client, dag_id: str, **fields):
    runs = api.DagRunApi(client)
    body = models.TriggerDAGRunPostBody(logical_date=None, **fields)
    run = runs.trigger_dag_run(dag_id, body)
    deadline = time.monotonic() + 60
    while run.state not in ("success", "failed"):
        assert time.monotonic() < deadline, run
        time.sleep(0.05)
        run = runs.get_dag_run(dag_id, run.dag_run_id)
    return run
