"""What random dags are made of. Each feature adds tasks to a plan, below what is there already or beside it."""

from __future__ import annotations

import waits
from plan import FIRST_SEEDS, Plan, feature, joined


@feature(4, 8, 9, 11, 28, 42, 43, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 72, 100, 101)
def shape(plan: Plan) -> None:
    names: list[str] = []
    for _ in range(plan.rng.randint(3, 6)):
        names.append(plan.any_task(plan.some(names, 3) or (joined(plan) if not names else []), 0.7))
    plan.ends = names[-2:]


@feature(61)
def pair(plan: Plan) -> None:
    """Two ends and a task of each of a few rules below them."""
    two = [plan.any_task(), plan.any_task()]
    plan.ends = [plan.any_task(two, 1.0) for _ in range(3)]


@feature(66, 69)
def branch(plan: Plan) -> None:
    name = plan.name()
    below = [plan.name() for _ in range(plan.rng.randint(2, 3))]
    chosen = plan.some(below, 2)
    plan.add(
        f"{name} = BranchPythonOperator(task_id={name!r}, python_callable=choose, op_args=[{chosen!r}])", name
    )
    plan.edge(joined(plan), name)
    for child in below:
        outcomes, more = plan.outcomes()
        plan.add(f"{child} = t({child!r}, {outcomes}{more})", child)
        plan.edge([name], child)
    if plan.chance(0.3):
        plan.edge([below[0]], below[1])
    plan.ends = [plan.any_task(below, 0.8)]


@feature(68)
def short_circuit(plan: Plan) -> None:
    name, respect = plan.name(), plan.chance(0.5)
    go = plan.chance(0.3)
    plan.add(
        f"{name} = ShortCircuitOperator(task_id={name!r}, python_callable=choose, op_args=[{go}],"
        f" ignore_downstream_trigger_rules={respect})",
        name,
    )
    plan.edge(joined(plan), name)
    first = plan.any_task([name], 0.3)
    second = plan.any_task([first], 0.7)
    plan.ends = [second, plan.any_task([name], 0.3)]


def source(plan: Plan) -> str:
    """Something to map over: values in the text, or what a task returns."""
    values = list(range(1, plan.rng.randint(0, 3) + 1))
    if plan.chance(0.3):
        return repr(values or [1])
    name = plan.name()
    outcome = plan.rng.choices(["ok", "fail", "skip"], [80, 10, 10])[0]
    plan.add(f"{name} = t({name!r}, {outcome!r}, value={values!r})", name)
    plan.edge(joined(plan), name)
    return f"{name}.output"


def by_index(plan: Plan) -> str:
    if plan.chance(0.4):
        return ""
    kinds = [["fail"], ["skip"], ["ok"]]
    table = {str(index): plan.rng.choice(kinds) for index in plan.some([0, 1, 2], 2)}
    return f"outcomes={table!r}"


@feature(75, 76, 78, 79, 80, 87, 89)
def mapping(plan: Plan) -> None:
    over, name = source(plan), plan.name()
    more = ", retries=1" if plan.chance(0.2) else ""
    how = plan.rng.choice(["one", "one", "two", "kwargs", "labels"])
    if how == "labels":
        more += """, map_index_template="no {{ task.op_kwargs['x'] }}\""""
    # A rule that fires early expands over two values when it sees the first, or both: a race.
    rule = plan.rule(0.3, mapped=True)
    rule = "" if how == "two" and "one_" in rule else rule
    partial = f"m({name!r}{rule}{more}).partial({by_index(plan)})"
    if how == "two":
        plan.add(f"{name} = {partial}.expand(x={over}, y={source(plan)})", name)
    elif how == "kwargs":
        rows = [{"x": index} for index in range(plan.rng.randint(1, 3))]
        plan.add(f"{name} = {partial}.expand_kwargs({rows!r})", name)
    else:
        plan.add(f"{name} = {partial}.expand(x={over})", name)
    below = plan.any_task([name], 0.8)
    plan.ends = [name, below]
    if plan.chance(0.5):
        again = plan.name()
        plan.add(f"{again} = m({again!r}{plan.rule(0.5, mapped=True)}).partial({by_index(plan)}).expand(x={name})", again)
        plan.ends = [below, again]


