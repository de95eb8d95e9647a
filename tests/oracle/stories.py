"""What is done with a dag, the same on both systems."""

from __future__ import annotations

import random
from collections.abc import Callable

from asks import asks, asset_id, calls, hide, make_asks, make_calls, make_people, people
from changes import changed, gone, make_changed, make_gone
from features import fill
from outside import alarms, cut, make_alarms, make_cut, make_watch, watch
from plan import FIRST_SEEDS, Plan, feature
from side import Side

Story = Callable[[Plan, Side], None]
DATE = "2026-01-05T00:00:00Z"


def chance_of(plan: Plan) -> random.Random:
    """Chance that is the same on both sides, and apart from what made the dag."""
    return random.Random(plan.seed * 7919 + 1)


def base(plan: Plan, side: Side) -> None:
    side.stuck |= plan.stuck
    side.held |= plan.never
    side.pause(False)


def make_plain(plan: Plan) -> None:
    fill(plan)


@feature(1, 2, 3, 28, 30, 36, 37, 45)
def plain(plan: Plan, side: Side) -> None:
    """One run, with or without a logical date."""
    base(plan, side)
    side.trigger("r1", DATE if plan.seed % 3 else None)
    if plan.seed % 5 == 0:
        side.trigger("r1", None)
        side.trigger("r2", DATE)
    side.wait_quiet()


@feature(101, 146, 147)
def again(plan: Plan, side: Side) -> None:
    """Clears of what has ended."""
    plain(plan, side)
    rng = chance_of(plan)
    for _ in range(rng.randint(1, 2)):
        options: dict = {"dag_run_id": "r1"}
        if rng.random() < 0.75:
            options["task_ids"] = rng.sample(plan.tasks, min(len(plan.tasks), rng.randint(1, 2)))
            for name in ("include_upstream", "include_downstream"):
                options[name] = rng.random() < 0.4
        options["only_failed"] = rng.random() < 0.3
        side.clear(**options)
        side.wait_quiet()


def make_midway(plan: Plan) -> None:
    gate = plan.name()
    plan.add(f"{gate} = t({gate!r}, gate='g')", gate)
    plan.gates.add(gate)
    fill(plan)
    plan.edge([gate], plan.any_task(plan.some(plan.ends, 1), 0.5))


@feature(10, 12, 67, 108, 146, 147, 152)
def midway(plan: Plan, side: Side) -> None:
    """Something is done while a task runs and all else has come to rest."""
    gate = next(iter(plan.gates))
    rng = chance_of(plan)
    base(plan, side)
    side.held.add(gate)
    side.trigger("r1", DATE)
    side.wait_quiet()
    what = rng.choice(["clear", "clear", "clear", "gate", "task", "task", "run", "prevent"])
    one = rng.choice(plan.tasks)
    if what == "clear":
        side.clear(dag_run_id="r1", task_ids=[one], include_downstream=rng.random() < 0.6,
                   include_upstream=rng.random() < 0.3)
    elif what == "gate":
        side.clear(dag_run_id="r1", task_ids=[gate], include_downstream=rng.random() < 0.5)
    elif what == "prevent":
        side.clear(dag_run_id="r1", task_ids=[gate], prevent_running_task=True)
    elif what == "task":
        other = rng.choice([one, gate])
        side.mark_task("r1", other, rng.choice(["success", "failed", "skipped"]),
                       include_downstream=rng.random() < 0.3)
    else:
        side.mark_run("r1", rng.choice(["success", "failed"]))
    side.wait_quiet()
    side.open("g")
    side.held.discard(gate)
    side.wait_quiet()


def make_schedule(plan: Plan) -> None:
    """Few runs of few tasks, whose ends differ from day to day."""
    rng = plan.rng
    days = rng.randint(2, 4)
    plan.dag["schedule"] = rng.choice(
        ["'@daily'", "'0 6 * * *'", "datetime.timedelta(days=1)", "'@daily'", "'0 0,12 * * 4'",
         "CronDataIntervalTimetable('@daily', timezone='UTC')"]
    )
    plan.dag["catchup"] = str(plan.chance(0.75))
    plan.dag["end_date"] = f"START + datetime.timedelta(days={days - 1})"
    plan.dag["max_active_runs"] = str(rng.choice([1, 1, 2, 16]))
    if plan.chance(0.2):
        plan.dag["max_consecutive_failed_dag_runs"] = "2"
    plan.head.append("from airflow.timetables.interval import CronDataIntervalTimetable")
    names: list[str] = []
    for _ in range(rng.randint(1, 3)):
        name, by = plan.name(), {}
        for day in range(1, days + 2):
            by[f"d{day}"] = [rng.choices(["ok", "fail", "skip"], [70, 20, 10])[0]]
        more = rng.choice(["", ", depends_on_past=True", ", depends_on_past=True", ", wait_for_downstream=True"])
        if more and plan.chance(0.2):
            more += ", ignore_first_depends_on_past=False"
        if more and plan.chance(0.2):
            more += ", wait_for_past_depends_before_skipping=True"
        rule = plan.rule(0.3) if names else ""
        plan.add(f"{name} = t({name!r}, by={by!r}{rule}{more})", name)
        plan.edge(plan.some(names, 2), name)
        names.append(name)
    if plan.chance(0.25):
        name = plan.name()
        plan.add(f"{name} = LatestOnlyOperator(task_id={name!r})", name)
        plan.edge([name], names[-1])


