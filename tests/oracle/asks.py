"""Stories in which something is asked for: of people, of other dags, and what must be refused."""

from __future__ import annotations

import random

from features import fill
from plan import Plan, feature
from side import Json, Side

DATE = "2026-01-05T00:00:00Z"
LATER = "2099-01-01T00:00:00Z"


def make_people(plan: Plan) -> None:
    """A question, with what a random dag has beside it."""
    name, rng = plan.name(), plan.rng
    more = rng.choice(["", ", multiple=True", ", params={'n': Param(1, type='integer')}"])
    if plan.chance(0.3):
        more += ", defaults=['yes']"
    if plan.chance(0.3):
        more += f", retries={rng.randint(0, 1)}, response_timeout=datetime.timedelta(seconds=3)"
    else:
        plan.gates.add(name)
    plan.add(f"{name} = HITLOperator(task_id={name!r}, subject='Go on?', options=['yes', 'no']{more})", name)
    fill(plan)
    plan.edge([name], plan.any_task(plan.some(plan.ends, 1), 0.5))


@feature(122, 123, 124)
def people(plan: Plan, side: Side) -> None:
    """Answers that are refused, one that is not, and one that comes too late."""
    rng = random.Random(plan.seed)
    side.stuck |= plan.stuck
    side.held |= plan.gates | plan.never
    side.pause(False)
    side.trigger("r1", DATE)
    side.wait_quiet()
    name = plan.tasks[0]
    path = f"dags/{plan.dag_id}/dagRuns/r1/taskInstances/{name}/-1/hitlDetails"
    answers: list[Json] = [
        {"chosen_options": []}, {"chosen_options": ["perhaps"]}, {"chosen_options": "yes"}, {"params_input": {"n": 1}},
        {"chosen_options": ["yes", "no"]}, {"chosen_options": ["no"], "params_input": {"n": 3}},
        {"chosen_options": ["yes"], "params_input": {"other": 3}},
    ]
    for answer in [*rng.sample(answers, 3), {"chosen_options": ["yes"]}, {"chosen_options": ["no"]}]:
        side.call("PATCH", path, answer)
    side.call("PATCH", path.replace(name, "nobody"), {"chosen_options": ["yes"]})
    side.held -= plan.gates
    side.wait_quiet()
    status, detail = side.rest.ask("GET", path)
    if status == 200:
        side.note(str([detail[key] for key in ("response_received", "chosen_options", "params_input", "options",
                                               "defaults", "multiple", "subject", "params")]))
    if rng.random() < 0.4:
        side.clear(dag_run_id="r1", task_ids=[name])
        side.held |= plan.gates
        side.wait_quiet()


def make_calls(plan: Plan) -> None:
    """Tasks that start runs of another dag, one after the other."""
    rng, other = plan.rng, f"{plan.dag_id}_called"
    plan.others.append(other)
    ends = rng.choice(["ok", "ok", "fail"])
    plan.tail += [f"with DAG({other!r}, schedule=None, start_date=START):", f"    t('one', {ends!r})"]
    above: list[str] = []
    for number in range(rng.randint(1, 2)):
        name, more = plan.name(), ""
        if plan.chance(0.7):
            more += f", trigger_run_id='called{number}'"
            more += rng.choice(["", ", reset_dag_run=True", ", skip_when_already_exists=True"])
        if plan.chance(0.3):
            more += f", logical_date='2026-01-0{number + 3}T00:00:00+00:00'"
        if plan.chance(0.5):
            more += ", wait_for_completion=True, poke_interval=2"
            more += rng.choice(["", ", deferrable=True", ", failed_states=[], allowed_states=['success', 'failed']"])
        if plan.chance(0.3):
            more += ", conf={'a': 1}"
        if plan.chance(0.2):
            more += ", retries=1"
        rule = plan.rule(0.3) if above else ""
        plan.add(f"{name} = TriggerDagRunOperator(task_id={name!r}, trigger_dag_id={other!r}{more}{rule})", name)
        plan.edge(above, name)
        above = [name]
    plan.any_task(above, 0.5)


@feature(28, 30, 151)
def calls(plan: Plan, side: Side) -> None:
    """Two runs after each other, and a clear: what they ask for is there already."""
    rng = random.Random(plan.seed)
    side.pause(False, plan.others[0])
    side.pause(False)
    for number in range(1, 3):
        side.trigger(f"r{number}", None)
        side.wait_quiet(settled=True)
    if rng.random() < 0.4:
        side.clear(dag_run_id="r1", task_ids=[plan.tasks[0]], include_downstream=True)
        side.wait_quiet(settled=True)


