#!/usr/bin/env bash
# Builds the UI, and meanwhile the layers that do not embed it; then the binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
packaging/scripts/ui.sh &
ui=$!
cargo build -q -p control -p worker
wait "$ui"
exec cargo build -p orrery
