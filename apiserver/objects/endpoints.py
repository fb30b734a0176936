"""What a Service and the Pods it selects make of each other: the pure half of the endpoints controllers.

    pods_of(service) --in_endpoints--> the Pods that count --> plan_subsets -> Endpoints.subsets (this file)
                                                           +-> endpointslices.plan -> EndpointSlices

An Endpoints object lists addresses in subsets. A subset says: each of these addresses offers each of these ports.

Left out: topology hints by annotation (`service.kubernetes.io/topology-mode`), which Kubernetes has deprecated.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from apiserver.objects.remembered import PerObject

Object = dict[str, Any]

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER = "endpoint-controller"
HEADLESS = "service.kubernetes.io/headless"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
MAX_ADDRESSES = 1000
"""An Endpoints object names at most this many addresses; what does not fit is cut off and said so by an annotation."""


class Port(NamedTuple):
    """One port an address offers."""

    name: str
    number: int
    protocol: str
    app_protocol: str | None

    def fields(self) -> Object:
        """As in an Endpoints subset."""
        port: Object = {"name": self.name} if self.name else {}
        port.update(port=self.number, protocol=self.protocol)
        if self.app_protocol is not None:
            port["appProtocol"] = self.app_protocol
        return port


class _Address(NamedTuple):
    """Addresses are told apart, and sorted, by IP (as text) and Pod."""

    ip: str
    uid: str
    ready: bool


class Offer(NamedTuple):
    """A Pod as an Endpoints object shows it; without ports where the Service has none."""

    address: _Address
    entry: Object
    ports: tuple[Port | None, ...]


def is_headless(service: Object) -> bool:
    return service["spec"].get("clusterIP", "") in ("", "None")


def selects(service: Object) -> bool:
    """Whether controllers keep this Service's endpoints; otherwise they are left as they are, whoever wrote them."""
    spec = service["spec"]
    return bool(spec.get("selector")) and spec.get("type") != "ExternalName"


def is_ready(pod: Object) -> bool:
    for condition in pod["status"].get("conditions") or () if "status" in pod else ():
        if condition["type"] == "Ready":
            return bool(condition["status"] == "True")
    return False


def in_endpoints(pod: Object, *, terminating: bool) -> bool:
    """Whether a selected Pod counts: it has an address, has not finished and, unless `terminating`, is to stay."""
    status = pod.get("status", {})
    if status.get("phase") in ("Succeeded", "Failed") or not (status.get("podIP") or status.get("podIPs")):
        return False
    return terminating or not pod["metadata"].get("deletionTimestamp")


def may_differ(old: Object | None, new: Object | None) -> bool:
    """Whether a Pod's change may change endpoints: most changes of a Pod do not."""
    if old is None or new is None:
        return True
    return _relevant(old) != _relevant(new)


def _relevant(pod: Object) -> tuple[Any, ...]:
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    return (
        metadata.get("labels"),
        metadata["uid"],
        "deletionTimestamp" in metadata,
        spec.get("nodeName"),
        status.get("phase") in ("Succeeded", "Failed"),
        status.get("podIP"),
        status.get("podIPs"),
        is_ready(pod),
    )


def has_hostname(pod: Object, service: Object) -> bool:
    """Whether the Pod's host name is a DNS name under the Service."""
    spec, name = pod["spec"], service["metadata"]["name"]
    return bool(spec.get("hostname")) and spec.get("subdomain") == name


def addresses(pod: Object, family: str) -> list[str]:
    """The Pod's addresses of one family (IPv4 or IPv6)."""
    status = pod.get("status", {})
    ips = [entry["ip"] for entry in status.get("podIPs") or ()] or [status["podIP"]]
    return [ip for ip in ips if (":" in ip) == (family == "IPv6")]


def families(service: Object) -> list[str]:
    """The address families of a Service; for one that names none, those of its address, or both when headless."""
    spec = service["spec"]
    if spec.get("ipFamilies"):
        return list(spec["ipFamilies"])
    if is_headless(service):
        return ["IPv4", "IPv6"]
    return ["IPv6" if ipaddress.ip_address(spec["clusterIP"]).version == 6 else "IPv4"]