def make_asks(plan: Plan) -> None:
    plan.dag["params"] = (
        "{'n': Param(1, type='integer', minimum=0), 's': Param('x', type=['string', 'null'], enum=['x', 'y', None])}"
    )
    by_time = plan.chance(0.4)
    if plan.chance(0.5):
        # Upstream wants the type that belongs to the schedule to be among them.
        kinds = plan.some(["backfill", "scheduled", "manual", "operator_triggered", "asset_materialization"], 2)
        plan.dag["allowed_run_types"] = repr(sorted({*kinds, "scheduled" if by_time else "manual"}))
    if by_time:
        plan.dag["schedule"] = "'@daily'"
        plan.dag["end_date"] = "START + datetime.timedelta(days=3)"
    gate = plan.name()
    plan.add(f"{gate} = t({gate!r}, gate='g')", gate)
    plan.gates.add(gate)
    plan.any_task([gate])
    plan.head.append(f"made = Asset('made_{plan.dag_id}', uri='oracle://{plan.dag_id}/made')")
    for _ in range(plan.rng.randint(0, 2)):
        name = plan.name()
        plan.add(f"{name} = e({name!r}, outlets=[made])", name)
        break
    plan.tail += [f"with DAG('{plan.dag_id}_gone', schedule=None, start_date=START):", "    e('one')"]


RUNS: list[Json] = [
    {"dag_run_id": "scheduled__mine"}, {"dag_run_id": "backfill__mine"}, {"dag_run_id": "asset_triggered__mine"},
    {"dag_run_id": "manual__mine"}, {"dag_run_id": "a/b"}, {"dag_run_id": "a..b"}, {"dag_run_id": ".."},
    {"dag_run_id": "with space"}, {"dag_run_id": "ümlaut"}, {"dag_run_id": ""}, {"dag_run_id": "x" * 251},
    {"dag_run_id": 5}, {"dag_run_id": "a+b:c@d~e"}, {"logical_date": "not a date"}, {"logical_date": "2026-01-05"},
    {"logical_date": "2026-01-05T00:00:00"}, {"logical_date": DATE, "data_interval_start": DATE},
    {"logical_date": DATE, "data_interval_start": DATE, "data_interval_end": "2026-01-06T00:00:00Z"},
    {"logical_date": DATE, "data_interval_start": "2026-01-06T00:00:00Z", "data_interval_end": DATE},
    {"data_interval_start": DATE, "data_interval_end": DATE}, {"conf": {"n": "one"}}, {"conf": {"n": -1}},
    {"conf": {"n": 3}}, {"conf": {"s": "z"}}, {"conf": {"s": None}}, {"conf": {"other": 1}}, {"conf": []},
    {"conf": None}, {"logical_date": LATER}, {"run_after": LATER}, {"note": "a note"},
    {"unknown": 1}, {"partition_key": "key"}, {"partition_key": ""}, {"logical_date": "1969-12-31T23:59:59.5Z"},
]


