"""A server of ours with a folder of Python dags, and words to drive it. Needs nothing but Python."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

HERE = pathlib.Path(__file__).parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target"))
BINARY = TARGET / "x86_64-unknown-linux-gnu/debug/orrery"
# Each version of Airflow has a data folder of its own there, so that they can be made side by side.
RUNTIMES = TARGET / "airflow"
NEWEST = "3.3.2"
VERSIONS = ("3.0.6", "3.1.8", "3.2.2", NEWEST)
PATIENCE_S = 300
Json = dict[str, Any]


class Runtime:
    """An installed Airflow, made by `orrery runtime create`."""

    def __init__(self, version: str, name: str = "") -> None:
        self.name = name or f"airflow-{version}"
        self.data = RUNTIMES / (name or version)
        manifest = self.data / "runtimes" / f"{self.name}.json"
        self.manifest: Json = json.loads(manifest.read_text())
        self.folder = self.data / "runtimes/envs" / self.manifest["hash"]
        self.python = self.folder / "bin/python"

    def packages(self) -> pathlib.Path:
        return next((self.folder / "lib").glob("python*/site-packages"))


def quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def wait_for(what: str, look: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {patience_s} s for {what}")


class Server:
    """One server process with a data folder; `folder` also has `dags` and `airflow`."""

    def __init__(self, folder: pathlib.Path, runtime: Runtime | None, *, env: dict[str, str] | None = None) -> None:
        self.folder, self.data, self.dags = folder, folder / "data", folder / "dags"
        self.runtime = runtime
        self.env = env or {}
        self.arguments: list[str] = []
        self.dags.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(exist_ok=True)
        if runtime and not (self.data / "runtimes").exists():
            (self.data / "runtimes").symlink_to((runtime.data / "runtimes").resolve())
        self.process: subprocess.Popen[str] | None = None
        self.base = ""

    def dag(self, name: str, text: str | bytes) -> pathlib.Path:
        path = self.dags / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def start(self) -> Server:
        command = [BINARY, "serve", "--data", self.data, "--dags", self.dags, "--listen", "127.0.0.1:0"]
        if self.runtime:
            command += ["--runtime", self.runtime.name]
        env = {**os.environ, **self.env}
        passed = ["PATH", "HOME", "LANG", "TMPDIR", "AIRFLOW_*", *self.env]
        env["ORRERY_WORKER_PASS_ENVIRONMENT"] = ",".join(passed)
        said = open(self.folder / "server.txt", "a")
        at = said.tell()
        self.process = subprocess.Popen([*command, *self.arguments], stdout=said, stderr=said, env=env, text=True)
        wait_for("the server's address", lambda: self.find_address(at), 60)
        return self

    def find_address(self, at: int) -> bool:
        assert self.process and self.process.poll() is None, self.said()
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said()[at:])
        self.base = found[0] if found else ""
        return bool(found)

    def said(self) -> str:
        return (self.folder / "server.txt").read_text()

    def stop(self) -> None:
        """Ends the server, and its worker process, which would live on for the next one."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            wait_for("the end of the worker process", lambda: pid not in self.workers(), 60)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def workers(self) -> list[int]:
        return [pid for pid, words in processes() if "worker" in words and str(self.data) in words]

    def zygotes(self) -> list[int]:
        script = f"{self.data}/run/python/"
        ours = [(pid, parent_of(pid)) for pid, words in processes() if any(w.startswith(script) for w in words)]
        workers = self.workers()
        return [pid for pid, parent in ours if parent in workers]

    def children(self) -> list[int]:
        """Those of the warm interpreters, and theirs: one that keeps a dag file has tasks of its own."""
        found, parents = [], self.zygotes()
        while parents:
            parents = [pid for pid, _ in processes() if parent_of(pid) in parents]
            found += parents
        return found

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.base}/api/v2/{path}"
        request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.ask(method, path, body)
        assert status < 300, (method, path, status, answer)
        return answer

    def wait_for_dag(self, dag_id: str, patience_s: float = PATIENCE_S) -> None:
        try:
            wait_for(f"dag {dag_id}", lambda: self.unpause(dag_id), patience_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; import errors: {self.import_errors()}") from None

    def unpause(self, dag_id: str) -> bool:
        return self.ask("PATCH", f"dags/{dag_id}", {"is_paused": False})[0] == 200

    def import_errors(self) -> dict[str, str]:
        page = self("GET", "importErrors?limit=100")
        return {error["filename"]: error["stack_trace"] for error in page["import_errors"]}

    def trigger(self, dag_id: str, **fields: object) -> str:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = {"logical_date": now, **fields}
        return self("POST", f"dags/{dag_id}/dagRuns", body)["dag_run_id"]

    def wait_for_end(self, dag_id: str, run_id: str, patience_s: float = PATIENCE_S) -> Json:
        path = f"dags/{dag_id}/dagRuns/{quoted(run_id)}"

        def ended() -> Json | None:
            run = self("GET", path)
            return run if run["state"] in ("success", "failed") else None

        try:
            return wait_for(f"the end of {dag_id}", ended, patience_s)
        except AssertionError as error:
            states = {name: ti["state"] for name, ti in self.instances(dag_id, run_id).items()}
            raise AssertionError(f"{error}: {states}") from None

    def run(self, dag_id: str, **fields: object) -> tuple[Json, dict[str, Json]]:
        """Runs a dag to its end; gives the run and its task instances."""
        self.wait_for_dag(dag_id)
        run_id = self.trigger(dag_id, **fields)
        return self.wait_for_end(dag_id, run_id), self.instances(dag_id, run_id)

    def instances(self, dag_id: str, run_id: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        while True:
            path = f"dags/{dag_id}/dagRuns/{quoted(run_id)}/taskInstances"
            page = self("GET", f"{path}?limit=100&offset={len(found)}")
            for ti in page["task_instances"]:
                index = "" if ti["map_index"] < 0 else f"[{ti['map_index']}]"
                found[ti["task_id"] + index] = ti
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def log(self, ti: Json, try_number: int | None = None) -> str:
        """The log of a try as text, a line for each record."""
        at = f"dags/{ti['dag_id']}/dagRuns/{quoted(ti['dag_run_id'])}/taskInstances/{ti['task_id']}"
        at += f"/logs/{try_number or ti['try_number']}?map_index={ti['map_index']}&full_content=true"
        records = self("GET", at)["content"]
        return "\n".join(f"{r.get('event', r)} {r.get('error_detail', '')}" for r in records)

    def log_files(self) -> Iterator[bytes]:
        for path in self.data.glob("logs/**/*.log*"):
            yield gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()

    def xcom(self, ti: Json, key: str = "return_value") -> Any:
        at = f"dags/{ti['dag_id']}/dagRuns/{quoted(ti['dag_run_id'])}/taskInstances/{ti['task_id']}"
        return self("GET", f"{at}/xcomEntries/{key}?map_index={ti['map_index']}")["value"]


@contextlib.contextmanager
def serving(folder: pathlib.Path, runtime: Runtime | None, **how: Any) -> Iterator[Server]:
    """A started server, ended with all of its processes."""
    server = Server(folder, runtime, **how)
    try:
        yield server
    finally:
        server.stop()


def command(*arguments: object, **how: Any) -> subprocess.CompletedProcess[str]:
    """Runs our program."""
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False, **how)


def processes() -> Iterator[tuple[int, list[str]]]:
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(process.name), (process / "cmdline").read_bytes().decode(errors="replace").split("\0")


def parent_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0
