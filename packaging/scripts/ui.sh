#!/usr/bin/env bash
# Builds ui/dist where a source is newer than it. Without Node the binary says how to build the UI.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -f ui/dist/index.html ] && [ -z "$(find ui -newer ui/dist/index.html -type f \
    -not -path 'ui/node_modules/*' -not -path 'ui/dist/*' -print -quit)" ]; then
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "npm is not installed: building without the web UI (install Node 20 and run: make ui)" >&2
  exit 0
fi
packaging/scripts/npm.sh ui
(cd ui && npm run --silent build)
touch ui/dist/index.html
