"""Rolls a Deployment: one ReplicaSet for each of its Pod templates, sized step by step until only the present one runs.

Each reconcile makes at most one step and writes the status; the ReplicaSets' own changes bring the next. The order:

    claim ReplicaSets -> say paused or resumed -> size changed (or paused): scale what there is
                                               -> Recreate: all old Pods away, then the new ReplicaSet
                                               -> RollingUpdate: grow the new, shrink the old
    -> forget surplus history when done -> status
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apiserver.api import API
from apiserver.clock import timestamp
from apiserver.errors import AlreadyExists, APIError, NotFound
from apiserver.kind import Object
from apiserver.kinds.deployment import kind as DEPLOYMENT
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.replicaset import kind as REPLICASET
from apiserver.objects import deployments, deploymentstatus, replicas
from apiserver.objects.deployments import Resize
from apiserver.objects.deploymentstatus import PROGRESSING, Saying
from apiserver.objects.selectors import from_object
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Result
from apiserver.reconcile.dependents import Dependents
from apiserver.reconcile.events import Recorder
from apiserver.reconcile.selecting import Matcher, Selecting
from apiserver.reconcile.workqueue import Key

NAME = "deployment-controller"


def controller() -> Controller:
    state = _Deployments()
    watches = {
        DEPLOYMENT: state.selecting.changed,
        REPLICASET: state.replicasets.changed,
        POD: state.pod_changed,
    }
    return Controller(NAME, state.reconcile, watches, workers=5)


@dataclass
class _Rollout:
    """One reconcile: the Deployment as read, its ReplicaSets (kept up to date by the steps), and what said so."""

    api: API
    deployment: Object
    new: Object | None
    old: list[Object]
    recorder: Recorder

    @property
    def every(self) -> list[Object]:
        return [*self.old, *([self.new] if self.new else [])]

    @property
    def is_settled(self) -> bool:
        """Whether the ReplicaSets are as big as they say; what is not settled must not be added to, or there would be
        more Pods than the surge allows."""
        return all(map(deployments.is_settled, self.every))

    @property
    def place(self) -> tuple[str, str]:
        metadata = self.deployment["metadata"]
        return metadata["namespace"], metadata["name"]


class _Deployments:
    def __init__(self) -> None:
        self.selecting = Selecting(_selector)
        self.replicasets = Dependents(REPLICASET, DEPLOYMENT, self.selecting)
        self._recorder: Recorder | None = None

    def pod_changed(self, api: API, old: Object | None, new: Object | None) -> list[Key]:
        """Strategy Recreate waits for the last old Pod to go: the end of a Pod concerns the owner of its owner."""
        if new is not None and not (old and replicas.is_finished(new) and not replicas.is_finished(old)):
            return []
        reference = ownership.controller_of(new or old or {"metadata": {}})
        if reference is None or reference["kind"] != REPLICASET.name:
            return []
        pod = new or old
        assert pod is not None
        record = api.find(REPLICASET, pod["metadata"]["namespace"], reference["name"])
        owner = ownership.controller_of(record.object) if record is not None else None
        if owner is None or owner["kind"] != DEPLOYMENT.name:
            return []
        return [(pod["metadata"]["namespace"], owner["name"])]

    async def reconcile(self, api: API, key: Key) -> Result | None:
        record = api.find(DEPLOYMENT, *key)
        if record is None:
            return None
        self._recorder = self._recorder or Recorder(api, NAME)
        deployment, call = record.object, api.named(NAME)
        selector = from_object(deployment["spec"]["selector"])
        found = list(self.replicasets.candidates(api, deployment))
        claimed = await ownership.claim(api, REPLICASET, DEPLOYMENT, deployment, selector, found, call)
        mine = [one.object for one in claimed]
        new = deployments.new_replicaset(deployment, mine)
        old = deployments.oldest_first(one for one in mine if one is not new)
        rollout = _Rollout(api, deployment, new, old, self._recorder)
        if deployment["metadata"].get("deletionTimestamp"):
            await _write_status(rollout, deploymentstatus.counts(deployment, rollout.every, new, api.clock.now()))
            return None
        return await _step(rollout)


async def _step(rollout: _Rollout) -> Result | None:
    saying = deploymentstatus.pause_condition(rollout.deployment)
    if saying is not None:
        await _say(rollout, saying)
    deployment = rollout.deployment
    if deployment["spec"].get("paused") or deployments.was_scaled(deployment, rollout.every):
        await _keep_size(rollout)
        return None
    if deployments.is_rolling(deployment):
        settled = await _roll(rollout)
    else:
        settled = await _recreate(rollout)
    if settled and deploymentstatus.is_complete(deployment, deployment.get("status", {})):
        await _forget(rollout)
    now = rollout.api.clock.now()
    status = deploymentstatus.rollout_status(rollout.deployment, rollout.every, rollout.new, now)
    await _write_status(rollout, status)
    wait = deploymentstatus.seconds_to_deadline(rollout.deployment, status, now)
    return Result(after_seconds=wait) if wait is not None else None


async def _keep_size(rollout: _Rollout) -> None:
    """Share a changed size among the ReplicaSets without rolling any further."""
    if rollout.new is not None:
        await _renew(rollout, rollout.new)
    steps = deployments.plan_scale(rollout.deployment, rollout.new, rollout.old)
    grows = any(step.replicas > deployments.replicas_of(step.replicaset) for step in steps)
    if rollout.is_settled or not grows:
        await _resize(rollout, steps)
    if rollout.deployment["spec"].get("paused"):
        await _forget(rollout)
    now = rollout.api.clock.now()
    await _write_status(rollout, deploymentstatus.counts(rollout.deployment, rollout.every, rollout.new, now))


async def _roll(rollout: _Rollout) -> bool:
    """One step of a rolling update; whether there was nothing to do."""
    new = await _ensure_new(rollout)
    if new is None:
        return False
    growing = deployments.plan_grow(rollout.deployment, new, rollout.old)
    is_smaller = any(step.replicas < deployments.replicas_of(step.replicaset) for step in growing)
    if growing and not is_smaller and not rollout.is_settled:
        # Pods of a former size may still be on their way: their ReplicaSet's status brings the next reconcile.
        growing = []
    steps = growing or deployments.plan_shrink(rollout.deployment, new, rollout.old)
    await _resize(rollout, steps)
    return rollout.is_settled and not steps


async def _recreate(rollout: _Rollout) -> bool:
    """One step of strategy Recreate; whether there was nothing to do."""
    running = deployments.active(rollout.old)
    if running:
        await _resize(rollout, [Resize(replicaset, 0) for replicaset in running])
        return False
    if _old_pods_run(rollout):
        return False
    new = await _ensure_new(rollout)
    if new is None:
        return False
    wanted = deployments.replicas_of(rollout.deployment)
    steps = [Resize(new, wanted)] if deployments.replicas_of(new) != wanted else []
    await _resize(rollout, steps)
    return not steps


def _old_pods_run(rollout: _Rollout) -> bool:
    """Whether a Pod of an old template is left, even one that is terminating."""
    if not all(map(deployments.is_settled, rollout.old)):
        return True
    if any(replicaset.get("status", {}).get("replicas") for replicaset in rollout.old):
        return True
    uids = {replicaset["metadata"]["uid"] for replicaset in rollout.old}
    if not uids:
        return False
    pods = rollout.api.list(POD, rollout.place[0], from_object(rollout.deployment["spec"]["selector"]))
    owned = (pod.object for pod in pods if (ownership.controller_of(pod.object) or {}).get("uid") in uids)
    return any(not replicas.is_finished(pod) for pod in owned)


# -- the new ReplicaSet ------------------------------------------------------------------------------------------------


async def _ensure_new(rollout: _Rollout) -> Object | None:
    """The ReplicaSet of the present template, made or brought up to date; None when the next reconcile has to see to
    it (its name is taken by another template)."""
    if rollout.new is not None:
        rollout.new = await _renew(rollout, rollout.new)
        name = rollout.new["metadata"]["name"]
        if deploymentstatus.find(rollout.deployment.get("status", {}), PROGRESSING) is None:
            found = Saying(PROGRESSING, "True", "FoundNewReplicaSet", f'Found new replica set "{name}"')
            await _say(rollout, found)
        return rollout.new
    return await _make_new(rollout)


async def _renew(rollout: _Rollout, new: Object) -> Object:
    """Give the new ReplicaSet the Deployment's annotations and minReadySeconds, and the highest revision."""
    revision = max(map(deployments.revision_of, rollout.old), default=0) + 1
    annotations = deployments.new_annotations(rollout.deployment, new, revision)
    minimum = rollout.deployment["spec"].get("minReadySeconds", 0)

    def renewed(replicaset: Object) -> Object:
        replicaset["metadata"]["annotations"] = annotations
        replicaset["spec"].pop("minReadySeconds", None)
        if minimum:
            replicaset["spec"]["minReadySeconds"] = minimum
        return replicaset

    if annotations != new["metadata"].get("annotations") or minimum != new["spec"].get("minReadySeconds", 0):
        record = await rollout.api.modify(
            REPLICASET, new["metadata"]["namespace"], new["metadata"]["name"], renewed, call=rollout.api.named(NAME)
        )
        new = record.object
        rollout.new = new
    await _note_revision(rollout, deployments.annotation(new, deployments.REVISION))
    return new


