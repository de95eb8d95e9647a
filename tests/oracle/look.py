"""What is compared of a dag: what REST tells when a story is over, with what must differ made equal."""

from __future__ import annotations

import collections
import datetime
from typing import Any

from plan import FIRST_SEEDS, Plan
from side import ACTIVE, Json, Rest

RUN_FIELDS = (
    "dag_id",
    "run_type",
    "state",
    "logical_date",
    "data_interval_start",
    "data_interval_end",
    "triggered_by",
    "note",
    "partition_key",
)
TI_FIELDS = (
    "state",
    "try_number",
    "max_tries",
    "rendered_map_index",
    "operator",
    "pool",
    "pool_slots",
    "priority_weight",
    "queue",
    "trigger",
)
TIMES = ("start_date", "end_date", "duration")
# What has not begun may show the dates of the try before, and what is skipped in bulk has none upstream.
RAN = ("success", "failed", "running")


def moment(value: Json) -> Json:
    """A time in one spelling; what is of this day was made while the story was played."""
    if not isinstance(value, str):
        return value
    value = value.replace("+00:00", "Z")
    if value[:4].isdigit() and value.endswith("Z"):
        then = datetime.datetime.fromisoformat(value)
        if abs(datetime.datetime.now(datetime.timezone.utc) - then) < datetime.timedelta(hours=12):
            return "now"
    return value.replace(".000000Z", "Z")


def names_of(runs: list[Json]) -> dict[tuple[str, str], str]:
    """Ids of runs that hold the time of their making are replaced by their place."""
    names, n_made = {}, collections.Counter()
    for run in runs:
        run_id = run["dag_run_id"]
        if run_id.startswith(("asset_triggered__", "asset_materialization__", "manual__", "operator_triggered__")):
            n_made[run["dag_id"]] += 1
            names[run["dag_id"], run_id] = f"{run_id.split('__')[0]}__{n_made[run['dag_id']]}"
        else:
            names[run["dag_id"], run_id] = run_id
    return names


def look(rest: Rest, dag_ids: list[str], plan: Plan) -> Json:
    """Everything of these dags, as a flat table from what it is to its value."""
    table: dict[str, Any] = {}
    body = {"dag_ids": dag_ids}
    for dag_id in dag_ids:
        dag = rest.get(f"dags/{dag_id}")
        table[f"{dag_id} is_paused"] = dag["is_paused"]
        table[f"{dag_id} next"] = [moment(dag[f"next_dagrun_{name}"]) for name in ("logical_date", "run_after")]
    runs = rest.listed("dags/~/dagRuns/list", "dag_runs", {**body, "order_by": "run_after"})
    runs.sort(key=lambda run: (run["dag_id"], run["run_after"], run["dag_run_id"]))
    names = names_of(runs)
    for run in runs:
        at = f"{run['dag_id']}/{names[run['dag_id'], run['dag_run_id']]}"
        for name in RUN_FIELDS:
            table[f"{at} {name}"] = moment(run[name])
        for name in ("start_date", "end_date", "queued_at"):
            table[f"{at} has {name}"] = run[name] is not None
        if run["run_type"] in ("scheduled", "backfill"):
            table[f"{at} run_after"] = moment(run["run_after"])
        conf = dict(run["conf"] or {})
        conf.pop("gates", None)
        table[f"{at} conf"] = conf
    tis = rest.listed("dags/~/dagRuns/~/taskInstances/list", "task_instances", body)
    for ti in tis:
        run_id = names[ti["dag_id"], ti["dag_run_id"]]
        index = "" if ti["map_index"] < 0 else f"[{ti['map_index']}]"
        at = f"{ti['dag_id']}/{run_id}/{ti['task_id']}{index}"
        for name in TI_FIELDS:
            table[f"{at} {name}"] = ti[name]
        if ti["trigger"]:
            table[f"{at} trigger"] = ti["trigger"]["classpath"]
        if plan.texts:
            table[f"{at} version"] = (ti["dag_version"] or {}).get("version_number")
        # What upstream fails because another task failed gets no end.
        forced = "fail_fast" in plan.dag and ti["state"] == "failed"
        for name in TIMES if ti["state"] in RAN and not forced else ():
            table[f"{at} has {name}"] = ti[name] is not None
        # What looked twice or waited for a trigger took as long as that only if its start was kept.
        if ti["task_id"] in plan.patient and ti["state"] == "success":
            table[f"{at} took its time"] = (ti["duration"] or 0) > 4
        if ti["try_number"] > 1 or ti["max_tries"] > 0:
            table[f"{at} tries"] = tries(rest, ti)
    for number, names_of_group in enumerate(plan.ordered):
        starts = sorted(
            (ti["start_date"], ti["priority_weight"], ti["map_index"])
            for ti in tis
            if ti["task_id"] in names_of_group and ti["start_date"]
            and ti["dag_run_id"] == "r1" and ti["try_number"] == 1
        )
        table[f"order {number}"] = [row[1:] for row in starts]
    for first, second in plan.overlaps:
        ended = [ti["end_date"] for ti in tis if (ti["task_id"], ti["dag_run_id"]) == (first, "r1")]
        begun = [ti["start_date"] for ti in tis if (ti["task_id"], ti["dag_run_id"]) == (second, "r1")]
        table[f"{second} began before {first} ended"] = bool(ended and begun and begun < ended)
    for dag_id in dag_ids:
        path = f"dags/{dag_id}/dagRuns/~/taskInstances/~/xcomEntries"
        for entry in rest.all(path, "xcom_entries"):
            run_id = names[dag_id, entry["run_id"]]
            table[f"{dag_id}/{run_id}/{entry['task_id']}[{entry['map_index']}] xcom {entry['key']}"] = True
    if plan.seed > FIRST_SEEDS:
        audit(rest, dag_ids, names, table)
    if len(dag_ids) > 1:
        events(rest, dag_ids[0], names, table)
    return table


