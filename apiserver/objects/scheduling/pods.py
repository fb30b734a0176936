"""What the scheduler needs to know of a Pod, read off it once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apiserver.objects.scheduling.labels import PREFERRED, REQUIRED, Labels, named_nodes, preferred_nodes, wants_node
from apiserver.objects.scheduling.resources import Amounts, requests_of, weights_of
from apiserver.objects.selectors import LabelSelector, from_object

Object = dict[str, Any]
Port = tuple[str, str, int]
"""(host IP, protocol, port) taken on the node."""

ANY_IP = "0.0.0.0"  # noqa: S104 - what Kubernetes calls a port on every address of a node


@dataclass(frozen=True, slots=True)
class Term:
    """A wish about other Pods: those in `namespaces` (or in namespaces whose labels match) with matching labels, in the
    same `topology` (the nodes that share the value of that label). `weight` 0: required."""

    topology: str
    selector: LabelSelector | None
    namespaces: frozenset[str]
    namespace_selector: LabelSelector | None
    weight: int = 0

    def matches(self, pod: PodInfo, namespace_labels: Callable[[str], dict[str, str]]) -> bool:
        """Whether `pod` is one of those other Pods."""
        if self.selector is None or not self.selector.matches(pod.labels):
            return False
        if pod.namespace in self.namespaces:
            return True
        return self.namespace_selector is not None and self.namespace_selector.matches(namespace_labels(pod.namespace))


@dataclass(frozen=True, slots=True)
class Spread:
    """One topologySpreadConstraint."""

    topology: str
    max_skew: int
    required: bool
    selector: LabelSelector | None
    min_domains: int
    honor_affinity: bool
    honor_taints: bool


@dataclass(eq=False, slots=True)
class PodInfo:
    """A Pod as the scheduler sees it. `node` is where it runs or is about to, "" while it waits."""

    namespace: str
    name: str
    uid: str
    generation: int
    labels: dict[str, str]
    node: str
    priority: int
    preempts: bool
    requests: Amounts
    weights: tuple[int, int]
    tolerations: list[Object]
    wants_node: Callable[[str, Labels], bool] | None
    named_nodes: frozenset[str] | None
    preferred_nodes: tuple[tuple[int, Object], ...]
    ports: tuple[Port, ...]
    near: tuple[Term, ...]
    far: tuple[Term, ...]
    preferred_near: tuple[Term, ...]
    preferred_far: tuple[Term, ...]
    spread: tuple[Spread, ...]
    owner: str
    """uid of the controller that made it: its Pods are spread by default."""
    terminating: bool
    claims: tuple[str, ...]
    """Names of the PersistentVolumeClaims it uses."""
    own_claims: frozenset[str]
    """Those of them that are made for it alone."""

    def is_still(self, pod: Object) -> bool:
        """Whether nothing of what was read has changed in this later version of the Pod, but perhaps the node."""
        metadata = pod["metadata"]
        return (
            self.generation == metadata.get("generation", 0)
            and self.labels == (metadata.get("labels") or {})
            and self.terminating == ("deletionTimestamp" in metadata)
        )


def read(pod: Object) -> PodInfo:
    """The scheduler's view of a Pod."""
    metadata, spec = pod["metadata"], pod["spec"]
    namespace = metadata["namespace"]
    affinity: Object = spec.get("affinity") or {}
    near, far = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    return PodInfo(
        namespace=namespace,
        name=metadata["name"],
        uid=metadata["uid"],
        generation=metadata.get("generation", 0),
        labels=metadata.get("labels") or {},
        node=spec.get("nodeName") or "",
        priority=spec.get("priority") or 0,
        preempts=spec.get("preemptionPolicy") != "Never",
        requests=requests_of(spec),
        weights=weights_of(spec),
        tolerations=spec.get("tolerations") or [],
        wants_node=wants_node(spec),
        named_nodes=named_nodes(spec) if affinity else None,
        preferred_nodes=preferred_nodes(spec) if affinity else (),
        ports=tuple(host_ports(spec)),
        near=_terms(near.get(REQUIRED), namespace),
        far=_terms(far.get(REQUIRED), namespace),
        preferred_near=_weighted(near.get(PREFERRED), namespace),
        preferred_far=_weighted(far.get(PREFERRED), namespace),
        spread=_spread(spec.get("topologySpreadConstraints")),
        owner=_owner(metadata),
        terminating=bool(metadata.get("deletionTimestamp")),
        claims=tuple(claim_names(metadata["name"], spec)),
        own_claims=frozenset(own_claim_names(metadata["name"], spec)),
    )


def host_ports(spec: Object) -> Iterator[Port]:
    """The ports of the node that a Pod takes."""
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield (port.get("hostIP") or ANY_IP, port.get("protocol", "TCP"), port["hostPort"])


def claim_names(pod: str, spec: Object) -> Iterator[str]:
    """The claims that a Pod of this name uses."""
    for volume in spec.get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"]
    yield from own_claim_names(pod, spec)


def own_claim_names(pod: str, spec: Object) -> Iterator[str]:
    """The claims that are made for a Pod of this name."""
    return (f"{pod}-{volume['name']}" for volume in spec.get("volumes") or () if "ephemeral" in volume)


def _owner(metadata: Object) -> str:
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("controller"):
            return str(reference["uid"])
    return ""


def _terms(terms: list[Object] | None, namespace: str) -> tuple[Term, ...]:
    return tuple(_term(term, namespace, 0) for term in terms) if terms else ()


def _weighted(terms: list[Object] | None, namespace: str) -> tuple[Term, ...]:
    if not terms:
        return ()
    return tuple(_term(item["podAffinityTerm"], namespace, item["weight"]) for item in terms)


def _term(term: Object, namespace: str, weight: int) -> Term:
    namespaces, namespace_selector = term.get("namespaces") or (), term.get("namespaceSelector")
    return Term(
        topology=term["topologyKey"],
        selector=_selector(term),
        namespaces=frozenset(namespaces if namespaces or namespace_selector is not None else (namespace,)),
        namespace_selector=None if namespace_selector is None else from_object(namespace_selector),
        weight=weight,
    )


def _selector(wish: Object) -> LabelSelector | None:
    """The labelSelector of a wish, None: matches nothing. What its matchLabelKeys stand for is in there already."""
    selector = wish.get("labelSelector")
    return None if selector is None else from_object(selector)


def _spread(constraints: list[Object] | None) -> tuple[Spread, ...]:
    return tuple(
        Spread(
            topology=constraint["topologyKey"],
            max_skew=constraint["maxSkew"],
            required=constraint.get("whenUnsatisfiable") != "ScheduleAnyway",
            selector=_selector(constraint),
            min_domains=constraint.get("minDomains") or 1,
            honor_affinity=constraint.get("nodeAffinityPolicy") != "Ignore",
            honor_taints=constraint.get("nodeTaintsPolicy") == "Honor",
        )
        for constraint in constraints or ()
    )
