"""A dag file that is read once for many tasks.

Upstream's task process reads the whole dag file before it runs one task of it. A child of the zygote
may do that once and then fork the tasks itself: it runs upstream's own `parse`, keeps the dag bag that
this made, and gives it to whoever asks for the same one again. Only where nobody could tell: reading
the file must have asked nobody for anything, printed nothing and changed nothing, and whatever it read
must still be as it was. Nobody looks at a clock that way, so a reading is also forgotten with age.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from orrery_upstream import Json, find

Signature = tuple[int, int, int] | None

# Where the versions have the class; upstream's `parse` looks it up there at each call.
BAGS = (
    ("airflow.dag_processing.dagbag", "BundleDagBag"),
    ("airflow.models.dagbag", "BundleDagBag"),
    ("airflow.dag_processing.dagbag", "DagBag"),
    ("airflow.models.dagbag", "DagBag"),
)
# What reading a file may not do, by the names of audit events: it would not be done for each task. What
# it changes in its own process each task finds as well.
DEEDS = (
    "ftplib.",
    "http.client.",
    "imaplib.",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "shutil.",
    "smtplib.",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostby",
    "socket.send",
    "sqlite3.",
    "subprocess.",
    "tempfile.",
    "urllib.",
)
LISTS = ("os.listdir", "os.scandir")
# The dag and the task for which a file is read, of which a file may make less.
CONTEXT = (b"_AIRFLOW_PARSING_CONTEXT_DAG_ID", b"_AIRFLOW_PARSING_CONTEXT_TASK_ID")
# Whose log lines each task has anyway or does not need.
LOGGERS = ("airflow.", "py.warnings", "task")
# The same where a version does not name them.
ORDINARY = ("DAG bundles loaded", "Filling up the DagBag")
LOG_BYTES_MAX = 1 << 20


class Unkept(Exception):
    """Why each task has to read the file itself."""


class Watch:
    """What is read, and what is done, while a file is read."""

    def __init__(self) -> None:
        self.is_on = False
        self.deeds: list[str] = []
        self.files: dict[str, Signature] = {}
        self.ours = tuple({os.path.realpath(p) + os.sep for p in (sys.prefix, sys.base_prefix)})
        self.ours += (sys.prefix + os.sep, "/proc/", "/sys/", "/dev/", "/usr/lib/", "/usr/share/zoneinfo")
        sys.addaudithook(self.hook)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int) or "__pycache__" in str(path):
                return
            if any(c in (mode or "") for c in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR):
                self.deeds.append(f"writes {path!r}")
            else:
                self.read(os.fsdecode(path))
        elif event in LISTS:
            self.read(os.fsdecode(args[0] or ".") if not isinstance(args[0], int) else ".")
        elif event.startswith(DEEDS) and not any("__pycache__" in str(arg) for arg in args):
            self.deeds.append(event)

    def read(self, path: str) -> None:
        path = os.path.abspath(path)
        if not path.startswith(self.ours) and path not in self.files:
            self.files[path] = signature(path)

    def changed(self) -> str | None:
        """A file that is not as it was."""
        return next((path for path, was in self.files.items() if signature(path) != was), None)


class Asked(dict[bytes, bytes]):
    """An environment that notes whether the context of reading is looked at."""

    watch: Watch

    def __getitem__(self, key: bytes) -> bytes:
        if key in CONTEXT:
            self.watch.deeds.append("get_parsing_context")
        return super().__getitem__(key)


class Nobody:
    """Stands where a task finds its server."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __getattr__(self, name: str) -> Any:
        self.watch.deeds.append("asks the server")
        raise RuntimeError("nobody answers while a dag file is kept")


def signature(path: str) -> Signature:
    with contextlib.suppress(OSError):
        found = os.stat(path)
        return found.st_ino, found.st_size, found.st_mtime_ns
    return None


