"""Small builders of Pods and Services for given/want tests."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from apiserver.objects.endpointslices import Changes

Object = dict[str, Any]


def pod(name: str, ip: str = "", *, ready: bool = True, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """A Pod on node-1; `spec` overrides fields of its spec, `phase` and `terminating` are understood too."""
    phase, terminating = spec.pop("phase", "Running"), spec.pop("terminating", False)
    metadata: Object = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": labels or {"app": "web"}}
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:01:00Z"
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": "2026-01-01T00:00:05Z"}
    status: Object = {"phase": phase, "conditions": [condition]}
    if ip:
        status |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    return {
        "metadata": metadata,
        "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "web"}], **spec},
        "status": status,
    }


def service(name: str = "web", ports: list[Object] | None = None, **spec: Any) -> Object:
    """A ClusterIP Service with port 80 -> 8080; `labels` goes to its metadata, the rest to its spec."""
    labels = spec.pop("labels", None)
    metadata: Object = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    if labels:
        metadata["labels"] = labels
    if ports is None:
        ports = [{"port": 80, "protocol": "TCP", "targetPort": 8080}]
    base: Object = {"type": "ClusterIP", "clusterIP": "10.96.0.9", "ipFamilies": ["IPv4"], "selector": {"app": "web"}}
    if ports:
        base["ports"] = ports
    return {"metadata": metadata, "spec": base | spec}


def port(name: str, number: int, target: int | str, protocol: str = "TCP", **more: Any) -> Object:
    return {"name": name, "port": number, "protocol": protocol, "targetPort": target, **more}


def container_port(name: str, number: int, protocol: str = "TCP") -> Object:
    return {"name": name, "containerPort": number, "protocol": protocol}


def carry_out(changes: Changes, slices: dict[str, Object], names: itertools.count[int]) -> None:
    """Store EndpointSlices as a server would: gives names, and makes each version an object of its own."""
    for slice_ in changes.delete:
        del slices[slice_["metadata"]["name"]]
    for slice_ in copy.deepcopy(changes.update):
        assert slice_["metadata"]["name"] in slices
        slices[slice_["metadata"]["name"]] = slice_
    for slice_ in copy.deepcopy(changes.create):
        name = slice_["metadata"].pop("generateName") + str(next(names))
        slice_["metadata"]["name"] = name
        slices[name] = slice_
