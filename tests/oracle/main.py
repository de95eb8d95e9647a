"""Plays random dags on a real Airflow and on this product, and reports where they differ.

`make oracle` runs it. A seed that has a result is not played again unless asked, so it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import re
import shutil
import signal
import sys
import time
import traceback

import servers
from compare import Result, load, report
from look import logged, look
from plan import Plan
from side import STOP, Json, Rest, Side, Watcher, gates_of
from stories import make, play

HERE = pathlib.Path(__file__).parent


def arguments() -> argparse.Namespace:
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--orrery", type=pathlib.Path, required=True, help="our binary")
    parse.add_argument("--home", type=pathlib.Path, required=True, help="a data folder of ours with the runtime")
    parse.add_argument("--runtime", required=True, help="the name of the runtime, of Airflow 3.3.2")
    parse.add_argument("--venv", type=pathlib.Path, help="a Python with Airflow 3.3.2; else that of the runtime")
    parse.add_argument("--seeds", default="1-500", help="1-500, or 3,7,9")
    parse.add_argument("--batch", type=int, default=40, help="dags at once")
    parse.add_argument("--without", default="", help="stories to leave out, with commas between")
    parse.add_argument("--out", type=pathlib.Path, required=True, help="results, one for each seed, and the report")
    parse.add_argument("--again", action="store_true", help="play seeds that have a result already")
    parse.add_argument("--ours", action="store_true", help="play ours alone, and compare with what Airflow did before")
    parse.add_argument("--quiet", type=float, default=4.0, help="seconds without a change that count as rest of ours")
    parse.add_argument("--report", action="store_true", help="only the report of what was played before")
    return parse.parse_args()


def seeds_of(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def wait_for_dags(rest: Rest, files: dict[str, list[str]]) -> dict[str, str]:
    """Until all dags of these files are known, or why their file cannot be read."""
    broken: dict[str, str] = {}
    until = time.monotonic() + 600
    while True:
        known = {dag["dag_id"] for dag in rest.all("dags?exclude_stale=true", "dags")}
        for error in rest.all("importErrors", "import_errors"):
            broken[pathlib.Path(error["filename"]).stem] = error["stack_trace"]
        missing = [name for name, ids in files.items() if name not in broken and not known.issuperset(ids)]
        if not missing:
            return broken
        if time.monotonic() > until:
            raise RuntimeError(f"{missing} are not known")
        time.sleep(1)


def last_words(trace: str) -> str:
    """What a file was not read for, without what each system says around it."""
    line = trace.strip().splitlines()[-1]
    found = re.search(r"\w+(Error|Exception): .*", line)
    return found[0] if found else line


def make_pools(rest: Rest, plans: list[Plan]) -> None:
    for plan in plans:
        for name, slots in plan.pools.items():
            rest.ask("POST", "pools", {"name": name, "slots": slots, "include_deferred": name in plan.counting})


PULSE = """
import datetime
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