@feature(77)
def mapped_values(plan: Plan) -> None:
    """What `.map`, `.zip` and `.concat` make of lengths."""
    two = [plan.name(), plan.name()]
    for name in two:
        values = list(range(1, plan.rng.randint(1, 3) + 1))
        plan.add(f"{name} = t({name!r}, value={values!r})", name)
    left, right = (f"{name}.output" for name in two)
    texts = [
        f"{left}.map(lambda v: [v])",
        f"{left}.zip({right})",
        f"{left}.zip({right}, fillvalue=0)",
        f"{left}.concat({right})",
    ]
    name = plan.name()
    plan.add(f"{name} = m({name!r}).partial({by_index(plan)}).expand(x={plan.rng.choice(texts)})", name)
    plan.ends = [plan.any_task([name], 0.6)]


@feature(82, 84)
def mapped_group(plan: Plan) -> None:
    over, group = source(plan), plan.name()
    inner = [plan.name() for _ in range(3)]
    first, second, third = inner
    plan.add("@task_group")
    plan.add(f"def {group}(v):")
    plan.add(f"    {first} = m({first!r}{plan.rule(0.2, mapped=True)})({comma(by_index(plan))}x=v)")
    plan.add(f"    {second} = m({second!r}{plan.rule(0.5, mapped=True)})({comma(by_index(plan))}x={first})")
    plan.add(f"    {third} = e({third!r}{plan.rule(0.7, mapped=True)})")
    plan.add(f"    [{first}, {second}] >> {third}")
    plan.add(f"{group}_all = {group}.expand(v={over})")
    below = plan.any_task([], 0.0)
    plan.body.append(f"{group}_all >> {below}")
    if plan.chance(0.3):
        plan.edge(joined(plan), f"{group}_all")
    plan.tasks.extend(f"{group}.{name}" for name in inner)
    plan.ends = [below]


def comma(text: str) -> str:
    return f"{text}, " if text else ""


@feature(41, 60, 62, 63)
def setup_teardown(plan: Plan) -> None:
    setup, teardown, work = plan.name(), plan.name(), plan.name()
    outcome = plan.rng.choices(["ok", "fail", "skip"], [70, 15, 15])[0]
    plan.add(f"{setup} = t({setup!r}, {outcome!r}).as_setup()", setup)
    plan.edge(joined(plan), setup)
    ends = plan.rng.choices(["ok", "fail", "skip"], [60, 30, 10])[0]
    strict = ", on_failure_fail_dagrun=True" if plan.chance(0.3) else ""
    plan.add(f"{teardown} = t({teardown!r}, {ends!r}).as_teardown(setups={setup}{strict})", teardown)
    outcomes, more = plan.outcomes()
    plan.add(f"{work} = t({work!r}, {outcomes}{more})", work)
    nested = plan.chance(0.3)
    last = plan.any_task([work], 0.0 if nested else 0.5)
    plan.edge([setup], work)
    plan.edge([last], teardown)
    plan.ends = [last] if plan.chance(0.5) else [plan.any_task([teardown], 0.3)]
    if nested:
        inner, done = plan.name(), plan.name()
        plan.add(f"{inner} = e({inner!r}).as_setup()", inner)
        plan.add(f"{done} = e({done!r}).as_teardown(setups={inner})", done)
        plan.edge([work], inner)
        plan.edge([inner], last)
        plan.edge([last], done)


@feature(90, 94, 97)
def pools(plan: Plan) -> None:
    """One slot, and tasks that all want it at the same moment."""
    pool, first = f"pool_{plan.dag_id}", plan.name()
    plan.pools[pool] = 1
    plan.add(f"{first} = e({first!r})", first)
    rule = plan.rng.choice(["downstream", "upstream", "absolute"])
    names = []
    for weight in plan.rng.sample(range(1, 40), plan.rng.randint(3, 4)):
        name = plan.name()
        more = f", pool={pool!r}, priority_weight={weight}, weight_rule={rule!r}"
        plan.add(f"{name} = t({name!r}{more})", name)
        plan.edge([first], name)
        names.append(name)
        if plan.chance(0.3):
            below = plan.name()
            plan.add(f"{below} = e({below!r}, priority_weight=50)", below)
            plan.edge([name], below)
    plan.ordered.append(names)
    plan.ends = names[-1:]


