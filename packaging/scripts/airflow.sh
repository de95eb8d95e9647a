#!/usr/bin/env bash
# Runs dags on real Airflows: makes a runtime of each supported version and one with providers below
# target/ where they are missing (minutes, and the package index), then everything in tests/airflow and
# tests/python. The providers meet an SSH server and PostgreSQL, and some tasks sudo, by the system's packages.
# Arguments go to pytest: `packaging/scripts/airflow.sh -k vectors`.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
orrery=$target/x86_64-unknown-linux-gnu/debug/orrery
tools=$target/airflow/tools
cargo build -q -p orrery

if ! cmp -s tests/airflow/requirements.txt "$tools/requirements.txt"; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install -q --disable-pip-version-check -r tests/airflow/requirements.txt
  cp tests/airflow/requirements.txt "$tools/requirements.txt"
fi

if ! [ -x /usr/sbin/sshd ] || ! command -v sudo >/dev/null || ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    openssh-server openssh-client postgresql sudo >/dev/null
fi

# Both ways of installing are in use: pip for the first, uv for the others. A version has a data folder
# of its own, since only one command changes a folder's runtimes.
runtime() {
  local version=$1 path=$2 folder=${3:-$1} name=${3:-airflow-$1} from=$SECONDS
  local data=$target/airflow/$folder said=$target/airflow/$folder.txt
  local order=(runtime create "$name" --airflow "$version" --data "$data")
  [ "$folder" = providers ] && order+=(--requirements tests/airflow/providers/requirements.txt)
  "$orrery" runtime show "$name" --data "$data" >/dev/null 2>&1 && return
  PATH=$path "$orrery" "${order[@]}" >"$said" 2>&1 || { cat "$said"; return 1; }
  echo "runtime $name: $((SECONDS - from)) s"
}
with_uv=$PWD/$tools/bin/uv
[[ $tools = /* ]] && with_uv=$tools/bin/uv
mkdir -p "$target/airflow/uv"
ln -sf "$with_uv" "$target/airflow/uv/uv"
uv_path=$(cd "$target/airflow/uv" && pwd):$PATH
runtime 3.3.2 "$PATH" &
pip=$!
for version in 3.2.2 3.1.8 3.0.6; do runtime "$version" "$uv_path"; done
runtime 3.3.2 "$uv_path" providers
wait "$pip"

"$tools/bin/mypy" --strict --ignore-missing-imports --no-error-summary --cache-dir "$target/airflow/mypy" \
  assets/python/*.py
pytest="$tools/bin/python -m pytest -q -p no:cacheprovider --durations=12 --durations-min=3"
if [ $# = 0 ]; then
  packages=$(echo "$tools"/lib/python3*/site-packages)
  for version in 3.0.6 3.1.8 3.2.2 3.3.2; do
    env=$("$orrery" runtime show "airflow-$version" --data "$target/airflow/$version" --json |
      sed -n 's/^ *"hash": "\(.*\)",/\1/p')
    echo "our Python on Airflow $version"
    PYTHONPATH=$packages "$target/airflow/$version/runtimes/envs/$env/bin/python" \
      -m pytest -q -p no:cacheprovider tests/python
  done
fi
exec $pytest -rsA --tb=short tests/airflow "$@"
