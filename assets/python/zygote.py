"""A warm Airflow interpreter that forks a child for each session.

Started as `python -I zygote.py FD`; FD is a SEQPACKET control socket with JSON messages, see `serve`.
It calls upstream's own entry points alone, finds out by looking what the installed version has, stays
single-threaded, since a fork copies locks but not the threads that would release them, and ends with
its control socket. A child gets four descriptors (requests, stdout, stderr, logs) and may get its own
process group. Nothing keeps a child from killing its parent, which has the same user: the other
children then live on, and whoever started the zygote accounts for them by their descriptors.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import importlib.metadata
import json
import os
import platform
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

# The other files lie beside this one, where an isolated interpreter does not look.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import orrery_asked  # noqa: E402
import orrery_kept  # noqa: E402
import orrery_warm  # noqa: E402
from orrery_upstream import COMMS, PROCESSOR, RUNNER, SDK, TRIGGERER, Json, find, need  # noqa: E402

del sys.path[0]

MESSAGE_BYTES_MAX = 1 << 20


def forbid_databases() -> None:
    """Ends the process that opens SQLite: for the tests that prove that none does."""

    def hook(event: str, _: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect":
            traceback.print_stack()
            os.abort()

    sys.addaudithook(hook)


def messages() -> dict[str, list[str]]:
    """The fields of every model of the protocol, by the names that they have on the wire."""
    from pydantic import BaseModel

    places = [COMMS, PROCESSOR, TRIGGERER, "airflow.sdk.api.datamodels._generated"]
    places += ["airflow.callbacks.callback_requests", "airflow.executors.workloads"]
    found: dict[str, list[str]] = {}
    namespaces: list[Any] = [sys.modules.get(place) for place in places]
    # The triggerer has its own in a class of that name.
    namespaces.append(find("messages", TRIGGERER))
    for namespace in filter(None, namespaces):
        for name, kind in vars(namespace).items():
            if isinstance(kind, type) and issubclass(kind, BaseModel) and not name.startswith("_"):
                fields = kind.model_fields.items()  # type: ignore[attr-defined, unused-ignore]
                found.setdefault(kind.__name__, [field.alias or name for name, field in fields])
    return found


def introduce() -> Json:
    """What this runtime is."""
    version = importlib.metadata.version
    plugins = importlib.metadata.entry_points(group="apache_airflow_provider")
    schema = find("get_bundle", f"{SDK}.schema.versions")
    return {
        "ready": 1,
        "python": platform.python_version(),
        "airflow": version("apache-airflow-core"),
        "task_sdk": version("apache-airflow-task-sdk"),
        "providers": {p.dist.metadata["Name"]: p.dist.version for p in plugins if p.dist},
        "schema": str(max(v.value for v in schema().versions)) if schema else None,
        "messages": messages(),
        "pid": os.getpid(),
    }


def targets() -> dict[str, Callable[[], None]]:
    """Upstream's entry points."""
    supervisor = need("TriggerRunnerSupervisor", TRIGGERER)
    return {
        "task": need("main", RUNNER),
        "parse": need("_parse_file_entrypoint", PROCESSOR),
        "callback": need("_parse_file_entrypoint", PROCESSOR),
        "call": orrery_asked.call,
        "triggerer": supervisor.run_in_process,
        "evaluate": orrery_asked.Timetables().main,
    }


class Warm:
    """What is there before the forks."""

    def __init__(self) -> None:
        """Imports everything once, and keeps the collector from touching (so copying) its pages."""
        gc.disable()
        self.entries = targets()
        self.fork_main: Callable[..., NoReturn] = need("_fork_main", f"{SDK}.supervisor")
        self.log_fd: int | None = None
        self.reading: orrery_kept.Reading | None = None
        orrery_warm.import_all()
        orrery_warm.memoise()
        self.introduction = introduce()
        # What follows saves time and nothing else, and a version or a policy may not have or want it.
        with contextlib.suppress(Exception):
            orrery_warm.rehearse()
        with contextlib.suppress(Exception):
            self.log_fd = orrery_warm.log_once()
        self.freeze()
        with contextlib.suppress(Exception):
            orrery_warm.join_pages()

    @staticmethod
    def freeze() -> None:
        gc.collect()
        gc.freeze()
        gc.enable()

    def refusal(self, ask: Json, fds: list[int]) -> Json | None:
        """Why no child is forked for this."""
        if ask["op"] not in (*self.entries, "keep"):
            return {"refused": f"unknown op {ask['op']!r}"}
        if len(fds) != 4:
            return {"refused": f"{len(fds)} descriptors came, not four"}
        if (threads := len(os.listdir("/proc/self/task"))) != 1:
            why = "started by an import: a plugin or airflow_local_settings"
            return {"refused": f"{threads} threads run here, {why}"}
        if self.reading and (stale := self.reading.stale()):
            return {"stale": stale}
        return None


