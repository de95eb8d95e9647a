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
import ctypes
import faulthandler
import fcntl
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
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any, NoReturn

# Beside this file, where an isolated interpreter does not look.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import orrery_kept  # noqa: E402

del sys.path[0]
Json = dict[str, Any]

MESSAGE_BYTES_MAX = 1 << 20
PAGE_BYTES, HUGE_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE"), 1 << 21
# Of a huge page, so that little memory is taken that was not in use.
HUGE_PAGE_FULL = 0.9
MADV_COLLAPSE = 25  # Linux 6.1.
SDK = "airflow.sdk.execution_time"
COMMS, RUNNER = f"{SDK}.comms", f"{SDK}.task_runner"
PROCESSOR = "airflow.dag_processing.processor"
TRIGGERER = "airflow.jobs.triggerer_job_runner"
DECODERS = ("airflow.serialization.decoders", "airflow.serialization.serialized_objects")
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


def forbid_databases() -> None:
    """Ends the process that opens SQLite: for the tests that prove that none does."""

    def hook(event: str, _: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect":
            traceback.print_stack()
            os.abort()

    sys.addaudithook(hook)


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


class Timetables:
    """The evaluator: what only Python can say of custom timetables, mappers and weights."""

    def __init__(self) -> None:
        self.decoded: dict[tuple[str, str], Any] = {}

    def main(self) -> None:
        """Answers `[id, ask]` with `[id, answer]` or `[id, null, error]`, in upstream's frames."""
        import msgspec

        with socket.socket(fileno=0) as requests, requests.makefile("rwb") as stream:
            while len(head := stream.read(4)) == 4:
                number, ask = msgspec.msgpack.decode(stream.read(int.from_bytes(head, "big")))
                try:
                    answer = [number, getattr(self, f"do_{ask['op']}")(ask)]
                except Exception as error:
                    answer = [number, None, {"error": repr(error), "detail": traceback.format_exc()}]
                body = msgspec.msgpack.encode(answer)
                stream.write(len(body).to_bytes(4, "big") + body)
                stream.flush()

    def decode(self, what: str, value: Json) -> Any:
        """The object of a serialized form; the same form gives the same object again."""
        key = (what, json.dumps(value, sort_keys=True))
        if key not in self.decoded:
            if len(self.decoded) > 1000:
                self.decoded.clear()
            self.decoded[key] = need(f"decode_{what}", *DECODERS)(value)
        return self.decoded[key]

    def do_next_dagrun_info(self, ask: Json) -> Json | None:
        """When the run after `last` is due."""
        base = "airflow.timetables.base"
        timetable = self.decode("timetable", ask["timetable"])
        restriction = need("TimeRestriction", base)(
            date(ask.get("earliest")), date(ask.get("latest")), ask["catchup"]
        )
        last, between = ask.get("last"), interval((ask.get("last") or {}).get("data_interval"))
        if hasattr(timetable, "next_dagrun_info_v2"):
            if last:
                given = {**last, "run_after": date(last["run_after"]), "data_interval": between}
                given["partition_date"] = date(last.get("partition_date"))
                kind = need("DagRunInfo", base)
                last = kind(**{field: given.get(field) for field in kind._fields})
            info = timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)
        else:
            info = timetable.next_dagrun_info(
                last_automated_data_interval=between, restriction=restriction
            )
        return plain(info._asdict()) if info else None

    def do_generate_run_id(self, ask: Json) -> str:
        """The name of a run."""
        extra = {k: ask[k] for k in ("partition_key",) if k in ask}
        run_id = self.decode("timetable", ask["timetable"]).generate_run_id(
            run_type=need("DagRunType", "airflow.utils.types")(ask["run_type"]),
            run_after=date(ask["run_after"]),
            data_interval=interval(ask.get("data_interval")),
            **extra,
        )
        return str(run_id)

    def do_manual(self, ask: Json) -> Json:
        """The interval of a run that somebody asked for, and its name where it has none."""
        between = ask.get("data_interval")
        if ask.get("logical_date") and not between:
            timetable, at = self.decode("timetable", ask["timetable"]), date(ask["logical_date"])
            between = plain(timetable.infer_manual_data_interval(run_after=at))
        run_id = ask.get("run_id") or self.do_generate_run_id({**ask, "data_interval": between})
        return {"data_interval": between, "run_id": run_id}

    def do_between(self, ask: Json) -> list[Json]:
        """The runs between two dates, no more than `limit`."""
        timetable, found = self.decode("timetable", ask["timetable"]), list[Json]()
        if walk := getattr(timetable, "partitioned", 0) and timetable.iter_partition_dagrun_infos:
            infos = walk(earliest=date(ask["earliest"]), latest=date(ask["latest"]))
            return [plain(info._asdict()) for info, _ in zip(infos, range(ask["limit"]))]
        while len(found) < ask["limit"]:
            last = {"catchup": True, "last": found[-1] if found else None}
            if not (info := self.do_next_dagrun_info({**ask, **last})):
                break
            found.append(info)
        return found

    def do_summary(self, ask: Json) -> Json:
        """How a timetable describes itself."""
        timetable = self.decode("timetable", ask["timetable"])
        names = ["summary", "description", "periodic", "can_be_scheduled", "run_ordering"]
        names += ["active_runs_limit", "partitioned", "partitioned_at_runtime"]
        return {name: plain(getattr(timetable, name, None)) for name in names}

    def do_timetable(self, ask: Json) -> Json:
        """The next run with its name, and how the timetable describes itself."""
        info, run_id = self.do_next_dagrun_info(ask), None
        if info:
            named = {**ask, "run_type": "scheduled", "run_after": info["run_after"]}
            named["data_interval"] = info.get("data_interval")
            if info.get("partition_key") is not None:
                named["partition_key"] = info["partition_key"]
            run_id = self.do_generate_run_id(named)
        return {"next": info, "run_id": run_id, **self.do_summary(ask)}

    def do_weights(self, ask: Json) -> list[int]:
        """The weights of many."""
        return list(map(self.do_weight, ask["of"]))

    def do_map(self, ask: Json) -> list[Json]:
        """The runs that an event is for, by a partition mapper: key, date, what they wait for."""
        mapper = self.decode("partition_mapper", ask["mapper"])
        carried = mapper.carry_partition_date(date(ask.get("date")))
        found, keys = list[Json](), mapper.to_downstream(ask["key"])
        for key in [keys] if isinstance(keys, str) else keys:
            needs = sorted(mapper.to_upstream(key)) if mapper.is_rollup else None
            at = mapper.to_partition_date(key) or carried
            found.append({"key": key, "date": plain(at), "needs": needs})
        return found

    def do_weight(self, ask: Json) -> int:
        """The weight that a custom strategy gives to a task instance."""
        load = need("validate_and_load_priority_weight_strategy", "airflow.task.priority_strategy")
        made = json.loads(json.dumps(ask["ti"]), object_hook=lambda each: SimpleNamespace(**each))
        return int(load(ask["rule"]).get_weight(made))


