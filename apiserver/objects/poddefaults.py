"""Defaults of a Pod that depend on its other fields, for Pods and for templates; and its quality-of-service class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apiserver.objects.podresources import FOR_THE_WHOLE, is_for_the_whole, of_containers
from apiserver.objects.quantity import parse
from apiserver.objects.scheduling.labels import PREFERRED, REQUIRED

Object = dict[str, Any]

GUARANTEED, BURSTABLE, BEST_EFFORT = "Guaranteed", "Burstable", "BestEffort"
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")

_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?"
_image = re.compile(
    rf"(?:(?:{_HOST})/)?{_PART}(?:/{_PART})*(?::(?P<tag>\w[\w.-]{{0,127}}))?"
    r"(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
).fullmatch
"""A reference to a container image, as the distribution specification writes it."""


def default_template(template: Object) -> None:
    """What a Pod template of any workload is filled in with."""
    default_pod_spec(template.setdefault("spec", {}))


def default_pod(pod: Object) -> None:
    """What a Pod is filled in with beyond the template's part: a template stays as it was written."""
    spec = pod["spec"]
    default_pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind) or ():
            _request_limits(container.get("resources") or {})
            if spec.get("hostNetwork"):
                _use_host_ports(container)
    if spec.get("resources"):
        _complete_whole(spec)
    status = pod.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    if not status.get("qosClass"):
        status["qosClass"] = qos_class(spec)
    if spec.get("schedulingGates") and not status.get("conditions"):
        status["conditions"] = [_GATED.copy()]


def merge_label_keys(pod: Object) -> None:
    """Say in the selectors of a new Pod's wishes which values its matchLabelKeys and mismatchLabelKeys stand for."""
    spec, labels = pod.get("spec") or {}, pod["metadata"].get("labels") or {}
    for wish in _wishes(spec):
        selector = wish.get("labelSelector")
        meant = [
            {"key": key, "operator": operator, "values": [labels[key]]}
            for operator, keys in (("In", "matchLabelKeys"), ("NotIn", "mismatchLabelKeys"))
            for key in wish.get(keys) or ()
            if key in labels
        ]
        if meant and selector is not None:
            wish["labelSelector"] = {
                **selector,
                "matchExpressions": [*(selector.get("matchExpressions") or ()), *meant],
            }


def _wishes(spec: Object) -> Iterator[Object]:
    """What a Pod says about other Pods: terms of its affinity, and how it is to be spread."""
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(kind) or {}
        yield from affinity.get(REQUIRED) or ()
        yield from (preferred.get("podAffinityTerm") or {} for preferred in affinity.get(PREFERRED) or ())
    yield from spec.get("topologySpreadConstraints") or ()


_GATED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
    "lastProbeTime": None,
    "lastTransitionTime": None,
}


def default_pod_spec(spec: Object) -> None:
    """Pull policies, volumes without a type, the two names of the service account."""
    for kind in CONTAINER_LISTS:
        for container in spec.get(kind) or ():
            if not container.get("imagePullPolicy"):
                container["imagePullPolicy"] = pull_policy(container.get("image", ""))
    for volume in spec.get("volumes") or ():
        if volume.keys() <= {"name"}:
            volume["emptyDir"] = {}
        elif (image := volume.get("image")) is not None and not image.get("pullPolicy"):
            image["pullPolicy"] = pull_policy(image.get("reference", ""))
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    else:
        spec.pop("serviceAccountName", None)
        spec.pop("serviceAccount", None)


def pull_policy(image: str) -> str:
    """Always for an image without tag or digest, and for `:latest`; what is no image reference is not pulled again."""
    match = _image(image)
    if match is None:
        return "IfNotPresent"
    tag = match["tag"] or ("" if match["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _request_limits(resources: Object) -> None:
    """What is limited and not requested is requested in full."""
    if limits := resources.get("limits"):
        requests = resources.setdefault("requests", {})
        for name, amount in limits.items():
            requests.setdefault(name, amount)


def _use_host_ports(container: Object) -> None:
    for port in container.get("ports") or ():
        if not port.get("hostPort"):
            port["hostPort"] = port.get("containerPort", 0)


def _complete_whole(spec: Object) -> None:
    """What the Pod says as a whole, where it says anything: it is limited to the huge pages that its containers are;
    and if it has limits, it requests what its containers ask for together, else what it is limited to."""
    resources = spec["resources"]
    requests, limits = (dict(resources.get(side) or {}) for side in ("requests", "limits"))
    if not requests and not limits:
        return
    for name, amount in of_containers(spec, "limits").items():
        if name.startswith("hugepages-") and name not in requests:
            limits.setdefault(name, str(amount))
    if not limits:
        return
    for name, amount in of_containers(spec, "requests").items():
        if name in FOR_THE_WHOLE:
            requests.setdefault(name, str(amount))
    for name, text in limits.items():
        if is_for_the_whole(name):
            requests.setdefault(name, text)
    resources["limits"] = limits
    if requests:
        resources["requests"] = requests


def qos_class(spec: Object) -> str:
    """Guaranteed: every container has limits of CPU and memory and requests as much. BestEffort: none asks for any."""
    if own := spec.get("resources"):
        sides = [own]
    else:
        containers = (spec.get("containers") or []) + (spec.get("initContainers") or [])
        sides = [container.get("resources") or {} for container in containers]
    requests: dict[str, Decimal] = {}
    limits: dict[str, Decimal] = {}
    is_limited = True
    for resources in sides:
        for side, total in (("requests", requests), ("limits", limits)):
            for name, text in (resources.get(side) or {}).items():
                if name in ("cpu", "memory") and parse(text).value > 0:
                    total[name] = total.get(name, Decimal(0)) + parse(text).value
        own_limits = resources.get("limits") or {}
        is_limited = is_limited and all(n in own_limits and parse(own_limits[n]).value > 0 for n in ("cpu", "memory"))
    if not requests and not limits:
        return BEST_EFFORT
    return GUARANTEED if is_limited and requests == limits else BURSTABLE
