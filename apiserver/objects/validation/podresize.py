"""What a write to a Pod's resize subresource may do: give its containers more or less CPU and memory while they run."""

from __future__ import annotations

from apiserver.objects.patch import copied
from apiserver.objects.poddefaults import qos_class
from apiserver.objects.quantity import parse
from apiserver.objects.validation import Causes, Object, forbidden, invalid
from apiserver.objects.validation.podlayout import difference, print_spec
from apiserver.objects.validation.podspec import MIRROR_ANNOTATION
from apiserver.objects.validation.podupdate import keep_all_but_spec

LISTS = ("containers", "initContainers")
RESIZABLE = ("resources", "resizePolicy")
MUTABLE = ("cpu", "memory")
SIDES = ("requests", "limits")


def keep_all_but_resources(new: Object, old: Object) -> None:
    """Put back, in `new`, all that may not be touched. Containers that are not those of the Pod are left for validation
    to find."""
    keep_all_but_spec(new, old)
    wanted, spec = new.get("spec") or {}, copied(old["spec"])
    for field in LISTS:
        given = wanted.get(field) or []
        if [c.get("name") for c in given] != [c["name"] for c in spec.get(field) or ()]:
            return
        for container, resized in zip(spec.get(field) or (), given, strict=True):
            for part in RESIZABLE:
                if part in resized:
                    container[part] = resized[part]
                else:
                    container.pop(part, None)
    new["spec"] = spec


def validate_resize(new: Object, old: Object) -> Causes:
    spec, before = new["spec"], old["spec"]
    if MIRROR_ANNOTATION in (old["metadata"].get("annotations") or {}):
        return [forbidden("", "static pods cannot be resized")]
    if (before.get("os") or {}).get("name") == "windows":
        return [forbidden("", "windows pods cannot be resized")]
    causes: Causes = []
    known = (old.get("status") or {}).get("qosClass", "")
    if qos_class(spec) != known:
        causes.append(invalid("spec", known, "Pod QOS Class may not change as a result of resizing"))
    if not _is_supported(old):
        causes.append(forbidden("spec", "Pod running on node without support for resize"))
    for field in LISTS:
        if len(spec.get(field) or ()) != len(before.get(field) or ()):
            return [*causes, forbidden("spec", f"{field} may not be added or removed on resize")]
        for container, was in zip(spec.get(field) or (), before.get(field) or (), strict=True):
            if container.get("name") != was["name"]:
                return [*causes, forbidden("spec", f"{field} may not be renamed or reordered on resize")]
    causes += _validate_nothing_removed(spec, before)
    comparable = _with_mutable_of(spec, before)
    if comparable != before:
        shown = difference(print_spec(before), print_spec(comparable))
        causes.append(forbidden("spec", f"only cpu and memory resources are mutable\n{shown}"))
    return causes


def _is_supported(pod: Object) -> bool:
    """Whether the node of a running Pod tells what its containers have been given."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return all("resources" in status for status in statuses if "running" in (status.get("state") or {}))


def _validate_nothing_removed(spec: Object, before: Object) -> Causes:
    causes: Causes = []
    for field in LISTS:
        for index, container in enumerate(spec.get(field) or ()):
            resources, was = container.get("resources") or {}, before[field][index].get("resources") or {}
            for side in SIDES:
                if (was.get(side) or {}).keys() - (resources.get(side) or {}).keys():
                    at = f"spec.{field}[{index}].resources.{side}"
                    causes.append(forbidden(at, f"resource {side} cannot be removed"))
    return causes


def _with_mutable_of(spec: Object, before: Object) -> Object:
    """The new spec with CPU, memory and resize policies as they were: what still differs is forbidden."""
    same: Object = copied(spec)
    for field in LISTS:
        for container, was in zip(same.get(field) or (), before.get(field) or (), strict=True):
            resources = container.get("resources") or {}
            for part in RESIZABLE:
                container.pop(part, None)
                if part in was:
                    container[part] = copied(was[part])
            for side in SIDES:
                wanted, old = resources.get(side) or {}, (was.get("resources") or {}).get(side) or {}
                if _others(wanted) != _others(old):
                    mutable = {name: text for name, text in old.items() if name in MUTABLE}
                    others = {name: text for name, text in wanted.items() if name not in MUTABLE}
                    container.setdefault("resources", {})[side] = mutable | others
    return same


def _others(amounts: Object | None) -> dict[str, object]:
    return {name: parse(text) for name, text in (amounts or {}).items() if name not in MUTABLE}
