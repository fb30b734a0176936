"""What rollouts say about themselves: how far they are, and the revisions they went through. No I/O here.

A Deployment's history is its ReplicaSets, numbered by an annotation; a revision is the template of one of them.
"""

from __future__ import annotations

from minictl.errors import CommandError, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
CHANGE_CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Annotations that belong to the Deployment or the ReplicaSet itself and are not rolled back.
KEPT = (
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
)


class Progress:
    """How far a rollout is, in words, and whether it is done."""

    __slots__ = ("done", "text")

    def __init__(self, text: str, done: bool = False) -> None:
        self.text = text
        self.done = done


def progress(subject: Object, revision: int = 0) -> Progress:
    """How far the rollout of one object is; `revision` other than 0: only if that one is rolled out.

    Raises:
        CommandError: it failed, is of another revision, or its kind has no rollouts.
    """
    viewer = _VIEWERS.get(subject["kind"])
    if viewer is None:
        raise CommandError(f"no status viewer has been implemented for {subject['kind']}")
    return viewer(subject, revision)


def _observed(subject: Object) -> bool:
    generation = subject["metadata"].get("generation", 0)
    return bool(generation <= (subject.get("status") or {}).get("observedGeneration", 0))


def _deployment(subject: Object, revision: int) -> Progress:
    meta, status = subject["metadata"], subject.get("status") or {}
    name = go_quote(meta["name"])
    if revision:
        running = number(subject)
        if revision != running:
            raise CommandError(f"desired revision ({revision}) is different from the running revision ({running})")
    if not _observed(subject):
        return Progress("Waiting for deployment spec update to be observed...")
    for condition in status.get("conditions") or []:
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            raise CommandError(f"deployment {name} exceeded its progress deadline")
    wanted = subject["spec"].get("replicas", 1)
    have, updated, available = (status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas"))
    waiting = f"Waiting for deployment {name} rollout to finish: "
    if updated < wanted:
        return Progress(f"{waiting}{updated} out of {wanted} new replicas have been updated...")
    if have > updated:
        return Progress(f"{waiting}{have - updated} old replicas are pending termination...")
    if available < updated:
        return Progress(f"{waiting}{available} of {updated} updated replicas are available...")
    return Progress(f"deployment {name} successfully rolled out", done=True)


def _daemon_set(subject: Object, revision: int) -> Progress:
    spec, status = subject["spec"], subject.get("status") or {}
    if (spec.get("updateStrategy") or {}).get("type") != "RollingUpdate":
        raise CommandError("rollout status is only available for RollingUpdate strategy type")
    if not _observed(subject):
        return Progress("Waiting for daemon set spec update to be observed...")
    name = go_quote(subject["metadata"]["name"])
    keys = ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    wanted, updated, available = (status.get(key, 0) for key in keys)
    waiting = f"Waiting for daemon set {name} rollout to finish: "
    if updated < wanted:
        return Progress(f"{waiting}{updated} out of {wanted} new pods have been updated...")
    if available < wanted:
        return Progress(f"{waiting}{available} of {wanted} updated pods are available...")
    return Progress(f"daemon set {name} successfully rolled out", done=True)


def _stateful_set(subject: Object, revision: int) -> Progress:
    spec, status = subject["spec"], subject.get("status") or {}
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        raise CommandError("rollout status is only available for RollingUpdate strategy type")
    if not status.get("observedGeneration") or not _observed(subject):
        return Progress("Waiting for statefulset spec update to be observed...")
    wanted = spec.get("replicas", 1)
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if ready < wanted:
        return Progress(f"Waiting for {wanted - ready} pods to be ready...")
    rolling = strategy.get("rollingUpdate")
    if rolling is not None and rolling.get("partition") is not None:
        partition = rolling["partition"]
        if updated < wanted - partition:
            return Progress(
                "Waiting for partitioned roll out to finish: "
                f"{updated} out of {wanted - partition} new pods have been updated..."
            )
        return Progress(f"partitioned roll out complete: {updated} new pods have been updated...", done=True)
    if status.get("updateRevision") != status.get("currentRevision"):
        return Progress(
            f"waiting for statefulset rolling update to complete {updated} pods at revision "
            f"{status.get('updateRevision', '')}..."
        )
    current = status.get("currentReplicas", 0)
    return Progress(
        f"statefulset rolling update complete {current} pods at revision {status.get('currentRevision', '')}...",
        done=True,
    )


_VIEWERS: dict[str, Callable[[Object, int], Progress]] = {
    "Deployment": _deployment,
    "DaemonSet": _daemon_set,
    "StatefulSet": _stateful_set,
}


# --- history


def number(subject: Object) -> int:
    """The revision a Deployment or ReplicaSet is of; 0 where it says none."""
    try:
        return int((subject["metadata"].get("annotations") or {}).get(REVISION, "0"))
    except ValueError:
        return 0


def owned(deployment: Object, replica_sets: list[Object]) -> list[Object]:
    """Those of the ReplicaSets that the Deployment controls."""
    uid = deployment["metadata"].get("uid")

    def controlled(one: Object) -> bool:
        owners = one["metadata"].get("ownerReferences") or []
        return any(owner.get("controller") and owner.get("uid") == uid for owner in owners)

    return [one for one in replica_sets if controlled(one)]


def history(replica_sets: list[Object]) -> dict[int, Object]:
    """ReplicaSets by revision, the oldest first."""
    return dict(sorted((number(one), one) for one in replica_sets if number(one))) if replica_sets else {}


def template_of(replica_set: Object) -> Object:
    """The template of a revision, with the cause of the change among its annotations."""
    template: Object = replica_set["spec"]["template"]
    cause = (replica_set["metadata"].get("annotations") or {}).get(CHANGE_CAUSE)
    if not cause:
        return template
    meta = template.get("metadata") or {}
    annotations = {**(meta.get("annotations") or {}), CHANGE_CAUSE: cause}
    return {**template, "metadata": {**meta, "annotations": annotations}}


def to_go_back_to(name: str, revisions: Mapping[int, Object], wanted: int) -> Object:
    """The ReplicaSet of a revision; for 0 the one before the newest.

    Raises:
        CommandError: there is no such revision.
    """
    if wanted:
        if wanted not in revisions:
            raise CommandError(f"unable to find specified revision {wanted} in history")
        return revisions[wanted]
    if len(revisions) < 2:
        raise CommandError(f"no rollout history found for deployment {go_quote(name)}")
    return revisions[sorted(revisions)[-2]]


def unhashed(template: Object) -> Object:
    """The template without the label that tells ReplicaSets of one Deployment apart."""
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**meta, "labels": labels}}


def rolled_back(deployment: Object, replica_set: Object) -> list[Object]:
    """The JSON patch that gives the Deployment the template and the annotations of an old ReplicaSet."""
    now, then = (one["metadata"].get("annotations") or {} for one in (deployment, replica_set))
    annotations = {key: value for key, value in now.items() if key in KEPT}
    annotations |= {key: value for key, value in then.items() if key not in KEPT}
    return [
        {"op": "replace", "path": "/spec/template", "value": unhashed(replica_set["spec"]["template"])},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]