@feature(14, 15, 17, 18, 19, 20, 21, 22, 33, 34, 35, 36, 64, 65, 70, 73)
def schedule(plan: Plan, side: Side) -> None:
    """Runs that time made, some of which depend on their past."""
    rng = chance_of(plan)
    base(plan, side)
    side.wait_quiet(settled=True)
    if rng.random() < 0.4 and side.watcher.views[side.dag_id].runs:
        side.clear(task_ids=[plan.tasks[0]], include_future=rng.random() < 0.5, only_failed=rng.random() < 0.5,
                   include_downstream=True, dag_run_id=first_run(side))
        side.wait_quiet(settled=True)


def first_run(side: Side) -> str:
    return min(side.watcher.views[side.dag_id].runs)


def make_backfill(plan: Plan) -> None:
    make_schedule(plan)
    plan.dag["catchup"] = "False"
    plan.dag.pop("end_date")
    plan.dag["schedule"] = plan.rng.choice(["'@daily'", "'0 6 * * *'", "datetime.timedelta(days=1)"])
    plan.dag["start_date"] = "START"
    plan.dag["end_date"] = "START + datetime.timedelta(days=12)"


@feature(141, 142, 143, 144, 145)
def backfill(plan: Plan, side: Side) -> None:
    """A backfill over some days, and another over some of the same."""
    rng = chance_of(plan)
    base(plan, side)
    side.wait_quiet(settled=True)
    for _ in range(rng.randint(1, 2)):
        first = rng.randint(1, 3)
        body = {
            "dag_id": side.dag_id,
            "from_date": f"2026-01-{first:02}T00:00:00Z",
            "to_date": f"2026-01-{first + rng.randint(0, 3):02}T00:00:00Z",
            "run_backwards": rng.random() < 0.25,
            "reprocess_behavior": rng.choice(["none", "failed", "completed"]),
            "max_active_runs": rng.choice([1, 2, 10]),
            "dag_run_conf": {},
        }
        status, answer = side.call("POST", "backfills/dry_run", body)
        if status == 200:
            side.note(f"would: {[run['logical_date'] for run in answer['backfills']]}")
        side.call("POST", "backfills", body)
        side.wait_quiet(settled=True)
        side.wait_backfills()


def make_assets(plan: Plan) -> None:
    """A dag with outlets, and dags that are scheduled on them."""
    rng = plan.rng
    names = [f"a{plan.seed}_{letter}" for letter in "xyz"[: rng.randint(1, 3)]]
    # A task of its own to begin with, which needs no gate.
    if plan.chance(0.3):
        plan.head.append(f"first = Asset('a{plan.seed}_first', uri='oracle://{plan.dag_id}/first')")
        plan.add("first_task = e('first_task', outlets=[first])", "first_task")
        names.append("first")
    for name in names[:3]:
        if name == "first":
            continue
        plan.head.append(f"{name} = Asset({name!r}, uri='oracle://{plan.dag_id}/{name}')")
        task = plan.name()
        outcomes, more = plan.outcomes()
        if plan.gates and plan.chance(0.7):
            more += ", trigger_rule='all_done'"
        # Each event has its own moment, since upstream looks once in each loop at what has come.
        if plan.chance(0.2):
            plan.add(f"{task} = m({task!r}, outlets=[{name}]).partial(gate='each').expand(x=[1, 2])", task)
        else:
            plan.add(f"{task} = t({task!r}, {outcomes}, gate='each', outlets=[{name}]{more})", task)
        plan.edge(plan.tasks[-2:-1], task)
        plan.gates.add(task)
    conditions = [f"[{', '.join(names)}]", " & ".join(names), " | ".join(names), f"[{names[0]}]"]
    if len(names) >= 3:
        conditions += [f"({names[0]} | {names[1]}) & {names[2]}", f"({names[0]} & {names[1]}) | {names[2]}"]
    if plan.chance(0.3):
        task, alias = plan.name(), f"l{plan.seed}"
        words = {"alias": alias, "name": f"n{plan.seed}", "uri": f"oracle://{plan.dag_id}/named"}
        plan.add(f"{task} = PythonOperator(task_id={task!r}, python_callable=name_asset, op_kwargs={words!r},"
                 f" outlets=[AssetAlias({alias!r})], trigger_rule='all_done')", task)
        plan.edge(plan.tasks[-2:-1], task)
        plan.gates.add(task)
        conditions += [f"[AssetAlias({alias!r})]", f"[Asset({words['name']!r}, uri={words['uri']!r})]"]
        conditions += conditions[-2:]
    for index in range(rng.randint(1, 2)):
        other = f"{plan.dag_id}_c{index}"
        condition = rng.choice(conditions)
        if condition in names:
            condition = f"[{condition}]"
        if plan.chance(0.15):
            once = "CronTriggerTimetable('0 0 1 1 *', timezone='UTC')"
            condition = f"AssetOrTimeSchedule(timetable={once}, assets={condition})"
        elif plan.chance(0.15):
            condition = f"PartitionedAssetTimetable(assets={names[0]}{mapper(plan)})"
        plan.others.append(other)
        plan.tail += [f"with DAG({other!r}, schedule={condition}, start_date=START, catchup=False):", "    e('one')"]


