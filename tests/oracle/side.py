"""One of the two systems, seen through REST alone, and what a story may do to it."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from plan import Plan

Json = Any
ENDED = ("success", "failed")
ACTIVE = [
    "scheduled",
    "queued",
    "running",
    "restarting",
    "up_for_retry",
    "up_for_reschedule",
    "deferred",
    "awaiting_input",
]
PATIENCE_S = 1800.0
POLL_S = 1.0
PAGE = 100
# Loops of the scheduler without a change after which there will be none.
# A skip goes down one level in each.
BEATS = 9


# Set when the oracle is told to end, so that nobody goes on waiting.
STOP = threading.Event()


def gates_of(dags: pathlib.Path) -> pathlib.Path:
    """Where tasks look for gates, as the dag files say it."""
    return dags.with_name(dags.name.replace("dags", "gates"))


class TooSlow(Exception):
    """Something did not come in time."""


class Rest:
    """The API of one system."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self.base, self.token = base, token
        self.processes: list[subprocess.Popen] = []

    def ask(self, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        """Asks until the answer is none of an overworked SQLite."""
        for _ in range(20):
            status, answer = self.once(method, path, body)
            if status < 500:
                break
            time.sleep(0.5)
        return status, answer

    def once(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/api/v2/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, {"detail": text.decode(errors="replace")[:300]}

    def get(self, path: str) -> Json:
        status, answer = self.ask("GET", path)
        if status != 200:
            raise TooSlow(f"GET {path}: {status} {answer}")
        return answer

    def all(self, path: str, key: str) -> list[Json]:
        found: list[Json] = []
        glue = "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{glue}limit={PAGE}&offset={len(found)}")
            found += page[key]
            if len(found) >= page["total_entries"] or not page[key]:
                return found

    def listed(self, path: str, key: str, body: Json) -> list[Json]:
        found: list[Json] = []
        while True:
            page = {**body, "page_limit": PAGE, "page_offset": len(found)}
            status, answer = self.ask("POST", path, page)
            if status != 200:
                raise TooSlow(f"POST {path}: {status} {answer}")
            found += answer[key]
            if len(found) >= answer["total_entries"] or not answer[key]:
                return found


@dataclasses.dataclass
class View:
    """What was seen of one dag at one look."""

    runs: dict[str, str] = dataclasses.field(default_factory=dict)
    active: frozenset[tuple[str, str, int, str]] = frozenset()
    since: float = 0.0


class Watcher(threading.Thread):
    """Looks at all dags of a batch at once, since a look for each would be most of the work."""

    def __init__(self, rest: Rest, dag_ids: list[str], pulse: str | None) -> None:
        super().__init__(daemon=True)
        self.rest, self.dag_ids, self.pulse = rest, dag_ids, pulse
        self.beats: list[float] = []
        self.views: dict[str, View] = {}
        self.asked, self.looked = 0.0, threading.Condition()
        self.over, self.broken = False, ""

    def run(self) -> None:
        while not self.over:
            try:
                self.look(time.time())
                dead = [process.args for process in self.rest.processes if process.poll() is not None]
                self.broken = f"ended by themselves: {dead}" if dead else ""
            # Whatever it is: without looks nobody would go on.
            except Exception as problem:
                self.broken = repr(problem)
            time.sleep(POLL_S)

    def look(self, asked: float) -> None:
        body = {"dag_ids": self.dag_ids}
        runs = self.rest.listed("dags/~/dagRuns/list", "dag_runs", {**body, "order_by": "id"})
        active = self.rest.listed(
            "dags/~/dagRuns/~/taskInstances/list", "task_instances", {**body, "state": ACTIVE}
        )
        if self.pulse:
            decided = self.rest.get(f"dags/{self.pulse}/dagRuns/pulse")["last_scheduling_decision"]
            beat = datetime.datetime.fromisoformat(decided).timestamp() if decided else 0.0
            if beat not in self.beats[-1:]:
                self.beats.append(beat)
        views: dict[str, View] = {dag_id: View() for dag_id in self.dag_ids}
        for run in runs:
            views[run["dag_id"]].runs[run["dag_run_id"]] = run["state"]
        for ti in active:
            view = views[ti["dag_id"]]
            seen = (ti["dag_run_id"], ti["task_id"], ti["map_index"], ti["state"])
            view.active = view.active | {seen}
        with self.looked:
            for dag_id, view in views.items():
                last = self.views.get(dag_id)
                same = last and (last.runs, last.active) == (view.runs, view.active)
                view.since = last.since if last and same else asked
            self.views, self.asked = views, asked
            self.looked.notify_all()

    def rested(self, since: float, quiet_s: float) -> bool:
        """Whether enough went by since then: loops of upstream's scheduler where they are seen, else time."""
        if self.pulse:
            return sum(beat > since for beat in self.beats) >= BEATS
        return time.time() - since > quiet_s


class Side:
    """One dag on one system."""

    def __init__(
        self, rest: Rest, watcher: Watcher, dags: pathlib.Path, dag_ids: list[str], quiet_s: float
    ) -> None:
        self.rest, self.watcher, self.dags, self.gates = rest, watcher, dags, gates_of(dags)
        self.dag_id, self.dag_ids, self.quiet_s = dag_ids[0], dag_ids, quiet_s
        # Tasks that run until their gate is opened, and those that never start.
        self.held: set[str] = set()
        self.stuck: set[str] = set()
        self.opened: set[tuple[str, str, int]] = set()
        self.said: list[str] = []

    def call(self, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        """Does something and notes how it was answered."""
        status, answer = self.rest.ask(method, path, body)
        said = f"{method} {path} {json.dumps(body, sort_keys=True)} -> {status}"
        self.said.append(said.replace(str(self.gates), "GATES"))
        return status, answer

    def note(self, what: str) -> None:
        self.said.append(what)

    def trigger(self, run_id: str, logical_date: str | None) -> None:
        conf = {"gates": str(self.gates)}
        body = {"dag_run_id": run_id, "logical_date": logical_date, "conf": conf}
        self.call("POST", f"dags/{self.dag_id}/dagRuns", body)

    def pause(self, paused: bool, dag_id: str | None = None) -> None:
        self.call("PATCH", f"dags/{dag_id or self.dag_id}", {"is_paused": paused})

    def open(self, gate: str) -> None:
        (self.gates / f"{self.dag_id}.{gate}").touch()

    def wait(self, what: str, met: Callable[[list[View]], bool]) -> None:
        """Waits for a look that began after now and that meets something."""
        begun, watcher = time.time(), self.watcher
        with watcher.looked:
            while True:
                views = [watcher.views.get(dag_id) or View() for dag_id in self.dag_ids]
                if watcher.asked > begun and met(views):
                    return
                if STOP.is_set() or time.time() - begun > PATIENCE_S or watcher.broken.startswith("ended"):
                    raise TooSlow(f"{what}: {views} {watcher.broken}")
                watcher.looked.wait(5)

    def wait_quiet(self, n_runs: int = 1, settled: bool = False) -> None:
        """Until all runs have ended, or nothing goes on any more but what is held.

        Where more runs may follow by themselves (`settled`) the end of those there is not enough.
        """

        begun = time.time()

        def ended(view: View) -> bool:
            return not view.active and all(state in ENDED for state in view.runs.values())

        def quiet(views: list[View]) -> bool:
            if not settled and len(views[0].runs) >= n_runs and ended(views[0]):
                return True
            own = views[0].active
            held = {task for _, task, _, state in own if task in self.held and state == "running"}
            # Where the oracle holds all slots, an instance of a task that it holds waits for another one.
            left = [active for active in own if active[1] not in held]
            others = [active for view in views[1:] for active in view.active]
            moving = any(not self.is_at_rest(*active) for active in [*left, *others])
            moving = moving or any(active[:3] in self.opened for active in own)
            since = max(begun, *(view.since for view in views))
            return not moving and self.watcher.rested(since, self.quiet_s)

        self.wait(f"{self.dag_ids} to be quiet", quiet)

    def is_at_rest(self, run_id: str, task: str, map_index: int, state: str) -> bool:
        held = task in self.held and (run_id, task, map_index) not in self.opened
        return (held and state in ("running", "deferred", "awaiting_input")) or (task in self.stuck and state == "scheduled")

    def open_next(self) -> bool:
        """Lets the first of the instances that are held go on; false when there is none."""
        active = sorted(self.watcher.views[self.dag_id].active)
        held = [(run, task, index) for run, task, index, state in active if state == "running" and task in self.held]
        left = [instance for instance in held if instance not in self.opened]
        for run_id, task, map_index in left[:1]:
            self.opened.add((run_id, task, map_index))
            self.open(f"{run_id}.{task}_{map_index}")
        return bool(left)

    def comes(self, met: Callable[[], bool], patience_s: float) -> bool:
        """Whether something that no look at the dags shows comes in time."""
        until = time.monotonic() + patience_s
        while not (found := met()) and time.monotonic() < until and not STOP.is_set():
            time.sleep(POLL_S)
        return found

    def rewrite(self, plan: Plan, number: int) -> None:
        """Saves another text of the file, and waits until it is known."""
        file = self.dags / f"{plan.dag_id}.py"
        new = file.with_suffix(".new")
        new.write_text(plan.texts[number])
        new.rename(file)

        def known() -> bool:
            return self.rest.get(f"dags/{self.dag_id}")["description"] == f"text {number}"

        if not self.comes(known, PATIENCE_S):
            raise TooSlow(f"text {number} of {self.dag_id}")

    def reread(self) -> None:
        """Has upstream read the file again, which then sees what it looks at only there."""
        if not self.rest.processes:
            return
        last = self.rest.get(f"dags/{self.dag_id}")["last_parsed_time"]
        (self.dags / f"{self.dag_id}.py").touch()
        if not self.comes(lambda: self.rest.get(f"dags/{self.dag_id}")["last_parsed_time"] != last, PATIENCE_S):
            raise TooSlow(f"{self.dag_id} was not read again")

    def note_states(self) -> None:
        """What is there now, in the middle of a story."""
        for run, state in sorted(self.watcher.views[self.dag_id].runs.items()):
            self.note(f"now {run} {state}")
        tis = self.rest.all(f"dags/{self.dag_id}/dagRuns/~/taskInstances", "task_instances")
        for ti in sorted(tis, key=lambda ti: (ti["dag_run_id"], ti["task_id"], ti["map_index"])):
            self.note(f"now {ti['dag_run_id']} {ti['task_id']}[{ti['map_index']}] {ti['state']} {ti['trigger']}")

    def n_told(self, run_id: str) -> int:
        return len(list(self.gates.glob(f"{self.dag_id}.*.late.{run_id}")))

    def note_told(self, run_id: str) -> None:
        """Which deadlines of a run were told, and with what."""
        for file in sorted(self.gates.glob(f"{self.dag_id}.*.late.{run_id}")):
            self.note(f"{file.name}: {file.read_text()}")

    def wait_backfills(self) -> None:
        """Until backfills without unfinished runs are over, for which upstream looks twice a minute."""
        until = time.time() + PATIENCE_S
        while time.time() < until:
            runs = self.watcher.views[self.dag_id].runs.values()
            found = self.rest.all(f"backfills?dag_id={self.dag_id}", "backfills")
            if any(state not in ENDED for state in runs) or all(backfill["completed_at"] for backfill in found):
                return
            time.sleep(POLL_S)

    def clear(self, **options: Json) -> None:
        body = {"dry_run": False, "only_failed": False, "reset_dag_runs": True, **options}
        path = f"dags/{self.dag_id}/clearTaskInstances"
        status, answer = self.call("POST", path, body)
        if status == 200:
            found = [f"{ti['task_id']}[{ti.get('map_index', -1)}]" for ti in answer["task_instances"]]
            self.note(f"cleared {' '.join(sorted(found))}")

    def mark_task(self, run_id: str, task: str, state: str, **options: bool) -> None:
        run = urllib.parse.quote(run_id)
        path = f"dags/{self.dag_id}/dagRuns/{run}/taskInstances/{task}"
        self.call("PATCH", path, {"new_state": state, **options})

    def mark_run(self, run_id: str, state: str) -> None:
        self.call("PATCH", f"dags/{self.dag_id}/dagRuns/{urllib.parse.quote(run_id)}", {"state": state})