def main() -> None:
    """Boots, says what is there, and serves."""
    given = int(sys.argv[1])
    control = socket.socket(fileno=os.dup(given))
    # 0 to 2 stay taken, since a child gives them to its streams.
    os.dup2(os.open(os.devnull, os.O_RDWR), given) if given <= 2 else os.close(given)
    sys.path[1:1] = [part for part in os.environ.get("PYTHONPATH", "").split(":") if part]
    if os.environ.get("_ORRERY_FORBID_DB"):
        forbid_databases()
    try:
        warm = Warm()
    except BaseException:
        control.send(json.dumps({"broken": traceback.format_exc()[-60_000:]}).encode())
        raise SystemExit(1) from None
    control.send(json.dumps(warm.introduction).encode())
    serve(control, warm)


def serve(control: socket.socket, warm: Warm) -> None:
    """`{op, id, env, setpgid}` with four descriptors in; `{id, pid}`, then `{id, status, ..}` out."""
    waits = select.poll()
    waits.register(control, select.POLLIN)
    children: dict[int, tuple[int, int]] = {}

    def say(answer: Json) -> None:
        # Without anybody there, the next look at the socket ends it.
        with contextlib.suppress(ConnectionError):
            control.send(json.dumps(answer).encode())

    while True:
        for ready, _ in waits.poll():
            if ready != control.fileno():
                number, pid = children.pop(ready)
                waits.unregister(ready)
                os.close(ready)
                _, status, used = os.wait4(pid, 0)
                cpu_us = round((used.ru_utime + used.ru_stime) * 1e6)
                say({"id": number, "status": status, "cpu_us": cpu_us, "max_rss_kib": used.ru_maxrss})
                continue
            data, fds, _, _ = socket.recv_fds(control, MESSAGE_BYTES_MAX, 4)
            if not data:
                return
            ask = json.loads(data)
            try:
                if refusal := warm.refusal(ask, fds):
                    say({"id": ask["id"], **refusal})
                    continue
                if (pid := os.fork()) == 0:
                    for ours in (control.detach(), *children):
                        os.close(ours)
                    keep(ask, fds, warm) if ask["op"] == "keep" else child(ask, fds, warm)
            finally:
                for fd in fds:
                    os.close(fd)
            pidfd = os.pidfd_open(pid)
            children[pidfd] = (ask["id"], pid)
            waits.register(pidfd, select.POLLIN)
            say({"id": ask["id"], "pid": pid})


def die_of_crashes() -> None:
    """A crash ends the process and says where it was. Upstream hands SIGSEGV to a function in Python,
    which the interpreter never comes to call: the crash would happen again and again for ever."""
    faulthandler.enable(file=2, all_threads=False)
    real = signal.signal

    def all_but_crashes(number: int, handler: Any) -> Any:
        is_crash = number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
        if is_crash and callable(handler):
            return signal.getsignal(number)
        return real(number, handler)

    setattr(signal, "signal", all_but_crashes)


def child(ask: Json, fds: list[int], warm: Warm) -> NoReturn:
    """The rest is upstream's."""
    try:
        if ask.get("setpgid", True):
            os.setpgid(0, 0)
        for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN if number == signal.SIGPIPE else signal.SIG_DFL)
        die_of_crashes()
        os.environ.update(ask.get("env") or {})
        time.tzset()
        streams = [socket.socket(fileno=fd) for fd in fds[:3]]
        if (log_fd := warm.log_fd) is None:
            log_fd = fds[3]
        else:
            os.dup2(fds[3], log_fd, inheritable=False)
            os.close(fds[3])
        warm.fork_main(*streams, log_fd, warm.entries[ask["op"]])
    except BaseException:
        traceback.print_exc()
    finally:
        # Whatever happens, a child never comes back into `serve`.
        os._exit(1)


def keep(ask: Json, fds: list[int], warm: Warm) -> NoReturn:
    """A child that reads the dag file of `ask` and then serves as its parent does; see `orrery_kept`.

    The first descriptor is its control socket, on which it first says `{ready}` or `{unkept: why}`.
    """
    try:
        os.setpgid(0, 0)
        for fd in fds[1:]:
            os.close(fd)
        control = socket.socket(fileno=fds[0])
        # Upstream takes the signals of crashes when it reads a file.
        die_of_crashes()
        os.environ.update(ask.get("env") or {})
        time.tzset()
        try:
            dag = ask["dag"]
            watch = orrery_kept.read(dag, importlib.import_module(RUNNER), warm.log_fd)
        except BaseException as why:
            control.send(json.dumps({"unkept": f"{type(why).__name__}: {why}"[:1000]}).encode())
            os._exit(0)
        warm.reading = orrery_kept.Reading(watch, dag["age_s"])
        warm.freeze()
        control.send(json.dumps({"ready": 1, "pid": os.getpid()}).encode())
        serve(control, warm)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