class Bags:
    """Whoever asks for the bag that was made before gets it; the class stays one to derive from."""

    def __init__(self) -> None:
        self.is_on = True
        self.made: list[tuple[str, Any]] = []
        for module, name in BAGS:
            if (real := find(name, module)) is not None:
                setattr(sys.modules[module], name, self.standing_in(real))
                return

    def standing_in(self, real: Any) -> Any:
        def new(cls: Any, *args: Any, **options: Any) -> Any:
            if cls is not kept:
                return object.__new__(cls)
            wanted = repr((args, sorted(options.items())))
            bag = next((bag for asked, bag in self.made if asked == wanted), None) or real(*args, **options)
            if self.is_on:
                self.made.append((wanted, bag))
            return bag

        kept = type(real.__name__, (real,), {"__new__": new, "__module__": real.__module__})
        return kept


def said(fd: int) -> bytes:
    return os.pread(fd, LOG_BYTES_MAX, 0)


def check_words(printed: int, logged: int) -> None:
    """What the file itself says belongs into the log of each task."""
    if said(printed):
        raise Unkept("prints")
    for line in said(logged).splitlines():
        record: Json = {}
        with contextlib.suppress(ValueError):
            record = json.loads(line)
        logger = str(record.get("logger", ""))
        if not f"{logger}.".startswith(LOGGERS) and not str(record.get("event")).startswith(ORDINARY):
            raise Unkept(f"logs as {logger!r}")


@contextlib.contextmanager
def watched(watch: Watch, runner: Any) -> Iterator[None]:
    """Nobody answers, and whether the file looks for whom it is read is noted."""
    runner.SUPERVISOR_COMMS = Nobody(watch)
    environ: Any = os.environ
    plain, asked = environ._data, Asked(environ._data)
    asked.update({name: b"" for name in CONTEXT})
    asked.watch = watch
    environ._data, watch.is_on = asked, True
    try:
        yield
    finally:
        watch.is_on = False
        plain.clear()
        plain.update((name, value) for name, value in asked.items() if name not in CONTEXT)
        environ._data = plain
        del runner.SUPERVISOR_COMMS


def read(dag: Json, runner: Any, log_fd: int | None) -> Watch:
    """Reads a file as a task of it would; gives what to look at before each task.

    Raises `Unkept` where tasks have to read it themselves.
    """
    import structlog

    if log_fd is None:
        raise Unkept("this Airflow sets up logging for each task")
    watch, bags = Watch(), Bags()
    printed, logged = (os.memfd_create(name) for name in ("printed", "logged"))
    for fd, to in ((1, printed), (2, printed), (log_fd, logged)):
        os.dup2(to, fd, inheritable=False)
    what = SimpleNamespace(
        bundle_info=SimpleNamespace(name=dag["bundle"], version=None),
        dag_rel_path=dag["file"],
        ti=SimpleNamespace(dag_id=dag["dag_id"], task_id=dag["task_id"]),
        ti_context=SimpleNamespace(should_retry=False),
    )
    before = set(sys.modules)
    with watched(watch, runner), contextlib.suppress(Exception, SystemExit):
        # The instance that it makes at the end needs more words than these, and is not wanted.
        runner.parse(what, structlog.get_logger(logger_name="task"))
    bags.is_on = False
    for name in set(sys.modules) - before:
        # A module that comes from its cache is not opened.
        if isinstance(path := getattr(sys.modules[name], "__file__", None), str):
            watch.read(path)
    if watch.deeds:
        raise Unkept(", ".join(watch.deeds[:5]))
    if not bags.made or bags.made[0][1].import_errors:
        raise Unkept("cannot be read")
    if len(os.listdir("/proc/self/task")) != 1:
        raise Unkept("starts threads")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    check_words(printed, logged)
    null = os.open(os.devnull, os.O_WRONLY)
    for fd in (1, 2, log_fd):
        os.dup2(null, fd, inheritable=False)
    for fd in (null, printed, logged):
        os.close(fd)
    return watch


class Reading:
    """Tells whether what was read is still true."""

    def __init__(self, watch: Watch, age_s: float) -> None:
        self.watch, self.until = watch, time.monotonic() + age_s

    def stale(self) -> str | None:
        return "its age" if time.monotonic() > self.until else self.watch.changed()
