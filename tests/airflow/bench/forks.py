"""How many tasks a second the warm interpreter does by itself: the floor of what a server could reach.

Run by the interpreter of a runtime; prints JSON: tasks that read their dag file, and `kept` those that start from one
that was read before. As many at once as there are processors, and a parent that answers
nothing but what keeps a task going.
"""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "oracle"), str(HERE.parents[1] / "python")]

import parent  # noqa: E402
import work  # noqa: E402


def main() -> None:
    n = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        home = pathlib.Path(name)
        (home / "dags").mkdir()
        (home / "dags/one.py").write_text(work.independent(1))
        env = parent.environment(home, home / "dags")
        zygotes = [parent.Zygote(env) for _ in range(os.cpu_count() or 1)]
        figures = measure(zygotes, n)
        kept = [zygote.keep("independent_1", "one.py") for zygote in zygotes]
        figures["kept"] = measure([each for each in kept if isinstance(each, parent.Zygote)], n)
        for zygote in (*kept, *zygotes):
            zygote.close()
    print(json.dumps(figures))


def measure(zygotes: list[parent.Zygote], n: int) -> dict:
    """All of them at once."""
    cpu_us: list[int] = []

    def drive(zygote: parent.Zygote) -> None:
        for _ in range(n // len(zygotes)):
            _, ended, _ = zygote.run_task("independent_1", "t0", "one.py")
            cpu_us.append(ended["cpu_us"])

    threads = [threading.Thread(target=drive, args=(zygote,)) for zygote in zygotes]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - began
    return {"tasks_per_s": round(len(cpu_us) / took_s, 1), "cpu_ms_per_task": statistics.median(cpu_us) / 1e3}


main()
