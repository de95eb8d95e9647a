#!/usr/bin/env bash
# Installs what the tests need below target/ (and Chromium by the system's packages), then runs them all:
# Airflow in each supported version is the largest part of that.
set -euo pipefail
cd "$(dirname "$0")/../.."
step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

step "Chromium"
if ! command -v chromium >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-dejavu-core >/dev/null
fi

step "UI: packages, types, lints, unit tests, build"
packaging/scripts/npm.sh ui
(cd ui && npm run --silent check)
packaging/scripts/ui.sh

step "Formatting and lints"
cargo fmt --all --check
cargo clippy -q --workspace --all-targets -- -D warnings

step "Rust tests: layers, house rules, simulation, end to end"
cargo build -q -p orrery
cargo test --workspace

step "API against the published client"
packaging/scripts/compat.sh

step "Dags on Airflow 3.0.6, 3.1.8, 3.2.2 and 3.3.2"
packaging/scripts/airflow.sh
step "done"
