"""Records what a real Airflow's partition mappers answer in random cases, for the tests that read AIRFLOW_VECTORS.

    VENV/bin/python tests/oracle/partitions.py 2000 7 FOLDER    # how many, the seed, where
    AIRFLOW_VECTORS=FOLDER cargo test -p engine vectors
"""

from __future__ import annotations

import collections
import datetime
import json
import pathlib
import random
import sys
from typing import Any

from airflow.serialization.decoders import decode_partition_mapper

Json = Any
MAPPERS = "airflow.partition_mappers."
ZONES = ("UTC", "UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
         "Asia/Kathmandu", "Pacific/Chatham")
UNITS = {
    "Hour": ["%Y-%m-%dT%H", "%Y%m%d%H", "%d.%m.%Y %H h"],
    "Day": ["%Y-%m-%d", "%Y%m%d", "day %d of %m, %Y", "%Y-%j"],
    "Week": ["%Y-%m-%d (W%V)", "%Y-%m-%d", "%d/%m/%Y %U", "W%V"],
    "Month": ["%Y-%m", "%m/%Y", "%Y%m", "%b %Y"],
    "Quarter": ["%Y-Q{quarter}", "Q{quarter} of %Y", "%Y{quarter}"],
    "Year": ["%Y", "y%Y", "%y"],
}
INPUTS = ["%Y-%m-%dT%H:%M:%S"] * 4 + ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H", "%Y%m%d", "%d.%m.%Y", "%Y-%m"]


def of(name: str, **words: Json) -> Json:
    return {"__type": MAPPERS + name, "__var": words}


def temporal(rng: random.Random, unit: str | None = None, input_format: str | None = None) -> Json:
    unit = unit or rng.choice(list(UNITS))
    formats = UNITS[unit]
    return of(
        f"temporal.StartOf{unit}Mapper",
        timezone=rng.choice(ZONES),
        input_format=input_format or rng.choice(INPUTS),
        output_format=formats[0] if rng.random() < 0.6 else rng.choice(formats),
    )


def simple(rng: random.Random) -> Json:
    kind = rng.random()
    if kind < 0.4:
        return of("identity.IdentityMapper")
    if kind < 0.6:
        return of("fixed_key.FixedKeyMapper", downstream_key=rng.choice(["all", "", "x|y"]))
    return of("allowed_key.AllowedKeyMapper", allowed_keys=rng.choice([["us", "eu"], ["2026-11-18"], []]))


def window(rng: random.Random, unit: str) -> Json:
    if rng.random() < 0.1:
        unit = rng.choice(list(UNITS))
    return of(f"window.{unit}Window", direction=rng.choice(["forward", "forward", "backward"]))


def rollup(rng: random.Random) -> Json:
    policy = of("wait_policy.WaitForAll") if rng.random() < 0.5 else of("wait_policy.MinimumCount", n=rng.choice([1, 3, -1]))
    if rng.random() < 0.15:
        segments = of("window.SegmentWindow", segments=rng.choice([["apac", "eu", "us"], ["one"]]))
        upper = of("fixed_key.FixedKeyMapper", downstream_key="all")
        return of("base.RollupMapper", upstream_mapper=upper, window=segments, wait_policy=policy)
    unit = rng.choice(list(UNITS))
    upper = temporal(rng, unit)
    return of("base.RollupMapper", upstream_mapper=upper, window=window(rng, unit), wait_policy=policy)


def fan_out(rng: random.Random) -> Json:
    unit = rng.choice(["Day", "Week", "Month", "Quarter", "Year", "Hour"])
    lower = {"Hour": "Hour", "Day": "Hour", "Week": "Day", "Month": "Day", "Quarter": "Month", "Year": "Month"}[unit]
    upper = temporal(rng, unit)
    down = temporal(rng, lower, rng.choice([upper["__var"]["input_format"], None]))
    return of("temporal.FanOutMapper", upstream_mapper=upper, window=window(rng, unit), downstream_mapper=down)


def mapper(rng: random.Random) -> Json:
    kind = rng.random()
    if kind < 0.4:
        return temporal(rng)
    if kind < 0.46:
        return simple(rng)
    if kind < 0.7:
        return rollup(rng)
    if kind < 0.82:
        return fan_out(rng)
    if kind < 0.92:
        parts = [rng.choice([simple, temporal])(rng) for _ in range(rng.randint(2, 3))]
        return of("product.ProductMapper", delimiter=rng.choice(["|", "|", "--", "/"]), mappers=parts)
    first = temporal(rng)
    second = temporal(rng, None, first["__var"]["output_format"])
    return of("chain.ChainMapper", mappers=[first, second, *([simple(rng)] if rng.random() < 0.2 else [])])


def key(rng: random.Random, words: Json) -> str:
    """A key that the mapper reads, mostly."""
    name, words = words["__type"].split(".")[-1], words["__var"]
    if rng.random() < 0.06:
        return rng.choice(["", "garbage", "2026-02-30", "2026-11-18T25:00:00", " 2026-11-18", "2026-1-1", "us"])
    if name == "ProductMapper":
        return words["delimiter"].join(key(rng, part) for part in words["mappers"])
    if name == "ChainMapper":
        return key(rng, words["mappers"][0])
    if "upstream_mapper" in words:
        return key(rng, words["upstream_mapper"])
    if "input_format" not in words:
        return rng.choice(["us", "eu", "2026-11-18", "x"])
    near = [(3, 29, 2), (10, 25, 2), (3, 8, 2), (11, 1, 1), (4, 5, 2), (10, 4, 2), (9, 6, 0), (12, 31, 23), (1, 1, 0), (2, 29, 5)]
    month, day, hour = rng.choice(near) if rng.random() < 0.5 else (rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23))
    year = 2028 if (month, day) == (2, 29) else rng.choice([2024, 2025, 2026, 2027])
    zone = datetime.timezone(datetime.timedelta(minutes=rng.choice([0, 60, -300, 330])))
    at = datetime.datetime(year, month, day, hour, rng.randint(0, 59), rng.randint(0, 59), tzinfo=zone)
    return at.strftime(words["input_format"])


def case(rng: random.Random) -> Json:
    words = mapper(rng)
    found = decode_partition_mapper(words)
    text = key(rng, words)
    answer: dict[str, Json] = {"mapper": words, "key": text}
    try:
        downstream = found.to_downstream(text)
        downstream = downstream if isinstance(downstream, str) else list(downstream)
    except Exception as problem:
        return {**answer, "downstream_error": type(problem).__name__}
    answer["downstream"] = downstream
    first = downstream if isinstance(downstream, str) else downstream[0]
    if hasattr(found, "to_upstream"):
        answer["upstream"] = sorted(found.to_upstream(first))
    date = found.to_partition_date(first)
    answer["partition_date"] = date.isoformat() if date else None
    return answer


def main(count: int, seed: int, folder: pathlib.Path) -> None:
    cases, refused = [], collections.Counter()
    for at in range(count):
        try:
            cases.append(case(random.Random(seed * 1_000_003 + at)))
        except Exception as problem:
            refused[f"{type(problem).__name__}: {problem}"[:90]] += 1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "partitions.json").write_text(json.dumps(cases))
    print(f"{len(cases)} cases, {sum(refused.values())} left out where Airflow itself breaks: {refused.most_common(4)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3]))
