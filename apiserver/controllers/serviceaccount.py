"""Gives every namespace its ServiceAccount `default`, again if somebody deletes it."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.errors import AlreadyExists
from apiserver.kind import Object
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.kinds.serviceaccount import kind as SERVICEACCOUNT
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.workqueue import Key

NAME = "service-account-controller"
ACCOUNT = "default"


def controller() -> Controller:
    return Controller(NAME, reconcile, {NAMESPACE: appeared, SERVICEACCOUNT: disappeared})


async def reconcile(api: API, key: Key) -> None:
    namespace, name = key
    record = api.find(NAMESPACE, "", namespace)
    if record is None or record.object["metadata"].get("deletionTimestamp"):
        return
    if api.find(SERVICEACCOUNT, namespace, name) is None:
        try:
            await api.create(SERVICEACCOUNT, namespace, {"metadata": {"name": name}}, api.named(NAME))
        except AlreadyExists:
            return


def appeared(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    return () if new is None or old is not None else ((new["metadata"]["name"], ACCOUNT),)


def disappeared(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is not None or old is None or old["metadata"]["name"] != ACCOUNT:
        return ()
    return ((old["metadata"]["namespace"], ACCOUNT),)
