"""A server of the development binary with a few dags, and the published client for it."""

from __future__ import annotations

import pathlib
import re
import subprocess
import time
import urllib.request

import airflow_client.client
import pytest

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
