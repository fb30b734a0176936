"""Server-side apply: one manager's wishes, merged into the object by who owns what.

    live object + manifest -> merged            lists and maps by the schema's list and map types
    - what this manager applied before, does not apply now, and nobody else owns
    = new object
    fields of others that this changes          a conflict, or with force theirs no longer

The manager owns what its manifest says, whether that changed anything or not: fields can have several owners, as long
as they agree. Defaults are nobody's wish and are not credited; they are filled in afterwards, by the caller.

kubectl gets two favours, because of the annotation in which its client-side apply keeps the last manifest: conflicts
over fields that stand as that manifest had them are not held against it, and the annotation is kept up to date.
"""

from __future__ import annotations

import json
from typing import Any

from apiserver import errors
from apiserver.errors import Cause
from apiserver.objects.managedfields import entries, typed
from apiserver.objects.managedfields.entries import Manager, Managers, Owned
from apiserver.objects.managedfields.sets import Tree, difference, intersection, paths, union
from apiserver.objects.managedfields.shapes import Members, Root, root_of
from apiserver.objects.patch import copied
from schemas import Schema

Object = dict[str, Any]
Conflicts = dict[Manager, Tree]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
KUBECTL = "kubectl"
MAX_ANNOTATIONS_BYTES = 256 * 1024
"""Beyond this the last-applied annotation is dropped instead of kept up to date."""


def apply(
    schema: Schema,
    kind: str,
    live: Object | None,
    config: Object,
    manager: str,
    force: bool,
    now: str,
    subresource: str,
    *,
    has_status: bool = True,
) -> Object:
    """The live object (None: there is none) with a manifest of `manager` applied, managedFields included.

    The result is neither decoded (nulls dropped, values in stored form) nor defaulted. `kind` is its name; `now` an
    RFC 3339 time in whole seconds. Raises ApplyConflict unless `force`; BadRequest for managedFields in the manifest;
    Unexplained for one that does not fit the schema.
    """
    gvk = _shown_kind(config)
    if gvk not in {f"{k['group']}/{k['version']}, Kind={kind}" for k in schema.group_version_kinds}:
        raise errors.BadRequest(f"invalid object type: {gvk}")
    metadata = config.get("metadata") or {}
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise errors.BadRequest("metadata.managedFields must be nil")
    try:
        typed.check(schema.root, config)
    except typed.Unreadable as error:
        about = (
            f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {gvk}" if isinstance(metadata, dict) else gvk
        )
        raise errors.Unexplained(f"failed to create typed patch object ({about}): {error}") from None
    me = entries.applier(manager, subresource)
    root = root_of(schema, subresource, has_status=has_status)
    work = _Apply(root, live, config, me)
    conflicts = work.conflicts
    if conflicts and manager == KUBECTL and live is not None:
        conflicts = _not_from_last_applied(root, live, config["apiVersion"], conflicts)
    if conflicts and not force:
        raise _refusal(conflicts)
    result = work.result(now)
    if manager == KUBECTL and live is not None:
        _keep_last_applied(result, config)
    return result


class _Apply:
    """One manifest on its way into one object."""

    def __init__(self, root: Root, live: Object | None, config: Object, me: Manager) -> None:
        self.live, self.config, self.me = live, config, me
        managers = entries.decode(live["metadata"].get("managedFields") or []) if live is not None else {}
        last = managers.get(me)
        self.before = last
        wanted = difference(root.owned.applied(config) or {}, {"f:metadata": {}})
        self.managers: Managers = {**managers, me: Owned(wanted, config["apiVersion"], last.time if last else "")}
        self.merged: Object = typed.merged(root.whole, live, config) if live is not None else copied(config)
        if last is not None:
            wishes = [root.whole.applied(config) or {}, *(owned.fields for owned in self.managers.values())]
            self.merged = _pruned(root.whole, self.merged, last.fields, wishes)
        changed, removed = root.owned.compared(root.zero if live is None else live, self.merged)
        self.changed, self.removed = changed or {}, removed or {}

    @property
    def conflicts(self) -> Conflicts:
        """What this apply changes and others own."""
        found = {m: intersection(o.fields, self.changed) for m, o in self.managers.items() if m != self.me}
        return {manager: tree for manager, tree in found.items() if tree}

    def result(self, now: str) -> Object:
        managers = entries.give_up(self.managers, self.changed, self.removed, keep=self.me)
        changes_nothing = self.merged == self.live
        if self.me in managers and not changes_nothing:
            managers[self.me] = managers[self.me]._replace(time=now)
        metadata = self.merged["metadata"] = self.merged.get("metadata") or {}
        metadata.pop("managedFields", None)
        encoded = entries.encode(managers)
        if encoded:
            metadata["managedFields"] = encoded
        return self.merged


