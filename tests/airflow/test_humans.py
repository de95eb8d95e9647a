"""People in the loop: upstream's own example, on the runtimes that can ask."""

from __future__ import annotations

import pytest
from orrery import NEWEST, Runtime, Server, quoted, wait_for

ASKS = """
import datetime
from airflow.sdk import DAG, Param, task
from airflow.providers.standard.operators.hitl import HITLOperator, ApprovalOperator

with DAG("asks", schedule=None):
    HITLOperator(
        task_id="chooses", subject="Which?", body="**Say**", options=["a", "b"],
        params={"note": Param("none", type="string")},
    )
    HITLOperator(
        task_id="times_out", subject="Nobody?", options=["a", "b"], defaults=["b"],
        execution_timeout=datetime.timedelta(seconds=4),
    )
    HITLOperator(
        task_id="fails", subject="Nobody?", options=["a", "b"],
        execution_timeout=datetime.timedelta(seconds=4),
    )
"""


def at(dag_id: str, run_id: str, task: str) -> str:
    return f"dags/{dag_id}/dagRuns/{quoted(run_id)}/taskInstances/{task}/-1/hitlDetails"


def asked(server: Server, dag_id: str) -> dict[str, dict]:
    page = server("GET", f"dags/{dag_id}/dagRuns/~/hitlDetails?response_received=false&limit=100")
    return {each["task_instance"]["task_id"]: each for each in page["hitl_details"]}


@pytest.mark.parametrize("version", ["3.1.8", "3.2.2", NEWEST])
def test_s122_to_s124_people_answer(serve, version: str) -> None:
    server: Server = serve(version)
    timeout = "response_timeout" if version == NEWEST else "execution_timeout"
    packages = Runtime(version).packages() / "airflow/providers/standard/operators/hitl.py"
    if "response_timeout" not in packages.read_text():
        timeout = "execution_timeout"
    server.dag("asks.py", ASKS.replace("execution_timeout", timeout))
    server.start()
    server.wait_for_dag("asks")
    run_id = server.trigger("asks")
    wait_for("the question", lambda: "chooses" in asked(server, "asks"))
    state = "awaiting_input" if version == NEWEST else "deferred"
    wait_for(state, lambda: server.instances("asks", run_id)["chooses"]["state"] == state)
    detail = server("GET", at("asks", run_id, "chooses"))
    assert (detail["subject"], detail["options"], detail["body"]) == ("Which?", ["a", "b"], "**Say**")
    assert detail["params"]["note"]["value"] == "none"

    answer = at("asks", run_id, "chooses")
    assert server.ask("PATCH", answer, {"chosen_options": ["c"]})[0] == 400
    assert server.ask("PATCH", answer, {"chosen_options": ["a", "b"]})[0] == 400
    assert server.ask("PATCH", at("asks", run_id, "nobody"), {"chosen_options": ["a"]})[0] == 404
    said = server("PATCH", answer, {"chosen_options": ["a"], "params_input": {"note": "hi"}})
    assert said["chosen_options"] == ["a"] and said["responded_by"]["id"] == "Anonymous"
    assert server.ask("PATCH", answer, {"chosen_options": ["a"]})[0] == 409

    run = server.wait_for_end("asks", run_id)
    found = server.instances("asks", run_id)
    states = {name: ti["state"] for name, ti in found.items()}
    assert states == {"chooses": "success", "times_out": "success", "fails": "failed"}, states
    assert run["state"] == "failed"
    value = server.xcom(found["chooses"])
    assert value["chosen_options"] == ["a"] and value["params_input"] == {"note": "hi"}, value
    assert server.xcom(found["times_out"])["chosen_options"] == ["b"]


def test_s122_upstreams_example(serve) -> None:
    server: Server = serve()
    example = Runtime(NEWEST).packages() / "airflow/providers/standard/example_dags/example_hitl_operator.py"
    server.dag("example_hitl_operator.py", example.read_bytes())
    server.start()
    server.wait_for_dag("example_hitl_operator")
    run_id = server.trigger("example_hitl_operator")

    def answer_all() -> bool:
        for task, detail in asked(server, "example_hitl_operator").items():
            wish = {"valid_input_and_options": "option 1", "choose_a_branch_to_run": "task_1"}
            option = next((o for o in detail["options"] if o == wish.get(task)), detail["options"][0])
            params = {name: param["value"] for name, param in detail["params"].items()}
            body = {"chosen_options": [option], "params_input": params}
            server.ask("PATCH", at("example_hitl_operator", run_id, task), body)
        path = f"dags/example_hitl_operator/dagRuns/{quoted(run_id)}"
        return server("GET", path)["state"] in ("success", "failed")

    wait_for("the end", answer_all, 180)
    found = server.instances("example_hitl_operator", run_id)
    states = {name: ti["state"] for name, ti in found.items()}
    print(states)
    assert "failed" not in states.values(), {n: server.log(found[n]) for n, s in states.items() if s == "failed"}
