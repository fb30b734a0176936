"""How a Deployment rolls: which ReplicaSet is its new one, how big each may be, which old ones go. Pure functions.

A rollout is a sequence of small steps, each decided from the current sizes alone:

    replicas + maxSurge        never more Pods than this are asked for
    replicas - maxUnavailable  never fewer than this are available, as far as the Deployment can help it

A ReplicaSet is passed around as its object; a step is a list of Resize. Rounding and order follow Kubernetes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from apiserver.objects.numerals import natural
from apiserver.objects.revisions import short_hash

Object = dict[str, Any]

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = frozenset(
    (
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
    )
)
"""Annotations of a Deployment that its ReplicaSets do not get."""


@dataclass(frozen=True)
class Resize:
    """Give `replicaset` this many replicas (maybe as many as it has: then only its annotations follow)."""

    replicaset: Object
    replicas: int


def replicas_of(object: Object) -> int:
    return int(object["spec"].get("replicas", 1))


def available_of(replicaset: Object) -> int:
    return int(replicaset.get("status", {}).get("availableReplicas", 0))


def is_settled(replicaset: Object) -> bool:
    """Whether its controller has acted on its present size: until then it may still be making Pods for a former one."""
    observed = replicaset.get("status", {}).get("observedGeneration", 0)
    return bool(observed >= replicaset["metadata"].get("generation", 0))


def annotation(object: Object, name: str) -> str:
    return str((object["metadata"].get("annotations") or {}).get(name, ""))


def revision_of(object: Object) -> int:
    """The revision in an object's annotation; 0 when there is none."""
    return natural(annotation(object, REVISION)) or 0


def is_rolling(deployment: Object) -> bool:
    return bool(deployment["spec"].get("strategy", {}).get("type", "RollingUpdate") == "RollingUpdate")


