"""Which EndpointSlices a Service should have: a pure plan that changes as few of the present slices as it can.

A slice holds up to MAX_ENDPOINTS endpoints that offer the same ports under one kind of address. Watchers pay for every
slice that is written, so an endpoint stays in the slice it is in, and new ones go where there is room, as Kubernetes
does it:

    1. every present slice keeps its endpoints that are still wanted; one that changes thereby has to be written anyway
    2. endpoints without a place go into slices that are written anyway, the fullest first
    3. what is left goes into one untouched slice if it fits there whole, else into new slices
    4. a slice to be deleted is rewritten as a new one instead, where there is one
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from apiserver.objects import endpoints
from apiserver.objects.endpoints import Port
from apiserver.objects.remembered import PerObject

Object = dict[str, Any]
Group = tuple[Port, ...]
"""The ports of a slice, sorted: what endpoints must share to share a slice."""

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER = "endpointslice-controller.k8s.io"
MAX_ENDPOINTS = 100
RESERVED_LABELS = frozenset((SERVICE_NAME, MANAGED_BY, endpoints.HEADLESS))


class Offer(NamedTuple):
    """What a Pod offers under one kind of address; `endpoint` is None where it has none of that kind."""

    ports: Group
    endpoint: Object | None
    identity: str = ""


class Known:
    """What the plans for one Service and one kind of address remember from one to the next."""

    def __init__(self) -> None:
        self.offers: PerObject[Offer | None] = PerObject()
        """What each Pod offers, by version of the Pod."""
        self.identities: PerObject[list[str]] = PerObject()
        """Whose endpoints are in each slice, by version of the slice."""


Wanted = Mapping[Group, Mapping[str, Object]]
"""Endpoints by the ports they offer and by their identity."""
_Present = tuple[Object, list[str]]
"""A slice, and whose endpoints are in it."""


@dataclass
class Changes:
    """What to write. Objects to create and update are complete and the caller's own; `delete` are present slices."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.delete)


@dataclass
class Template:
    """What all slices of one owner and address type have in common."""

    labels: dict[str, str]
    owner: Object
    namespace: str
    generate_name: str
    address_type: str
    annotations: dict[str, str] | None = None
    """None: those of a slice stay as they are."""

    def new(self, ports: Group, listed: list[Object]) -> Object:
        metadata: Object = {"generateName": self.generate_name, "namespace": self.namespace, "labels": self.labels}
        metadata["ownerReferences"] = [self.owner]
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return {
            "metadata": metadata,
            "addressType": self.address_type,
            "endpoints": listed or None,
            "ports": [port_fields(p) for p in ports] or None,
        }

    def changed(self, slice_: Object, listed: list[Object] | None) -> Object:
        """The present slice with other endpoints."""
        metadata = {**slice_["metadata"], "labels": self.labels}
        if self.annotations is not None:
            metadata["annotations"] = dict(self.annotations)
        return {**slice_, "metadata": metadata, "endpoints": listed or None}

    def owns(self, slice_: Object) -> bool:
        references = slice_["metadata"].get("ownerReferences") or ()
        return any(r["uid"] == self.owner["uid"] and r["kind"] == self.owner["kind"] for r in references)

    def is_marked(self, slice_: Object) -> bool:
        """Whether the slice's labels and annotations are as they should be."""
        metadata = slice_["metadata"]
        same = self.annotations is None or (metadata.get("annotations") or {}) == self.annotations
        return same and bool((metadata.get("labels") or {}) == self.labels)


def plan(
    service: Object,
    pods: Sequence[Object],
    zones: Mapping[str, str],
    owner: Object,
    have: Sequence[Object],
    trigger_time: str,
    known: dict[str, Known] | None = None,
) -> Changes:
    """What to write so that the slices `have` say what the Service and its Pods say.

    `zones` gives each node's zone ("" for none); `owner` is the reference to the Service that every slice carries;
    `known`, by kind of address, remembers from one plan for a Service to the next.
    """
    known = {} if known is None else known
    families = endpoints.families(service)
    changes = Changes(delete=[s for s in have if s["addressType"] not in families])
    for family in families:
        template = service_template(service, owner, family)
        before = known.setdefault(family, Known())
        wanted = wanted_endpoints(service, pods, zones, family, before.offers)
        part = plan_slices(template, wanted, [s for s in have if s["addressType"] == family], known=before)
        changes.create += part.create
        changes.update += part.update
        changes.delete += part.delete
    for slice_ in (*changes.create, *changes.update):
        _say_when(slice_, trigger_time)
    if service["metadata"].get("deletionTimestamp"):
        # The garbage collector is about to delete the slices; making new ones would be a race against it.
        changes.create = []
    return changes


