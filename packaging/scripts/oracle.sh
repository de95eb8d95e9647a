#!/usr/bin/env bash
# Plays random dags on a real Airflow 3.3.2 and on this product and reports where they differ.
# ORACLE_SEEDS=1-500 says which; ORACLE_VENV names a Python that has Airflow 3.3.2, else one is made below target/.
# What was played before is not played again: remove target/oracle/results for that.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build -q -p orrery
orrery=${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/debug/orrery
. packaging/scripts/peer.sh
exec nice -n 10 python3 tests/oracle/main.py --orrery "$orrery" --home "$home" --runtime "$runtime" \
  ${ORACLE_VENV:+--venv "$ORACLE_VENV"} --out "$target/oracle" --seeds "${ORACLE_SEEDS:-1-500}" "$@"
