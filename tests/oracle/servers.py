"""Starts the two systems on loopback, each with a folder of its own, and ends them."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator

from side import Rest

# More than the tasks of a batch that wait behind gates.
PARALLELISM = 48


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end(processes: list[subprocess.Popen]) -> None:
    """Ends process groups that we started."""
    for signal_number, patience_s in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal_number)
        until = time.monotonic() + patience_s
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))


def settings(home: pathlib.Path, dags: pathlib.Path, port: int, database: str) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "100",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__INTERNAL_API_SECRET_KEY": secrets.token_hex(16),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "100000",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL": "0",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "1000000",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__SCHEDULER__MAX_DAGRUNS_TO_CREATE_PER_LOOP": "50",
        "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": "60",
        "AIRFLOW__SCHEDULER__PARSING_CLEANUP_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        # On a slow machine it would take its own tasks for orphans.
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "3600",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "3600",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "3600",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "3600",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "300",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
        "PYTHONWARNINGS": "ignore",
    }


@contextlib.contextmanager
def postgres() -> Iterator[str | None]:
    """A PostgreSQL of its own where one is installed: with SQLite, many dags at once end Airflow's scheduler."""
    found = [shutil.which("initdb"), *sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")))]
    programs = next((pathlib.Path(path).resolve().parent for path in reversed(found) if path), None)
    if programs is None:
        yield None
        return
    # It refuses to run as root.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="oracle-") as scratch:
        if user:
            shutil.chown(scratch, "postgres")
        data = f"{scratch}/data"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": scratch, **user}
        subprocess.run([programs / "initdb", "-D", data, "-U", "airflow", "-A", "trust"], check=True, **quiet)
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={scratch}"]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), *options], start_new_session=True, **quiet
        )
        try:
            command = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "airflow", "airflow"]
            until = time.monotonic() + 60
            while subprocess.run(command, **quiet).returncode and time.monotonic() < until:
                time.sleep(0.3)
            yield f"postgresql+psycopg2://airflow@127.0.0.1:{port}/airflow"
        finally:
            end([server])


@contextlib.contextmanager
def airflow(
    venv: pathlib.Path, folder: pathlib.Path, dags: pathlib.Path, without: tuple[str, ...] = ()
) -> Iterator[Rest]:
    """A real Airflow: scheduler, dag processor, triggerer and API server; `without` these of our settings."""
    home, port = folder / "airflow", free_port()
    home.mkdir(parents=True)
    path = f"{venv / 'bin'}:{os.environ['PATH']}"
    program = str(venv / "bin/airflow")
    with postgres() as database, open(home / "said.txt", "w") as said:
        database = database or f"sqlite:///{home}/airflow.db"
        ours = {key: value for key, value in settings(home, dags, port, database).items() if key not in without}
        env = {**os.environ, **ours, "PATH": path}
        subprocess.run([program, "db", "migrate"], env=env, stdout=said, stderr=said, check=True)
        commands = [
            ["api-server"],
            ["scheduler", "--skip-serve-logs"],
            ["dag-processor"],
            ["triggerer", "--skip-serve-logs"],
        ]
        processes: list[subprocess.Popen] = []
        try:
            for command in commands:
                with open(home / f"{command[0]}.txt", "w") as out:
                    processes.append(
                        subprocess.Popen([program, *command], env=env, stdout=out, stderr=out, start_new_session=True)
                    )
            base = f"http://127.0.0.1:{port}"
            rest = Rest(base, token(base))
            rest.processes = processes
            yield rest
        finally:
            end(processes)


def token(base: str) -> str:
    until = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(f"{base}/auth/token", timeout=10) as answer:
                return json.loads(answer.read())["access_token"]
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


@contextlib.contextmanager
def orrery(
    binary: pathlib.Path,
    home: pathlib.Path,
    runtime: str,
    folder: pathlib.Path,
    dags: pathlib.Path,
    parallelism: int = PARALLELISM,
) -> Iterator[Rest]:
    """Ours, with the runtimes of `home`."""
    data, port = folder / "orrery", free_port()
    data.mkdir(parents=True)
    (data / "runtimes").symlink_to((home / "runtimes").resolve())
    command = [binary, "serve", "--data", data, "--dags", dags, "--runtime", runtime]
    env = {**os.environ, "ORRERY_SCHEDULER_PARALLELISM": str(parallelism)}
    with open(data / "said.txt", "w") as out:
        server = subprocess.Popen(
            [*command, "--listen", f"127.0.0.1:{port}"], env=env, stdout=out, stderr=out, start_new_session=True
        )
    try:
        base = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{base}/api/v2/version", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield Rest(base)
    finally:
        end([server])
        end_worker(str(data))


def end_worker(data: str) -> None:
    """Tasks live on over a restart of ours, and here there will be none."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_text().split("\0")
            if "worker" in words and data in words:
                os.kill(int(process.name), signal.SIGTERM)


def clean(folder: pathlib.Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
