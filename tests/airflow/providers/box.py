"""A shell and files on another machine."""

from __future__ import annotations

from airflow.providers.sftp.operators.sftp import SFTPOperator
from airflow.providers.sftp.sensors.sftp import SFTPSensor
from airflow.providers.ssh.operators.ssh import SSHOperator
from airflow.sdk import Variable, dag, task


@dag(schedule=None)
def box():
    @task
    def write() -> str:
        folder = Variable.get("box_folder")
        with open(f"{folder}/here.txt", "w") as file:
            file.write("carried over")
        return folder

    folder = write()
    put = SFTPOperator(
        task_id="put",
        ssh_conn_id="box",
        local_filepath="{{ var.value.box_folder }}/here.txt",
        remote_filepath="{{ var.value.box_folder }}/there.txt",
        operation="put",
    )
    wait = SFTPSensor(task_id="wait", sftp_conn_id="box_sftp", path="{{ var.value.box_folder }}/there.txt", poke_interval=1)
    read = SSHOperator(task_id="read", ssh_conn_id="box", command="cat {{ var.value.box_folder }}/there.txt")
    fail = SSHOperator(task_id="fail", ssh_conn_id="box", command="exit 4")
    folder >> put >> wait >> read
    folder >> fail


box()