def _bounds(deployment: Object) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in Pods: percentages of the replicas, surge rounded up, unavailable down, and never
    both nothing, or no step could be made."""
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
    desired = replicas_of(deployment)
    surge = _scaled(rolling.get("maxSurge", "25%"), desired, math.ceil)
    unavailable = _scaled(rolling.get("maxUnavailable", "25%"), desired, math.floor)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _scaled(value: int | str, total: int, rounded: Any) -> int:
    if isinstance(value, int):
        return value
    return int(rounded(int(value.rstrip("%")) * total / 100))


def max_surge(deployment: Object) -> int:
    return _bounds(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Object) -> int:
    if not is_rolling(deployment) or not replicas_of(deployment):
        return 0
    return min(_bounds(deployment)[1], replicas_of(deployment))


# -- which ReplicaSet is which -----------------------------------------------------------------------------------------


def template_hash(deployment: Object) -> str:
    """A short stable name for the Pod template, in letters that spell no words. `status.collisionCount` changes it, for
    when two templates get the same one."""
    collisions = deployment.get("status", {}).get("collisionCount", 0)
    return short_hash(deployment["spec"]["template"], collisions)


def same_template(a: Object, b: Object) -> bool:
    """Whether two Pod templates are equal but for the hash label."""
    return _without_hash(a) == _without_hash(b)


def _without_hash(template: Object) -> Object:
    metadata = {k: v for k, v in (template.get("metadata") or {}).items() if k != "creationTimestamp" and v}
    labels = {k: v for k, v in (metadata.pop("labels", None) or {}).items() if k != HASH_LABEL}
    return {"metadata": metadata | {"labels": labels}, "spec": template.get("spec")}


def oldest_first(replicasets: Iterable[Object]) -> list[Object]:
    return sorted(replicasets, key=lambda rs: (rs["metadata"].get("creationTimestamp", ""), rs["metadata"]["name"]))


def new_replicaset(deployment: Object, replicasets: Iterable[Object]) -> Object | None:
    """The ReplicaSet of the present template; of several, the oldest, so that the choice never changes."""
    template = deployment["spec"]["template"]
    same = (rs for rs in oldest_first(replicasets) if same_template(rs["spec"]["template"], template))
    return next(same, None)


def active(replicasets: Iterable[Object]) -> list[Object]:
    return [rs for rs in replicasets if replicas_of(rs)]


def active_or_latest(new: Object | None, old: Sequence[Object]) -> Object | None:
    """The one ReplicaSet that has replicas, or if none has, the latest; None while several have some."""
    running = active([*old, *([new] if new else [])])
    if len(running) > 1:
        return None
    if running:
        return running[0]
    if new is not None:
        return new
    return max(old, key=lambda rs: rs["metadata"].get("creationTimestamp", ""), default=None)


def make_replicaset(deployment: Object, reference: Object, replicas: int, revision: int) -> Object:
    """The ReplicaSet for the present template."""
    spec, metadata = deployment["spec"], deployment["metadata"]
    hash_ = template_hash(deployment)
    template = orjson.loads(orjson.dumps(spec["template"]))
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels[HASH_LABEL] = hash_
    selector = orjson.loads(orjson.dumps(spec["selector"]))
    selector.setdefault("matchLabels", {})[HASH_LABEL] = hash_
    replicaset: Object = {
        "metadata": {
            "name": f"{metadata['name']}-{hash_}",
            "namespace": metadata["namespace"],
            "labels": dict(labels),
            "ownerReferences": [reference],
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    }
    if spec.get("minReadySeconds"):
        replicaset["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    replicaset["metadata"]["annotations"] = {
        **new_annotations(deployment, replicaset, revision),
        **size_annotations(deployment),
    }
    return replicaset


def new_annotations(deployment: Object, replicaset: Object, revision: int) -> dict[str, str]:
    """The annotations that the new ReplicaSet should have: its own, the Deployment's, and its revision. One that
    becomes the new one again gets a new revision and keeps the former in its history."""
    own = dict(replicaset["metadata"].get("annotations") or {})
    copied = deployment["metadata"].get("annotations") or {}
    own.update({key: value for key, value in copied.items() if key not in NOT_COPIED})
    before = own.get(REVISION, "")
    if (natural(before) or 0) < revision:
        own[REVISION] = str(revision)
        if before:
            own[REVISION_HISTORY] = ",".join(filter(None, (own.get(REVISION_HISTORY), before)))
    return own


def size_annotations(deployment: Object) -> dict[str, str]:
    """What a ReplicaSet remembers of the Deployment's size, to be scaled in proportion when that changes."""
    desired = replicas_of(deployment)
    return {DESIRED_REPLICAS: str(desired), MAX_REPLICAS: str(desired + max_surge(deployment))}


# -- scaling without rolling -------------------------------------------------------------------------------------------


def was_scaled(deployment: Object, replicasets: Iterable[Object]) -> bool:
    """Whether the Deployment's size has changed since its ReplicaSets were given theirs."""
    noted = [natural(annotation(rs, DESIRED_REPLICAS)) for rs in active(replicasets)]
    return any(number not in (None, replicas_of(deployment)) for number in noted)


def plan_scale(deployment: Object, new: Object | None, old: Sequence[Object]) -> list[Resize]:
    """How a changed size is shared: by the one active ReplicaSet, or in a rollout by all in proportion to theirs."""
    only = active_or_latest(new, old)
    if only is not None:
        # Even where the size is right already, the size it remembers may not be.
        return [Resize(only, replicas_of(deployment))]
    if new is not None and _is_saturated(deployment, new):
        return [Resize(rs, 0) for rs in active(old)]
    return _proportional(deployment, new, old) if is_rolling(deployment) else []


def _is_saturated(deployment: Object, replicaset: Object) -> bool:
    desired = replicas_of(deployment)
    sizes_agree = replicas_of(replicaset) == desired and available_of(replicaset) == desired
    return sizes_agree and natural(annotation(replicaset, DESIRED_REPLICAS)) == desired


