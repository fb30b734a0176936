"""`describe`: one object as a page of text, as kubectl writes it.

`describe(cluster, object, show_events)` looks the kind up in `_PAGES` and falls back to the generic page, which can
describe anything. A page is a function of the object, its events and what it looks up in the cluster:

    def page(page: Page, object: Fields, events: Events, cluster: Cluster) -> None

so each can be tried with a dictionary and a fake Cluster.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from minictl.describe.text import Page

Fields = Mapping[str, Any]
Events = list[Fields] | None


class Cluster(Protocol):
    """What a description may look up besides its object."""

    @property
    def now(self) -> datetime:
        """The time ages are counted to."""

    def get(self, group_version: str, plural: str, namespace: str, name: str) -> Fields:
        """One object. Raises LookupError, with the server's sentence, where there is none."""

    def list(
        self, group_version: str, plural: str, namespace: str, labels: str = "", fields: str = ""
    ) -> "list[Fields] | None":
        """Objects in key order, "" meaning all namespaces; None where the server does not know the resource."""


# (group, kind): the module with its page, imported when first asked for
_PAGES = {
    ("", "ConfigMap"): "configmap",
    ("", "Endpoints"): "endpoints",
    ("", "LimitRange"): "limits",
    ("", "Namespace"): "namespace",
    ("", "Node"): "node",
    ("", "PersistentVolume"): "persistentvolume",
    ("", "PersistentVolumeClaim"): "persistentvolumeclaim",
    ("", "Pod"): "pod",
    ("", "ReplicationController"): "replicaset",
    ("", "ResourceQuota"): "quota",
    ("", "Secret"): "secret",
    ("", "Service"): "service",
    ("", "ServiceAccount"): "serviceaccount",
    ("apps", "DaemonSet"): "daemonset",
    ("apps", "Deployment"): "deployment",
    ("apps", "ReplicaSet"): "replicaset",
    ("apps", "StatefulSet"): "statefulset",
    ("batch", "CronJob"): "cronjob",
    ("batch", "Job"): "job",
    ("autoscaling", "HorizontalPodAutoscaler"): "autoscaler",
    ("discovery.k8s.io", "EndpointSlice"): "endpointslice",
    ("networking.k8s.io", "Ingress"): "ingress",
    ("networking.k8s.io", "IngressClass"): "ingressclass",
    ("networking.k8s.io", "IPAddress"): "ipaddress",
    ("networking.k8s.io", "NetworkPolicy"): "networkpolicy",
    ("networking.k8s.io", "ServiceCIDR"): "servicecidr",
    ("policy", "PodDisruptionBudget"): "disruptionbudget",
    ("rbac.authorization.k8s.io", "ClusterRole"): "role",
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): "rolebinding",
    ("rbac.authorization.k8s.io", "Role"): "role",
    ("rbac.authorization.k8s.io", "RoleBinding"): "rolebinding",
    ("scheduling.k8s.io", "PriorityClass"): "priorityclass",
    ("storage.k8s.io", "CSINode"): "csinode",
    ("storage.k8s.io", "StorageClass"): "storageclass",
    ("storage.k8s.io", "VolumeAttributesClass"): "volumeattributesclass",
}


def describe(cluster: Cluster, subject: Fields, show_events: bool = True) -> str:
    """The whole page about `subject`, a complete object as the server sent it."""
    group = str(subject.get("apiVersion", "")).rpartition("/")[0]
    module = import_module(f"minictl.describe.{_PAGES.get((group, str(subject.get('kind', ''))), 'generic')}")
    page = Page()
    module.page(page, subject, events_of(cluster, subject) if show_events else None, cluster)
    return page.text()


def events_of(cluster: Cluster, subject: Fields) -> list[Fields]:
    """The events about an object, in no particular order."""
    meta = subject.get("metadata") or {}
    kind, uids = str(subject.get("kind", "")), [meta.get("uid", "")]
    if kind == "Pod":
        # Events of static Pods carry the uid of the manifest they were started from.
        kind, uids = "", [(meta.get("annotations") or {}).get("kubernetes.io/config.mirror", uids[0])]
    if kind == "Node":
        # Kubelets name themselves where other components name the node's uid.
        uids.append(meta.get("name", ""))
    found: list[Fields] = []
    for uid in uids:
        wanted = _terms(name=meta.get("name", ""), namespace=meta.get("namespace", ""), kind=kind, uid=uid)
        found += cluster.list("v1", "events", meta.get("namespace", ""), fields=wanted) or []
    return found


def _terms(name: str, namespace: str, kind: str, uid: str) -> str:
    terms = {"name": name, "namespace": namespace, "kind": kind or None, "uid": uid or None}
    return ",".join(f"involvedObject.{key}={value}" for key, value in terms.items() if value is not None)


def pods_by_phase(cluster: Cluster, namespace: str, selector: str, owner_uid: str) -> str:
    """How many Pods of a controller run, wait, succeeded and failed."""
    phases = {"Running": 0, "Pending": 0, "Succeeded": 0, "Failed": 0}
    for pod in cluster.list("v1", "pods", namespace, labels=selector) or []:
        if _owned(pod, owner_uid):
            phase = (pod.get("status") or {}).get("phase", "")
            if phase in phases:
                phases[phase] += 1
    return "{Running} Running / {Pending} Waiting / {Succeeded} Succeeded / {Failed} Failed".format(**phases)


def _owned(pod: Fields, uid: str) -> bool:
    owners: Iterable[Fields] = (pod.get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("uid") == uid for owner in owners)