MAPPERS = [
    "StartOfDayMapper()", "ProductMapper(IdentityMapper(), IdentityMapper())",
    "FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow())",
    "FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow(), max_downstream_keys=3)",
    "RollupMapper(upstream_mapper=StartOfDayMapper(), window=DayWindow())",
]


def mapper(plan: Plan) -> str:
    """How the consumer's keys follow from those of events; some know nothing of a key such as `one`."""
    if plan.seed <= FIRST_SEEDS or plan.chance(0.3):
        return ""
    plan.head.append(f"from airflow.sdk import {', '.join(PARTITION_NAMES)}")
    return f", default_partition_mapper={plan.rng.choice(MAPPERS)}"


PARTITION_NAMES = ["DayWindow", "FanOutMapper", "IdentityMapper", "ProductMapper", "RollupMapper",
                   "StartOfDayMapper", "StartOfWeekMapper", "WeekWindow"]


@feature(125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 139)
def assets(plan: Plan, side: Side) -> None:
    """Runs of a dag with outlets, and what follows from them."""
    rng = chance_of(plan)
    for other in plan.others[: 2 if rng.random() < 0.8 else 1]:
        side.pause(False, other)
    base(plan, side)
    side.held |= plan.gates
    side.wait_quiet(settled=True)
    for number in range(1, 3):
        side.trigger(f"r{number}", None)
        side.wait_quiet(settled=True)
        while side.open_next():
            side.wait_quiet(settled=True)
    if rng.random() < 0.3:
        for other in plan.others:
            side.pause(False, other)
        side.wait_quiet(settled=True)
    keys = ["one"] if plan.seed <= FIRST_SEEDS else ["one", "a|b", "2026-03-10", "2026-03-10T05:00:00"]
    body = rng.choice([None, {"extra": {"by": "hand"}}, *({"partition_key": key} for key in (keys * 2)[:4])])
    if body:
        asset = asset_id(side, f"a{plan.seed}_x")
        for _ in range(rng.randint(1, 2)):
            side.call("POST", "assets/events", {"asset_id": asset, **body})
            hide(side, asset)
            side.wait_quiet(settled=True)
    for other in plan.others:
        status, answer = side.rest.ask("GET", f"dags/{other}/assets/queuedEvents")
        side.note(f"{other} waits with {answer['total_entries'] if status == 200 else 0}")


STORIES: list[tuple[str, Callable[[Plan], None], Story, int]] = [
    ("plain", make_plain, plain, 34),
    ("again", make_plain, again, 16),
    ("midway", make_midway, midway, 24),
    ("schedule", make_schedule, schedule, 26),
    ("backfill", make_backfill, backfill, 10),
    ("assets", make_assets, assets, 12),
    ("people", make_people, people, 6),
    ("calls", make_calls, calls, 6),
    ("asks", make_asks, asks, 6),
]


LATER: list[tuple[str, Callable[[Plan], None], Story, int]] = [
    ("changed", make_changed, changed, 70),
    ("gone", make_gone, gone, 12),
    ("watch", make_watch, watch, 12),
    ("alarms", make_alarms, alarms, 12),
    ("cut", make_cut, cut, 20),
]


def make(seed: int, without: set[str]) -> Plan:
    """The plan of a seed."""
    known = STORIES if seed <= FIRST_SEEDS else STORIES + LATER
    stories = [story for story in known if story[0] not in without]
    plan = Plan(seed)
    name, build, _, _ = plan.rng.choices(stories, [weight for *_, weight in stories])[0]
    plan.story = name
    build(plan)
    return plan


def play(plan: Plan, side: Side) -> None:
    next(story for name, _, story, _ in STORIES + LATER if name == plan.story)(plan, side)
