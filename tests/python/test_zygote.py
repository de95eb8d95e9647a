"""The zygote with the Airflow that is installed beside these tests."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

import pytest
from parent import NOW, ZYGOTE, Zygote, answer


def test_says_what_it_is(zygote: Zygote) -> None:
    assert zygote.boot["airflow"].startswith("3.")
    assert "ti_context" in zygote.boot["messages"]["StartupDetails"]
    assert "schema" in zygote.boot["messages"]["ConnectionResult"]
    assert zygote.boot["messages"]["DagFileParseRequest"]
    assert zygote.boot["messages"]["RunTrigger"]
    assert "apache-airflow-providers-standard" in zygote.boot["providers"]


def test_rehearses(env: dict[str, str]) -> None:
    # A rehearsal that fails is passed over when it boots, so it is asked for here.
    said = subprocess.run(
        [sys.executable, "-c", "import zygote; zygote.targets(); zygote.orrery_warm.memoise(); zygote.orrery_warm.rehearse()"],
        env={**env, "PYTHONPATH": f"{ZYGOTE.parent}:{os.environ.get('PYTHONPATH', '')}"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr


def test_runs_tasks(zygote: Zygote) -> None:
    session, ended, came = zygote.run_task("one", "say", "one.py")
    kinds = [message["type"] for message in came]
    assert kinds[-1] == "SucceedTask" and "SetXCom" in kinds, session.text()
    assert ended["status"] == 0 and ended["cpu_us"] > 0 and ended["max_rss_kib"] > 0
    assert b"hello you" in session.told[0]
    session, _, came = zygote.run_task("one", "bash", "one.py", MINE="mine")
    assert "2026-01-02 mine" in session.text() and came[-1]["type"] == "SucceedTask"


def parse(zygote: Zygote, env: dict[str, str], file: str) -> dict:
    folder = pathlib.Path(env["AIRFLOW__CORE__DAGS_FOLDER"])
    request = {"type": "DagFileParseRequest", "file": str(folder / file), "bundle_path": str(folder)}
    request |= {"bundle_name": "dags-folder", "callback_requests": []}
    session = zygote.open("parse")
    came = session.talk(zygote.only_known("DagFileParseRequest", request), answer)
    assert session.end()["status"] == 0, session.text()
    return came[-1]


def test_parses(zygote: Zygote, env: dict[str, str]) -> None:
    result = parse(zygote, env, "one.py")
    assert result["serialized_dags"][0]["data"]["dag"]["dag_id"] == "one"
    assert "nothing_of_this_name" in str(parse(zygote, env, "broken.py")["import_errors"])


def test_fires_a_trigger(zygote: Zygote) -> None:
    # Before 3.3 `ti` must be there even when it is null.
    trigger = {"type": "RunTrigger", "id": 5, "ti": None}
    trigger["classpath"] = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
    kwargs = '{"moment": {"__type": "datetime", "__var": 1767323045.0}, "end_from_trigger": false}'
    # Before 3.3 the map itself is encoded too.
    old = '{"__type": "dict", "__var": %s}' % kwargs
    trigger["encrypted_kwargs"] = kwargs if zygote.boot["schema"] else old
    session = zygote.open("triggerer")
    start = {"type": "StartTriggerer", "job_id": 1}
    session.send([0, zygote.only_known("StartTriggerer", start)])
    to_create, events = [trigger], []
    while not events:
        number, message, *_ = session.receive() or pytest.fail(session.text())
        assert not message.get("failures"), message
        events = message.get("events") or []
        sync = {"type": "TriggerStateSync", "to_create": to_create, "to_cancel": []}
        sync = sync if message["type"] == "TriggerStateChanges" else None
        session.send([number, sync])
        to_create = []
    assert events[0][0] == 5
    os.kill(session.pid, signal.SIGKILL)
    assert session.end()["status"] == signal.SIGKILL


def test_evaluates(zygote: Zygote) -> None:
    session = zygote.open("evaluate")
    timetable = {"__type": "mine.EveryHour", "__var": {}}
    wanted = {"run_after": "2026-01-02T05:04:05+00:00"}
    restriction = {"earliest": NOW, "latest": None, "catchup": True}
    last = {"run_after": "2026-01-02T04:04:05Z"}
    last["data_interval"] = {"start": NOW, "end": "2026-01-02T04:04:05Z"}
    info = session.ask(op="next_dagrun_info", timetable=timetable, last=last, **restriction)
    assert info["run_after"] == wanted["run_after"]
    first = session.ask(op="next_dagrun_info", timetable=timetable, last=None, **restriction)
    assert first["data_interval"]["start"] == "2026-01-02T03:04:05+00:00"
    asked = session.ask(op="manual", timetable=timetable, run_type="manual", run_after=NOW, logical_date=NOW)
    manual = asked["data_interval"]
    assert manual["start"] == "2026-01-02T02:04:05+00:00" and asked["run_id"].startswith("manual__")
    asked = session.ask(op="manual", timetable=timetable, run_type="manual", run_after=NOW, run_id="mine")
    assert asked == {"data_interval": None, "run_id": "mine"}
    between = session.ask(op="between", timetable=timetable, earliest=NOW, latest=None, limit=3)
    starts = [each["data_interval"]["start"][:16] for each in between]
    assert starts == ["2026-01-02T03:04", "2026-01-02T04:04", "2026-01-02T05:04"]
    about = session.ask(op="summary", timetable=timetable)
    assert about["summary"] == "EveryHour" and about["description"] == "each hour"
    name = {"run_type": "scheduled", "run_after": NOW, "data_interval": manual}
    assert session.ask(op="generate_run_id", timetable=timetable, **name).startswith("scheduled__")
    if zygote.boot["airflow"].split(".")[:2] >= ["3", "3"]:
        mapper = {"__type": "airflow.partition_mappers.identity.IdentityMapper", "__var": {}}
        mapped = session.ask(op="map", mapper=mapper, key="k", date=NOW)
        assert mapped == [{"key": "k", "date": "2026-01-02T03:04:05+00:00", "needs": None}]
    assert session.ask(op="weight", rule="mine.ByTry", ti={"try_number": 3, "task": {}}) == 30
    assert session.end()["status"] == 0


def test_bad_children_harm_themselves_alone(zygote: Zygote) -> None:
    _, ended, came = zygote.run_task("bad", "leaves", "bad.py")
    assert os.waitstatus_to_exitcode(ended["status"]) == 7
    assert "SucceedTask" not in [message["type"] for message in came]
    _, ended, _ = zygote.run_task("bad", "kills_group", "bad.py")
    assert os.WTERMSIG(ended["status"]) == signal.SIGKILL
    _, ended, _ = zygote.run_task("bad", "opens_database", "bad.py")
    assert os.WTERMSIG(ended["status"]) == signal.SIGABRT
    assert zygote.run_task("one", "noop", "one.py")[2][-1]["type"] == "SucceedTask"


def test_children_see_only_their_own_streams(zygote: Zygote) -> None:
    other = zygote.open("evaluate")
    session, _, _ = zygote.run_task("bad", "looks", "bad.py")
    other.end()
    # The four streams, of which upstream keeps the numbers that came as well as 0 to 2.
    text = session.text()
    assert "GROUP True" in text and "PIDFDS 0" in text, text
    assert "SOCKETS 4" in text or "SOCKETS 7" in text, text


def test_refuses(zygote: Zygote, env: dict[str, str]) -> None:
    with pytest.raises(PermissionError, match="unknown op"):
        zygote.open("nonsense")
    with pytest.raises(PermissionError, match="3 descriptors"):
        zygote.open("task", n_fds=3)
    plugins = pathlib.Path(env["AIRFLOW_HOME"], "threads")
    plugins.mkdir()
    text = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    (plugins / "threads.py").write_text(text + "from airflow.plugins_manager import AirflowPlugin\n")
    threaded = Zygote({**env, "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins)})
    with pytest.raises(PermissionError, match="2 threads run here"):
        threaded.open("task")
    threaded.close()


def test_a_broken_runtime_says_why(env: dict[str, str]) -> None:
    broken = Zygote({**env, "AIRFLOW__CORE__EXECUTOR": "", "AIRFLOW__LOGGING__LOGGING_LEVEL": "NONSENSE"})
    assert "broken" in broken.boot or broken.boot["ready"]
    broken.close()


def test_a_killed_zygote_leaves_its_children(env: dict[str, str]) -> None:
    zygote = Zygote(env)
    other = zygote.open("evaluate")
    session = zygote.open("task")
    came = session.talk(zygote.startup("bad", "kills_parent", "bad.py"), answer)
    assert zygote.process.wait(timeout=10) == -signal.SIGKILL
    # Its own task goes on to its end, and so do the sessions of others.
    assert came[-1]["type"] == "SucceedTask"
    timetable = {"__type": "mine.EveryHour", "__var": {}}
    assert other.ask(op="summary", timetable=timetable)["summary"] == "EveryHour"
    for each in (session, other):
        with pytest.raises(EOFError):
            each.end()
