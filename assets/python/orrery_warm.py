"""What is done once before the forks, so that no child has to do it. It saves time and nothing else."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import socket
from datetime import datetime, timezone
from typing import Any

from orrery_upstream import COMMS, PROCESSOR, RUNNER, SDK, find, need

PAGE_BYTES, HUGE_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE"), 1 << 21
# Of a huge page, so that little memory is taken that was not in use.
HUGE_PAGE_FULL = 0.9
MADV_COLLAPSE = 25  # Linux 6.1.
# Whatever a session imports first of all; what a version lacks is left out.
WARM = (
    "airflow.dag_processing.bundles.local",
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.operators.bash",
    "airflow.providers.standard.operators.empty",
    "airflow.providers.standard.operators.python",
    "airflow.providers.standard.sensors.python",
    "airflow.sdk._shared.logging.factory",
    "airflow.sdk._shared.logging.remote",
    "airflow.sdk.bases.xcom",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.log",
    "airflow.timetables.trigger",
    "airflow.version",
    "encodings.idna",
    f"{SDK}.context",
    "httpcore",
    "jinja2.ext",
    "setproctitle",
)


def import_all() -> None:
    """Imports what sessions will."""
    for module in WARM:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    if listeners := find("get_listener_manager", "airflow.sdk.listener", "airflow.listeners.listener"):
        listeners()


class Memo:
    """Stands in for `TypeAdapter` in a module: each adapter is built once, most before the forks."""

    def __init__(self, real: Any) -> None:
        self.real: Any = real
        self.made: dict[int, tuple[Any, Any]] = {}

    def __getitem__(self, _: Any) -> Memo:
        return self

    def __call__(self, kind: Any, **options: Any) -> Any:
        if options:
            return self.real(kind, **options)
        if id(kind) not in self.made:
            # With the kind, so that it lives on and its id is nobody else's.
            self.made[id(kind)] = (kind, self.real(kind))
        return self.made[id(kind)][1]


def memoise() -> None:
    """Saves each child from building the adapters again; changes nothing where upstream differs."""
    from pydantic import JsonValue, TypeAdapter

    memo = Memo(TypeAdapter)
    for module in (COMMS, RUNNER, PROCESSOR):
        if find("TypeAdapter", module) is TypeAdapter:
            setattr(importlib.import_module(module), "TypeAdapter", memo)
    for kind in (find("ToTask", COMMS), find("ToDagProcessor", PROCESSOR), JsonValue):
        if kind is not None:
            memo(kind)


def rehearse() -> None:
    """Does once what every child does, so that its pages are written before the forks, not after each.

    Whatever a first use fills in (what is an instance of which abstract class, compiled templates,
    looked-up settings) would be made, and each page that it lies on copied, in child after child. The
    database's engines go first: each fork would tidy them up, and no child may have them.
    """
    if block := find("block_orm_access", f"{SDK}.supervisor"):
        block()
    sdk = importlib.import_module("airflow.sdk")
    standard = "airflow.providers.standard.operators"
    with sdk.DAG("rehearsal", schedule=None) as dag:
        call = need("PythonOperator", f"{standard}.python")(
            task_id="call", python_callable=rehearse, op_args=["{{ ds }}"]
        )
        shell = need("BashOperator", f"{standard}.bash")(task_id="shell", bash_command="{{ ds }}")
        call >> shell >> sdk.task(rehearse, task_id="flow")()
    call.render_template_fields({"ds": "", "dag": dag, "ti": None}, dag.get_template_env())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\0\0\0\4\x93\0\xc0\xc0")
        ended = need("SucceedTask", COMMS)(
            end_date=datetime.now(timezone.utc), task_outlets=[], outlet_events=[]
        )
        need("CommsDecoder", COMMS)(socket=ours).send(ended)


def log_once() -> int | None:
    """Has upstream set up logging before the forks, to a descriptor that a child puts its stream in place of.

    None where this version has no function for that.
    """
    supervisor: Any = importlib.import_module(f"{SDK}.supervisor")
    configure = getattr(supervisor, "_configure_logs_over_json_channel", None)
    if configure is None:
        return None
    place = os.open(os.devnull, os.O_WRONLY)
    configure(place)
    supervisor._configure_logs_over_json_channel = lambda _: None
    return place


def join_pages() -> None:
    """Makes huge pages of the memory that all children share: a fork then copies no tables of it.

    Only saves time, and only where the system can (Linux 6.1 or later).
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    a_page = HUGE_PAGE_BYTES // PAGE_BYTES
    with open("/proc/self/maps") as maps, open("/proc/self/pagemap", "rb", 0) as entries:
        for span, access, _, _, inode, *_ in (line.split() for line in maps.readlines()):
            if (access, inode) != ("rw-p", "0"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            start += -start % HUGE_PAGE_BYTES
            for at in range(start, end - HUGE_PAGE_BYTES + 1, HUGE_PAGE_BYTES):
                entries.seek(at // PAGE_BYTES * 8)
                # The highest bit of an entry says that the page is there.
                n_there = sum(byte >> 7 for byte in entries.read(a_page * 8)[7::8])
                if n_there >= a_page * HUGE_PAGE_FULL:
                    madvise(at, HUGE_PAGE_BYTES, MADV_COLLAPSE)
