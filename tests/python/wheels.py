"""Makes a folder of tiny wheels that stand in for Airflow: `python wheels.py FOLDER`."""

from __future__ import annotations

import pathlib
import sys
import zipfile

SUPERVISOR = """
import os
def _fork_main(requests, stdout, stderr, log_fd, target):
    os.dup2(requests.fileno(), 0)
    target()
    os._exit(0)
"""
PROCESSOR = """
import os
def _parse_file_entrypoint():
    size = int.from_bytes(os.read(0, 4), "big")
    assert b"callback_requests" in os.read(0, size)
    body = b"\\x92\\x00\\x81\\xa6dag_id\\xacorrery_check"
    os.write(0, len(body).to_bytes(4, "big") + body)
"""
TRIGGERER = """
class TriggerRunnerSupervisor:
    run_in_process = staticmethod(print)
"""
AIRFLOW = {
    "airflow/__init__.py": "",
    "airflow/example_dags/tutorial.py": "# airflow dag\n",
    "airflow/sdk/__init__.py": "",
    "airflow/sdk/execution_time/__init__.py": "",
    "airflow/sdk/execution_time/supervisor.py": SUPERVISOR,
    "airflow/sdk/execution_time/task_runner.py": "def main(): pass\n",
    "airflow/sdk/execution_time/comms.py": "",
    "airflow/dag_processing/__init__.py": "",
    "airflow/dag_processing/processor.py": PROCESSOR,
    "airflow/jobs/__init__.py": "",
    "airflow/jobs/triggerer_job_runner.py": TRIGGERER,
    "pydantic.py": "class BaseModel: pass\nclass TypeAdapter:\n  def __init__(self, _): pass\nJsonValue = object\n",
}
SDK = "apache-airflow-task-sdk"


def wheel(folder: pathlib.Path, name: str, version: str, files: dict[str, str], needs: str = "") -> None:
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += f"Requires-Dist: {needs}\n" if needs else ""
    made = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = {f"{stem}.dist-info/METADATA": about, f"{stem}.dist-info/WHEEL": made}
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        everything = {**files, **info}
        for path, text in everything.items():
            archive.writestr(path, text)
        record = "".join(f"{path},,\n" for path in [*everything, f"{stem}.dist-info/RECORD"])
        archive.writestr(f"{stem}.dist-info/RECORD", record)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wheel(folder, SDK, "1.3.2", {})
    wheel(folder, "apache-airflow-core", "3.3.2", AIRFLOW, needs=f"{SDK}==1.3.2")
    # One that installs and cannot be imported.
    wheel(folder, "apache-airflow-core", "3.3.1", {"airflow/__init__.py": "1 / 0\n"}, needs=SDK)
    wheel(folder, "apache-airflow-providers-standard", "1.0", {})
    wheel(folder, "extra", "2.0", {"extra.py": "X = 1\n"})


if __name__ == "__main__":
    main()