@feature(95)
def too_many_slots(plan: Plan) -> None:
    pool, name, other = f"pool_{plan.dag_id}", plan.name(), plan.name()
    plan.pools.setdefault(pool, plan.rng.randint(1, 2))
    plan.add(f"{name} = t({name!r}, pool={pool!r}, pool_slots=3, priority_weight=99)", name)
    plan.add(f"{other} = t({other!r}, pool={pool!r})", other)
    plan.edge([name], plan.any_task([other], 0.5))
    plan.stuck.add(name)
    plan.ends = [other]


@feature(88)
def few_at_once(plan: Plan) -> None:
    name = plan.name()
    plan.add(f"{name} = m({name!r}, max_active_tis_per_dagrun=1).expand(x=[1, 2, 3])", name)
    plan.ordered.append([name])
    plan.ends = [plan.any_task([name], 0.3)]


@feature(71)
def fail_fast(plan: Plan) -> None:
    """A failure ends the rest: what waits behind a gate that nobody opens."""
    plan.dag["fail_fast"] = "True"
    slow, bad = plan.name(), plan.name()
    plan.add(f"{slow} = t({slow!r}, gate='never')", slow)
    # A story may see to it that nothing fails.
    plan.never.add(slow)
    plan.add(f"{bad} = t({bad!r}, 'fail', retries={plan.rng.randint(0, 1)})", bad)
    plan.any_task([slow], 0.0)
    plan.any_task([bad], 0.0)
    first = plan.name()
    plan.add(f"{first} = e({first!r})", first)
    plan.edge([first], bad)
    plan.ends = []


@feature(38)
def run_timeout(plan: Plan) -> None:
    plan.dag["dagrun_timeout"] = "datetime.timedelta(seconds=40)"
    name = plan.name()
    plan.add(f"{name} = t({name!r}, gate='never')", name)
    plan.any_task([name], 0.0)
    plan.ends = []


@feature(104)
def task_timeout(plan: Plan) -> None:
    name = plan.name()
    retries = plan.rng.randint(0, 1)
    limit = "datetime.timedelta(seconds=1)"
    plan.add(f"{name} = t({name!r}, gate='never', retries={retries}, execution_timeout={limit})", name)
    plan.ends = [plan.any_task([name], 0.6)]


@feature(85, 86)
def other_length(plan: Plan) -> None:
    """The second try of the source returns another length: clear it."""
    first, name = plan.name(), plan.name()
    lengths = plan.rng.sample([1, 2, 3], 2)
    value = {"1": list(range(lengths[0])), "*": list(range(lengths[1]))}
    plan.add(f"{first} = t({first!r}, value={value!r})", first)
    plan.add(f"{name} = m({name!r}).expand(x={first}.output)", name)
    plan.ends = [plan.any_task([name], 0.5)]


COMMON = [shape, shape, pair, branch, short_circuit, mapping, mapping, mapped_values, mapped_group, setup_teardown]
RARE = [pools, few_at_once, task_timeout, other_length, too_many_slots, *waits.FEATURES]
# These end the run themselves or hold up what a story waits for.
ALONE = [fail_fast, run_timeout, waits.one_at_a_time]


def fill(plan: Plan) -> None:
    """One or two features, or one of those that want to be alone."""
    if plan.chance(0.06):
        # A run's time-out counts real time, which a story that goes on would race with.
        chosen = plan.rng.choice(ALONE if plan.story == "plain" else ALONE[:1])
        plan.features.append(chosen.__name__)
        chosen(plan)
        return
    for _ in range(plan.rng.randint(1, 2)):
        rare = RARE if plan.seed <= FIRST_SEEDS else RARE + waits.LATER
        chosen = plan.rng.choice(rare if plan.chance(0.3) else COMMON)
        plan.features.append(chosen.__name__)
        chosen(plan)
