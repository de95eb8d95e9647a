#!/usr/bin/env bash
# Measures the release binary and a real Airflow 3.3.2 on the same Python dags, one after the other, and prints JSON.
# Arguments go to the program: `--quick` for a tenth of the work, `--ours` without Airflow.
set -euo pipefail
cd "$(dirname "$0")/../.."
orrery=${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/release/orrery
. packaging/scripts/peer.sh
exec python3 tests/airflow/bench/main.py "$orrery" "$home" "$runtime" "$@"
