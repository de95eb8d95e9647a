"""Features of waiting, of limits, and of tasks that end in an unusual way."""

from __future__ import annotations

from plan import Plan, feature, joined


def below(plan: Plan, name: str) -> None:
    plan.edge(joined(plan), name)
    plan.ends = [plan.any_task([name], 0.5)]


@feature(5, 119, 120)
def reschedule(plan: Plan) -> None:
    name = plan.name()
    outcome = ", soft_fail=True, timeout=0.1" if plan.chance(0.3) else ""
    plan.add(
        f"{name} = PythonSensor(task_id={name!r}, python_callable=second_look, mode='reschedule',"
        f" poke_interval=10{outcome})",
        name,
    )
    plan.patient.add(name)
    below(plan, name)


@feature(5, 113, 114)
def deferral(plan: Plan) -> None:
    name = plan.name()
    when = '"{{ (ti.start_date + macros.timedelta(seconds=8)).isoformat() }}"'
    plan.add(f"{name} = DateTimeSensorAsync(task_id={name!r}, target_time={when})", name)
    plan.patient.add(name)
    below(plan, name)


@feature(74, 117)
def without_worker(plan: Plan) -> None:
    """A trigger that begins a task, or ends it, or both."""
    name = plan.name()
    how = plan.rng.choice(["start_from_trigger=True", "end_from_trigger=True",
                           "start_from_trigger=True, end_from_trigger=True"])
    when = '"{{ (dag_run.start_date + macros.timedelta(seconds=8)).isoformat() }}"'
    plan.add(f"{name} = DateTimeSensorAsync(task_id={name!r}, target_time={when}, {how})", name)
    below(plan, name)


@feature(115, 116)
def bad_trigger(plan: Plan) -> None:
    name = plan.name()
    more = plan.rng.choice(["", ", retries=1"])
    plan.add(f"{name} = Wait(task_id={name!r}, broken={plan.chance(0.5)}{more})", name)
    below(plan, name)


@feature(8)
def killed(plan: Plan) -> None:
    """A process that ends without a word."""
    name = plan.name()
    outcomes = plan.rng.choice(["'kill'", "'kill', 'ok', retries=1", "'kill', retries=1"])
    plan.add(f"{name} = t({name!r}, {outcomes})", name)
    below(plan, name)


@feature(111)
def callbacks(plan: Plan) -> None:
    """Each callback leaves a value; the run goes on for a while, since values come after the end of their task."""
    name, last = plan.name(), plan.name()
    outcomes, more = plan.outcomes()
    plan.add(f"{name} = t({name!r}, {outcomes}{more}, **CALLS)", name)
    plan.edge(joined(plan), name)
    plan.add(f"{last} = t({last!r}, 'slow', trigger_rule='all_done')", last)
    plan.edge([name], last)
    plan.ends = [name]


@feature(153)
def values_of_tries(plan: Plan) -> None:
    name = plan.name()
    plan.add(f"{name} = t({name!r}, 'push', retries={plan.rng.randint(0, 2)})", name)
    below(plan, name)


@feature(81)
def too_long(plan: Plan) -> None:
    """More values than may be expanded over."""
    name, mapped = plan.name(), plan.name()
    plan.add(f"{name} = t({name!r}, value=list(range(1100)))", name)
    plan.add(f"{mapped} = m({mapped!r}).expand(x={name}.output)", mapped)
    plan.ends = [plan.any_task([mapped], 0.5)]


@feature(96)
def no_pool(plan: Plan) -> None:
    name, other = plan.name(), plan.name()
    plan.add(f"{name} = t({name!r}, pool='there is none')", name)
    plan.add(f"{other} = e({other!r})", other)
    plan.edge([name], other)
    plan.stuck.add(name)


@feature(93)
def few_of_a_dag(plan: Plan) -> None:
    name = plan.name()
    plan.add(f"{name} = m({name!r}, max_active_tis_per_dag=1).expand(x=[1, 2, 3])", name)
    plan.ordered.append([name])
    plan.ends = [plan.any_task([name], 0.3)]


@feature(90, 92)
def one_at_a_time(plan: Plan) -> None:
    """A run that may have one active task: the heaviest go first."""
    plan.dag["max_active_tasks"] = "1"
    first = plan.name()
    plan.add(f"{first} = e({first!r})", first)
    plan.ordered.append([])
    for weight in plan.rng.sample(range(1, 40), 4):
        name = plan.name()
        plan.add(f"{name} = t({name!r}, priority_weight={weight}, weight_rule='absolute')", name)
        plan.edge([first], name)
        plan.ordered[-1].append(name)


@feature(98)
def executor(plan: Plan) -> None:
    """The executor and a queue by name; an executor that is not configured is an import error."""
    name = plan.name()
    which = "LocalExecutor" if plan.chance(0.8) else "CeleryExecutor"
    plan.add(f"{name} = t({name!r}, executor={which!r}, queue='another')", name)
    below(plan, name)


@feature(112)
def overtime(plan: Plan) -> None:
    """A callback that goes on for longer than its task may after its success, and a task that outlives it."""
    name, last = plan.name(), plan.name()
    plan.add(f"{name} = t({name!r}, on_success_callback=lingers)", name)
    plan.edge(joined(plan), name)
    plan.add(f"{last} = t({last!r}, 'long', trigger_rule='all_done')", last)
    plan.edge([name], last)
    plan.ends = [name]


@feature(121)
def waiting_in_pool(plan: Plan) -> None:
    """What is deferred frees its slot, unless the pool counts it."""
    pool, first, sensor, other = f"pool_{plan.dag_id}", plan.name(), plan.name(), plan.name()
    plan.pools[pool] = 1
    if plan.chance(0.5):
        plan.counting.add(pool)
    plan.add(f"{first} = e({first!r})", first)
    when = '"{{ (ti.start_date + macros.timedelta(seconds=60)).isoformat() }}"'
    more = f", pool={pool!r}, weight_rule='absolute', priority_weight="
    plan.add(f"{sensor} = DateTimeSensorAsync(task_id={sensor!r}, target_time={when}{more}9)", sensor)
    plan.add(f"{other} = t({other!r}{more}1)", other)
    plan.edge([first], sensor)
    plan.edge([first], other)
    plan.overlaps.append((sensor, other))
    plan.ends = [other]


@feature(7)
def ids(plan: Plan) -> None:
    """Each try has an id of its own."""
    name = plan.name()
    plan.add(f"{name} = t({name!r}, 'id', retries={plan.rng.randint(0, 2)})", name)
    below(plan, name)


@feature(44)
def deadlock(plan: Plan) -> None:
    """A task that this run does not have yet, and one that waits for it."""
    absent, name = plan.name(), plan.name()
    years = "START + datetime.timedelta(days=36500)"
    plan.add(f"{absent} = e({absent!r}, start_date={years})", absent)
    more = plan.rng.choice(["", ", trigger_rule='all_done'", ", depends_on_past=True", ", max_active_tis_per_dag=3"])
    plan.add(f"{name} = e({name!r}{more})", name)
    plan.edge([absent], name)
    plan.stuck.add(name)
    plan.ends = []


FEATURES = [reschedule, deferral, without_worker, bad_trigger, killed, callbacks, values_of_tries, too_long, no_pool,
            few_of_a_dag, executor]
LATER = [overtime, waiting_in_pool, ids, deadlock]
