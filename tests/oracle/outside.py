"""Stories in which time or something outside of the dags does something: watchers, deadlines, waits that are cut off."""

from __future__ import annotations

import random

from features import fill
from plan import Plan, feature
from side import Side

DATE = "2026-01-05T00:00:00Z"


def make_watch(plan: Plan) -> None:
    """An asset with a watcher of a file, and a dag that is scheduled on it."""
    for number in range(plan.rng.randint(1, 2)):
        name = f"w{plan.seed}_{number}"
        trigger = f"FileDeleteTrigger(str(GATES / '{plan.dag_id}.w{number}'), poke_interval=1)"
        plan.head.append(f"{name} = Asset({name!r}, uri='oracle://{plan.dag_id}/w{number}',"
                         f" watchers=[AssetWatcher(name='watcher', trigger={trigger})])")
        plan.ends.append(name)
    glue = plan.rng.choice([" & ", " | "])
    plan.dag["schedule"] = f"[{plan.ends[0]}]" if len(plan.ends) == 1 else f"({glue.join(plan.ends)})"
    plan.ends = []
    fill(plan)


@feature(140)
def watch(plan: Plan, side: Side) -> None:
    """Something comes, more than once, also while the dag is paused."""
    rng = random.Random(plan.seed * 7919 + 1)
    side.stuck |= plan.stuck
    side.held |= plan.never
    watching(side, True)
    side.wait_quiet(settled=True)
    n_watched = sum("AssetWatcher" in line for line in plan.head)
    for _ in range(rng.randint(1, 3)):
        number = rng.randrange(n_watched)
        paused = rng.random() < 0.25
        if paused:
            watching(side, False)
        file = side.gates / f"{plan.dag_id}.w{number}"
        n_before = n_events(plan, side, number)
        file.touch()
        # Nobody watches for a dag that is paused.
        taken = side.comes(lambda file=file: not file.exists(), 20 if paused else 120)
        side.note(f"taken: {taken}")
        if taken:
            side.comes(lambda number=number, n=n_before: n_events(plan, side, number) > n, 60)
        if paused:
            watching(side, True)
            side.note(f"taken later: {side.comes(lambda file=file: not file.exists(), 120)}")
        side.wait_quiet(settled=True)
    for number in range(n_watched):
        side.note(f"{n_events(plan, side, number)} events of {number}")


def watching(side: Side, on: bool) -> None:
    """Upstream looks only when it reads the file whose watchers are wanted, and both stop in their own time."""
    side.pause(not on)
    side.reread()
    if not on:
        side.comes(lambda: False, 10)


def n_events(plan: Plan, side: Side, number: int) -> int:
    found = side.rest.all(f"assets?name_pattern=w{plan.seed}_{number}", "assets")
    return sum(side.rest.get(f"assets/events?asset_id={asset['id']}")["total_entries"] for asset in found)


def make_alarms(plan: Plan) -> None:
    """Deadlines that are missed, kept, and missed before the run began."""
    references = [
        ("DeadlineReference.DAGRUN_QUEUED_AT", "4"), ("DeadlineReference.DAGRUN_QUEUED_AT", "86400"),
        ("DeadlineReference.DAGRUN_LOGICAL_DATE", "60"),
        ("DeadlineReference.FIXED_DATETIME(START)", "1"),
        ("DeadlineReference.FIXED_DATETIME(START + datetime.timedelta(days=36500))", "1"),
    ]
    alerts = [
        f"DeadlineAlert(reference={reference}, interval=datetime.timedelta(seconds={seconds}),"
        f" callback=SyncCallback(late, {{'of': '{plan.dag_id}.{number}'}}))"
        for number, (reference, seconds) in enumerate(plan.rng.sample(references, plan.rng.randint(1, 3)))
    ]
    plan.dag["deadline"] = f"[{', '.join(alerts)}]"
    name = plan.name()
    plan.add(f"{name} = t({name!r}, gate='each')", name)
    plan.gates.add(name)
    plan.any_task([name], 0.0)


@feature(149, 150)
def alarms(plan: Plan, side: Side) -> None:
    """Runs that are held until what is to be told was told; kept is what has not passed when they end."""
    side.pause(False)
    side.held |= plan.gates
    text = plan.dag["deadline"]
    for run_id, date in (("r1", DATE), ("r2", None)):
        n_missed = text.count("seconds=4)") + text.count("FIXED_DATETIME(START)")
        n_missed += text.count("LOGICAL_DATE") if date else 0
        side.trigger(run_id, date)
        side.wait_quiet()
        side.comes(lambda run_id=run_id, n=n_missed: side.n_told(run_id) >= n, 240)
        side.open_next()
        side.wait_quiet()
        side.note_told(run_id)


def make_cut(plan: Plan) -> None:
    """A task that waits for a trigger that does not come in time, beside a random dag."""
    name = plan.name()
    more = plan.rng.choice(["", ", retries=1"])
    plan.add(f"{name} = DateTimeSensorAsync(task_id={name!r}, target_time='2099-01-01T00:00:00+00:00'{more})", name)
    plan.gates.add(name)
    fill(plan)
    plan.edge([name], plan.any_task(plan.some(plan.ends, 1), 0.5))


@feature(10, 118)
def cut(plan: Plan, side: Side) -> None:
    """A deferred task is marked, cleared, or loses its run: what it waited for is waited for no longer."""
    rng = random.Random(plan.seed * 7919 + 1)
    side.stuck |= plan.stuck
    side.held |= plan.never | plan.gates
    side.pause(False)
    side.trigger("r1", DATE)
    side.wait_quiet()
    name = next(iter(plan.gates))
    for what in rng.sample(["success", "failed", "skipped", "clear", "run success", "run failed"], 2):
        if what == "clear":
            side.clear(dag_run_id="r1", task_ids=[name], include_downstream=rng.random() < 0.5)
        elif what.startswith("run"):
            side.mark_run("r1", what.split()[1])
        else:
            side.mark_task("r1", name, what, include_downstream=rng.random() < 0.3)
        side.wait_quiet()
