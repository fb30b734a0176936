"""Puts ClusterRoles with an aggregationRule together: their rules are those of all ClusterRoles it selects.

Also makes the roles and bindings that every cluster begins with, and again at every start what of them is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from apiserver.api import API
from apiserver.errors import AlreadyExists
from apiserver.kind import Kind, Object
from apiserver.kinds.clusterrole import kind as CLUSTERROLE
from apiserver.kinds.clusterrolebinding import kind as CLUSTERROLEBINDING
from apiserver.objects.rbac import aggregated
from apiserver.objects.rbac.controllers import CONTROLLER_ROLES
from apiserver.objects.rbac.defaults import cluster_role_bindings, cluster_roles
from apiserver.objects.selectors import from_object
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.workqueue import Key

NAME = "clusterrole-aggregation-controller"


async def bootstrap(api: API) -> None:
    """Make the default roles and bindings where they are missing, all at once: one write to disk."""
    wanted: list[tuple[Kind, Object]] = [
        *((CLUSTERROLE, role) for role in cluster_roles(CONTROLLER_ROLES)),
        *((CLUSTERROLEBINDING, binding) for binding in cluster_role_bindings(CONTROLLER_ROLES)),
    ]
    absent = [(kind, made) for kind, made in wanted if api.find(kind, "", made["metadata"]["name"]) is None]
    await asyncio.gather(*(_create(api, kind, made) for kind, made in absent))


async def _create(api: API, kind: Kind, made: Object) -> None:
    with contextlib.suppress(AlreadyExists):
        await api.create(kind, "", made, api.named("kube-apiserver"))


def controller() -> Controller:
    return Controller(NAME, reconcile, {CLUSTERROLE: affected})


def affected(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A changed role itself, if it is put together, and every role that selects it or has selected it."""
    for record in api.list(CLUSTERROLE):
        role = record.object
        if role.get("aggregationRule") and (
            (new is not None and role["metadata"]["name"] == new["metadata"]["name"])
            or any(_selects(role, version) for version in (old, new) if version is not None)
        ):
            yield "", role["metadata"]["name"]


def _selects(role: Object, other: Object) -> bool:
    labels = other["metadata"].get("labels")
    selectors = role["aggregationRule"].get("clusterRoleSelectors") or ()
    return any(from_object(selector).matches(labels) for selector in selectors)


async def reconcile(api: API, key: Key) -> None:
    record = api.find(CLUSTERROLE, *key)
    if record is None or not record.object.get("aggregationRule"):
        return
    role = record.object
    parts = [
        other.object.get("rules") or ()
        for other in api.list(CLUSTERROLE)
        if other.key != record.key and _selects(role, other.object)
    ]
    rules = aggregated(parts)
    if rules == (role.get("rules") or []):
        return
    changed = record.copy()
    changed["rules"] = rules
    await api.update(CLUSTERROLE, *key, changed, call=api.named(NAME))
