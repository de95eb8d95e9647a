"""Compares what both systems came to; a difference is explained only by a reason in `races.json`."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
import re

from plan import NUMBERS, Plan
from side import Json

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Result:
    seed: int
    story: str
    features: list[str]
    airflow: Json
    orrery: Json
    text: str = ""

    def save(self, folder: pathlib.Path, plan: Plan) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.text = plan.text()
        (folder / f"{self.seed:05}.py").write_text(self.text)
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

    def states(self, task: str, run: str) -> tuple[str, str]:
        """The states of a task's instances on both sides, with spaces between."""

        def of(seen: Json) -> str:
            pattern = re.compile(rf"[^/]+/{re.escape(run)}/(.*\.)?{task}(\[\d+\])? state")
            return " ".join(sorted({str(value) for key, value in seen.items() if pattern.fullmatch(key)}))

        return of(self.airflow["seen"]), of(self.orrery["seen"])


def load(folder: pathlib.Path, seeds: list[int]) -> list[Result]:
    paths = [folder / f"{seed:05}.json" for seed in seeds]
    return [Result(**json.loads(path.read_text())) for path in paths if path.exists()]


def body(result: Result) -> list[str]:
    return result.text.split("\nwith DAG", 1)[-1].splitlines()


def below(result: Result) -> dict[str, set[str]]:
    """What is directly below each task, read from the text of the dag."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    group = ""
    for line in body(result):
        if head := re.match(r"    def (\w+)\(", line):
            group = head[1]
        elif not line.startswith("     "):
            group = ""
        if edge := re.match(r"\s+\[?([\w, ]+)\]? >> (\w+)$", line):
            for above in edge[1].split(", "):
                found[above].add(edge[2])
        elif made := re.match(r"\s+(\w+) = (.*)", line):
            for above in re.findall(r"\bt\d+(?:_of|_all)?\b", re.sub(r"'[^']*'", "", made[2])):
                found[above].add(made[1])
            if group:
                found[group].add(made[1])
                found[made[1]].add(f"{group}_all")
        if expanded := re.match(r"\s+(\w+)_all = \1\.expand\(v=(\w+)", line):
            found[expanded[2]].add(expanded[1])
    return found


def raced(result: Result, known: list[dict[str, str]]) -> dict[tuple[str, str], str]:
    """Tasks by run whose end was a race, and all below them, with the reason."""
    edges, found = below(result), {}
    runs = {key.split("/")[1] for key in result.airflow["seen"] if key.count("/") == 2}
    lines = {made[1]: line for line in body(result) if (made := re.match(r"\s+(\w+) = ", line))}
    above: dict[str, set[str]] = collections.defaultdict(set)
    for upper, lowers in edges.items():
        for lower in lowers:
            above[lower].add(upper)
    for run in runs:
        for task, line in lines.items():
            theirs, ours = result.states(task, run)
            for reason in known:
                if any(log[:2] == [reason.get("logged"), run] and task in log[2].split(".")
                       for log in result.airflow.get("log", [])):
                    spread(edges, run, task, reason["why"], found)
            if theirs == ours:
                continue
            parents = " ".join(" ".join(result.states(upper, run)) for upper in above[task])
            for reason in known:
                if "task" not in reason or not re.search(reason["task"], line):
                    continue
                if reason.get("dag") and not re.search(reason["dag"], result.text.split("\nwith DAG", 1)[-1]):
                    continue
                if not all(re.search(word, parents) for word in reason.get("parents", "").split()):
                    continue
                if re.fullmatch(reason["theirs"], theirs) and re.fullmatch(reason["ours"], ours):
                    spread(edges, run, task, reason["why"], found)
    return found


def spread(
    edges: dict[str, set[str]], run: str, task: str, why: str, found: dict[tuple[str, str], str]
) -> None:
    if (run, task) in found:
        return
    found[run, task] = why
    for lower in edges.get(task, ()):
        spread(edges, run, lower, f"below a race: {why}" if not why.startswith("below") else why, found)


def reasons() -> list[dict[str, str]]:
    """Races of a task, which cover what is below it: by what the task is, or by what upstream logged of it."""
    return json.loads((HERE / "races.json").read_text())


def reason_for(what: str, races: dict[tuple[str, str], str]) -> str | None:
    if place := re.match(r"[^/ ]+/([^/ ]+)/(\S+)", what):
        task = re.sub(r"\[-?\d+\]$", "", place[2]).split(".")[-1]
        if why := races.get((place[1], task)):
            return why
    elif races and (re.match(r"[^/ ]+/[^/ ]+ (state|has end_date)$", what) or what.startswith("order")):
        return "below a race: the run"
    return None


def reason_of_key(result: Result, what: str, known: list[dict[str, str]]) -> str | None:
    for reason in known:
        if "key" in reason and re.fullmatch(reason["key"], what) and re.search(reason["dag"], result.text):
            return reason["why"]
    return None


def report(out: pathlib.Path, seeds: list[int]) -> int:
    """Writes report.json and report.md; gives the number of seeds with a difference that has no reason."""
    results, known = load(out / "results", seeds), reasons()
    lines, bad, used = [], {}, collections.Counter()
    raced_in: dict[str, set[int]] = collections.defaultdict(set)
    for result in results:
        rest, races = [], raced(result, known)
        for difference in result.differences():
            why = reason_for(difference[0], races) or reason_of_key(result, difference[0], known)
            if why:
                used[why] += 1
                raced_in[why].add(result.seed)
            else:
                rest.append(difference)
        if rest:
            bad[result.seed] = rest
            lines.append(f"\n## {result.seed} {result.story} ({', '.join(result.features)})\n")
            lines += [f"- {what}: airflow {theirs!r}, orrery {ours!r}" for what, theirs, ours in rest[:40]]
    count = sum(len(result.airflow["seen"]) for result in results)
    stories = collections.Counter(result.story for result in results)
    features = collections.Counter(name for result in results for name in set(result.features))
    shown = {number for name in (*stories, *features) for number in NUMBERS.get(name, ())}
    asked = sum(len(result.airflow["said"]) for result in results)
    head = [
        "# Oracle",
        "",
        f"{len(results)} dags, {count} values and {asked} answers compared, {len(bad)} dags with unexplained differences.",
        f"Stories: {', '.join(f'{name} {n}' for name, n in stories.most_common())}.",
        f"Features: {', '.join(f'{name} {n}' for name, n in features.most_common())}.",
        f"They show {len(shown)} of the numbered behaviours.",
        "",
        *(f"- explained, {n} values of {len(raced_in[why])} dags: {why}" for why, n in used.most_common()),
    ]
    (out / "report.md").write_text("\n".join([*head, *lines]) + "\n")
    summary = {"dags": len(results), "values": count, "stories": stories, "explained": used, "unexplained": bad}
    (out / "report.json").write_text(json.dumps(summary, indent=1))
    print("\n".join(head))
    return len(bad)
