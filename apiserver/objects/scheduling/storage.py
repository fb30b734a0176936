"""The claims of a Pod as a reason to choose a node, or none: where their volumes are, or could be made.

A claim is fast (it has its volume, which may bind the Pod to some nodes), open (its class waits for the Pod's node, so
a volume is found or made for it there), or it keeps the Pod from every node.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apiserver.objects import binding
from apiserver.objects.scheduling.cluster import NodeInfo
from apiserver.objects.scheduling.labels import matches_term
from apiserver.objects.storage import class_of, requested

Object = dict[str, Any]
Choice = tuple[Object, Object | None]
"""A claim with the volume that it is to have; None: one is to be made."""

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity"
NONE_HERE = "node(s) didn't find available persistent volumes to bind"
OTHER_ZONE = "node(s) had no available volume zone"
VOLUME_GONE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
ZONES = {
    "topology.kubernetes.io/zone": "",
    "topology.kubernetes.io/region": "",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
"""Labels that tie a volume to nodes, each with the label that a node may have in its place."""
ZONE_SEPARATOR = "__"
ONE_POD = "ReadWriteOncePod"


@dataclass
class Storage:
    """What there is for the claims of one Pod."""

    lacking: str = ""
    """Why no node at all can take the Pod."""
    fast: list[Object | None] = field(default_factory=list)
    """The volumes of claims that are bound; None for one that is gone."""
    open: list[Object] = field(default_factory=list)
    """Claims that wait for the Pod's node, the smallest first."""
    exclusive: frozenset[str] = frozenset()
    """Names of claims that only one Pod may use at a time."""
    volumes: list[Object] = field(default_factory=list)
    classes: dict[str, Object] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        claims: Mapping[str, Object | None],
        volumes: Callable[[], Iterable[Object]],
        classes: Callable[[], Iterable[Object]],
        own: Collection[str] = (),
    ) -> Storage:
        """`claims`: by name those that the Pod uses, None for one that is not there; `own`: those made for it alone."""
        found_out = (_keeps_away(name, claim, name in own) for name, claim in claims.items())
        lacking = next((text for text in found_out if text), "")
        if lacking or not claims:
            return cls(lacking)
        found = cls(volumes=list(volumes()), classes={each["metadata"]["name"]: each for each in classes()})
        found.exclusive = frozenset(
            name for name, claim in claims.items() if claim and ONE_POD in (claim["spec"].get("accessModes") or ())
        )
        by_name = {volume["metadata"]["name"]: volume for volume in found.volumes}
        for claim in claims.values():
            assert claim is not None
            name = claim["spec"].get("volumeName")
            if name and binding.COMPLETED in binding.annotations_of(claim):
                found.fast.append(by_name.get(name))
            elif not name and binding.waits_for_consumer(found.classes.get(class_of(claim))):
                found.open.append(claim)
            else:
                found.lacking = UNBOUND
        found.open.sort(key=requested)
        return found

    def refusal(self, node: NodeInfo) -> tuple[str, ...]:
        """Why a node cannot take the Pod."""
        if None in self.fast:
            return (VOLUME_GONE,)
        reasons = [] if all(_is_reachable(volume, node) for volume in self.fast if volume) else [ELSEWHERE]
        reasons += [NONE_HERE] if self.open and self.choices(node) is None else []
        if not reasons and not all(_is_in_zone(volume, node) for volume in self.fast if volume):
            reasons = [OTHER_ZONE]
        return tuple(reasons)

    def choices(self, node: NodeInfo) -> list[Choice] | None:
        """What the open claims would get on a node, None if one would get nothing."""
        chosen: list[Choice] = []
        left = [volume for volume in self.volumes if _is_reachable(volume, node)]
        for claim in self.open:
            selected = binding.annotations_of(claim).get(binding.SELECTED_NODE)
            kept = [volume for volume in self.volumes if binding.is_bound_to(volume, claim)]
            volume = None if selected else binding.best_match(claim, left)
            if selected not in (None, node.name) or (kept and not selected and volume not in kept):
                return None
            if volume is None and not self._could_be_made(claim, node):
                return None
            left = [each for each in left if each is not volume]
            chosen.append((claim, volume))
        return chosen

    def _could_be_made(self, claim: Object, node: NodeInfo) -> bool:
        storage_class = self.classes[class_of(claim)]
        topologies = storage_class.get("allowedTopologies") or ()
        is_there = any(_is_within(term, node) for term in topologies) if topologies else True
        return is_there and storage_class["provisioner"] != NO_PROVISIONER


def _keeps_away(name: str, claim: Object | None, is_own: bool) -> str:
    if claim is None and is_own:
        return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
    if claim is None:
        return f'persistentvolumeclaim "{name}" not found'
    if binding.phase_of(claim) == "Lost":
        volume = claim["spec"].get("volumeName", "")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
    if claim["metadata"].get("deletionTimestamp"):
        return f'persistentvolumeclaim "{name}" is being deleted'
    return ""


def _is_reachable(volume: Object, node: NodeInfo) -> bool:
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    return any(matches_term(term, node.name, node.labels) for term in required.get("nodeSelectorTerms") or ())


def _is_in_zone(volume: Object, node: NodeInfo) -> bool:
    """Whether a node is where the volume's labels say that it is; a node that says nothing of itself is anywhere."""
    if not ZONES.keys() & node.labels.keys():
        return True
    labels = volume["metadata"].get("labels") or {}
    return all(
        node.labels.get(key, node.labels.get(newer)) in labels[key].split(ZONE_SEPARATOR)
        for key, newer in ZONES.items()
        if key in labels
    )


def _is_within(term: Object, node: NodeInfo) -> bool:
    expressions = term.get("matchLabelExpressions") or ()
    return all(node.labels.get(each["key"]) in each["values"] for each in expressions)
