"""Pods: to parse; there is no cluster here."""

from __future__ import annotations

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import dag, task
from kubernetes.client import models as k8s


@dag(schedule=None)
def pods():
    KubernetesPodOperator(
        task_id="pod",
        image="debian",
        cmds=["echo", "{{ ds }}"],
        container_resources=k8s.V1ResourceRequirements(requests={"memory": "64Mi"}),
        volumes=[k8s.V1Volume(name="v", empty_dir=k8s.V1EmptyDirVolumeSource())],
        deferrable=True,
    )

    @task.kubernetes(image="python", namespace="default")
    def decorated():
        return 1

    decorated()

    @task(executor_config={"pod_override": k8s.V1Pod(metadata=k8s.V1ObjectMeta(labels={"a": "b"}))})
    def overridden():
        return 1

    overridden()


pods()
