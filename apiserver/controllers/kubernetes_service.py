"""The Service `kubernetes` in namespace default: the API server itself, as Pods would reach it.

It has no selector: its Endpoints and its slice are written here, as a real API server writes its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from apiserver.api import API
from apiserver.errors import AlreadyExists
from apiserver.kind import Kind, Object
from apiserver.kinds.endpoints import kind as ENDPOINTS
from apiserver.kinds.endpointslice import kind as ENDPOINTSLICE
from apiserver.kinds.service import kind as SERVICE
from apiserver.objects.endpointslices import SERVICE_NAME
from apiserver.objects.mirroring import SKIP_MIRROR
from apiserver.reconcile.controller import Controller, Mapper
from apiserver.reconcile.selecting import key_of
from apiserver.reconcile.workqueue import Key

NAMESPACE, NAME = "default", "kubernetes"
MANAGER = "kube-apiserver"
PORT = 443


async def bootstrap(api: API, service_ip: str, address: str, port: int) -> None:
    """Make the Service right: `service_ip` its ClusterIP, `address` (not loopback) and `port` where Pods reach it."""
    wanted = wanted_objects(service_ip, address, port)
    for kind, object in wanted.items():
        await _ensure(api, kind, object)


def controller(service_ip: str, address: str, port: int) -> Controller:
    """Restores the Service and its endpoints when somebody deletes or changes them."""
    wanted = wanted_objects(service_ip, address, port)

    async def reconcile(api: API, key: Key) -> None:
        for kind, object in wanted.items():
            await _ensure(api, kind, object)

    def touched(api: API, old: Object | None, new: Object | None) -> tuple[Key, ...]:
        return ((NAMESPACE, NAME),) if key_of(new or old) == (NAMESPACE, NAME) else ()

    watches: Mapping[Kind, Mapper] = dict.fromkeys(wanted, touched)
    return Controller("kubernetes-service-controller", reconcile, watches)


def wanted_objects(service_ip: str, address: str, port: int) -> dict[Kind, Object]:
    family = "IPv6" if ":" in service_ip else "IPv4"
    target = {"name": "https", "port": port, "protocol": "TCP"}
    service = {
        "metadata": {"name": NAME, "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": service_ip,
            "clusterIPs": [service_ip],
            "ipFamilies": [family],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": PORT, "protocol": "TCP", "targetPort": port}],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
    }
    endpoints = {
        "metadata": {"name": NAME, "labels": {SKIP_MIRROR: "true"}},
        "subsets": [{"addresses": [{"ip": address}], "ports": [target]}],
    }
    slice_ = {
        "metadata": {"name": NAME, "labels": {SERVICE_NAME: NAME}},
        "addressType": "IPv6" if ":" in address else "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [dict(target)],
    }
    return {SERVICE: service, ENDPOINTS: endpoints, ENDPOINTSLICE: slice_}


async def _ensure(api: API, kind: Kind, wanted: Object) -> None:
    record = api.find(kind, NAMESPACE, NAME)
    call = api.named(MANAGER)
    if record is None:
        new = {key: dict(value) if isinstance(value, dict) else value for key, value in wanted.items()}
        with contextlib.suppress(AlreadyExists):
            await api.create(kind, NAMESPACE, new, call)
        return

    def corrected(object: Object) -> Object:
        labels = {**(object["metadata"].get("labels") or {}), **wanted["metadata"]["labels"]}
        object["metadata"]["labels"] = labels
        for key, value in wanted.items():
            if key == "spec":
                object["spec"]["ports"] = value["ports"]
            elif key != "metadata":
                object[key] = value
        return object

    await api.modify(kind, NAMESPACE, NAME, corrected, call=call)
