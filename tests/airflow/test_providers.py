"""Providers beyond the standard one, unmodified, against the real things: databases, HTTP, SSH, dbt."""

from __future__ import annotations

import contextlib
import getpass
import glob
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest
from ends import HERE
from orrery import Runtime, Server, wait_for


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def postgres(folder: pathlib.Path) -> Iterator[str]:
    """A PostgreSQL of our own; it does not run as root, so there as another user."""
    (bin_folder,) = glob.glob("/usr/lib/postgresql/*/bin")[:1]
    user, port = "nobody" if os.getuid() == 0 else getpass.getuser(), free_port()
    data = folder / "postgres"
    data.mkdir()
    if os.getuid() == 0:
        shutil.chown(data, user)
        for above in (folder, *folder.parents):
            if str(above).startswith("/tmp/"):
                above.chmod(0o755)
    as_user = {"user": user} if os.getuid() == 0 else {}
    init = [f"{bin_folder}/initdb", "-D", data, "-U", "clerk", "--auth=trust", "--no-sync"]
    subprocess.run(init, check=True, capture_output=True, cwd="/", **as_user)
    command = [f"{bin_folder}/postgres", "-D", data, "-p", str(port), "-k", data, "-h", "127.0.0.1", "-F"]
    with open(folder / "postgres.txt", "w") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, cwd="/", **as_user)
    try:
        wait_for("PostgreSQL", lambda: answers(port), 60)
        yield f"postgres://clerk@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(30)


@contextlib.contextmanager
def sshd(folder: pathlib.Path) -> Iterator[dict[str, object]]:
    """An SSH server of our own on loopback, for the user that runs the tests."""
    port = free_port()
    for key in ("host", "user"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key]
        subprocess.run(make, check=True)
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "user.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
    }
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    if os.getuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    with open(folder / "sshd.txt", "w") as said:
        server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stdout=said, stderr=said)
    extra = {"key_file": str(folder / "user"), "no_host_key_check": "true"}
    try:
        wait_for("sshd", lambda: answers(port), 30)
        yield {"host": "127.0.0.1", "port": port, "login": getpass.getuser(), "extra": extra}
    finally:
        server.terminate()
        server.wait(30)


class Hello(http.server.BaseHTTPRequestHandler):
    """Says hello; what is called `second` is not there at first."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        is_there = self.path != "/second" or self.asked.count("/second") > 1
        self.reply(200 if is_there else 404, {"hello": "world"})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        self.reply(200, {"got": text})

    def reply(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


@contextlib.contextmanager
def web() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("providers")
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(sshd(folder))
        dbt = folder / "dbt"
        shutil.copytree(HERE / "providers/dbt", dbt)
        profile = {"type": "duckdb", "path": str(folder / "shop.duckdb"), "threads": 1}
        profiles = {"shop": {"target": "dev", "outputs": {"dev": profile}}}
        (dbt / "profiles.yml").write_text(json.dumps(profiles))
        env = {
            "AIRFLOW_CONN_LITE": json.dumps({"conn_type": "sqlite", "host": str(folder / "lite.db")}),
            "AIRFLOW_CONN_WEB": stack.enter_context(web()),
            "AIRFLOW_CONN_BOX": json.dumps({"conn_type": "ssh", **box}),
            "AIRFLOW_CONN_BOX_SFTP": json.dumps({"conn_type": "sftp", **box}),
            "AIRFLOW_CONN_POSTGRES": stack.enter_context(postgres(folder)),
            "AIRFLOW_VAR_DATABASES": "lite,postgres",
            "AIRFLOW_VAR_BOX_FOLDER": str(folder),
            "AIRFLOW_VAR_DBT_PROJECT": str(dbt),
            "AIRFLOW__COSMOS__ENABLE_CACHE": "False",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "45",
            "DO_NOT_TRACK": "1",
        }
        server = Server(folder, Runtime("", "providers"), env=env)
        for path in (HERE / "providers").glob("*.py"):
            shutil.copy(path, server.dags)
        stack.callback(server.stop)
        yield server.start()


def ended_well(server: Server, dag_id: str) -> dict:
    run, found = server.run(dag_id)
    for name, ti in found.items():
        if ti["state"] == "failed":
            print(name, server.log(ti))
    assert run["state"] == "success", {name: ti["state"] for name, ti in found.items()}
    return found


def test_sql(server: Server) -> None:
    found = ended_well(server, "sql")
    for name in ("lite", "postgres"):
        assert server.xcom(found[f"{name}.hook"]) == 42
        assert "32" in str(server.xcom(found[f"{name}.read"]))


def test_http(server: Server) -> None:
    found = ended_well(server, "web")
    assert server.xcom(found["get"]) == "world"
    assert json.loads(server.xcom(found["post"])) == {"got": "world"}
    assert json.loads(server.xcom(found["later"])) == {"hello": "world"}


def test_ssh(server: Server) -> None:
    _, found = server.run("box")
    states = {name: ti["state"] for name, ti in found.items()}
    good = dict.fromkeys(("write", "put", "wait", "read"), "success")
    logs = "\n".join(server.log(ti) for ti in found.values() if ti["state"] == "failed")
    assert states == {**good, "fail": "failed"}, logs
    assert "carried over" in server.log(found["read"])
    assert "exit status = 4" in server.log(found["fail"])


def test_kubernetes_parses(server: Server) -> None:
    server.wait_for_dag("pods")
    tasks = server("GET", "dags/pods/tasks")["tasks"]
    assert {task["task_id"] for task in tasks} == {"pod", "decorated", "overridden"}


def test_dbt_by_cosmos(server: Server) -> None:
    found = ended_well(server, "cosmos_shop")
    assert {"orders.run", "orders.test", "sums_run"} <= found.keys()
    assert "PASS=1" in server.log(found["sums_run"])
