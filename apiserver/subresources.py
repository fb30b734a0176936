"""Subresources that are more than a view of their object: binding, scale, finalize."""

from __future__ import annotations

from typing import Any

from apiserver import errors
from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.kind import Kind, Object
from apiserver.objects import meta
from apiserver.objects.selectors import from_object
from apiserver.objects.validation import invalid, not_supported, required
from apiserver.quoting import quoted
from apiserver.storage import Record

NODE_KINDS = ("Node", "")


async def bind(api: API, pods: Kind, namespace: str, name: str, binding: Object, call: Call | None = None) -> Record:
    """Put a Pod on the node that `binding.target` names, once; annotations and labels of the binding are added to it.

    Raises NotFound, Conflict (already bound, being deleted, another uid), Unexplained (a target that is no node).
    """
    target = binding.get("target") or {}
    causes = []
    if target.get("kind", "") not in NODE_KINDS:
        causes.append(not_supported("target.kind", target["kind"], ["Node", "<empty>"]))
    if not target.get("name"):
        causes.append(required("target.name"))
    if causes:
        text = ", ".join(str(cause) for cause in causes)
        raise errors.Unexplained(text if len(causes) == 1 else f"[{text}]")
    about = errors.Resource("pods/binding")
    now = timestamp(api.clock.now())
    wanted_uid = (binding.get("metadata") or {}).get("uid")

    def bound(pod: Object) -> Object:
        metadata, spec = pod["metadata"], pod["spec"]
        if wanted_uid and wanted_uid != metadata["uid"]:
            raise errors.Conflict(
                about,
                name,
                f"Precondition failed: UID in precondition: {wanted_uid}, UID in object meta: {metadata['uid']}",
            )
        if meta.is_terminating(pod):
            raise errors.Conflict(about, name, f"pod {name} is being deleted, cannot be assigned to a host")
        if spec.get("nodeName"):
            raise errors.Conflict(about, name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
        spec["nodeName"] = target["name"]
        for part in ("labels", "annotations"):
            added = (binding.get("metadata") or {}).get(part)
            if added:
                metadata[part] = {**(metadata.get(part) or {}), **added}
        _set_condition(
            pod, {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        )
        return pod

    return await api.modify(pods, namespace, name, bound, "binding", call)


def _set_condition(object: Object, condition: Object) -> None:
    conditions = object.setdefault("status", {}).setdefault("conditions", [])
    kept = [c for c in conditions if c["type"] != condition["type"]]
    if "observedGeneration" not in condition and object["metadata"].get("generation"):
        condition["observedGeneration"] = object["metadata"]["generation"]
    object["status"]["conditions"] = [*kept, condition]


def scale_of(kind: Kind, record: Record) -> Object:
    """The Scale (autoscaling/v1) of an object."""
    assert kind.scale is not None
    object, scale = record.object, kind.scale
    metadata = {
        key: object["metadata"][key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in object["metadata"]
    }
    replicas = _at(object, scale.spec_replicas)
    if replicas is None and scale.is_required:
        path = "." + ".".join(scale.spec_replicas)
        raise errors.InternalError(f"the spec replicas field {quoted(path)} does not exist")
    status: Object = {"replicas": _at(object, scale.status_replicas) or 0}
    selector = _at(object, scale.selector)
    if isinstance(selector, str):
        status["selector"] = selector
    elif selector:
        status["selector"] = str(
            from_object(
                selector if "matchLabels" in selector or "matchExpressions" in selector else {"matchLabels": selector}
            )
        )
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


async def set_scale(api: API, kind: Kind, namespace: str, name: str, scale: Object, call: Call) -> Record:
    """Write the replica count of a Scale. Raises Invalid, NotFound, Conflict."""
    assert kind.scale is not None
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if replicas < 0:
        cause = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise errors.Invalid("Scale.autoscaling", name, [cause])
    version = (scale.get("metadata") or {}).get("resourceVersion")

    def scaled(object: Object) -> Object:
        assert kind.scale is not None
        if version:
            object["metadata"]["resourceVersion"] = version
        else:
            object["metadata"].pop("resourceVersion", None)
        *parents, last = kind.scale.spec_replicas
        place = object
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = replicas
        return object

    return await api.modify(kind, namespace, name, scaled, "scale", call)


def _at(object: Object, path: tuple[str, ...]) -> Any:
    value: Any = object
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
