"""Making and deleting the Pods of a workload, and saying so in its Events: what ReplicaSets, ReplicationControllers and
DaemonSets do alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apiserver.api import API
from apiserver.errors import APIError
from apiserver.kind import Kind, Object
from apiserver.kinds.pod import kind as POD
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import is_namespace_ending
from apiserver.reconcile.events import Recorder

BURST = 500
"""Pods created or deleted in one go; the rest follow in the next."""
FIRST_BATCH = 1
"""Creations start with this many and double while all succeed, so that a template that is refused is refused once."""


class PodControl:
    """The Pods of owners of one kind, in the name of one controller."""

    def __init__(self, kind: Kind, component: str) -> None:
        self._kind = kind
        self._component = component
        self._recorder: Recorder | None = None

    async def create(self, api: API, owner: Object, pods: Sequence[Object]) -> None:
        """Create `pods`, side by side and more and more at once. Raises the first error; the rest is not tried then."""
        done, batch = 0, FIRST_BATCH
        while done < len(pods):
            await ownership.together(self._create_one(api, owner, pod) for pod in pods[done : done + batch])
            done, batch = done + batch, batch * 2

    async def delete(self, api: API, owner: Object, pods: Iterable[Object]) -> None:
        """Delete `pods`. All are tried; then the first error is raised."""
        await ownership.together(self._delete_one(api, owner, pod) for pod in pods)

    async def say(self, api: API, owner: Object, type_: str, reason: str, message: str) -> None:
        self._recorder = self._recorder or Recorder(api, self._component)
        await self._recorder.event(self._kind, owner, type_, reason, message)

    async def _create_one(self, api: API, owner: Object, pod: Object) -> None:
        try:
            created = await api.create(POD, owner["metadata"]["namespace"], pod, api.named(self._component))
        except APIError as error:
            if not is_namespace_ending(error):
                await self.say(api, owner, "Warning", "FailedCreate", f"Error creating: {error.message}")
            raise
        name = created.object["metadata"]["name"]
        await self.say(api, owner, "Normal", "SuccessfulCreate", f"Created pod: {name}")

    async def _delete_one(self, api: API, owner: Object, pod: Object) -> None:
        name = pod["metadata"]["name"]
        try:
            gone = await ownership.delete_if_there(api, POD, pod, api.named(self._component))
        except APIError as error:
            await self.say(api, owner, "Warning", "FailedDelete", f"Error deleting: {error.message}")
            raise
        if gone is not None:
            await self.say(api, owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")
