"""What only Python can answer: custom timetables, mappers and weights, and the functions of deadlines."""

from __future__ import annotations

import importlib
import json
import os
import re
import socket
import sys
import traceback
from types import SimpleNamespace
from typing import Any

from orrery_upstream import COMMS, RUNNER, SDK, Json, need

DECODERS = ("airflow.serialization.decoders", "airflow.serialization.serialized_objects")


class Timetables:
    """The evaluator: what only Python can say of custom timetables, mappers and weights."""

    def __init__(self) -> None:
        self.decoded: dict[tuple[str, str], Any] = {}

    def main(self) -> None:
        """Answers `[id, ask]` with `[id, answer]` or `[id, null, error]`, in upstream's frames."""
        import msgspec

        with socket.socket(fileno=0) as requests, requests.makefile("rwb") as stream:
            while len(head := stream.read(4)) == 4:
                number, ask = msgspec.msgpack.decode(stream.read(int.from_bytes(head, "big")))
                try:
                    answer = [number, getattr(self, f"do_{ask['op']}")(ask)]
                except Exception as error:
                    answer = [number, None, {"error": repr(error), "detail": traceback.format_exc()}]
                body = msgspec.msgpack.encode(answer)
                stream.write(len(body).to_bytes(4, "big") + body)
                stream.flush()

    def decode(self, what: str, value: Json) -> Any:
        """The object of a serialized form; the same form gives the same object again."""
        key = (what, json.dumps(value, sort_keys=True))
        if key not in self.decoded:
            if len(self.decoded) > 1000:
                self.decoded.clear()
            self.decoded[key] = need(f"decode_{what}", *DECODERS)(value)
        return self.decoded[key]

    def do_next_dagrun_info(self, ask: Json) -> Json | None:
        """When the run after `last` is due."""
        base = "airflow.timetables.base"
        timetable = self.decode("timetable", ask["timetable"])
        restriction = need("TimeRestriction", base)(
            date(ask.get("earliest")), date(ask.get("latest")), ask["catchup"]
        )
        last, between = ask.get("last"), interval((ask.get("last") or {}).get("data_interval"))
        if hasattr(timetable, "next_dagrun_info_v2"):
            if last:
                given = {**last, "run_after": date(last["run_after"]), "data_interval": between}
                given["partition_date"] = date(last.get("partition_date"))
                kind = need("DagRunInfo", base)
                last = kind(**{field: given.get(field) for field in kind._fields})
            info = timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)
        else:
            info = timetable.next_dagrun_info(
                last_automated_data_interval=between, restriction=restriction
            )
        return plain(info._asdict()) if info else None

    def do_generate_run_id(self, ask: Json) -> str:
        """The name of a run."""
        extra = {k: ask[k] for k in ("partition_key",) if k in ask}
        run_id = self.decode("timetable", ask["timetable"]).generate_run_id(
            run_type=need("DagRunType", "airflow.utils.types")(ask["run_type"]),
            run_after=date(ask["run_after"]),
            data_interval=interval(ask.get("data_interval")),
            **extra,
        )
        return str(run_id)

    def do_manual(self, ask: Json) -> Json:
        """The interval of a run that somebody asked for, and its name where it has none."""
        between = ask.get("data_interval")
        if ask.get("logical_date") and not between:
            timetable, at = self.decode("timetable", ask["timetable"]), date(ask["logical_date"])
            between = plain(timetable.infer_manual_data_interval(run_after=at))
        run_id = ask.get("run_id") or self.do_generate_run_id({**ask, "data_interval": between})
        return {"data_interval": between, "run_id": run_id}

    def do_between(self, ask: Json) -> list[Json]:
        """The runs between two dates, no more than `limit`."""
        timetable, found = self.decode("timetable", ask["timetable"]), list[Json]()
        if walk := getattr(timetable, "partitioned", 0) and timetable.iter_partition_dagrun_infos:
            infos = walk(earliest=date(ask["earliest"]), latest=date(ask["latest"]))
            return [plain(info._asdict()) for info, _ in zip(infos, range(ask["limit"]))]
        while len(found) < ask["limit"]:
            last = {"catchup": True, "last": found[-1] if found else None}
            if not (info := self.do_next_dagrun_info({**ask, **last})):
                break
            found.append(info)
        return found

    def do_summary(self, ask: Json) -> Json:
        """How a timetable describes itself."""
        timetable = self.decode("timetable", ask["timetable"])
        names = ["summary", "description", "periodic", "can_be_scheduled", "run_ordering"]
        names += ["active_runs_limit", "partitioned", "partitioned_at_runtime"]
        return {name: plain(getattr(timetable, name, None)) for name in names}

    def do_timetable(self, ask: Json) -> Json:
        """The next run with its name, and how the timetable describes itself."""
        info, run_id = self.do_next_dagrun_info(ask), None
        if info:
            named = {**ask, "run_type": "scheduled", "run_after": info["run_after"]}
            named["data_interval"] = info.get("data_interval")
            if info.get("partition_key") is not None:
                named["partition_key"] = info["partition_key"]
            run_id = self.do_generate_run_id(named)
        return {"next": info, "run_id": run_id, **self.do_summary(ask)}

    def do_weights(self, ask: Json) -> list[int]:
        """The weights of many."""
        return list(map(self.do_weight, ask["of"]))

    def do_map(self, ask: Json) -> list[Json]:
        """The runs that an event is for, by a partition mapper: key, date, what they wait for."""
        mapper = self.decode("partition_mapper", ask["mapper"])
        carried = mapper.carry_partition_date(date(ask.get("date")))
        found, keys = list[Json](), mapper.to_downstream(ask["key"])
        for key in [keys] if isinstance(keys, str) else keys:
            needs = sorted(mapper.to_upstream(key)) if mapper.is_rollup else None
            at = mapper.to_partition_date(key) or carried
            found.append({"key": key, "date": plain(at), "needs": needs})
        return found

    def do_providers(self, ask: Json) -> list[Json]:
        """The provider packages that are installed, as upstream's API shows them."""
        found = need("ProvidersManager", "airflow.providers_manager")().providers
        fields = {"package_name": "package-name", "documentation_url": "documentation-url"}
        shown = [
            {**{field: info.data.get(name) for field, name in fields.items()}, "version": info.version}
            | {"description": re.sub("[`_<>]", "", info.data.get("description", "").strip(" \n."))}
            for info in found.values()
        ]
        return sorted(shown, key=lambda each: str(each["package_name"]))

    def do_plugins(self, ask: Json) -> list[Json]:
        """The plugins that are in force, as upstream's API shows them."""
        info = need("get_plugin_info", "airflow.plugins_manager")()
        form = need("PluginResponse", "airflow.api_fastapi.core_api.datamodels.plugins")
        info = sorted(info, key=lambda each: str(each["name"]))
        return [form.model_validate(each).model_dump(mode="json") for each in info]

    def do_plugin_errors(self, ask: Json) -> list[Json]:
        """The plugins that could not be imported."""
        plugins = importlib.import_module("airflow.plugins_manager")
        plugins.get_plugin_info()
        found = getattr(plugins, "get_import_errors", lambda: plugins.import_errors)()
        return [{"source": source, "error": error} for source, error in found.items()]

    def do_weight(self, ask: Json) -> int:
        """The weight that a custom strategy gives to a task instance."""
        load = need("validate_and_load_priority_weight_strategy", "airflow.task.priority_strategy")
        made = json.loads(json.dumps(ask["ti"]), object_hook=lambda each: SimpleNamespace(**each))
        return int(load(ask["rule"]).get_weight(made))