def _pruned(shape: Members, merged: Object, last: Tree, wishes: list[Tree]) -> Object:
    """The merged object without what was applied `last` time and is nobody's wish now.

    First everything applied before goes; then what anybody wishes comes back, with the structs above it; then what went
    along although this manager had never applied it. The manifest's own wishes must include its name here, or all of
    metadata would go with the last label.
    """
    last = typed.named(shape, last)
    owned: Tree = {}
    for wish in wishes:
        owned = union(owned, wish)
    everything = _all_named(shape, merged)
    pruned = typed.without(shape, merged, last)
    kept = union(_all_named(shape, pruned), typed.named(shape, owned))
    pruned = typed.without(shape, merged, difference(everything, kept))
    gone = difference(everything, _all_named(shape, pruned))
    result: Object = typed.without(shape, merged, intersection(gone, last)) or {}
    return result


def _all_named(shape: Members, object: Object | None) -> Tree:
    return typed.named(shape, shape.applied(object) or {})


def _refusal(conflicts: Conflicts) -> errors.ApplyConflict:
    found = [(m, path) for m in sorted(conflicts, key=lambda m: m.identifier) for path in paths(conflicts[m])]
    causes = [Cause(path, "FieldManagerConflict", f"conflict with {manager}") for manager, path in found]
    if len(found) == 1:
        manager, path = found[0]
        return errors.ApplyConflict(f"Apply failed with 1 conflict: conflict with {manager}: {path}", causes)
    lines: list[str] = []
    for manager in dict.fromkeys(manager for manager, _ in found):
        lines.append(f"conflicts with {manager}:")
        lines += [f"- {path}" for m, path in found if m == manager]
    return errors.ApplyConflict(f"Apply failed with {len(found)} conflicts: " + "\n".join(lines), causes)


def _not_from_last_applied(root: Root, live: Object, api_version: str, conflicts: Conflicts) -> Conflicts:
    """The conflicts, but for fields that stand as kubectl's client-side apply left them."""
    annotation = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED, "")
    try:
        last = json.loads(annotation)
    except ValueError:
        return conflicts
    if not isinstance(last, dict) or last.get("apiVersion") != api_version:
        return conflicts
    try:
        allowed = root.owned.applied(last) or {}
        changed, removed = root.owned.compared(last, live)
    except (AttributeError, TypeError, KeyError):  # somebody wrote an annotation that is no manifest
        return conflicts
    allowed = difference(difference(allowed, changed or {}), removed or {})
    left = {manager: difference(tree, allowed) for manager, tree in conflicts.items()}
    return {manager: tree for manager, tree in left.items() if tree}


def _keep_last_applied(result: Object, config: Object) -> None:
    """Bring the annotation of client-side apply up to date, where there is one."""
    annotations = result["metadata"].get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return
    said = copied(config)
    (said.get("metadata", {}).get("annotations") or {}).pop(LAST_APPLIED, None)
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    annotations = {**annotations, LAST_APPLIED: text}
    if sum(len(k.encode()) + len(str(v).encode()) for k, v in annotations.items()) > MAX_ANNOTATIONS_BYTES:
        del annotations[LAST_APPLIED]
    result["metadata"]["annotations"] = annotations


def _shown_kind(config: Object) -> str:
    """`apps/v1, Kind=Deployment`, `/v1, Kind=Pod`; `/, Kind=` when it does not say."""
    group, _, version = str(config.get("apiVersion") or "").rpartition("/")
    return f"{group}/{version}, Kind={config.get('kind') or ''}"
