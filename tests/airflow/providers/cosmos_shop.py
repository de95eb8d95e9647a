"""A dbt project as a dag, by astronomer-cosmos."""

from __future__ import annotations

import os
import pathlib
import sys

from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import LoadMode

PROJECT = pathlib.Path(os.environ["AIRFLOW_VAR_DBT_PROJECT"])

cosmos_shop = DbtDag(
    dag_id="cosmos_shop",
    schedule=None,
    project_config=ProjectConfig(PROJECT),
    profile_config=ProfileConfig(profile_name="shop", target_name="dev", profiles_yml_filepath=PROJECT / "profiles.yml"),
    execution_config=ExecutionConfig(dbt_executable_path=str(pathlib.Path(sys.prefix, "bin/dbt"))),
    render_config=RenderConfig(load_method=LoadMode.DBT_LS),
)