def _proportional(deployment: Object, new: Object | None, old: Sequence[Object]) -> list[Resize]:
    running = active([*old, *([new] if new else [])])
    desired = replicas_of(deployment)
    allowed = desired + max_surge(deployment) if desired else 0
    to_add = allowed - sum(replicas_of(rs) for rs in running)
    # The biggest first; of equals the newer grows first and the older shrinks first.
    running.sort(key=lambda rs: rs["metadata"].get("creationTimestamp", ""), reverse=to_add > 0)
    running.sort(key=replicas_of, reverse=True)
    sizes, added = [], 0
    for rs in running:
        share = _share(deployment, rs, to_add, added) if to_add else 0
        added += share
        sizes.append(replicas_of(rs) + share)
    if to_add and sizes:
        sizes[0] = max(sizes[0] + to_add - added, 0)
    return [Resize(rs, size) for rs, size in zip(running, sizes, strict=True)]


def _share(deployment: Object, replicaset: Object, to_add: int, added: int) -> int:
    left = to_add - added
    if not left:
        return 0
    share = _proportion(deployment, replicaset)
    return min(share, left) if to_add > 0 else max(share, left)


def _proportion(deployment: Object, replicaset: Object) -> int:
    size, desired = replicas_of(replicaset), replicas_of(deployment)
    if not desired:
        return -size
    before = natural(annotation(replicaset, MAX_REPLICAS)) or deployment.get("status", {}).get("replicas", 0)
    if not before:
        return 0
    grown = size * (desired + max_surge(deployment)) / before
    return math.floor(grown + 0.5) - size


# -- rolling -----------------------------------------------------------------------------------------------------------


def size_for_new(deployment: Object, replicasets: Sequence[Object], new_size: int) -> int:
    """How many replicas the new ReplicaSet, which has `new_size`, may have now; `replicasets` are all, it included."""
    desired = replicas_of(deployment)
    if not is_rolling(deployment):
        return desired
    room = desired + max_surge(deployment) - sum(replicas_of(rs) for rs in replicasets)
    return new_size if room <= 0 else new_size + min(room, desired - new_size)


def plan_grow(deployment: Object, new: Object, old: Sequence[Object]) -> list[Resize]:
    """The next step of the new ReplicaSet: as big as the surge allows, or down to the Deployment's size."""
    size, desired = replicas_of(new), replicas_of(deployment)
    if size == desired:
        return []
    wanted = desired if size > desired else size_for_new(deployment, [*old, new], size)
    return [Resize(new, wanted)] if wanted != size else []


def plan_shrink(deployment: Object, new: Object, old: Sequence[Object]) -> list[Resize]:
    """The next step of the old ReplicaSets: replicas that are not available go first, then as many as the new ones that
    are available make dispensable."""
    running = oldest_first(active(old))
    if not running:
        return []
    every = [*old, new]
    least = replicas_of(deployment) - max_unavailable(deployment)
    unavailable_new = replicas_of(new) - available_of(new)
    budget = sum(replicas_of(rs) for rs in every) - least - unavailable_new
    if budget <= 0:
        return []
    sizes = {rs["metadata"]["name"]: replicas_of(rs) for rs in running}
    for rs in running:
        broken = max(replicas_of(rs) - available_of(rs), 0)
        lost = min(broken, budget)
        sizes[rs["metadata"]["name"]] -= lost
        budget -= lost
    # Of a ReplicaSet that was made smaller just now, no more than its new size is going to stay available.
    dispensable = sum(min(available_of(rs), replicas_of(rs)) for rs in every) - least
    for rs in running:
        lost = max(min(sizes[rs["metadata"]["name"]], dispensable), 0)
        sizes[rs["metadata"]["name"]] -= lost
        dispensable -= lost
    return [
        Resize(rs, sizes[rs["metadata"]["name"]]) for rs in running if sizes[rs["metadata"]["name"]] < replicas_of(rs)
    ]


def forgotten(deployment: Object, old: Iterable[Object]) -> list[Object]:
    """The old ReplicaSets beyond revisionHistoryLimit, the oldest revisions first; only those that are empty and at
    rest."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    staying = [rs for rs in old if not rs["metadata"].get("deletionTimestamp")]
    if limit is None or len(staying) <= limit:
        return []
    surplus = sorted(staying, key=revision_of)[: len(staying) - limit]
    return [rs for rs in surplus if _is_at_rest(rs)]


def _is_at_rest(replicaset: Object) -> bool:
    empty = not replicas_of(replicaset) and not replicaset.get("status", {}).get("replicas", 0)
    return empty and is_settled(replicaset)
