"""Compares what both systems came to; a difference is explained only by a reason in `races.json`."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
import re

from plan import Plan
from side import Json

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Result:
    seed: int
    story: str
    features: list[str]
    airflow: Json
    orrery: Json

    def save(self, folder: pathlib.Path, plan: Plan) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.seed:05}.py").write_text(plan.text())
        (folder / f"{self.seed:05}.json").write_text(json.dumps(dataclasses.asdict(self), indent=1))

    def differences(self) -> list[tuple[str, Json, Json]]:
        """What, theirs, ours."""
        theirs, ours = self.airflow["seen"], self.orrery["seen"]
        found = [
            (key, theirs.get(key), ours.get(key))
            for key in sorted({*theirs, *ours})
            if theirs.get(key) != ours.get(key)
        ]
        said = zip(self.airflow["said"], self.orrery["said"], strict=False)
        found += [(f"answer {at}", one, other) for at, (one, other) in enumerate(said) if one != other]
        if len(self.airflow["said"]) != len(self.orrery["said"]):
            found.append(("answers", self.airflow["said"], self.orrery["said"]))
        return found


def load(folder: pathlib.Path, seeds: list[int]) -> list[Result]:
    paths = [folder / f"{seed:05}.json" for seed in seeds]
    return [Result(**json.loads(path.read_text())) for path in paths if path.exists()]


def reasons() -> list[dict[str, str]]:
    """Each has `what`, `theirs` and `ours` (patterns), `where` (upstream's line) and `why`."""
    return json.loads((HERE / "races.json").read_text())


def reason_for(result: Result, difference: tuple[str, Json, Json], known: list[dict[str, str]]) -> str | None:
    texts = [text if isinstance(text, str) else json.dumps(text) for text in difference]
    for reason in known:
        patterns = (reason["what"], reason["theirs"], reason["ours"])
        stories = reason.get("stories", result.story)
        text = reason.get("dag", "")
        if result.story not in stories.split() or text and not re.search(text, source(result)):
            continue
        if all(re.fullmatch(pattern, text) for pattern, text in zip(patterns, texts, strict=True)):
            return reason["why"]
    return None


FOLDER: list[pathlib.Path] = []


def source(result: Result) -> str:
    return (FOLDER[0] / f"{result.seed:05}.py").read_text().split("with DAG", 1)[1]


def report(out: pathlib.Path, seeds: list[int]) -> int:
    """Writes report.json and report.md; gives the number of seeds with a difference that has no reason."""
    FOLDER[:] = [out / "results"]
    results, known = load(out / "results", seeds), reasons()
    lines, bad, used = [], {}, collections.Counter()
    for result in results:
        rest = []
        for difference in result.differences():
            why = reason_for(result, difference, known)
            if why:
                used[why] += 1
            else:
                rest.append(difference)
        if rest:
            bad[result.seed] = rest
            lines.append(f"\n## {result.seed} {result.story} ({', '.join(result.features)})\n")
            lines += [f"- {what}: airflow {theirs!r}, orrery {ours!r}" for what, theirs, ours in rest[:40]]
    count = sum(len(result.airflow["seen"]) for result in results)
    stories = collections.Counter(result.story for result in results)
    head = [
        "# Oracle",
        "",
        f"{len(results)} dags, {count} values compared, {len(bad)} dags with unexplained differences.",
        f"Stories: {', '.join(f'{name} {n}' for name, n in stories.most_common())}.",
        "",
        *(f"- explained {n}: {why}" for why, n in used.most_common()),
    ]
    (out / "report.md").write_text("\n".join([*head, *lines]) + "\n")
    summary = {"dags": len(results), "values": count, "stories": stories, "explained": used, "unexplained": bad}
    (out / "report.json").write_text(json.dumps(summary, indent=1))
    print("\n".join(head))
    return len(bad)
