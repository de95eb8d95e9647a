"""Records what a real Airflow's timetables answer in random cases, for the tests that read AIRFLOW_VECTORS.

    VENV/bin/python tests/oracle/vectors.py 2000 7 FOLDER    # how many, the seed, where
    AIRFLOW_VECTORS=FOLDER cargo test -p engine vectors
"""

from __future__ import annotations

import datetime
import json
import logging
import pathlib
import random
import sys
import types
from typing import Any

import pendulum

import airflow._shared.timezones.timezone as clock
from airflow._shared.module_loading import qualname
from airflow.timetables import _cron, assets, events, interval, simple, trigger
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

Json = Any
ZONES = (
    "UTC Europe/Zurich America/New_York Australia/Lord_Howe Asia/Kolkata Asia/Tehran America/St_Johns Africa/Cairo "
    "America/Santiago Pacific/Auckland Asia/Kathmandu America/Havana Pacific/Chatham Europe/Lisbon Asia/Beirut "
    "America/Sao_Paulo Pacific/Apia Antarctica/Troll Europe/Dublin Asia/Gaza"
).split()
TRIGGER = "airflow.timetables.trigger."
INTERVAL = "airflow.timetables.interval."


def number(rng: random.Random, low: int, high: int) -> str:
    return str(rng.randint(low, high))


def item(rng: random.Random, low: int, high: int) -> str:
    """One item of a list in a field."""
    first = rng.randint(low, high)
    last = rng.randint(low, high)
    kind = rng.random()
    if kind < 0.45:
        return str(first)
    if kind < 0.65:
        return f"{min(first, last)}-{max(first, last)}"
    if kind < 0.75:
        return f"{min(first, last)}-{max(first, last)}/{rng.randint(1, 7)}"
    if kind < 0.8:
        return f"{first}-{last}"
    if kind < 0.9:
        return f"*/{rng.randint(1, high)}"
    return f"{first}/{rng.randint(1, 9)}"


def field(rng: random.Random, low: int, high: int, star: float) -> str:
    if rng.random() < star:
        return "*"
    return ",".join(item(rng, low, high) for _ in range(rng.choice([1, 1, 1, 2, 3])))


