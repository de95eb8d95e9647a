"""A parent for the zygote: what the worker process and the server do, as small as it can be."""

from __future__ import annotations

import array
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZYGOTE = ROOT / "assets/python/zygote.py"
NOW = "2026-01-02T03:04:05Z"
Json = dict[str, Any]


def environment(home: pathlib.Path, dags: pathlib.Path) -> dict[str, str]:
    bundle = {
        "name": "dags-folder",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(dags)},
    }
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nonexistent/orrery.db",
        "_AIRFLOW_PROCESS_CONTEXT": "client",
        "_ORRERY_FORBID_DB": "1",
    }


class Session:
    """The parent's ends of a child's four streams."""

    def __init__(self, zygote: Zygote, number: int) -> None:
        self.zygote, self.number, self.pid, self.sent = zygote, number, 0, 0
        pairs = [socket.socketpair() for _ in range(4)]
        self.requests, *self.outs = (mine for mine, _ in pairs)
        self.requests.settimeout(60)
        self.theirs = [their for _, their in pairs]
        self.told = [b"", b"", b""]
        self.readers = [threading.Thread(target=self.drain, args=(i,), daemon=True) for i in range(3)]
        self.stream = self.requests.makefile("rb")

    def drain(self, at: int) -> None:
        while data := self.outs[at].recv(65536):
            self.told[at] += data

    def send(self, frame: list[Any]) -> None:
        body = msgspec.msgpack.encode(frame)
        self.requests.sendall(len(body).to_bytes(4, "big") + body)

    def receive(self) -> list[Any] | None:
        with contextlib.suppress(ConnectionError):
            if len(head := self.stream.read(4)) == 4:
                return msgspec.msgpack.decode(self.stream.read(int.from_bytes(head, "big")))
        return None

    def ask(self, **body: Any) -> Any:
        self.send([self.sent, body])
        self.sent += 1
        answer = self.receive() or []
        if len(answer) == 3:
            raise RuntimeError(answer[2]["detail"])
        return answer[1]

    def talk(self, first: Json, answer: Callable[[Json], Any]) -> list[Json]:
        """Sends the first message, answers what comes; gives all that came."""
        self.send([0, first])
        came = []
        while frame := self.receive():
            came.append(frame[1])
            self.send([frame[0], answer(frame[1])])
        return came

    def end(self) -> Json:
        self.requests.close()
        self.stream.close()
        ended = self.zygote.wait_for(lambda m: m.get("id") == self.number and "status" in m)
        for reader in self.readers:
            reader.join(timeout=10)
        return ended

    def text(self) -> str:
        return b"\n".join(self.told).decode()


class Zygote:
    """A running zygote."""

    def __init__(self, env: dict[str, str], python: str = sys.executable) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        began = time.monotonic()
        command = [python, "-I", str(ZYGOTE), str(theirs.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=env)
        theirs.close()
        self.control.settimeout(120)
        self.heard: list[Json] = []
        self.boot = self.hear()
        self.boot_s = time.monotonic() - began
        self.number = 0

    def hear(self) -> Json:
        return json.loads(self.control.recv(1 << 20) or b'{"gone": 1}')

    def wait_for(self, wanted: Callable[[Json], bool]) -> Json:
        while True:
            for at, message in enumerate(self.heard):
                if wanted(message):
                    return self.heard.pop(at)
            self.heard.append(self.hear())
            if "gone" in self.heard[-1]:
                raise EOFError("the zygote is gone")

    def open(self, op: str, n_fds: int = 4, **env: str) -> Session:
        self.number += 1
        session = Session(self, self.number)
        fds = array.array("i", [their.fileno() for their in session.theirs[:n_fds]])
        ask = {"op": op, "id": self.number, "env": env, "setpgid": True}
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
        self.control.sendmsg([json.dumps(ask).encode()], rights)
        for their in session.theirs:
            their.close()
        said = self.wait_for(lambda m: m.get("id") == session.number)
        if refusal := said.get("refused") or said.get("stale"):
            raise PermissionError(refusal)
        session.pid = said["pid"]
        for reader in session.readers:
            reader.start()
        return session

    def keep(self, dag_id: str, file: str, age_s: float = 60) -> Kept | str:
        """A child that keeps a dag file, or why it does not."""
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.number += 1
        dag = {"bundle": "dags-folder", "file": file, "dag_id": dag_id, "task_id": "t", "age_s": age_s}
        with theirs, open(os.devnull, "rb+") as null:
            fds = array.array("i", [theirs.fileno()] + [null.fileno()] * 3)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
            self.control.sendmsg([json.dumps({"op": "keep", "id": self.number, "dag": dag}).encode()], rights)
        kept = Kept(self, control)
        said = kept.hear()
        return kept if "ready" in said else said["unkept"]

    def close(self) -> int:
        self.control.close()
        return self.process.wait(timeout=30)

    def only_known(self, name: str, body: Json) -> Json:
        return {k: v for k, v in body.items() if k in self.boot["messages"][name]}

    def startup(self, dag_id: str, task_id: str, file: str) -> Json:
        at = {"logical_date": NOW, "data_interval_start": NOW, "data_interval_end": NOW}
        at |= {"run_after": NOW, "start_date": NOW, "end_date": None, "clear_number": 0}
        run = {"dag_id": dag_id, "run_id": "r1", "run_type": "manual", "state": "running", "conf": {}}
        run |= {"consumed_asset_events": [], "partition_key": None, **at}
        context = {"dag_run": self.only_known("DagRun", run), "task_reschedule_count": 0}
        context |= {"max_tries": 0, "variables": [], "connections": [], "should_retry": False}
        context |= {"upstream_map_indexes": {}, "xcom_keys_to_clear": []}
        ti = {"id": "00000000-0000-7000-8000-000000000001", "task_id": task_id, "dag_id": dag_id}
        ti |= {"run_id": "r1", "try_number": 1, "map_index": -1, "hostname": "h"}
        ti |= {"dag_version_id": "00000000-0000-7000-8000-000000000002", "queue": "default"}
        whole = {"type": "StartupDetails", "ti": self.only_known("TaskInstance", ti)}
        whole |= {"dag_rel_path": file, "bundle_info": {"name": "dags-folder", "version": None}}
        whole |= {"start_date": NOW, "sentry_integration": ""}
        whole |= {"ti_context": self.only_known("TIRunContext", context)}
        return self.only_known("StartupDetails", whole)

    def run_task(self, dag_id: str, task_id: str, file: str, **env: str) -> tuple[Session, Json, list[Json]]:
        session = self.open("task", **env)
        came = session.talk(self.startup(dag_id, task_id, file), answer)
        return session, session.end(), came


class Kept(Zygote):
    """A child of a zygote that forks as the zygote does."""

    def __init__(self, of: Zygote, control: socket.socket) -> None:
        self.control, self.boot, self.heard, self.number = control, of.boot, [], 0
        self.control.settimeout(120)

    def close(self) -> int:
        self.control.close()
        return 0


def answer(message: Json) -> Any:
    """What a server without anything in its book says."""
    kind = message["type"]
    if kind == "GetVariable":
        return {"type": "VariableResult", "key": message["key"], "value": "v"}
    if kind == "ValidateInletsAndOutlets":
        return {"type": "InactiveAssetsResult", "inactive_assets": []}
    if kind.startswith("Get"):
        return {"type": "ErrorResponse", "error": "GENERIC_ERROR", "detail": {}}
    return None
