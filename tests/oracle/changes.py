"""Stories in which the dag file itself changes, goes, and comes back."""

from __future__ import annotations

import random
import re

from plan import Plan, feature
from side import Side

DATE = "2026-01-05T00:00:00Z"
GATE = "gate"


class Tasks:
    """The tasks of a file that is written more than once."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.rng = plan, plan.rng
        # Each with what makes it and what is above it.
        self.made: dict[str, tuple[str, list[str]]] = {GATE: (f"t({GATE!r}, gate='g', outlets=[kept])", [])}
        for _ in range(self.rng.randint(2, 4)):
            self.add()

    def kind(self, name: str) -> str:
        rule = self.plan.rule(0.3, mapped=True)
        lengths = list(range(self.rng.randint(1, 3)))
        kinds = [
            f"e({name!r}{rule})",
            f"t({name!r}{rule})",
            f"t({name!r}, 'fail'{rule})",
            f"t({name!r}, outlets=[made]{rule})",
            f"m({name!r}{rule}).expand(x={lengths!r})",
            f"m({name!r}{rule}).expand(x={lengths!r})",
            f"BranchPythonOperator(task_id={name!r}, python_callable=choose, op_args=[[]])",
        ]
        return self.rng.choice(kinds)

    def add(self) -> None:
        name = self.plan.name()
        above = self.plan.some(list(self.made), 2)
        self.made[name] = (self.kind(name), above)
        if name not in self.plan.tasks:
            self.plan.tasks.append(name)

    def change(self) -> None:
        """Something else than before; a name that went may come back as something else."""
        name = self.rng.choice([name for name in self.made if name != GATE])
        kind, above = self.made[name]
        what = self.rng.choice(["add", "drop", "drop", "kind", "kind", "kind", "edge", "nothing"])
        if what == "add":
            self.add()
        elif what == "drop" and len(self.made) > 2:
            del self.made[name]
            self.made = {one: (kind, [up for up in above if up != name]) for one, (kind, above) in self.made.items()}
            if self.plan.chance(0.3):
                self.plan.n_names = int(name[1:]) - 1
                self.add()
                self.plan.n_names += 20
        elif what == "kind":
            self.made[name] = (self.kind(name), above)
        elif what == "edge":
            earlier = list(self.made)[: list(self.made).index(name)]
            self.made[name] = (kind, self.plan.some(earlier, 2))

    def write(self, number: int) -> None:
        plan = self.plan
        plan.dag["description"] = f"'text {number}'"
        plan.body = [f"{name} = {kind}" for name, (kind, _) in self.made.items()]
        for name, (_, above) in self.made.items():
            plan.edge(above, name)
        plan.texts.append(plan.render())


def make_changed(plan: Plan) -> None:
    """A file and what becomes of it."""
    plan.head.append(f"made = Asset('made_{plan.dag_id}', uri='oracle://{plan.dag_id}/made')")
    # Upstream takes no reference away that is the last of its file.
    plan.head.append(f"kept = Asset('kept_{plan.dag_id}', uri='oracle://{plan.dag_id}/kept')")
    tasks = Tasks(plan)
    plan.gates.add(GATE)
    tasks.write(0)
    for number in range(1, plan.rng.randint(2, 3)):
        tasks.change()
        if plan.chance(0.4):
            tasks.change()
        tasks.write(number)


@feature(39, 40, 148)
def changed(plan: Plan, side: Side) -> None:
    """Other versions come while a run is held, and while none is; then something is cleared."""
    rng = random.Random(plan.seed * 7919 + 1)
    side.pause(False)
    side.held.add(GATE)
    early = rng.random() < 0.25
    if early:
        side.rewrite(plan, 1)
    side.trigger("r1", DATE)
    side.wait_quiet()
    for number in range(2 if early else 1, len(plan.texts)):
        side.rewrite(plan, number)
        side.wait_quiet(settled=True)
        if rng.random() < 0.3:
            side.clear(dag_run_id="r1", task_ids=[rng.choice(names_of(plan, number))], include_downstream=rng.random() < 0.5)
            side.wait_quiet(settled=True)
        if rng.random() < 0.3:
            side.trigger(f"r{number + 1}", None)
            side.wait_quiet(settled=True)
    side.open("g")
    side.held.discard(GATE)
    side.wait_quiet()
    side.trigger("last", None)
    side.wait_quiet()
    if rng.random() < 0.6:
        names = names_of(plan, -1)
        names = [rng.choice(names)] if rng.random() < 0.7 else names
        side.clear(dag_run_id="r1", task_ids=names, include_downstream=True, run_on_latest_version=rng.random() < 0.4)
        side.wait_quiet()
    note_versions(side)
    note_outlet(plan, side)


def names_of(plan: Plan, number: int) -> list[str]:
    """The tasks of a text: of one that went upstream says that it is cleared, and removes it again."""
    return re.findall(r"^    (t\d+|gate) = ", plan.texts[number], re.M)


def note_versions(side: Side) -> None:
    versions = side.rest.all(f"dags/{side.dag_id}/dagVersions", "dag_versions")
    side.note(f"versions {sorted(version['version_number'] for version in versions)}")
    last = side.rest.get(f"dags/{side.dag_id}/dagRuns/last")["dag_versions"]
    side.note(f"the last run has {sorted(version['version_number'] for version in last)}")


def note_outlet(plan: Plan, side: Side) -> None:
    """Whether the asset is still used, for which upstream looks from time to time."""
    used = "outlets=[made]" in plan.texts[-1]
    name = f"made_{plan.dag_id}"

    def active() -> bool:
        return bool(side.rest.all(f"assets?name_pattern={name}", "assets"))

    side.note(f"{name} is active: {active() if side.comes(lambda: active() == used, 240) else not used}")


def make_gone(plan: Plan) -> None:
    make_changed(plan)
    plan.texts = plan.texts[:1]


@feature(32, 137)
def gone(plan: Plan, side: Side) -> None:
    """The file goes while a run is held, and perhaps it comes back."""
    rng = random.Random(plan.seed * 7919 + 1)
    name = f"made_{plan.dag_id}"
    side.pause(False)
    side.held.add(GATE)
    side.trigger("r1", DATE)
    side.wait_quiet()
    file = side.dags / f"{plan.dag_id}.py"
    text = file.read_text()
    file.unlink()
    side.note(f"stale: {side.comes(lambda: side.rest.get(f'dags/{side.dag_id}')['is_stale'], 300)}")
    side.note(f"no asset: {side.comes(lambda: not side.rest.all(f'assets?name_pattern={name}', 'assets'), 120)}")
    side.trigger("r2", None)
    side.open("g")
    side.held.discard(GATE)
    side.wait_quiet(settled=True)
    if rng.random() < 0.7:
        side.note_states()
        file.write_text(text)
        side.note(f"back: {side.comes(lambda: not side.rest.get(f'dags/{side.dag_id}')['is_stale'], 300)}")
        side.wait_quiet(settled=True)
    side.wait_quiet(settled=True)
