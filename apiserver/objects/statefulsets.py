"""How a StatefulSet makes, orders, updates and ends its Pods. Pure functions.

    ordinals    start .. start + replicas - 1 are wanted, each at one of two revisions:
                below the partition (or not reached by an update yet) the current one, above it the one updated to
    OrderedReady  one step at a time: up from the lowest number, each Pod available before the next is made; down from
                  the highest; an update only when all are there
    Parallel      all at once, but for updates

`plan` decides the next writes from the Pods there are; the Pods' own changes bring the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apiserver.objects import replicas
from apiserver.objects.replicas import copy_of

Object = dict[str, Any]

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
REVISION_LABEL = "controller-revision-hash"
HASH_LABEL = "controller.kubernetes.io/hash"
"""Which label of a revision carries its hash."""
RETAIN, DELETE = "Retain", "Delete"
CLAIM_KIND = "PersistentVolumeClaim"
MAX_AT_ONCE = 500
"""Pods made in one go, of however many are wanted: with them there it is decided anew."""

_member = re.compile(r"(.*)-(\d+)").fullmatch


@dataclass(frozen=True)
class Revision:
    """A revision as Pods are made from it: its name and its template."""

    name: str
    template: Object


@dataclass
class Plan:
    """The next writes: Pods to make (with the claims they need first), to put right, and to delete."""

    create: list[Object] = field(default_factory=list)
    amend: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)
    claim_for: list[Object] = field(default_factory=list)
    """Pods that are there and wait for claims which may be missing."""

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.amend or self.delete)


# -- names and numbers -------------------------------------------------------------------------------------------------


def parent_and_ordinal(name: str) -> tuple[str, int]:
    """What a Pod's name says: `web-2` is number 2 of `web`; ("", -1) for a name that says nothing."""
    match = _member(name)
    return (match[1], int(match[2])) if match and int(match[2]) < 2**31 else ("", -1)


def ordinal(pod: Object) -> int:
    return parent_and_ordinal(pod["metadata"]["name"])[1]


def is_member(statefulset: Object, pod: Object) -> bool:
    """Whether the Pod's name is one of the StatefulSet's."""
    return bool(parent_and_ordinal(pod["metadata"]["name"])[0] == statefulset["metadata"]["name"])


def wanted_ordinals(statefulset: Object) -> range:
    start = (statefulset["spec"].get("ordinals") or {}).get("start", 0)
    return range(start, start + statefulset["spec"].get("replicas", 1))


def is_parallel(statefulset: Object) -> bool:
    return bool(statefulset["spec"].get("podManagementPolicy") == "Parallel")


