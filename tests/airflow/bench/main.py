"""Measures Orrery and Airflow side by side, on the same dag files, and prints one JSON object.

Usage: `main.py BINARY HOME RUNTIME [--quick] [--ours]`. HOME is a data folder with that runtime, whose Airflow is
the peer. Both are asked through REST alone; each is started for itself, does its work and is ended before the other
one begins. `--quick` does a tenth of the work, `--ours` leaves Airflow out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "oracle")]

import servers  # noqa: E402
import usage  # noqa: E402
import work  # noqa: E402
from side import Json, Rest  # noqa: E402

# What the comparison would otherwise set for speed: here Airflow has its own defaults.
TUNED = (
    "AIRFLOW__CORE__PARALLELISM",
    "AIRFLOW__SCHEDULER__MAX_DAGRUNS_TO_CREATE_PER_LOOP",
    "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC",
)
SLEEPERS = 8
PARALLELISM = 32  # Airflow's default.


class Bench:
    """One system under measurement."""

    def __init__(self, rest: Rest, dags: pathlib.Path, folder: pathlib.Path, scale: int) -> None:
        self.rest, self.dags, self.folder, self.scale = rest, dags, folder, scale

    def pids(self) -> list[int]:
        """All its processes: they carry its folder in a word or descend from one that does."""
        mine = [pid for pid in usage.tree([os.getpid()]) if pid != os.getpid()]
        return sorted(set(mine) | set(usage.tree(usage.with_word(str(self.folder)))))

    def measure(self) -> Json:
        report: Json = {}
        sizes = [60 // self.scale, 1_000 // self.scale]
        for n in sizes:
            work.lay(self.dags, f"independent_{n}.py", work.independent(n))
        chains = [20 // self.scale, 100 // self.scale]
        for n in chains:
            work.lay(self.dags, f"chain_{n}.py", work.chain(n))
        work.lay(self.dags, "sleepers.py", work.sleepers(SLEEPERS, 20))
        for dag_id in (f"independent_{sizes[0]}", f"chain_{chains[0]}", "sleepers"):
            work.appears(self.rest, dag_id)
        report["first_start_ms_of_the_first"] = round(self.first_start_ms(chains[0]))
        warm = [self.first_start_ms(chains[0]) for _ in range(5)]
        report["first_start_ms_warm"] = work.summary(warm)
        report["idle_pss_mib_warm"] = round(self.idle(), 1)
        for n in sizes:
            report[f"independent_{n}"] = self.independent(n, 3 if n < 100 else 1)
        for n in chains:
            report[f"chain_{n}"] = self.chain(n)
        report["uss_mib_of_a_task"] = self.task_memory()
        report["save_to_visible_ms"] = work.summary([self.save_to_visible(i) for i in range(5)])
        if self.end_warm():
            report["idle_pss_mib_cold"] = round(self.idle(), 1)
            cold = []
            for _ in range(3):
                self.end_warm()
                cold.append(self.first_start_ms(chains[0]))
            report["first_start_ms_cold"] = work.summary(cold)
        return report

    def end_warm(self) -> bool:
        """Ends the warm interpreters, as their time-out would; false where there are none."""
        warm = [pid for pid in self.pids() if "zygote.py" in title(pid)]
        for pid in warm:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(2)
        return bool(warm)

    def idle(self) -> float:
        # Longer than a dag file is kept read without tasks.
        time.sleep(15)
        return usage.pss_mib(self.pids())

    def first_start_ms(self, n: int) -> float:
        asked = time.time()
        _, instances = work.finish(self.rest, work.trigger(self.rest, f"chain_{n}"))
        return (min(work.at(ti["start_date"]) for ti in instances) - asked) * 1e3

    def independent(self, n: int, rounds: int) -> Json:
        work.appears(self.rest, f"independent_{n}")
        rates, cpu_ms = [], []
        for _ in range(rounds):
            before, asked = usage.cpu_s(self.pids()), time.time()
            _, instances = work.finish(self.rest, work.trigger(self.rest, f"independent_{n}"))
            cpu_ms.append((usage.cpu_s(self.pids()) - before) * 1e3 / n)
            rates.append(n / (max(work.at(ti["end_date"]) for ti in instances) - asked))
        return {"tasks_per_s": work.summary(rates, 2), "cpu_ms_per_task": work.summary(cpu_ms)}

    def chain(self, n: int) -> Json:
        work.appears(self.rest, f"chain_{n}")
        gaps = []
        for _ in range(3 if n < 50 else 1):
            _, instances = work.finish(self.rest, work.trigger(self.rest, f"chain_{n}"))
            gaps += work.gaps_ms(instances)
        ordered = sorted(gaps)
        return {"gap_ms_p50": round(statistics.median(gaps), 1), "gap_ms_p99": round(ordered[int(len(gaps) * 0.99)], 1)}

    def task_memory(self) -> Json:
        path = work.trigger(self.rest, "sleepers")

        def all_run() -> bool:
            return self.rest.get(f"{path}/taskInstances?state=running")["total_entries"] == SLEEPERS

        work.until("the sleeping tasks", all_run, every_s=0.2)
        time.sleep(3)
        ends = [pid for pid in self.pids() if title(pid).startswith("airflow worker -- ")]
        found = [usage.uss_mib(pid) for pid in ends]
        work.finish(self.rest, path)
        return work.summary(found) if found else None

    def save_to_visible(self, i: int) -> float:
        text = work.independent(1).replace("independent_1", f"fresh_{i}")
        saved = time.monotonic()
        work.lay(self.dags, f"fresh_{i}.py", text)
        work.appears(self.rest, f"fresh_{i}")
        return (time.monotonic() - saved) * 1e3


def title(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (usage.PROC / str(pid) / "cmdline").read_text()
    return ""


def forks(python: pathlib.Path, n: int) -> Json:
    """The floor: the same tasks through the warm interpreter alone, with the least of parents."""
    script = HERE / "forks.py"
    said = subprocess.run([python, script, str(n)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    # Upstream says things there as well, before.
    return json.loads(said.stdout.splitlines()[-1])


def ratio(ours: Json, theirs: Json) -> Json:
    """How much better ours is."""
    compared = {}
    for name in ours:
        if name.startswith("independent_"):
            rate = [side[name]["tasks_per_s"]["median"] for side in (ours, theirs)]
            compared[f"{name}_x"] = round(rate[0] / rate[1], 1)
        elif name.startswith("chain_"):
            gap = [side[name]["gap_ms_p50"] for side in (ours, theirs)]
            compared[f"{name}_x"] = round(gap[1] / gap[0], 1)
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("home", type=pathlib.Path)
    parser.add_argument("runtime")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--ours", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scale = 10 if asked.quick else 1
    kept = json.loads((asked.home / "runtimes" / f"{asked.runtime}.json").read_text())
    venv = asked.home.resolve() / "runtimes/envs" / kept["hash"]
    report: Json = {"floor": forks(venv / "bin/python", 200 // scale)}
    with tempfile.TemporaryDirectory(prefix="orrery-bench-") as name:
        for system in ("orrery",) if asked.ours else ("orrery", "airflow"):
            folder = pathlib.Path(name) / system
            dags = folder / "dags"
            dags.mkdir(parents=True)
            began = time.monotonic()
            if system == "orrery":
                started = servers.orrery(asked.binary.resolve(), asked.home, asked.runtime, folder, dags, PARALLELISM)
            else:
                started = servers.airflow(venv, folder, dags, without=TUNED)
            with started as rest:
                print(f"bench: {system}", file=sys.stderr)
                bench = Bench(rest, dags, folder, scale)
                report[system] = {"started_s": round(time.monotonic() - began, 2), **bench.measure()}
    if "airflow" in report:
        report["better"] = ratio(report["orrery"], report["airflow"])
    for name, figures in report["orrery"].items():
        if name.startswith("independent_"):
            rate = figures["tasks_per_s"]["median"]
            figures["of_floor"] = round(rate / report["floor"]["tasks_per_s"], 2)
            figures["of_floor_kept"] = round(rate / report["floor"]["kept"]["tasks_per_s"], 2)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
