"""Runs dags of Airflow on a server of ours and compares how they end with what is recorded.

The recorded ends are `feature_mix.json` beside this file, and `example_dags.json` and `trigger_rules.json` in the
folder named by AIRFLOW_VECTORS, where it is set. Needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
PATIENCE_S = 300
# Upstream's own race: what is seen first, the skip or the failure, decides (SEMANTICS 49).
RACES = {("oracle_rules", "all_success__ku"), ("oracle_rules", "all_success__fk")}


class Api:
    def __init__(self, base: str) -> None:
        self.base = base

    def __call__(self, method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.base}/api/v2/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")


def wanted() -> dict:
    """What each dag is to come to."""
    want = json.loads((HERE / "feature_mix.json").read_text())
    if vectors := os.environ.get("AIRFLOW_VECTORS"):
        for name in ("example_dags.json", "trigger_rules.json"):
            want |= json.loads((pathlib.Path(vectors) / name).read_text())
    return want


def lay_dags(folder: pathlib.Path, packages: pathlib.Path) -> None:
    """Upstream's examples as they are, and ours."""
    ignore = shutil.ignore_patterns("__pycache__", "plugins")
    shutil.copytree(packages / "airflow/example_dags", folder / "core", ignore=ignore)
    shutil.copytree(packages / "airflow/providers/standard/example_dags", folder / "standard", ignore=ignore)
    shutil.copy(HERE / "dags/feature_mix.py", folder)
    if vectors := os.environ.get("AIRFLOW_VECTORS"):
        shutil.copy(pathlib.Path(vectors) / "trigger_rules.py", folder)


def wait_for(what: str, look) -> object:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.2)
    sys.exit(f"waited {PATIENCE_S} s for {what}")


def instances(api: Api, path: str) -> dict:
    found: dict = {}
    while True:
        page = api("GET", f"{path}/taskInstances?limit=100&offset={len(found)}")
        for ti in page["task_instances"]:
            index = "" if ti["map_index"] < 0 else f"[{ti['map_index']}]"
            found[ti["task_id"] + index] = ti
        if len(found) >= page["total_entries"] or not page["task_instances"]:
            return found


def compare(dag_id: str, want: dict, run: dict, found: dict) -> list[str]:
    wrong = []
    if run["state"] != want["run_state"]:
        wrong.append(f"{dag_id}: the run is {run['state']}, recorded is {want['run_state']}")
    for name, end in want["task_instances"].items():
        ti = found.get(name)
        if ti is None:
            wrong.append(f"{dag_id}.{name}: is not there")
            continue
        ran = end["state"] in ("success", "failed")
        same = ti["state"] == end["state"] and (not ran or ti["try_number"] == end["try_number"])
        if not same and (dag_id, name) not in RACES:
            wrong.append(f"{dag_id}.{name}: {ti['state']} at try {ti['try_number']}, recorded is {end}")
    return wrong


def check(api: Api, want: dict) -> list[str]:
    runs, wrong, n = {}, [], 0
    for dag_id in want:
        wait_for(f"dag {dag_id}", lambda: known(api, dag_id))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        runs[dag_id] = api("POST", f"dags/{dag_id}/dagRuns", {"logical_date": now})["dag_run_id"]
    for dag_id, run_id in runs.items():
        path = f"dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id)}"
        run = wait_for(f"the end of {dag_id}", lambda: ended(api("GET", path)))
        found = instances(api, path)
        n += len(want[dag_id]["task_instances"])
        wrong += compare(dag_id, want[dag_id], run, found)
    print(f"compared {n} task instances of {len(want)} dags, {len(wrong)} differ")
    return wrong


def known(api: Api, dag_id: str) -> bool:
    try:
        api("PATCH", f"dags/{dag_id}", {"is_paused": False})
    except urllib.error.HTTPError:
        return False
    return True


def ended(run: dict) -> dict | None:
    return run if run["state"] in ("success", "failed") else None


def end_worker(data: str) -> None:
    """Tasks live on over a restart, and here there will be none."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if "worker" in words and data in words:
            os.kill(int(process.name), signal.SIGTERM)
            wait_for("the worker process to end", lambda: not process.exists())


def main(orrery: str, home: str, runtime: str) -> None:
    manifest = json.loads((pathlib.Path(home) / "runtimes" / f"{runtime}.json").read_text())
    packages = next((pathlib.Path(home) / "runtimes/envs" / manifest["hash"] / "lib").glob("python*/site-packages"))
    with tempfile.TemporaryDirectory() as scratch, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
        probe.close()
        folder = pathlib.Path(scratch)
        (folder / "data").mkdir()
        (folder / "data/runtimes").symlink_to((pathlib.Path(home) / "runtimes").resolve())
        lay_dags(folder / "dags", packages)
        command = [orrery, "serve", "--data", folder / "data", "--dags", folder / "dags", "--runtime", runtime]
        with open(folder / "server.txt", "w") as said:
            server = subprocess.Popen([*command, "--listen", address], stdout=said, stderr=said)
            try:
                wrong = check(Api(f"http://{address}"), wanted())
            finally:
                server.terminate()
                server.wait(60)
                end_worker(str(folder / "data"))
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main(*sys.argv[1:4])
