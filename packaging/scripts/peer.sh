# What a real Airflow 3.3.2 beside us needs; to be sourced, with `orrery` set to the program that makes it. Makes the
# runtime below target/ where it is missing (minutes, and the package index), the one that the tests use.
target=${CARGO_TARGET_DIR:-target}
runtime=airflow-3.3.2
home=$target/airflow/3.3.2
if ! "$orrery" runtime show "$runtime" --data "$home" >/dev/null 2>&1; then
  "$orrery" runtime create "$runtime" --airflow 3.3.2 --data "$home" >&2
fi
# Airflow's own server needs drivers of PostgreSQL where that is installed, which its tasks do not.
drivers=$target/oracle/drivers
[ -d "$drivers" ] || python3 -m pip install -q --target "$drivers" psycopg2-binary asyncpg
PYTHONPATH=$(cd "$drivers" && pwd)
export PYTHONPATH