def _is_rolling(statefulset: Object) -> bool:
    return bool((statefulset["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def _rolling(statefulset: Object) -> Object:
    return (statefulset["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}


def revision_name(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


# -- what a Pod should be ----------------------------------------------------------------------------------------------


def make_pod(statefulset: Object, reference: Object, revision: Revision, number: int) -> Object:
    """The Pod with this number, made from a revision."""
    pod = replicas.pod_from_template(revision.template, statefulset, reference)
    name = f"{statefulset['metadata']['name']}-{number}"
    metadata, spec = pod["metadata"], pod["spec"]
    del metadata["generateName"]
    metadata["name"] = name
    metadata["labels"] = {
        **(metadata.get("labels") or {}),
        POD_NAME: name,
        POD_INDEX: str(number),
        REVISION_LABEL: revision.name,
    }
    spec["hostname"] = name
    if statefulset["spec"].get("serviceName"):
        spec["subdomain"] = statefulset["spec"]["serviceName"]
    claims = {
        template["metadata"].get("name", ""): claim["metadata"]["name"]
        for template, claim in zip(_claim_templates(statefulset), claims_of(statefulset, number), strict=True)
    }
    if claims:
        own = [volume for volume in spec.get("volumes") or () if volume["name"] not in claims]
        used = [{"name": name, "persistentVolumeClaim": {"claimName": claim}} for name, claim in claims.items()]
        spec["volumes"] = [*used, *own]
    return pod


def has_identity(pod: Object) -> bool:
    """Whether the labels that make a Pod known by name and number are there."""
    labels = pod["metadata"].get("labels") or {}
    name = pod["metadata"]["name"]
    return bool(labels.get(POD_NAME) == name and labels.get(POD_INDEX) == str(ordinal(pod)))


def with_identity(pod: Object) -> Object:
    """The Pod (amended in place) with those labels."""
    name = pod["metadata"]["name"]
    pod["metadata"]["labels"] = {
        **(pod["metadata"].get("labels") or {}),
        POD_NAME: name,
        POD_INDEX: str(ordinal(pod)),
    }
    return pod


def is_ready(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") == "Running" and replicas.ready_since(pod) is not None


def _is_available(statefulset: Object, pod: Object, now: datetime) -> bool:
    minimum = statefulset["spec"].get("minReadySeconds", 0)
    return is_ready(pod) and replicas.available_in_seconds(pod, minimum, now) == 0


def _is_serving(statefulset: Object, pod: Object, now: datetime) -> bool:
    return _is_available(statefulset, pod, now) and not _is_leaving(pod)


def _is_leaving(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


# -- the next step -----------------------------------------------------------------------------------------------------


def plan(
    statefulset: Object,
    reference: Object,
    pods: Sequence[Object],
    current: Revision,
    updated: Revision,
    now: datetime,
) -> Plan:
    """What to do next, given all Pods of the StatefulSet, its revisions, and the time (for minReadySeconds)."""
    wanted, by_number = wanted_ordinals(statefulset), {ordinal(pod): pod for pod in pods}
    condemned = [by_number[number] for number in sorted(by_number, reverse=True) if number not in wanted]
    steps, in_order = Plan(), not is_parallel(statefulset)
    for number in wanted:
        pod = by_number.get(number)
        if pod is None:
            revision = current if _is_at_current(statefulset, number) else updated
            steps.create.append(make_pod(statefulset, reference, revision, number))
            stops = True
        else:
            stops = _tend(steps, statefulset, pod, now)
        if (stops and in_order) or len(steps.create) >= MAX_AT_ONCE:
            return steps
    if condemned:
        present = [by_number[number] for number in wanted if number in by_number]
        _end_surplus(steps, statefulset, present, condemned, now)
        if in_order:
            return steps
    if _is_rolling(statefulset) and len(by_number.keys() & set(wanted)) == len(wanted):
        steps.delete += _outdated(statefulset, [by_number[number] for number in wanted], updated, steps, now)
    return steps


def _is_at_current(statefulset: Object, number: int) -> bool:
    """Whether a Pod that is missing comes back as it was: an update has not reached it, or must not."""
    if not _is_rolling(statefulset):
        return False
    start = wanted_ordinals(statefulset).start
    if (statefulset["spec"]["updateStrategy"]).get("rollingUpdate") is None:
        return bool(number < start + (statefulset.get("status") or {}).get("currentReplicas", 0))
    return bool(number < start + _rolling(statefulset).get("partition", 0))


def _tend(steps: Plan, statefulset: Object, pod: Object, now: datetime) -> bool:
    """See to a Pod that is wanted and there; whether the ones after it have to wait for it."""
    if replicas.is_finished(pod):
        if not _is_leaving(pod):
            steps.delete.append(pod)
        return True
    if pod.get("status", {}).get("phase") == "Pending":
        steps.claim_for.append(pod)
    if not is_parallel(statefulset) and not _is_serving(statefulset, pod, now):
        return True
    if not has_identity(pod):
        steps.amend.append(pod)
    return False


def _end_surplus(
    steps: Plan, statefulset: Object, wanted: Sequence[Object], condemned: Sequence[Object], now: datetime
) -> None:
    """Delete what is numbered out of range, the highest first; in order, one is gone before the next."""
    if is_parallel(statefulset):
        steps.delete += [pod for pod in condemned if not _is_leaving(pod)]
        return
    first = condemned[0]
    if _is_leaving(first):
        return
    unwell = (pod for pod in (*wanted, *reversed(condemned)) if not _is_serving(statefulset, pod, now))
    if _is_available(statefulset, first, now) or next(unwell, None) is first:
        steps.delete.append(first)


def _outdated(
    statefulset: Object, pods: Sequence[Object], updated: Revision, steps: Plan, now: datetime
) -> list[Object]:
    """The Pod that an update deletes next, from the highest number down to the partition: one at a time."""
    going = {pod["metadata"]["uid"] for pod in steps.delete}
    partition = _rolling(statefulset).get("partition", 0)
    for pod in reversed(pods[partition:]):
        if revision_name(pod) != updated.name and not _is_leaving(pod):
            return [] if pod["metadata"]["uid"] in going else [pod]
        if not _is_serving(statefulset, pod, now):
            return []
    return []


# -- claims ------------------------------------------------------------------------------------------------------------


def _claim_templates(statefulset: Object) -> list[Object]:
    return statefulset["spec"].get("volumeClaimTemplates") or []


def claims_of(statefulset: Object, number: int) -> list[Object]:
    """The claims of the Pod with this number."""
    made = []
    for template in _claim_templates(statefulset):
        metadata = copy_of(template["metadata"])
        matched = statefulset["spec"]["selector"].get("matchLabels") or {}
        metadata["name"] = f"{metadata.get('name', '')}-{statefulset['metadata']['name']}-{number}"
        metadata["namespace"] = statefulset["metadata"]["namespace"]
        if metadata.get("labels") or matched:
            metadata["labels"] = {**(metadata.get("labels") or {}), **matched}
        made.append({"apiVersion": "v1", "kind": CLAIM_KIND, "metadata": metadata, "spec": copy_of(template["spec"])})
    return made


def claim_owners(statefulset: Object, reference: Object, pod: Object, claim: Object) -> list[Object]:
    """The ownerReferences that a claim of `pod` should have: with the StatefulSet it goes when that is deleted, with
    the Pod when a scale-down has taken that; a claim that somebody else controls is left to them.

    `reference` is the one to the StatefulSet.
    """
    policy = statefulset["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    ours = {statefulset["metadata"]["uid"], pod["metadata"]["uid"]}
    others = [owner for owner in claim["metadata"].get("ownerReferences") or () if owner["uid"] not in ours]
    if any(owner.get("controller") for owner in others):
        return others
    if policy.get("whenScaled") == DELETE and ordinal(pod) not in wanted_ordinals(statefulset):
        of_pod = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        return [*others, {**of_pod, "controller": True, "blockOwnerDeletion": True}]
    return [*others, reference] if policy.get("whenDeleted") == DELETE else others


def is_stale(statefulset: Object, name: str, claim: Object) -> bool:
    """Whether a claim still waits to go with a former Pod called `name`: a new one must not begin with it."""
    policy = statefulset["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    owners = claim["metadata"].get("ownerReferences") or ()
    return policy.get("whenScaled") == DELETE and any(o["kind"] == "Pod" and o["name"] == name for o in owners)


# -- status ------------------------------------------------------------------------------------------------------------


def status(
    statefulset: Object, pods: Iterable[Object], current: Revision, updated: Revision, collisions: int, now: datetime
) -> Object:
    """The status that says what `pods` (all of the StatefulSet) are."""
    pods = list(pods)
    staying = [revision_name(pod) for pod in pods if not _is_leaving(pod)]
    counts = {
        "replicas": len(pods),
        "readyReplicas": sum(map(is_ready, pods)),
        "availableReplicas": sum(_is_available(statefulset, pod, now) for pod in pods),
        "currentReplicas": staying.count(current.name),
        "updatedReplicas": staying.count(updated.name),
    }
    names = {"currentRevision": current.name, "updateRevision": updated.name}
    wanted = statefulset["spec"].get("replicas", 1)
    if (
        _is_rolling(statefulset)
        and counts["updatedReplicas"] == counts["readyReplicas"] == counts["replicas"] == wanted
    ):
        counts["currentReplicas"] = counts["updatedReplicas"]
        names["currentRevision"] = updated.name
    kept = ("replicas", "availableReplicas")
    found: Object = {name: count for name, count in counts.items() if count or name in kept} | names
    found["observedGeneration"] = statefulset["metadata"].get("generation", 0)
    found["collisionCount"] = collisions
    if (statefulset.get("status") or {}).get("conditions"):
        found["conditions"] = statefulset["status"]["conditions"]
    return found


def seconds_to_next_available(statefulset: Object, pods: Iterable[Object], now: datetime) -> float | None:
    """When the next ready Pod becomes available by nothing but time; None when none will."""
    minimum = statefulset["spec"].get("minReadySeconds", 0)
    waits = [replicas.available_in_seconds(pod, minimum, now) for pod in pods if is_ready(pod)]
    return min((wait for wait in waits if wait), default=None)
