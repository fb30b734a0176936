"""Empties a namespace that is being deleted, says what holds it up, and lets it go. Also makes the first namespaces."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable

from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.deletion import DeleteOptions
from apiserver.errors import AlreadyExists, NotFound
from apiserver.kind import Kind, Object
from apiserver.kinds.namespace import FINALIZER
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.kinds.pod import kind as POD
from apiserver.objects import namespaceconditions
from apiserver.reconcile import ownership
from apiserver.reconcile.controller import Controller, Mapper
from apiserver.reconcile.selecting import itself
from apiserver.reconcile.workqueue import Key

NAME = "namespace-controller"
FIRST_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
BATCH = 100
"""Deletions that are under way at once."""


async def bootstrap(api: API) -> None:
    """Make the namespaces that every cluster has."""
    for name in FIRST_NAMESPACES:
        if api.find(NAMESPACE, "", name) is None:
            with contextlib.suppress(AlreadyExists):
                await api.create(NAMESPACE, "", {"metadata": {"name": name}}, api.named("kube-apiserver"))


def controller() -> Controller:
    def mapper_of(kind: Kind) -> Mapper | None:
        return its_namespace if _is_content(kind) else None

    return Controller(NAME, reconcile, {NAMESPACE: itself}, workers=5, watches_all=mapper_of)


def its_namespace(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A namespace that is being deleted watches its content go, and change its finalizers."""
    object = new or old
    assert object is not None
    home = api.find(NAMESPACE, "", object["metadata"]["namespace"])
    if home is None or not home.object["metadata"].get("deletionTimestamp"):
        return ()
    return (("", home.object["metadata"]["name"]),)


async def reconcile(api: API, key: Key) -> None:
    record = api.find(NAMESPACE, "", key[1])
    if record is None or not record.object["metadata"].get("deletionTimestamp"):
        return
    namespace = record.object
    if FINALIZER not in ((namespace.get("spec") or {}).get("finalizers") or ()):
        return
    # Pods go first: what they use must outlive them.
    await _delete_all(api, POD, key[1])
    if not api.list(POD, key[1]):
        for kind in _content_kinds(api):
            await _delete_all(api, kind, key[1])
    left = [(kind, one.object) for kind in _content_kinds(api) for one in api.list(kind, key[1])]
    if left:
        await _report(api, namespace, left)
    else:
        await _finalize(api, namespace)


def _is_content(kind: Kind) -> bool:
    return kind.namespaced and kind.is_primary and {"list", "delete"} <= set(kind.verbs)


def _content_kinds(api: API) -> list[Kind]:
    return [kind for kind in api.kinds if _is_content(kind)]


async def _delete_all(api: API, kind: Kind, namespace: str) -> None:
    call = api.named(NAME)
    doomed = [one.object for one in api.list(kind, namespace)]
    doomed = [object for object in doomed if not object["metadata"].get("deletionTimestamp")]
    for start in range(0, len(doomed), BATCH):
        batch = doomed[start : start + BATCH]
        await ownership.together(_delete(api, kind, object, call) for object in batch)


async def _report(api: API, namespace: Object, left: list[tuple[Kind, Object]]) -> None:
    remaining = Counter(f"{kind.plural}.{kind.group}" for kind, _ in left)
    held = Counter(finalizer for _, object in left for finalizer in object["metadata"].get("finalizers") or ())
    now = timestamp(api.clock.now())

    def reported(current: Object) -> Object:
        if current["metadata"]["uid"] == namespace["metadata"]["uid"]:
            status = current.get("status") or {}
            conditions = namespaceconditions.plan(status.get("conditions") or [], remaining, held, now)
            current["status"] = {**status, "conditions": conditions}
        return current

    with contextlib.suppress(NotFound):
        await api.modify(NAMESPACE, "", namespace["metadata"]["name"], reported, "status", api.named(NAME))


async def _finalize(api: API, namespace: Object) -> None:
    def finalized(current: Object) -> Object:
        if current["metadata"]["uid"] == namespace["metadata"]["uid"]:
            held = (current.get("spec") or {}).get("finalizers") or ()
            kept = [one for one in held if one != FINALIZER]
            current["spec"] = {"finalizers": kept} if kept else {}
        return current

    with contextlib.suppress(NotFound):
        await api.modify(NAMESPACE, "", namespace["metadata"]["name"], finalized, "finalize", api.named(NAME))


async def _delete(api: API, kind: Kind, object: Object, call: Call) -> None:
    options = DeleteOptions(propagation="Background", uid=object["metadata"]["uid"])
    await ownership.delete_if_there(api, kind, object, call, options)
