"""The claims of a Pod that looks for a node, as the scheduler reads them, and how it has them bound."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.call import Call
from apiserver.kind import Object
from apiserver.kinds.persistentvolume import kind as VOLUME
from apiserver.kinds.persistentvolumeclaim import kind as CLAIM
from apiserver.kinds.storageclass import kind as CLASS
from apiserver.objects import binding
from apiserver.objects.scheduling.pods import PodInfo
from apiserver.objects.scheduling.storage import Choice, Storage


def storage_of(api: API, pod: PodInfo) -> Storage:
    """What there is for the claims of a Pod."""
    claims = {name: api.find(CLAIM, pod.namespace, name) for name in pod.claims}
    return Storage.of(
        {name: record.object if record else None for name, record in claims.items()},
        lambda: (record.object for record in api.list(VOLUME)),
        lambda: (record.object for record in api.list(CLASS)),
        pod.own_claims,
    )


async def bind_claims(api: API, node: str, choices: Iterable[Choice], call: Call) -> None:
    """Have each claim get its volume on the node. Raises Conflict where a volume has changed since it was chosen."""
    for claim, volume in choices:
        await (_select_node(api, claim, node, call) if volume is None else _keep_for(api, volume, claim, call))


async def _keep_for(api: API, volume: Object, claim: Object, call: Call) -> None:
    def kept(current: Object) -> Object:
        current["metadata"]["resourceVersion"] = volume["metadata"]["resourceVersion"]
        return binding.bound_volume(current, claim)

    await api.modify(VOLUME, "", volume["metadata"]["name"], kept, call=call)


async def _select_node(api: API, claim: Object, node: str, call: Call) -> None:
    def selected(current: Object) -> Object:
        return binding.annotated(current, binding.SELECTED_NODE, node)

    await api.modify(CLAIM, claim["metadata"]["namespace"], claim["metadata"]["name"], selected, call=call)