def service_template(service: Object, owner: Object, family: str) -> Template:
    metadata = service["metadata"]
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k not in RESERVED_LABELS}
    if endpoints.is_headless(service):
        labels[endpoints.HEADLESS] = ""
    labels[SERVICE_NAME] = metadata["name"]
    labels[MANAGED_BY] = CONTROLLER
    return Template(labels, owner, metadata["namespace"], metadata["name"] + "-", family)


def wanted_endpoints(
    service: Object,
    pods: Sequence[Object],
    zones: Mapping[str, str],
    family: str,
    offers: PerObject[Offer | None],
) -> Wanted:
    """The endpoints by the ports they offer."""
    groups: dict[Group, dict[str, Object]] = {}
    for offer in offers.of(pods, (service, zones), lambda pod: _offer(service, pod, zones, family)):
        if offer is not None:
            listed = groups.setdefault(offer.ports, {})
            if offer.endpoint is not None:
                listed[offer.identity] = offer.endpoint
    return groups


def _offer(service: Object, pod: Object, zones: Mapping[str, str], family: str) -> Offer | None:
    """None for a Pod that does not count."""
    publish_all = bool(service["spec"].get("publishNotReadyAddresses"))
    if not endpoints.in_endpoints(pod, terminating=True):
        return None
    node = pod["spec"].get("nodeName", "")
    if node and node not in zones and not publish_all:
        return None
    found = endpoints.addresses(pod, family)
    zone = zones.get(node, "")
    ports = _ranked(endpoints.resolve_ports(service, pod))
    if not found:
        return Offer(ports, None)
    endpoint = endpoint_of(service, pod, found, zone, publish_all=publish_all)
    return Offer(ports, endpoint, identity_of(endpoint))


@lru_cache(maxsize=1024)
def _ranked(ports: Group) -> Group:
    """Ports in the order they have in a slice; to find it takes long, and Services have few of them."""
    return tuple(sorted(ports, key=endpoints.slice_port_rank))


def endpoint_of(service: Object, pod: Object, found: list[str], zone: str, *, publish_all: bool) -> Object:
    """One endpoint: `ready` is never true of a terminating Pod, unless the Service publishes all addresses."""
    serving = endpoints.is_ready(pod)
    terminating = bool(pod["metadata"].get("deletionTimestamp"))
    ready = publish_all or (serving and not terminating)
    endpoint: Object = {
        "addresses": found,
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
    }
    if endpoints.has_hostname(pod, service):
        endpoint["hostname"] = pod["spec"]["hostname"]
    endpoint["targetRef"] = endpoints.target_reference(pod)
    node = pod["spec"].get("nodeName")
    if node:
        endpoint["nodeName"] = node
    if zone:
        endpoint["zone"] = zone
    hints = _hints(service["spec"].get("trafficDistribution"), node, zone) if ready else None
    if hints:
        endpoint["hints"] = hints
    return endpoint


def _hints(distribution: str | None, node: str | None, zone: str) -> Object | None:
    hints: Object = {}
    if distribution in ("PreferClose", "PreferSameZone", "PreferSameNode") and zone:
        hints["forZones"] = [{"name": zone}]
    if distribution == "PreferSameNode" and node:
        hints["forNodes"] = [{"name": node}]
    return hints or None


# -- fitting endpoints into slices -------------------------------------------------------------------------------------


