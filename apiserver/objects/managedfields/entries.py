"""The list in metadata.managedFields, as a map from managers to what they own, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from apiserver.objects.managedfields.sets import Tree, difference, union

Object = dict[str, Any]

APPLY, UPDATE = "Apply", "Update"
FIELDS_TYPE = "FieldsV1"

MAX_UPDATERS = 10
"""Update entries kept apart; beyond this the oldest are put together."""
ANCIENT = "ancient-changes"
"""The manager under which they are."""


class Manager(NamedTuple):
    """Whose fields. The version is "" for Apply: an applier is the same one whatever version it speaks."""

    name: str
    operation: str
    api_version: str
    subresource: str

    @property
    def identifier(self) -> str:
        """What managers are ordered by in a conflict's message."""
        said = (("manager", self.name), ("operation", self.operation), ("apiVersion", self.api_version),
                ("subresource", self.subresource))  # fmt: skip
        return json.dumps({key: value for key, value in said if value}, separators=(",", ":"))

    def __str__(self) -> str:
        """As conflicts name it: `"kubectl-edit" using apps/v1`, `"kubectl" with subresource "scale"`."""
        text = json.dumps(self.name)
        if self.subresource:
            text += f" with subresource {json.dumps(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text


class Owned(NamedTuple):
    """What a manager owns, in which version it said so, and when it last took something."""

    fields: Tree
    api_version: str
    time: str


Managers = dict[Manager, Owned]


def updater(name: str, api_version: str, subresource: str) -> Manager:
    return Manager(name, UPDATE, api_version, subresource)


def applier(name: str, subresource: str) -> Manager:
    return Manager(name, APPLY, "", subresource)


def decode(entries: Iterable[Any]) -> Managers:
    """Raises ValueError for entries that cannot be understood."""
    managers: Managers = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("operation") not in (APPLY, UPDATE):
            raise ValueError("operation")
        api_version, subresource = entry.get("apiVersion", ""), entry.get("subresource", "")
        fields = entry.get("fieldsV1") or {}
        if not api_version or entry.get("fieldsType") != FIELDS_TYPE or not isinstance(fields, dict):
            raise ValueError("fieldsType")
        version = api_version if entry["operation"] == UPDATE else ""
        manager = Manager(entry.get("manager", ""), entry["operation"], version, subresource)
        managers[manager] = Owned(fields, api_version, entry.get("time") or "")
    return managers


def encode(managers: Managers) -> list[Object]:
    """The entries in the order that Kubernetes keeps: Apply before Update, then by time, then by manager."""
    ordered = sorted(managers.items(), key=_order) if len(managers) > 1 else managers.items()
    return [_entry(manager, owned) for manager, owned in ordered]


def _order(item: tuple[Manager, Owned]) -> tuple[str, ...]:
    manager, owned = item
    return manager.operation, owned.time, manager.name, owned.api_version, manager.subresource


def _entry(manager: Manager, owned: Owned) -> Object:
    entry: Object = {"manager": manager.name, "operation": manager.operation, "apiVersion": owned.api_version}
    if owned.time:
        entry["time"] = owned.time
    entry["fieldsType"] = FIELDS_TYPE
    entry["fieldsV1"] = owned.fields
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry


def give_up(managers: Managers, changed: Tree, removed: Tree, keep: Manager | None = None) -> Managers:
    """The managers without what another one has just changed, or what is gone; who owns nothing is dropped.

    `keep` is not touched.
    """
    left: Managers = {}
    for manager, owned in managers.items():
        fields = owned.fields
        if manager != keep:
            fields = difference(fields, changed) if changed else fields
            fields = difference(fields, removed) if removed else fields
        if fields:
            left[manager] = owned if fields is owned.fields else owned._replace(fields=fields)
    return left


def capped(managers: Managers) -> Managers:
    """At most MAX_UPDATERS updaters: the oldest of each version become one."""
    updaters = [m for m in managers if m.operation == UPDATE]
    surplus = len(updaters) - MAX_UPDATERS
    if surplus <= 0:
        return managers
    result = dict(managers)
    first: dict[str, Manager] = {}
    for manager in sorted(updaters, key=lambda m: (managers[m].time, m.identifier)):
        if surplus <= 0:
            break
        version = managers[manager].api_version
        bucket = updater(ANCIENT, version, "")
        if version not in first:
            first[version] = manager
            continue
        if bucket not in result:
            result[bucket] = result.pop(first[version])
        merged = union(result[manager].fields, result[bucket].fields)
        if manager != bucket:
            del result[manager]
            surplus -= 1
        result[bucket] = Owned(merged, version, managers[manager].time)
    return result
