"""What is compared of a dag: what REST tells when a story is over, with what must differ made equal."""

from __future__ import annotations

from typing import Any

from side import Json, Rest

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


def moment(value: Json) -> Json:
    """A time in one spelling."""
    if not isinstance(value, str):
        return value
    value = value.replace("+00:00", "Z")
    return value.replace(".000000Z", "Z")


def names_of(runs: list[Json]) -> dict[tuple[str, str], str]:
    """Ids of runs that hold the time of their making are replaced by their place."""
    names, n_made = {}, 0
    for run in runs:
        run_id = run["dag_run_id"]
        if run_id.startswith(("asset_triggered__", "manual__", "operator_triggered__")):
            n_made += 1
            names[run["dag_id"], run_id] = f"{run_id.split('__')[0]}__{n_made}"
        else:
            names[run["dag_id"], run_id] = run_id
    return names


def look(rest: Rest, dag_ids: list[str], ordered: set[str]) -> Json:
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
        for name in TIMES:
            # What is skipped in bulk has no duration upstream, where ours is told from the dates.
            if name != "duration" or ti["state"] in ("success", "failed"):
                table[f"{at} has {name}"] = ti[name] is not None
        if ti["try_number"] > 1 or ti["max_tries"] > 0:
            table[f"{at} tries"] = tries(rest, ti)
    starts = sorted(
        (ti["start_date"], ti["priority_weight"], ti["map_index"])
        for ti in tis
        if ti["task_id"] in ordered and ti["start_date"] and ti["dag_run_id"] == "r1" and ti["try_number"] == 1
    )
    table["order"] = [row[1:] for row in starts]
    for dag_id in dag_ids:
        path = f"dags/{dag_id}/dagRuns/~/taskInstances/~/xcomEntries"
        for entry in rest.all(path, "xcom_entries"):
            run_id = names[dag_id, entry["run_id"]]
            table[f"{dag_id}/{run_id}/{entry['task_id']}[{entry['map_index']}] xcom {entry['key']}"] = True
    if len(dag_ids) > 1:
        events(rest, dag_ids[0], names, table)
    return table


def tries(rest: Rest, ti: Json) -> Json:
    path = f"dags/{ti['dag_id']}/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}"
    index = f"/{ti['map_index']}" if ti["map_index"] >= 0 else ""
    found = rest.get(f"{path}{index}/tries")["task_instances"]
    # Upstream lists what never ran once more for each time that it was cleared.
    return sorted({(row["try_number"], str(row["state"])) for row in found})


def events(rest: Rest, dag_id: str, names: dict[tuple[str, str], str], table: dict[str, Any]) -> None:
    found = rest.all(f"assets/events?source_dag_id={dag_id}", "asset_events")
    for event in sorted(found, key=lambda event: event["timestamp"]):
        run_id = names.get((dag_id, event["source_run_id"]), "?")
        at = f"event {event['name']} {run_id}/{event['source_task_id']}[{event['source_map_index']}]"
        made = sorted(names.get((run["dag_id"], run["run_id"]), "?") + " of " + run["dag_id"]
                      for run in event["created_dagruns"])
        table[at] = {"uri": event["uri"], "extra": event["extra"], "runs": made}
