#!/usr/bin/env bash
# Installs a folder's npm packages where its lock file has changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/../../$1"
mark=node_modules/.installed
if [ ! -f "$mark" ] || [ package-lock.json -nt "$mark" ]; then
  # Some registries lack the packages of other platforms, which `npm ci` takes for a broken lock file;
  # `npm install` passes over them and installs the locked versions all the same.
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch "$mark"
fi