def other_asks(plan: Plan, asset: int) -> list[tuple[str, str, Json]]:
    """Requests of which most are refused."""
    at, one = f"dags/{plan.dag_id}", plan.tasks[0]
    days = {"from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-02T00:00:00Z"}
    clear, backfill, task = f"{at}/clearTaskInstances", {"dag_id": plan.dag_id, **days}, f"{at}/dagRuns/r0/taskInstances"
    pool = {"name": f"pool_{plan.dag_id}", "slots": 1}
    return [
        ("DELETE", "pools/default_pool", None), ("DELETE", "pools/none", None), ("GET", "pools/none", None),
        ("PATCH", "pools/default_pool", {"name": "default_pool", "slots": 128, "description": "no"}),
        ("PATCH", "pools/default_pool?update_mask=slots", {"name": "default_pool", "slots": 128}),
        ("POST", "pools", {"name": "default_pool", "slots": 1}), ("POST", "pools", {**pool, "slots": "many"}),
        ("POST", "pools", {**pool, "slots": -2}), ("POST", "pools", {**pool, "other": 1}),
        ("POST", "pools", {"slots": 1}), ("GET", "dags/none", None), ("DELETE", "dags/none", None),
        ("PATCH", at, {"is_paused": "perhaps"}), ("PATCH", f"{at}?update_mask=tags", {"is_paused": False}),
        ("POST", "dags/none/dagRuns", {"logical_date": None}), ("PATCH", f"{at}/dagRuns/none", {"state": "failed"}),
        ("PATCH", f"{at}/dagRuns/r0", {"state": "running"}), ("PATCH", f"{at}/dagRuns/r0", {"state": "none"}),
        ("PATCH", f"{at}/dagRuns/r0", {"note": "here"}), ("DELETE", f"{at}/dagRuns/none", None),
        ("POST", f"{at}/dagRuns/none/clear", {"dry_run": False}), ("POST", f"{at}/dagRuns/r0/clear", {"dry_run": True}),
        ("POST", clear, {"task_ids": ["none"]}), ("POST", clear, {"dag_run_id": "none"}),
        ("POST", clear, {"dag_run_id": "none", "dry_run": False}), ("POST", clear, {"include_future": True}),
        ("POST", clear, {"dag_run_id": "r0", "include_past": True}), ("POST", clear, {"only_failed": "so"}),
        ("POST", clear, {"start_date": LATER, "end_date": DATE}), ("POST", clear, {"task_ids": []}),
        ("POST", clear, {"dag_run_id": "r0", "task_ids": [[one, -1]]}), ("POST", clear, {"unknown": 1}),
        ("POST", clear, {"dag_run_id": "r0", "task_ids": [[one, 5]]}), ("POST", clear, {"dag_run_id": "r0"}),
        ("POST", clear, {"dag_run_id": "r0", "start_date": DATE}),
        ("POST", clear, {"dag_run_id": "r0", "task_ids": [one], "only_running": True}),
        ("POST", clear, {"dag_run_id": "r0", "prevent_running_task": True, "dry_run": False}),
        ("PATCH", f"{task}/none", {"new_state": "success"}), ("PATCH", f"{task}/{one}", {"new_state": "running"}),
        ("PATCH", f"{task}/{one}", {"new_state": None}),
        ("PATCH", f"{task}/{one}/3", {"new_state": "success"}), ("PATCH", f"{task}/{one}", {"note": "now"}),
        ("PATCH", f"{task}/{one}/dry_run", {"new_state": "success"}), ("GET", f"{task}/{one}/tries/7", None),
        ("GET", f"{task}/none", None), ("GET", f"{task}/{one}/dependencies", None),
        ("GET", f"{task}/{one}/xcomEntries/none", None), ("GET", f"{at}/tasks/none", None),
        ("POST", f"{task}/{one}/xcomEntries", {"key": "k", "value": 1}),
        ("POST", "backfills", {**backfill, "dag_id": "none"}), ("POST", "backfills", {**backfill, "to_date": "x"}),
        ("POST", "backfills", {**backfill, "from_date": LATER}), ("POST", "backfills", {"dag_id": plan.dag_id}),
        ("POST", "backfills", {**backfill, "reprocess_behavior": "all"}),
        ("POST", "backfills/dry_run", backfill),
        ("POST", "backfills", {**backfill, "dag_run_conf": {"n": -1}}), ("PUT", "backfills/999999/cancel", None),
        ("POST", "backfills/dry_run", {**backfill, "from_date": LATER, "to_date": LATER}),
        ("GET", "backfills/999999", None), ("PUT", "backfills/999999/pause", None),
        ("POST", "assets/999999/materialize", {}), ("POST", f"assets/{asset}/materialize", {}),
        ("POST", f"assets/{asset}/materialize", {"dag_run_id": "made by hand"}),
        ("POST", f"assets/{asset}/materialize", {"conf": {"n": -1}}),
        ("POST", "assets/events", {"asset_id": asset, "extra": {"by": "hand"}}),
        ("POST", "assets/events", {"asset_id": 999999}), ("POST", "assets/events", {"asset_id": asset, "extra": []}),
        ("GET", "assets/999999", None), ("DELETE", f"assets/{asset}/queuedEvents", None),
        ("GET", f"dags/{plan.dag_id}/assets/queuedEvents", None), ("GET", f"{at}/dagVersions/9", None),
        ("GET", "variables/none", None), ("GET", "connections/none", None), ("DELETE", "variables/none", None),
    ]


def asset_id(side: Side, name: str) -> int:
    """The number of an asset, each system has its own."""
    found = side.rest.all(f"assets?name_pattern={name}", "assets")
    return next((asset["id"] for asset in found if asset["name"] == name), 888888)


def hide(side: Side, number: int) -> None:
    """The number of an asset in the last answer, which is another on the other system."""
    said = side.said[-1].replace(f"assets/{number}/", "assets/NUMBER/")
    side.said[-1] = said.replace(f'"asset_id": {number}}}', '"asset_id": NUMBER}').replace(f'"asset_id": {number},', '"asset_id": NUMBER,')


@feature(16, 26, 27, 28, 29, 30, 31, 99, 139, 141, 147, 155)
def asks(plan: Plan, side: Side) -> None:
    """Random requests while a task runs; how each is answered."""
    rng = random.Random(plan.seed)
    side.held |= plan.gates
    side.pause(False)
    side.wait_quiet(settled=True)
    side.call("POST", f"dags/{side.dag_id}/dagRuns",
              {"dag_run_id": "r0", "logical_date": None, "conf": {"gates": str(side.gates)}})
    side.wait_quiet(settled=True)
    number = asset_id(side, f"made_{plan.dag_id}")
    asked = [("POST", f"dags/{side.dag_id}/dagRuns", {"logical_date": None, **body}) for body in rng.sample(RUNS, 9)]
    asked += rng.sample(other_asks(plan, number), 16)
    rng.shuffle(asked)
    for method, path, body in asked:
        side.call(method, path, body)
        hide(side, number)
    gone = f"dags/{plan.dag_id}_gone"
    # While a task runs it stays.
    if any(state == "running" for *_, state in side.watcher.views[side.dag_id].active):
        side.call("DELETE", f"dags/{side.dag_id}")
    for method, path in (("DELETE", gone), ("GET", gone), ("DELETE", gone)):
        side.call(method, path)
    side.wait_quiet(settled=True)
    side.open("g")
    side.held.clear()
    side.wait_quiet(settled=True)
