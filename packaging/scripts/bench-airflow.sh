#!/usr/bin/env bash
# Measures the release binary and a real Airflow 3.3.2 on the same Python dags, one after the other, and prints JSON.
# Makes the runtime below target/ where it is missing (minutes, and the package index). Arguments go to the program:
# `--quick` for a tenth of the work, `--ours` without Airflow.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
orrery=$target/x86_64-unknown-linux-gnu/release/orrery
home=$target/airflow/3.3.2
runtime=airflow-3.3.2
if ! "$orrery" runtime show "$runtime" --data "$home" >/dev/null 2>&1; then
  "$orrery" runtime create "$runtime" --airflow 3.3.2 --data "$home" >&2
fi
# Airflow's own server needs drivers of PostgreSQL where that is installed, which its tasks do not.
drivers=$target/oracle/drivers
[ -d "$drivers" ] || python3 -m pip install -q --target "$drivers" psycopg2-binary asyncpg
drivers=$(cd "$drivers" && pwd)
exec env PYTHONPATH="$drivers" python3 tests/airflow/bench/main.py "$orrery" "$home" "$runtime" "$@"
