"""Keeps the status of ResourceQuotas: what is limited, and how much of it is used.

Admission does not rely on it (admission/quota.py); people do. It follows every change of what a quota counts; kinds
that were defined later are counted again every few minutes.
"""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.kind import Kind, Object
from apiserver.kinds import BUILTIN
from apiserver.kinds.resourcequota import kind as RESOURCEQUOTA
from apiserver.objects import quotas
from apiserver.reconcile.controller import Controller, Mapper, Result
from apiserver.reconcile.selecting import key_of
from apiserver.reconcile.statuses import write_status
from apiserver.reconcile.workqueue import Key

NAME = "resourcequota-controller"
RECOUNT_SECONDS = 300.0
IGNORED = ("events",)


def controller() -> Controller:
    state = _Quotas()
    counted = [kind for kind in BUILTIN if kind.namespaced and kind.stored_as is None and kind.plural not in IGNORED]
    watches: dict[Kind, Mapper] = {kind: state.mapper(str(kind.resource)) for kind in counted if "watch" in kind.verbs}
    watches[RESOURCEQUOTA] = state.quota_changed
    return Controller(NAME, reconcile, watches)


class _Quotas:
    def __init__(self) -> None:
        self.limited: dict[str, dict[str, frozenset[str]]] = {}
        """Namespace -> quota -> the resources it looks at."""

    def quota_changed(self, api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
        namespace, name = key_of(old or new)
        mine = self.limited.setdefault(namespace, {})
        if new is None:
            del mine[name]
        else:
            mine[name] = frozenset(map(quotas.used_by, quotas.hard_of(new)))
        if not mine:
            del self.limited[namespace]
        others = self._looking_at(namespace, "resourcequotas") if old is None or new is None else []
        return {(namespace, name), *others}

    def mapper(self, resource: str) -> Mapper:
        def changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
            namespace = (old or new or {})["metadata"]["namespace"]
            if namespace not in self.limited or (old is not None and new is not None and not _may_matter(resource)):
                return ()
            return self._looking_at(namespace, resource)

        return changed

    def _looking_at(self, namespace: str, resource: str) -> list[Key]:
        return [(namespace, name) for name, seen in self.limited.get(namespace, {}).items() if resource in seen]


def _may_matter(resource: str) -> bool:
    """Whether an object can come to use more or less while it exists."""
    return resource in (quotas.PODS, quotas.SERVICES, quotas.CLAIMS)


async def reconcile(api: API, key: Key) -> Result | None:
    record = api.find(RESOURCEQUOTA, *key)
    if record is None:
        return None
    quota, now = record.object, api.clock.now()
    hard = quotas.hard_of(quota)
    by_resource: dict[str, list[str]] = {}
    for name in hard:
        by_resource.setdefault(quotas.used_by(name), []).append(name)
    kinds = {str(kind.resource): kind for kind in api.kinds if kind.namespaced}
    used = dict.fromkeys(hard, quotas.NONE)
    for resource, names in by_resource.items():
        if resource in kinds:
            objects = [r.object for r in api.list(kinds[resource], key[0])]
            usages = [quotas.usage(resource, one, now) for one in objects if quotas.counts(quota, resource, one)]
            used |= quotas.sum_up(usages, names)
    status = {
        part: {n: str(amount) for n, amount in amounts.items()} for part, amounts in (("hard", hard), ("used", used))
    }
    if hard:
        await write_status(api, RESOURCEQUOTA, quota, status, api.named(NAME), same_version=True)
    return Result(after_seconds=RECOUNT_SECONDS)
