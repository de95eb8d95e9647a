#!/usr/bin/env bash
# Plays random dags on a real Airflow 3.3.2 and on this product and reports where they differ.
# ORACLE_SEEDS=1-500 says which; ORACLE_VENV names a Python that has Airflow 3.3.2, else one is made below target/.
# What was played before is not played again: remove target/oracle/results for that.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build -q -p orrery
orrery=target/x86_64-unknown-linux-gnu/debug/orrery
home=target/airflow
runtime=airflow-3.3.2
if ! "$orrery" runtime show "$runtime" --data "$home" >/dev/null 2>&1; then
  "$orrery" runtime create "$runtime" --airflow 3.3.2 --data "$home"
fi
# Airflow's own server needs drivers of PostgreSQL, which its tasks do not.
drivers=target/oracle/drivers
[ -d "$drivers" ] || python3 -m pip install -q --target "$drivers" psycopg2-binary asyncpg
export PYTHONPATH=$PWD/$drivers
exec nice -n 10 python3 tests/oracle/main.py --orrery "$orrery" --home "$home" --runtime "$runtime" \
  ${ORACLE_VENV:+--venv "$ORACLE_VENV"} --out target/oracle --seeds "${ORACLE_SEEDS:-1-500}" "$@"