with DAG("pulse", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    PythonOperator(task_id="never", python_callable=print, pool="there is none")
"""


def start_pulse(rest: Rest) -> str:
    """Upstream's scheduler looks at each running run in each of its loops and says when: one run shows its loops."""
    wait_for_dags(rest, {"pulse": ["pulse"]})
    rest.ask("PATCH", "dags/pulse", {"is_paused": False})
    rest.ask("POST", "dags/pulse/dagRuns", {"dag_run_id": "pulse", "logical_date": None})
    return "pulse"


def play_batch(rest: Rest, dags: pathlib.Path, plans: list[Plan], quiet_s: float) -> dict[int, Json]:
    """Plays all plans of a batch on one system."""
    dag_ids = {plan.seed: [plan.dag_id, *plan.others] for plan in plans}
    every = [dag_id for ids in dag_ids.values() for dag_id in ids]
    broken = wait_for_dags(rest, {plan.dag_id: dag_ids[plan.seed] for plan in plans})
    make_pools(rest, plans)
    watcher = Watcher(rest, every, start_pulse(rest) if rest.processes else None)
    watcher.start()

    def one(plan: Plan) -> Json:
        side = Side(rest, watcher, dags, dag_ids[plan.seed], quiet_s)
        begun = time.monotonic()
        if plan.dag_id in broken:
            return {"seen": {"import error": last_words(broken[plan.dag_id])}, "said": [], "took_s": 0}
        try:
            play(plan, side)
            if "ids" in plan.features:
                side.note(f"{len(list(side.gates.glob(f'{plan.dag_id}.id.*')))} ids")
            seen = look(rest, dag_ids[plan.seed], plan)
            log = logged(rest, dag_ids[plan.seed]) if rest.processes else []
        except Exception:
            seen, log = {"broken": traceback.format_exc()}, []
        side.pause(True)
        took_s = round(time.monotonic() - begun, 1)
        return {"seen": seen, "said": side.said[:-1], "log": log, "took_s": took_s}

    with concurrent.futures.ThreadPoolExecutor(len(plans)) as pool:
        played = list(pool.map(one, plans))
    watcher.over = True
    return {plan.seed: result for plan, result in zip(plans, played, strict=True)}


def play_all(options: argparse.Namespace, plans: list[Plan]) -> None:
    folder = options.out / "run"
    servers.clean(folder)
    folders = {name: folder.resolve() / f"dags-{name}" for name in ("airflow", "orrery")}
    for dags in folders.values():
        dags.mkdir()
        (dags / "pulse.py").write_text(PULSE)
    manifest = json.loads((options.home / "runtimes" / f"{options.runtime}.json").read_text())
    venv = options.venv or options.home / "runtimes/envs" / manifest["hash"]
    with contextlib.ExitStack() as stack:
        sides: dict[str, Rest] = {}
        if not options.ours:
            sides["airflow"] = stack.enter_context(
                servers.airflow(venv.resolve(), folder.resolve(), folders["airflow"])
            )
        sides["orrery"] = stack.enter_context(
            servers.orrery(options.orrery, options.home, options.runtime, folder.resolve(), folders["orrery"])
        )
        for name in sides:
            gates = gates_of(folders[name])
            gates.mkdir()
            # Without it nothing is held: a task behind a gate that was never opened ends as well.
            stack.callback(shutil.rmtree, gates, ignore_errors=True)
        for at in range(0, len(plans), options.batch):
            batch = plans[at : at + options.batch]
            for plan in batch:
                for dags in folders.values():
                    (dags / f"{plan.dag_id}.py").write_text(plan.text())
            begun = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                played = {
                    name: pool.submit(play_batch, rest, folders[name], batch, options.quiet)
                    for name, rest in sides.items()
                }
            results = {name: future.result() for name, future in played.items()}
            for plan in batch:
                before = load(options.out / "results", [plan.seed]) if options.ours else []
                theirs = before[0].airflow if before else results["airflow"][plan.seed]
                result = Result(plan.seed, plan.story, plan.features, theirs, results["orrery"][plan.seed])
                result.save(options.out / "results", plan)
            print(f"{len(batch)} dags, seeds {batch[0].seed} to {batch[-1].seed}: {time.monotonic() - begun:.0f} s", flush=True)


def told_to_end(*_: object) -> None:
    STOP.set()
    sys.exit("told to end")


def main() -> None:
    options = arguments()
    for name in ("orrery", "home", "out"):
        setattr(options, name, getattr(options, name).absolute())
    signal.signal(signal.SIGTERM, told_to_end)
    results = options.out / "results"
    results.mkdir(parents=True, exist_ok=True)
    seeds = seeds_of(options.seeds)
    if not options.report:
        again = options.again or options.ours
        left = [seed for seed in seeds if again or not (results / f"{seed:05}.json").exists()]
        plans = [make(seed, set(options.without.split(","))) for seed in left]
        # A batch takes as long as its slowest story.
        plans.sort(key=lambda plan: (plan.story == "assets", plan.seed))
        if plans:
            play_all(options, plans)
    # More would not fit into an exit code.
    sys.exit(min(report(options.out, seeds), 100))


if __name__ == "__main__":
    main()
