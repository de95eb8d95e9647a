"""A plan: the text of one random dag and the story that is played with it, made from a seed."""

from __future__ import annotations

import dataclasses
import pathlib
import random
from collections.abc import Callable, Iterable

PREAMBLE = (pathlib.Path(__file__).parent / "preamble.py").read_text()
RULES = (
    "all_success all_failed all_done all_done_min_one_success one_success one_failed one_done none_failed "
    "none_failed_min_one_success none_skipped all_skipped always"
).split()

Feature = Callable[["Plan"], None]
# What came to be told later is told by other seeds, so that these stay what they were.
FIRST_SEEDS = 500
NUMBERS: dict[str, tuple[int, ...]] = {}


def feature(*numbers: int) -> Callable[[Feature], Feature]:
    """Says which numbered behaviours a feature shows; the table of conformance reads it."""

    def note(function: Feature) -> Feature:
        NUMBERS[function.__name__] = numbers
        return function

    return note


@dataclasses.dataclass
class Plan:
    seed: int
    rng: random.Random = dataclasses.field(init=False)
    dag_id: str = ""
    dag: dict[str, str] = dataclasses.field(default_factory=dict)
    head: list[str] = dataclasses.field(default_factory=list)
    body: list[str] = dataclasses.field(default_factory=list)
    tail: list[str] = dataclasses.field(default_factory=list)
    tasks: list[str] = dataclasses.field(default_factory=list)
    ends: list[str] = dataclasses.field(default_factory=list)
    pools: dict[str, int] = dataclasses.field(default_factory=dict)
    features: list[str] = dataclasses.field(default_factory=list)
    others: list[str] = dataclasses.field(default_factory=list)
    # Groups of tasks that start by weight and index.
    ordered: list[list[str]] = dataclasses.field(default_factory=list)
    # Pools that count what is deferred, and pairs of tasks of which the second may begin before the first ends.
    counting: set[str] = dataclasses.field(default_factory=set)
    overlaps: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    gates: set[str] = dataclasses.field(default_factory=set)
    never: set[str] = dataclasses.field(default_factory=set)
    patient: set[str] = dataclasses.field(default_factory=set)
    stuck: set[str] = dataclasses.field(default_factory=set)
    # The file as it is at first and as it is later, where a story writes it again.
    texts: list[str] = dataclasses.field(default_factory=list)
    story: str = ""
    n_names: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.dag_id = f"o{self.seed:05d}"
        self.dag = {
            "schedule": "None",
            "start_date": "START",
            "catchup": "False",
            "default_args": '{"retry_delay": datetime.timedelta(seconds=0.2)}',
        }

    def name(self) -> str:
        """A new name, for a task and for the variable that holds it."""
        self.n_names += 1
        return f"t{self.n_names}"

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def rule(self, share: float = 0.5, mapped: bool = False) -> str:
        """An argument with a trigger rule, or the default; upstream lets no mapped task have `always`."""
        if not self.chance(share) or "fail_fast" in self.dag:
            return ""
        return f", trigger_rule={self.rng.choice(RULES[:-1] if mapped else RULES)!r}"

    def add(self, line: str, *names: str) -> None:
        self.body.append(line)
        self.tasks.extend(names)

    def edge(self, above: Iterable[str], below: str) -> None:
        above = list(above)
        if above:
            self.body.append(f"[{', '.join(above)}] >> {below}")

    def outcomes(self) -> tuple[str, str]:
        """How a task ends at each try, and the arguments that this needs."""
        kinds = [
            ("'ok'", "", 50),
            ("'fail'", "", 14),
            ("'skip'", "", 12),
            ("'fail', 'ok'", ", retries=1", 8),
            ("'fail'", ", retries=1", 5),
            ("'fail', 'skip'", ", retries=2", 2),
            ("'fatal'", ", retries=2", 3),
        ]
        kind = self.rng.choices(kinds, [weight for _, _, weight in kinds])[0]
        return kind[0], kind[1]

    def any_task(self, above: Iterable[str] = (), rule: float = 0.5) -> str:
        """A task of a random kind below others."""
        name, above = self.name(), list(above)
        rules = self.rule(rule) if above else ""
        if self.chance(0.35):
            self.add(f"{name} = e({name!r}{rules})", name)
        else:
            outcomes, more = self.outcomes()
            self.add(f"{name} = t({name!r}, {outcomes}{rules}{more})", name)
        self.edge(above, name)
        return name

    def some(self, names: list[str], most: int) -> list[str]:
        """Some of these, in their order."""
        chosen = set(self.rng.sample(names, min(len(names), self.rng.randint(0, most))))
        return [name for name in names if name in chosen]

    def text(self) -> str:
        return self.texts[0] if self.texts else self.render()

    def render(self) -> str:
        arguments = "".join(f", {name}={value}" for name, value in self.dag.items())
        body = "".join(f"    {line}\n" for line in self.body)
        lines = [*self.head, f"with DAG({self.dag_id!r}{arguments}) as dag:"]
        return f"{PREAMBLE}{chr(10).join(lines)}\n{body}{chr(10).join(self.tail)}\n"


def joined(plan: Plan) -> list[str]:
    """What a new feature is below of: often nothing."""
    return plan.some(plan.ends, 2) if plan.ends and plan.chance(0.6) else []
