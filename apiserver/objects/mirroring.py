"""Which EndpointSlices mirror Endpoints that somebody wrote by hand: a pure plan, like endpointslices.plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiserver.objects import endpoints
from apiserver.objects.endpointslices import (
    MANAGED_BY,
    SERVICE_NAME,
    Changes,
    Group,
    Template,
    Wanted,
    identity_of,
    plan_slices,
    ports_of,
)

Object = dict[str, Any]

CONTROLLER = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NOT_COPIED = (LAST_APPLIED, endpoints.TRIGGER_TIME)
"""Annotations that say something of the Endpoints only."""
MAX_ADDRESSES = 1000
"""Addresses of one subset that are mirrored."""


def is_mirrored(object: Object) -> bool:
    """Whether Endpoints want to be mirrored, as far as they can say: their Service has a word in it too."""
    metadata = object["metadata"]
    skipped = (metadata.get("labels") or {}).get(SKIP_MIRROR) == "true"
    return not skipped and LEADER not in (metadata.get("annotations") or {})


def plan(object: Object, owner: Object, have: Sequence[Object]) -> Changes:
    """What to write so that the slices `have` say what the Endpoints `object` says; `owner` is the reference to it."""
    metadata = object["metadata"]
    labels = {**(metadata.get("labels") or {}), SERVICE_NAME: metadata["name"], MANAGED_BY: CONTROLLER}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k not in NOT_COPIED}
    changes = Changes()
    for family in ("IPv4", "IPv6"):
        template = Template(labels, owner, metadata["namespace"], metadata["name"] + "-", family, annotations)
        present = [slice_ for slice_ in have if slice_["addressType"] == family]
        part = plan_slices(template, _wanted(object, family), present, placeholder=False)
        changes.create += part.create
        changes.update += part.update
        changes.delete += part.delete
    return changes


def _wanted(object: Object, family: str) -> Wanted:
    groups: dict[Group, dict[str, Object]] = {}
    for subset in object.get("subsets") or ():
        listed = [
            _endpoint(address, ready=ready)
            for name, ready in (("addresses", True), ("notReadyAddresses", False))
            for address in subset.get(name) or ()
            if (":" in address["ip"]) == (family == "IPv6")
        ]
        if listed:
            offering = groups.setdefault(ports_of(subset), {})
            offering.update({identity_of(endpoint): endpoint for endpoint in listed[:MAX_ADDRESSES]})
    return groups


def _endpoint(address: Object, *, ready: bool) -> Object:
    endpoint: Object = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for name in ("hostname", "targetRef", "nodeName"):
        if address.get(name):
            endpoint[name] = address[name]
    return endpoint