def logged(rest: Rest, dag_ids: list[str]) -> list[list[str]]:
    """Of which tasks upstream's log says that it took them for lost: event, run, task."""
    found: list[list[str]] = []
    for dag_id in dag_ids:
        for row in rest.all(f"eventLogs?dag_id={dag_id}&event=state%20mismatch", "event_logs"):
            found.append([row["event"], row["run_id"], row["task_id"]])
    return found


# Entries of the audit log that are not compared: what each try has of its own, a race, and one that is ours alone.
UNTOLD = {*(state for state in ACTIVE), "success", "failed", "skipped", "upstream_failed", "state mismatch", "inactive asset"}


def audit(rest: Rest, dag_ids: list[str], names: dict[tuple[str, str], str], table: dict[str, Any]) -> None:
    """How often the audit log says what of a dag, its runs and its tasks; of requests upstream keeps no index."""
    for dag_id in dag_ids:
        told = collections.Counter()
        for row in rest.all(f"eventLogs?dag_id={dag_id}", "event_logs"):
            if row["event"] not in UNTOLD:
                run = names.get((dag_id, row["run_id"]), row["run_id"])
                what = f"{row['event']} {run} {row['task_id']}"
                # A dag that fails fast skips upstream what it has skipped before.
                told[what] = 1 if row["event"] == "skip task" else told[what] + 1
        for what, n in told.items():
            table[f"{dag_id} log: {what}"] = n


def tries(rest: Rest, ti: Json) -> Json:
    path = f"dags/{ti['dag_id']}/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}"
    index = f"/{ti['map_index']}" if ti["map_index"] >= 0 else ""
    found = rest.get(f"{path}{index}/tries")["task_instances"]
    # Upstream lists what never ran once more for each time that it was cleared, as if it had failed.
    rows = {(row["try_number"], str(row["state"])) for row in found}
    return sorted({row for row in rows if row[0] > 0}) or [(0, str(ti["state"]))]


def events(rest: Rest, dag_id: str, names: dict[tuple[str, str], str], table: dict[str, Any]) -> None:
    found = rest.all(f"assets/events?source_dag_id={dag_id}", "asset_events")
    for event in sorted(found, key=lambda event: event["timestamp"]):
        run_id = names.get((dag_id, event["source_run_id"]), "?")
        at = f"event {event['name']} {run_id}/{event['source_task_id']}[{event['source_map_index']}]"
        made = sorted(names.get((run["dag_id"], run["run_id"]), "?") + " of " + run["dag_id"]
                      for run in event["created_dagruns"])
        table[at] = {"uri": event["uri"], "extra": event["extra"], "runs": made}
