#!/usr/bin/env bash
# Runs Airflow's own example dags, unmodified, and compares how they end with what Airflow recorded.
# Makes the runtime below target/ the first time, which takes minutes and the package index.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:-3.3.2}
cargo build -q -p orrery
orrery=target/x86_64-unknown-linux-gnu/debug/orrery
home=target/airflow
if ! "$orrery" runtime show "airflow-$version" --data "$home" >/dev/null 2>&1; then
  "$orrery" runtime create "airflow-$version" --airflow "$version" --data "$home"
fi
exec python3 tests/airflow/examples.py "$orrery" "$home" "airflow-$version"