def day_field(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(["L", "l", "?", "1,L", "15W", "1W", "31W", "L,15"])
    return field(rng, 1, 31, 0.55)


def weekday_field(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.08:
        return f"{rng.randint(0, 7)}#{rng.randint(1, 5)}"
    if kind < 0.12:
        return f"L{rng.randint(0, 6)}"
    if kind < 0.22:
        names = ["mon", "TUE", "Wed", "thu", "FRI", "sat", "sun"]
        return rng.choice([rng.choice(names), "MON-FRI", "sat,sun", "fri-mon", "mon#1", "?", "sun-tue", "1#1,3#3"])
    return field(rng, 0, 7, 0.55)


def month_field(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return rng.choice(["JAN", "feb,aug", "JAN-MAR", "nov-feb", "oct", "mar-nov/2"])
    return field(rng, 1, 12, 0.75)


def expression(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.06:
        return rng.choice(["@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually", "@midnight"])
    if kind < 0.35:
        # Near the changes of the clock, where most goes wrong.
        hour = rng.choice(["0", "1", "2", "3", "1-3", "*/2", "*", "0-4", "2,14", "23"])
        return f"{rng.choice(['0', '30', '*/15', '59', '15,45', '*/40', '0,30'])} {hour} * * {rng.choice(['*', '*', '0', '6'])}"
    words = [
        field(rng, 0, 59, 0.15),
        field(rng, 0, 23, 0.35),
        day_field(rng),
        month_field(rng),
        weekday_field(rng),
    ]
    if kind > 0.93:
        words.append(field(rng, 0, 59, 0.2))
    if kind > 0.98:
        words.append(rng.choice(["*", "2026", "2026-2028", "*/2"]))
    return " ".join(words)


def delta(rng: random.Random) -> Json:
    kind = rng.random()
    if kind < 0.5:
        return float(rng.choice([1, 60, 300, 3600, 5400, 86400, 90061, 604800, 0.5, rng.randint(1, 10**6)]))
    value: dict[str, Json] = {}
    for name, most in (("years", 2), ("months", 14), ("days", 40), ("hours", 30), ("minutes", 90)):
        if rng.random() < 0.3:
            value[name] = rng.randint(1, most)
    if rng.random() < 0.3 and value.keys() & {"years", "months"}:
        value["day"] = rng.choice([1, 15, 28, 31])
    elif rng.random() < 0.2:
        value["weekday"] = [rng.randint(0, 6)] + ([rng.choice([1, 2])] if rng.random() < 0.5 else [])
    for name, most in (("hour", 23), ("minute", 59)):
        if rng.random() < 0.15 and value.keys() & {"years", "months", "days"}:
            value[name] = rng.randint(0, most)
    # What only names a moment and never goes on makes upstream propose the same run for ever.
    return value if value.keys() & {"years", "months", "days", "hours", "minutes"} else {**value, "days": 1}


def span(rng: random.Random) -> Json:
    """The interval of a trigger: mostly none."""
    if rng.random() < 0.6:
        return 0.0
    return delta(rng) if rng.random() < 0.4 else float(rng.choice([600, 3600, 86400]))


def at_once(rng: random.Random) -> Json:
    return rng.choice([False, False, True, None, 60.0, 3600.0, 86400.0])


def moment(rng: random.Random) -> datetime.datetime:
    """Some time, often near a change of some clock."""
    utc = datetime.timezone.utc
    if rng.random() < 0.5:
        month, day = rng.choice([(3, 8), (3, 29), (10, 25), (11, 1), (4, 5), (10, 4), (3, 22), (9, 6), (9, 27), (4, 24)])
        start = datetime.datetime(rng.choice([2026, 2026, 2027]), month, day, tzinfo=utc)
        start += datetime.timedelta(minutes=rng.choice([rng.randint(-1500, 1500), rng.randint(-50, 50) * 30]))
        return start
    start = datetime.datetime(2026, 1, 1, tzinfo=utc) + datetime.timedelta(minutes=rng.randint(0, 525600))
    if rng.random() < 0.3:
        start = start.replace(minute=0)
    if rng.random() < 0.2:
        start += datetime.timedelta(seconds=rng.randint(0, 59), microseconds=rng.choice([0, 1, 250000]))
    return start


def timetable(rng: random.Random) -> tuple[str, Json]:
    zone = rng.choice(ZONES)
    kind = rng.random()
    if kind < 0.36:
        words = {"expression": expression(rng), "timezone": zone, "interval": span(rng), "run_immediately": at_once(rng)}
        return TRIGGER + "CronTriggerTimetable", words
    if kind < 0.66:
        return INTERVAL + "CronDataIntervalTimetable", {"expression": expression(rng), "timezone": zone}
    if kind < 0.74:
        return INTERVAL + "DeltaDataIntervalTimetable", {"delta": delta(rng)}
    if kind < 0.82:
        return TRIGGER + "DeltaTriggerTimetable", {"delta": delta(rng), "interval": span(rng)}
    if kind < 0.88:
        words = {"expressions": [expression(rng) for _ in range(rng.randint(1, 3))], "timezone": zone,
                 "interval": span(rng), "run_immediately": at_once(rng)}
        return TRIGGER + "MultipleCronTriggerTimetable", words
    if kind < 0.94:
        formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y%m%d%H", "%G-W%V", "%j %b %a", "%Y-%m"]
        words = {"expression": expression(rng), "timezone": zone, "run_immediately": at_once(rng),
                 "run_offset": rng.choice([0, 0, 1, -1, 3, -5]), "key_format": rng.choice(formats)}
        return TRIGGER + "CronPartitionTimetable", words
    if kind < 0.96:
        dates = sorted({moment(rng) for _ in range(rng.randint(1, 5))})
        words = {"event_dates": [date.isoformat(sep="T") for date in dates], "restrict_to_events": rng.random() < 0.5,
                 "description": "x", "_summary": f"{len(dates)} events"}
        return "airflow.timetables.events.EventsTimetable", words
    simple_one = rng.choice(["OnceTimetable", "ContinuousTimetable", "NullTimetable"])
    return f"airflow.timetables.simple.{simple_one}", {}


CLASSES = {qualname(of): of for module in (trigger, interval, simple, events, assets) for of in vars(module).values()
           if isinstance(of, type)}


def text(at: datetime.datetime | None) -> str | None:
    return None if at is None else pendulum.instance(at).in_timezone("UTC").isoformat().replace("Z", "+00:00")


def shown(run: DagRunInfo | None) -> Json:
    if run is None:
        return None
    of = run.data_interval
    return {
        "run_after": text(run.run_after),
        "start": text(of.start) if of else None,
        "end": text(of.end) if of else None,
        "logical_date": text(of.start) if of else None,
        "partition_key": run.partition_key,
        "partition_date": text(run.partition_date),
    }


def case(rng: random.Random) -> Json | None:
    class_name, words = timetable(rng)
    now = moment(rng)
    start = moment(rng) if rng.random() < 0.8 else None
    end = moment(rng) if rng.random() < 0.2 else None
    catchup = rng.random() < 0.5
    stopped = pendulum.instance(now).in_timezone("UTC")
    for module in (trigger, interval, _cron):
        module.utcnow = lambda: stopped  # type: ignore[attr-defined]
    clock.utcnow = lambda: stopped
    trigger.time = types.SimpleNamespace(time=stopped.timestamp)  # type: ignore[attr-defined]
    found = CLASSES[class_name].deserialize(words)
    found.validate()
    instant = lambda at: None if at is None else pendulum.instance(at).in_timezone("UTC")  # noqa: E731
    bounds = TimeRestriction(instant(start), instant(end), catchup)
    last, sequence = None, []
    for _ in range(8):
        run = found.next_dagrun_info_v2(last_dagrun_info=last, restriction=bounds)
        sequence.append(shown(run))
        if run is None:
            break
        last = run
    manual = found.infer_manual_data_interval(run_after=stopped)
    spell = lambda at: None if at is None else at.isoformat().replace("+00:00", "Z")  # noqa: E731
    return {
        "timetable": {"__type": class_name, "__var": words},
        "catchup": catchup,
        "start_date": spell(start),
        "end_date": spell(end),
        "now": spell(now),
        "sequence": sequence,
        "manual_interval": [text(manual.start), text(manual.end)] if manual else None,
        "summary": found.summary,
        "description": found.description,
        "periodic": found.periodic,
        "can_be_scheduled": found.can_be_scheduled,
    }


def main(count: int, seed: int, folder: pathlib.Path) -> None:
    logging.disable(logging.CRITICAL)
    cases, refused = [], []
    for at in range(count):
        rng = random.Random(seed * 1_000_003 + at)
        try:
            cases.append(case(rng))
        except Exception as problem:
            rng = random.Random(seed * 1_000_003 + at)
            refused.append({"timetable": timetable(rng), "problem": f"{type(problem).__name__}: {problem}"})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timetables.json").write_text(json.dumps(cases))
    (folder / "refused.json").write_text(json.dumps(refused, indent=1))
    print(f"{len(cases)} cases, {len(refused)} refused by Airflow")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3]))