def call() -> None:
    """Calls the function of a deadline, as upstream's callback supervisor does."""
    import msgspec
    import structlog

    size = int.from_bytes(os.read(0, 4), "big")
    text = b""
    while len(text) < size:
        text += os.read(0, size - len(text))
    _, asked = msgspec.msgpack.decode(text)
    log = structlog.get_logger(logger_name="callback_runner")
    runner = importlib.import_module(RUNNER)
    setattr(runner, "SUPERVISOR_COMMS", need("CommsDecoder", COMMS)(log=log))
    if (folder := asked["bundle_path"]) not in sys.path:
        sys.path.append(folder)
    execute = need("execute_callback", f"{SDK}.callback_supervisor")
    well, wrong = execute(bundle_path=folder, log=log, **asked["call"])
    if not well:
        log.error("Callback failed", error=wrong)
        raise SystemExit(1)


def date(text: str | None) -> Any:
    """Upstream's kind of date."""
    import pendulum

    parse: Any = pendulum.parse
    return parse(text).in_timezone("UTC") if text else None


def interval(given: Json | None) -> Any:
    """Upstream's kind of interval."""
    make = need("DataInterval", "airflow.timetables.base")
    return make(date(given["start"]), date(given["end"])) if given else None


def plain(value: Any) -> Any:
    """Only what JSON knows."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(each) for each in value)
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return [plain(each) for each in value]
    return value
