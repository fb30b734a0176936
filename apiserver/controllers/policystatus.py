"""Says of every ValidatingAdmissionPolicy that it has been looked at. Its expressions were held against types when it
was stored, as far as types are known: there is nothing to warn of later."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.kind import Object
from apiserver.kinds.validatingadmissionpolicy import kind as POLICY
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.workqueue import Key

NAME = "validatingadmissionpolicy-status"


def controller() -> Controller:
    return Controller(NAME, reconcile, {POLICY: looked_at})


async def reconcile(api: API, key: Key) -> None:
    record = api.find(POLICY, *key)
    if record is None or _is_current(record.object):
        return

    def looked_through(policy: Object) -> Object:
        seen = {"observedGeneration": policy["metadata"]["generation"], "typeChecking": {}}
        return {**policy, "status": {**policy.get("status", {}), **seen}}

    await api.modify(POLICY, *key, looked_through, "status", api.named(NAME))


def looked_at(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    return () if new is None or _is_current(new) else (("", new["metadata"]["name"]),)


def _is_current(policy: Object) -> bool:
    seen = policy.get("status", {}).get("observedGeneration")
    return bool(seen == policy["metadata"]["generation"])