def call() -> None:
    """Calls the function of a deadline, as upstream's callback supervisor does."""
    import msgspec
    import structlog

    size = int.from_bytes(os.read(0, 4), "big")
    text = b""
    while len(text) < size:
        text += os.read(0, size - len(text))
    _, asked = msgspec.msgpack.decode(text)
    log = structlog.get_logger(logger_name="callback_runner")
    runner = importlib.import_module(RUNNER)
    setattr(runner, "SUPERVISOR_COMMS", need("CommsDecoder", COMMS)(log=log))
    if (folder := asked["bundle_path"]) not in sys.path:
        sys.path.append(folder)
    execute = need("execute_callback", f"{SDK}.callback_supervisor")
    well, wrong = execute(bundle_path=folder, log=log, **asked["call"])
    if not well:
        log.error("Callback failed", error=wrong)
        raise SystemExit(1)


def date(text: str | None) -> Any:
    """Upstream's kind of date."""
    import pendulum

    parse: Any = pendulum.parse
    return parse(text).in_timezone("UTC") if text else None


def interval(given: Json | None) -> Any:
    """Upstream's kind of interval."""
    make = need("DataInterval", "airflow.timetables.base")
    return make(date(given["start"]), date(given["end"])) if given else None


def plain(value: Any) -> Any:
    """Only what JSON knows."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(each) for each in value)
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def targets() -> dict[str, Callable[[], None]]:
    """Upstream's entry points."""
    supervisor = need("TriggerRunnerSupervisor", TRIGGERER)
    return {
        "task": need("main", RUNNER),
        "parse": need("_parse_file_entrypoint", PROCESSOR),
        "callback": need("_parse_file_entrypoint", PROCESSOR),
        "call": call,
        "triggerer": supervisor.run_in_process,
        "evaluate": Timetables().main,
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
        for module in WARM:
            with contextlib.suppress(Exception):
                importlib.import_module(module)
        if listeners := find("get_listener_manager", "airflow.sdk.listener", "airflow.listeners.listener"):
            listeners()
        memoise()
        self.introduction = introduce()
        # What follows saves time and nothing else, and a version or a policy may not have or want it.
        with contextlib.suppress(Exception):
            rehearse()
        with contextlib.suppress(Exception):
            self.log_fd = log_once()
        self.freeze()
        with contextlib.suppress(Exception):
            join_pages()

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
