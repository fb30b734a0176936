"""Pod: containers that run together on one node.

Its validation stands in objects/validation/podspec.py and podupdate.py, its defaults in objects/poddefaults.py, the
columns' logic in objects/podcolumns.py.
"""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, Part, Since
from apiserver.objects.podcolumns import TERMINAL, readiness_gates, summarize
from apiserver.objects.poddefaults import default_pod, merge_label_keys
from apiserver.objects.podwarnings import name_warnings, pod_warnings
from apiserver.objects.validation import Causes
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.podresize import keep_all_but_resources, validate_resize
from apiserver.objects.validation.podspec import validate_pod
from apiserver.objects.validation.podupdate import (
    keep_all_but_ephemeral_containers,
    validate_ephemeral_update,
    validate_pod_status,
    validate_pod_update,
)


def ready_column(pod: Object) -> str:
    summary = summarize(pod)
    return f"{summary.ready}/{summary.total}"


def status_column(pod: Object) -> str:
    return summarize(pod).reason


def restarts_column(pod: Object) -> str | Since:
    summary = summarize(pod)
    if not summary.restarts or not summary.last_restart:
        return str(summary.restarts)
    return Since(summary.last_restart, f"{summary.restarts} (", " ago)")


def pod_ip(pod: Object) -> str:
    addresses = pod.get("status", {}).get("podIPs") or [{}]
    return str(addresses[0].get("ip", "") or pod.get("status", {}).get("podIP", ""))


def node_name(pod: Object) -> str:
    return str(pod["spec"].get("nodeName", ""))


def nominated_node(pod: Object) -> str:
    return str(pod.get("status", {}).get("nominatedNodeName", ""))


def grace_seconds(pod: Object, requested: int | None) -> int:
    """What was asked for, else the Pod's own; nothing runs of a Pod that is on no node or has finished."""
    seconds = pod["spec"].get("terminationGracePeriodSeconds", 0) if requested is None else requested
    if not pod["spec"].get("nodeName") or pod.get("status", {}).get("phase") in TERMINAL:
        return 0
    return 1 if seconds < 0 else int(seconds)


def is_new_generation(new: Object, old: Object) -> bool:
    """The spec differs in more than the node, which is set by binding, not by who writes the Pod."""
    spec, before = new["spec"], old["spec"]
    if spec == before:
        return False
    return {**spec, "nodeName": ""} != {**before, "nodeName": ""}


def prepare(new: Object, old: Object | None) -> None:
    if old is None:
        merge_label_keys(new)


def prepare_status(new: Object, old: Object) -> None:
    """Owners are not status; and the address stands in two fields, of which the older one counts."""
    owners = old["metadata"].get("ownerReferences")
    if owners is None:
        new["metadata"].pop("ownerReferences", None)
    else:
        new["metadata"]["ownerReferences"] = [dict(owner) for owner in owners]
    status = new.setdefault("status", {})
    address, addresses = status.get("podIP"), status.get("podIPs") or []
    if address and (not addresses or addresses[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif addresses and not address:
        status["podIP"] = addresses[0].get("ip", "")
    if status.get("hostIP") and not status.get("hostIPs"):
        status["hostIPs"] = [{"ip": status["hostIP"]}]


def validate(pod: Object) -> Causes:
    """A stored Pod carries its version, a new one does not yet."""
    return validate_pod(pod, is_new="resourceVersion" not in pod["metadata"])


def warnings(pod: Object, old: Object | None) -> list[str]:
    """Only on creation: Pods are updated by machines, and often."""
    if old is not None:
        return []
    return name_warnings(pod["metadata"].get("name", ""), "the Pod's hostname") + pod_warnings(pod)


kind = Kind(
    "v1",
    "Pod",
    "pods",
    short=("po",),
    categories=("all",),
    status=True,
    has_generation=True,
    is_new_generation=is_new_generation,
    deletes_to_status=False,
    grace_seconds=grace_seconds,
    subresources={
        "attach": "PodAttachOptions",
        "binding": "Binding",
        "ephemeralcontainers": "Pod",
        "eviction": "Eviction",
        "exec": "PodExecOptions",
        "log": "Pod",
        "portforward": "PodPortForwardOptions",
        "proxy": "PodProxyOptions",
        "resize": "Pod",
    },
    parts={
        "ephemeralcontainers": Part(keep_all_but_ephemeral_containers, validate_ephemeral_update),
        "resize": Part(keep_all_but_resources, validate_resize),
    },
    columns=(
        NAME,
        Column("Ready", ready_column),
        Column("Status", status_column),
        Column("Restarts", restarts_column),
        AGE,
        Column("IP", lambda pod: pod_ip(pod) or "<none>", priority=1),
        Column("Node", lambda pod: node_name(pod) or "<none>", priority=1),
        Column("Nominated Node", lambda pod: nominated_node(pod) or "<none>", priority=1),
        Column("Readiness Gates", readiness_gates, priority=1),
    ),
    selectable={
        "spec.nodeName": node_name,
        "spec.restartPolicy": lambda pod: str(pod["spec"].get("restartPolicy", "")),
        "spec.schedulerName": lambda pod: str(pod["spec"].get("schedulerName", "")),
        "spec.serviceAccountName": lambda pod: str(pod["spec"].get("serviceAccountName", "")),
        "spec.hostNetwork": lambda pod: "true" if pod["spec"].get("hostNetwork") else "false",
        "status.phase": lambda pod: str(pod.get("status", {}).get("phase", "")),
        "status.podIP": pod_ip,
        "status.nominatedNodeName": nominated_node,
    },
    validate_name=subdomain_name,
    prepare=prepare,
    default=default_pod,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_pod_update,
    validate_status=validate_pod_status,
    warnings=warnings,
)