def resolve_ports(service: Object, pod: Object) -> tuple[Port, ...]:
    """The Service's ports as this Pod offers them: a named targetPort is looked up among its container ports of the
    same protocol (sidecars included); one that is not there is left out."""
    ports = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        target = port.get("targetPort", port["port"])
        number = _named_port(pod, target, protocol) if isinstance(target, str) else target
        if number is not None:
            ports.append(Port(port.get("name", ""), number, protocol, port.get("appProtocol")))
    return tuple(ports)


def _named_port(pod: Object, name: str, protocol: str) -> int | None:
    spec = pod["spec"]
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    for container in [*spec["containers"], *sidecars]:
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def target_reference(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


# -- Endpoints ---------------------------------------------------------------------------------------------------------


Offers = PerObject["Offer | None"]
"""What each Pod of a Service offers, by version of the Pod."""


def plan_endpoints(
    service: Object, pods: Sequence[Object], have: Object | None, trigger_time: str, offers: Offers | None = None
) -> Object | None:
    """The Endpoints object that should be there, or None when the present one is right.

    `trigger_time` (RFC 3339, or "") is when what caused this change happened; see TriggerTimes. `offers` remembers from
    one plan for a Service to the next.
    """
    labels = endpoints_labels(service)
    subsets = plan_subsets(service, pods, offers)
    cut = truncate(subsets)
    metadata = (have or {}).get("metadata", {})
    annotations = dict(metadata.get("annotations") or {})
    if (
        have is not None
        and (have.get("subsets") or []) == subsets
        and (metadata.get("labels") or {}) == labels
        and (OVER_CAPACITY in annotations) == cut
    ):
        return None
    _put(annotations, TRIGGER_TIME, trigger_time)
    _put(annotations, OVER_CAPACITY, "truncated" if cut else "")
    wanted = {k: v for k, v in metadata.items() if k != "annotations"} or {"name": service["metadata"]["name"]}
    wanted["labels"] = labels
    if annotations:
        wanted["annotations"] = annotations
    endpoints: Object = {"metadata": wanted}
    if subsets:
        endpoints["subsets"] = subsets
    return endpoints


def endpoints_labels(service: Object) -> dict[str, str]:
    labels = {k: v for k, v in (service["metadata"].get("labels") or {}).items() if k != HEADLESS}
    labels[MANAGED_BY] = CONTROLLER
    if is_headless(service):
        labels[HEADLESS] = ""
    return labels


def plan_subsets(service: Object, pods: Sequence[Object], offers: Offers | None = None) -> list[Object]:
    """The subsets in their canonical form: no address twice under one port, ports with the same addresses together."""
    entries: dict[_Address, Object] = {}
    by_port: dict[Port | None, list[_Address]] = {}
    for offer in (offers or PerObject()).of(pods, service, lambda pod: _offer(service, pod)):
        if offer is not None:
            entries[offer.address] = offer.entry
            for port in offer.ports:
                by_port.setdefault(port, []).append(offer.address)
    groups: dict[tuple[_Address, ...], list[Port]] = {}
    for port, offering in by_port.items():
        group = groups.setdefault(tuple(sorted(set(offering))), [])
        if port is not None:
            group.append(port)
    ordered = sorted(groups.items(), key=lambda item: sorted(port[:3] for port in item[1]))
    return [_subset(sorted(ports, key=port_rank), group, entries) for group, ports in ordered]


def _offer(service: Object, pod: Object) -> Offer | None:
    """None for a Pod that is not among a Service's endpoints."""
    publish_all = bool(service["spec"].get("publishNotReadyAddresses"))
    if not in_endpoints(pod, terminating=publish_all):
        return None
    entry = _entry(service, pod)
    if entry is None:
        return None
    address = _Address(entry["ip"], pod["metadata"]["uid"], publish_all or is_ready(pod))
    return Offer(address, entry, resolve_ports(service, pod) if service["spec"].get("ports") else (None,))


def _entry(service: Object, pod: Object) -> Object | None:
    """One EndpointAddress; None when the Pod has no address of the Service's (first) family."""
    named = service["spec"].get("ipFamilies")
    status = pod["status"]
    ips = addresses(pod, named[0]) if named else [status.get("podIP") or status["podIPs"][0]["ip"]]
    if not ips:
        return None
    entry: Object = {"ip": ips[0]}
    if has_hostname(pod, service):
        entry["hostname"] = pod["spec"]["hostname"]
    if pod["spec"].get("nodeName"):
        entry["nodeName"] = pod["spec"]["nodeName"]
    entry["targetRef"] = target_reference(pod)
    return entry


def _subset(ports: list[Port], group: tuple[_Address, ...], entries: Mapping[_Address, Object]) -> Object:
    subset: Object = {}
    for key, ready in (("addresses", True), ("notReadyAddresses", False)):
        listed = [entries[address] for address in group if address.ready is ready]
        if listed:
            subset[key] = listed
    if ports:
        subset["ports"] = [port.fields() for port in ports]
    return subset


def truncate(subsets: list[Object]) -> bool:
    """Cut the subsets down (in place) to MAX_ADDRESSES, in proportion; unready addresses go first. Whether it did."""
    ready = sum(len(s.get("addresses", ())) for s in subsets)
    unready = sum(len(s.get("notReadyAddresses", ())) for s in subsets)
    if ready + unready <= MAX_ADDRESSES:
        return False
    too_many_ready = ready > MAX_ADDRESSES
    key = "addresses" if too_many_ready else "notReadyAddresses"
    room = MAX_ADDRESSES if too_many_ready else MAX_ADDRESSES - ready
    total, left = (ready if too_many_ready else unready), room
    for subset in subsets:
        listed = subset.get(key, [])
        share = min(left, math.ceil(len(listed) / total * room))
        left -= min(share, len(listed))
        if too_many_ready:
            subset.pop("notReadyAddresses", None)
        _put(subset, key, listed[:share])
    return True


def port_rank(port: Port) -> int:
    """Where a port stands among the ports of a subset. Kubernetes sorts them by a 128-bit FNV-1a hash of the port as Go
    prints it: an arbitrary order, but always the same one, and scripts see it."""
    return fnv1a_128(
        f"(v1.EndpointPort){{Name:(string){port.name} Port:(int32){port.number} "
        f"Protocol:(v1.Protocol){port.protocol} AppProtocol:(*string){_pointer(port.app_protocol)}}}"
    )


def slice_port_rank(port: Port) -> int:
    """The same for the ports of an EndpointSlice, where each field is a pointer."""
    return fnv1a_128(
        f"(v1.EndpointPort){{Name:(*string){port.name} Protocol:(*v1.Protocol){port.protocol} "
        f"Port:(*int32){port.number} AppProtocol:(*string){_pointer(port.app_protocol)}}}"
    )


def fnv1a_128(text: str) -> int:
    """The 128-bit FNV-1a hash of a text (source: the FNV specification)."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in text.encode():
        value = ((value ^ byte) * 0x0000000001000000000000000000013B) & (1 << 128) - 1
    return value


def _pointer(text: str | None) -> str:
    return "<nil>" if text is None else text


def _put(target: Object, key: str, value: Any) -> None:
    """Set a value; one that is empty is removed instead."""
    if value:
        target[key] = value
    else:
        target.pop(key, None)


class TriggerTimes:
    """Remembers when the things that change endpoints last happened, so that an update can say how old its cause is.

    The cause is the earliest new event since the last look: a Pod's Ready condition changed, or the Service was
    created. For a Service seen for the first time it is the Service's creation. Times are RFC 3339 texts of one form
    (seconds, UTC), which sort as they are.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}
        self._ready_since: dict[tuple[str, str], PerObject[tuple[str, str]]] = {}

    def latest(self, service: Object, pods: Sequence[Object]) -> str:
        """The cause of what changed since the last call for this Service; "" when no such event is known."""
        metadata = service["metadata"]
        created = metadata.get("creationTimestamp", "")
        key = (metadata.get("namespace", ""), metadata["name"])
        before = self._seen.get(key)
        known = self._ready_since.setdefault(key, PerObject())
        times = {name: when for name, when in known.of(pods, None, _ready_since) if when}
        self._seen[key] = (created, times)
        if before is None:
            return str(created)
        changed = [when for name, when in times.items() if when > before[1].get(name, "")]
        if created > before[0]:
            changed.append(created)
        return min(changed, default="")

    def forget(self, namespace: str, name: str) -> None:
        self._seen.pop((namespace, name), None)
        self._ready_since.pop((namespace, name), None)


def _ready_since(pod: Object) -> tuple[str, str]:
    """The Pod's name, and when it became ready, or ceased to be."""
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition["type"] == "Ready":
            return pod["metadata"]["name"], str(condition.get("lastTransitionTime") or "")
    return pod["metadata"]["name"], ""
