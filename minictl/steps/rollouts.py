"""What rollouts say about themselves: how far they are, and the revisions they went through. No I/O here.

A Deployment's history is its ReplicaSets, numbered by an annotation; that of a DaemonSet or a StatefulSet is its
ControllerRevisions. A revision is a template.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from minictl.errors import CommandError, go_quote
from minictl.steps.writing import CHANGE_CAUSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
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


class Past(ABC):
    """The revisions an object went through, by number, the oldest first."""

    plural = ""
    announced = ""
    """How a rollback that is only tried begins."""
    shows_owner = True
    """Whether a revision is shown as the owner that it was; else as itself."""
    says_empty_first = False
    """Whether there being no revision comes before the one asked for not being there."""

    def __init__(self, subject: Object, found: list[Object]) -> None:
        self.subject = subject
        numbered = ((self.number(one), one) for one in owned(subject, found))
        self.revisions: dict[int, Object] = dict(sorted((pair for pair in numbered if pair[0]), key=lambda p: p[0]))

    def number(self, revision: Object) -> int:
        return int(revision.get("revision", 0))

    @abstractmethod
    def template(self, number: int) -> Object:
        """The template of a revision."""

    def shown_template(self, number: int) -> Object:
        """The template as history shows it."""
        return self.template(number)

    def shown(self, number: int) -> Object:
        """The object that stands for a revision in machine-readable output."""
        return {**self.subject, "spec": {**self.subject["spec"], "template": self.template(number)}}

    def to_go_back_to(self, wanted: int) -> int:
        """The number of the revision asked for; for 0 the one before the newest.

        Raises:
            CommandError: there is no such revision.
        """
        if not wanted and len(self.revisions) < 2:
            raise CommandError(self.nothing())
        if wanted and wanted not in self.revisions:
            raise CommandError(f"unable to find specified revision {wanted} in history")
        return wanted or sorted(self.revisions)[-2]

    def nothing(self) -> str:
        return "no last revision to roll back to"

    def is_present(self, number: int) -> bool:
        """Whether the object has the template of a revision already."""
        return bool(self.template(number) == self.subject["spec"]["template"])

    def patch(self, number: int) -> tuple[str, Any]:
        """The kind of patch, and the patch, that gives the object the template of a revision."""
        return "strategic", self.revisions[number]["data"]


class ControllerRevisions(Past):
    """A DaemonSet's or a StatefulSet's history: patches that put a former template back."""

    plural = "controllerrevisions"
    announced = "will roll back to "
    says_empty_first = True

    def template(self, number: int) -> Object:
        template: Object = self.revisions[number]["data"]["spec"]["template"]
        return {key: value for key, value in template.items() if key != "$patch"}


class ReplicaSets(Past):
    """A Deployment's history: its ReplicaSets."""

    plural = "replicasets"
    shows_owner = False

    def number(self, revision: Object) -> int:
        return number(revision)

    def template(self, number: int) -> Object:
        template: Object = self.revisions[number]["spec"]["template"]
        return template

    def shown_template(self, number: int) -> Object:
        """With the cause of the change among its annotations."""
        template = self.template(number)
        cause = (self.revisions[number]["metadata"].get("annotations") or {}).get(CHANGE_CAUSE)
        if not cause:
            return template
        meta = template.get("metadata") or {}
        annotations = {**(meta.get("annotations") or {}), CHANGE_CAUSE: cause}
        return {**template, "metadata": {**meta, "annotations": annotations}}

    def shown(self, number: int) -> Object:
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", **self.revisions[number]}

    def nothing(self) -> str:
        return f"no rollout history found for deployment {go_quote(self.subject['metadata']['name'])}"

    def is_present(self, number: int) -> bool:
        return unhashed(self.template(number)) == unhashed(self.subject["spec"]["template"])

    def patch(self, number: int) -> tuple[str, Any]:
        """The template and the annotations of the old ReplicaSet."""
        now, then = (one["metadata"].get("annotations") or {} for one in (self.subject, self.revisions[number]))
        annotations = {key: value for key, value in now.items() if key in KEPT}
        annotations |= {key: value for key, value in then.items() if key not in KEPT}
        return "json", [
            {"op": "replace", "path": "/spec/template", "value": unhashed(self.template(number))},
            {"op": "replace", "path": "/metadata/annotations", "value": annotations},
        ]


PASTS: dict[str, type[Past]] = {
    "Deployment": ReplicaSets,
    "DaemonSet": ControllerRevisions,
    "StatefulSet": ControllerRevisions,
}


def number(subject: Object) -> int:
    """The revision a Deployment or ReplicaSet is of; 0 where it says none."""
    try:
        return int((subject["metadata"].get("annotations") or {}).get(REVISION, "0"))
    except ValueError:
        return 0


def owned(owner: Object, found: list[Object]) -> list[Object]:
    """Those objects that `owner` controls."""
    uid = owner["metadata"].get("uid")

    def controlled(one: Object) -> bool:
        owners = one["metadata"].get("ownerReferences") or []
        return any(reference.get("controller") and reference.get("uid") == uid for reference in owners)

    return [one for one in found if controlled(one)]


def unhashed(template: Object) -> Object:
    """The template without the label that tells ReplicaSets of one Deployment apart."""
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**meta, "labels": labels}}