async def _make_new(rollout: _Rollout) -> Object | None:
    api, deployment = rollout.api, rollout.deployment
    revision = max(map(deployments.revision_of, rollout.old), default=0) + 1
    size = deployments.size_for_new(deployment, rollout.old, 0) if rollout.is_settled else 0
    reference = ownership.owner_reference(DEPLOYMENT, deployment)
    wanted = deployments.make_replicaset(deployment, reference, size, revision)
    name = wanted["metadata"]["name"]
    try:
        record = await api.create(REPLICASET, rollout.place[0], wanted, api.named(NAME))
    except AlreadyExists:
        await _step_aside(rollout, name)
        return None
    except APIError as error:
        text = f'Failed to create new replica set "{name}": {error.message}'
        await _say(rollout, Saying(PROGRESSING, "False", "ReplicaSetCreateError", text))
        raise
    rollout.new = record.object
    if size:
        await _announce(rollout, f"Scaled up replica set {name} from 0 to {size}")
    created = Saying(PROGRESSING, "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    await _say(rollout, created, revision=str(revision))
    return rollout.new


async def _step_aside(rollout: _Rollout, name: str) -> None:
    """The name is taken by a ReplicaSet that is not ours or of another template: hash differently from now on."""
    taken = rollout.api.find(REPLICASET, rollout.place[0], name)
    if taken is not None and ownership.is_controlled_by(taken.object, rollout.deployment):
        template = rollout.deployment["spec"]["template"]
        if deployments.same_template(taken.object["spec"]["template"], template):
            return
    status = {**rollout.deployment.get("status", {})}
    status["collisionCount"] = status.get("collisionCount", 0) + 1
    await _write_status(rollout, status)


# -- writing -----------------------------------------------------------------------------------------------------------


async def _resize(rollout: _Rollout, steps: Sequence[Resize]) -> None:
    for step in steps:
        await _resize_one(rollout, step)


async def _resize_one(rollout: _Rollout, step: Resize) -> None:
    api, before = rollout.api, deployments.replicas_of(step.replicaset)
    name = step.replicaset["metadata"]["name"]
    noted = deployments.size_annotations(rollout.deployment)

    def resized(replicaset: Object) -> Object:
        replicaset["spec"]["replicas"] = step.replicas
        replicaset["metadata"]["annotations"] = {**(replicaset["metadata"].get("annotations") or {}), **noted}
        return replicaset

    record = await api.modify(REPLICASET, rollout.place[0], name, resized, call=api.named(NAME))
    if rollout.new is step.replicaset:
        rollout.new = record.object
    else:
        rollout.old = [record.object if one is step.replicaset else one for one in rollout.old]
    if before != step.replicas:
        way = "up" if step.replicas > before else "down"
        await _announce(rollout, f"Scaled {way} replica set {name} from {before} to {step.replicas}")


async def _forget(rollout: _Rollout) -> None:
    for replicaset in deployments.forgotten(rollout.deployment, rollout.old):
        await ownership.delete_if_there(rollout.api, REPLICASET, replicaset, rollout.api.named(NAME))


async def _announce(rollout: _Rollout, message: str) -> None:
    await rollout.recorder.event(DEPLOYMENT, rollout.deployment, "Normal", "ScalingReplicaSet", message)


async def _say(rollout: _Rollout, saying: Saying, revision: str = "") -> None:
    """Add one condition to the status as it is (and note the revision); the counts follow at the end of the step."""
    status = {**rollout.deployment.get("status", {})}
    wanted = deploymentstatus.deadline_seconds(rollout.deployment) is not None
    if wanted:
        deploymentstatus.say(status, saying.condition(timestamp(rollout.api.clock.now())))
    await _write_status(rollout, status, revision)


async def _note_revision(rollout: _Rollout, revision: str) -> None:
    if deployments.annotation(rollout.deployment, deployments.REVISION) != revision:
        await _write_status(rollout, rollout.deployment.get("status", {}), revision)


async def _write_status(rollout: _Rollout, status: Object, revision: str = "") -> None:
    """Write the status, and with it the revision annotation: there it does not count as a change of the Deployment."""
    deployment = rollout.deployment
    if status == deployment.get("status") and not revision:
        return

    def written(current: Object) -> Object:
        current["metadata"].pop("resourceVersion")
        if current["metadata"]["uid"] != deployment["metadata"]["uid"]:
            return current
        current["status"] = status
        if revision:
            annotations = current["metadata"].get("annotations") or {}
            current["metadata"]["annotations"] = {**annotations, deployments.REVISION: revision}
        return current

    with contextlib.suppress(NotFound):
        record = await rollout.api.modify(DEPLOYMENT, *rollout.place, written, "status", rollout.api.named(NAME))
        # Go on with the spec that this reconcile began with: a newer one has a reconcile of its own coming.
        metadata = {**record.object["metadata"], "generation": deployment["metadata"].get("generation", 0)}
        rollout.deployment = {**deployment, "metadata": metadata, "status": status}


def _selector(deployment: Object) -> tuple[Matcher, Mapping[str, str]]:
    selector = deployment["spec"]["selector"]
    return from_object(selector), selector.get("matchLabels") or {}
