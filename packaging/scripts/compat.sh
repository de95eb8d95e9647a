#!/usr/bin/env bash
# Drives the API with the published Airflow client, whose models refuse what is not upstream's shape.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/compat-venv
if ! cmp -s tests/compat/requirements.txt "$venv/requirements.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r tests/compat/requirements.txt
  cp tests/compat/requirements.txt "$venv/requirements.txt"
fi
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider tests/compat
