"""Keeps the objects that tell of Services' addresses: the ServiceCIDR of the cluster, and an IPAddress for each address
that a Service has. They follow what ServiceAllocation has given out; they do not decide it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.errors import AlreadyExists, NotFound
from apiserver.kind import Object
from apiserver.kinds.ipaddress import kind as IPADDRESS
from apiserver.kinds.service import kind as SERVICE
from apiserver.kinds.servicecidr import kind as SERVICECIDR
from apiserver.objects.services import cluster_ips
from apiserver.objects.validation.addresses import family, parse_ip
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.workqueue import Key

NAME = "ipallocator-repair-controller"
DEFAULT_RANGE = "kubernetes"
PROTECTION = "networking.k8s.io/service-cidr-finalizer"
READY = "Kubernetes default Service CIDR is ready"
MANAGED_BY, FAMILY = "ipaddress.kubernetes.io/managed-by", "ipaddress.kubernetes.io/ip-family"
ALLOCATOR = "ipallocator.k8s.io"


async def bootstrap(api: API, cidr: str) -> None:
    """Make the ServiceCIDR that the cluster's addresses come from, if it is not there."""
    if api.find(SERVICECIDR, "", DEFAULT_RANGE) is not None:
        return
    call = api.named("kube-apiserver")
    made = {"metadata": {"name": DEFAULT_RANGE, "finalizers": [PROTECTION]}, "spec": {"cidrs": [cidr]}}
    with contextlib.suppress(AlreadyExists):
        await api.create(SERVICECIDR, "", made, call)
    ready = {
        "type": "Ready", "status": "True", "reason": "", "message": READY,
        "lastTransitionTime": timestamp(api.clock.now()),
    }  # fmt: skip
    await api.modify(
        SERVICECIDR, "", DEFAULT_RANGE, lambda range_: {**range_, "status": {"conditions": [ready]}}, "status", call
    )


def controller() -> Controller:
    """One key an address; whose it is, is remembered from what Services were seen to have."""
    owners: dict[str, Key] = {}

    def changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        before, after = _held(old), _held(new)
        for address in before - after:
            if owners.get(address) == _key(old):
                del owners[address]
        for address in after - before:
            owners[address] = _key(new)
        return [("", address) for address in sorted(before ^ after)]

    def touched(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        name = ((new or old) or {})["metadata"]["name"]
        return (("", name),) if new is None and name in owners else ()

    async def reconcile(api: API, key: Key) -> None:
        _, address = key
        owner, record = owners.get(address), api.find(IPADDRESS, "", address)
        if owner is None:
            if record is not None and (record.object["metadata"].get("labels") or {}).get(MANAGED_BY) == ALLOCATOR:
                with contextlib.suppress(NotFound):
                    await api.delete(IPADDRESS, "", address, call=api.named(NAME))
        elif record is None:
            with contextlib.suppress(AlreadyExists):
                await api.create(IPADDRESS, "", wanted(address, owner), api.named(NAME))

    return Controller(NAME, reconcile, {SERVICE: changed, IPADDRESS: touched})


def wanted(address: str, owner: Key) -> Object:
    """The IPAddress of a Service's address."""
    namespace, name = owner
    parsed = parse_ip(address)
    labels = {MANAGED_BY: ALLOCATOR, FAMILY: family(parsed) if parsed else ""}
    parent = {"resource": SERVICE.plural, "namespace": namespace, "name": name}
    return {"metadata": {"name": address, "labels": labels}, "spec": {"parentRef": parent}}


def _held(service: Object | None) -> set[str]:
    return {address for address in cluster_ips(service) if parse_ip(address)} if service is not None else set()


def _key(service: Object | None) -> Key:
    metadata = (service or {})["metadata"]
    return metadata["namespace"], metadata["name"]