def plan_slices(
    template: Template,
    wanted: Wanted,
    have: Sequence[Object],
    *,
    placeholder: bool = True,
    max_endpoints: int = MAX_ENDPOINTS,
    known: Known | None = None,
) -> Changes:
    """Fit `wanted` into the present slices of one address type, changing as few as possible.

    `placeholder`: where nothing is wanted, one empty slice says so.
    """
    present: dict[Group, list[_Present]] = {}
    changes = Changes()
    for slice_, identities in zip(have, (known or Known()).identities.of(have, None, _identities), strict=True):
        if template.owns(slice_):
            present.setdefault(ports_of(slice_), []).append((slice_, identities))
        else:
            changes.delete.append(slice_)
    for group, listed in wanted.items():
        _fit(template, group, listed, present.pop(group, []), max_endpoints, changes)
    for leftover in present.values():
        changes.delete += [slice_ for slice_, _ in leftover]
    if placeholder and len(changes.delete) == len(have) and not changes.create:
        empty = template.new((), [])
        if len(changes.delete) == 1 and _is_placeholder(template, changes.delete[0]):
            changes.delete = []
        else:
            changes.create.append(empty)
    _rewrite_instead_of_delete(template, changes)
    return changes


def _fit(
    template: Template,
    group: Group,
    wanted: Mapping[str, Object],
    have: list[_Present],
    max_endpoints: int,
    changes: Changes,
) -> None:
    homeless = dict(wanted)
    changed: list[tuple[Object, list[Object]]] = []
    unchanged: list[Object] = []
    for slice_, identities in have:
        before = slice_["endpoints"] or []
        kept = [found for each in identities if (found := homeless.pop(each, None)) is not None]
        if not kept and before:
            changes.delete.append(slice_)
        elif kept != before or not template.is_marked(slice_):
            changed.append((slice_, kept))
        else:
            unchanged.append(slice_)
    rest = list(homeless.values())
    for _, kept in sorted(changed, key=lambda pair: -len(pair[1])):
        room = max_endpoints - len(kept)
        kept += rest[:room]
        rest = rest[room:]
    if rest and (roomy := _best_fit(unchanged, len(rest), max_endpoints)) is not None:
        changed.append((roomy, [*(roomy["endpoints"] or []), *rest]))
        rest = []
    changes.update += [template.changed(slice_, kept) for slice_, kept in changed]
    changes.create += [
        template.new(group, rest[start : start + max_endpoints]) for start in range(0, len(rest), max_endpoints)
    ]


def _best_fit(slices: Iterable[Object], count: int, max_endpoints: int) -> Object | None:
    """The slice that is fullest after `count` more endpoints, None if they fit nowhere."""
    fitting = [s for s in slices if len(s["endpoints"] or ()) + count <= max_endpoints]
    return max(fitting, key=lambda s: len(s["endpoints"] or ()), default=None)


def _rewrite_instead_of_delete(template: Template, changes: Changes) -> None:
    kept = []
    for slice_ in changes.delete:
        if changes.create and template.owns(slice_):
            new = changes.create.pop()
            rewritten = template.changed(slice_, new["endpoints"])
            changes.update.append({**rewritten, "ports": new["ports"]})
        else:
            kept.append(slice_)
    changes.delete = kept


def _is_placeholder(template: Template, slice_: Object) -> bool:
    return not slice_["endpoints"] and not slice_.get("ports") and template.owns(slice_) and template.is_marked(slice_)


def identity_of(endpoint: Object) -> str:
    """What makes an endpoint the same one although its conditions changed."""
    target = endpoint.get("targetRef") or {}
    addresses = ",".join(sorted(endpoint["addresses"]))
    return "\0".join((addresses, endpoint.get("hostname", ""), target.get("namespace", ""), target.get("name", "")))


def _identities(slice_: Object) -> list[str]:
    return [identity_of(endpoint) for endpoint in slice_["endpoints"] or ()]


def ports_of(slice_: Object) -> Group:
    ports = [
        Port(p.get("name") or "", p.get("port") or 0, p.get("protocol") or "TCP", p.get("appProtocol"))
        for p in slice_.get("ports") or ()
    ]
    return _ranked(tuple(ports))


def port_fields(port: Port) -> Object:
    """As in an EndpointSlice, where the name stands even if it is empty."""
    fields: Object = {"name": port.name, "port": port.number, "protocol": port.protocol}
    if port.app_protocol is not None:
        fields["appProtocol"] = port.app_protocol
    return fields


def _say_when(slice_: Object, trigger_time: str) -> None:
    metadata = slice_["metadata"]
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop(endpoints.TRIGGER_TIME, None)
    if trigger_time:
        annotations[endpoints.TRIGGER_TIME] = trigger_time
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
