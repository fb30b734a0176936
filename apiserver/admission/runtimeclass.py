"""RuntimeClasses: a Pod that names one gets what it costs, and goes where it is supported."""

from __future__ import annotations

from apiserver import errors
from apiserver.admission import Plugin, Verb, View, called
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import pod, runtimeclass
from apiserver.objects.quantity import parse


class RuntimeClassAdmission(Plugin):
    """Asked about Pods only."""

    kinds = (pod.kind,)

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        """Raises Forbidden for a class that does not exist or that contradicts the Pod."""
        if new is None or old is not None:
            return
        spec = new["spec"]
        name = spec.get("runtimeClassName")
        if name is None:
            if spec.get("overhead"):
                text = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                raise _refusal(new, text)
            return
        record = view.find(runtimeclass.kind, "", name)
        if record is None:
            raise _refusal(new, f'pod rejected: RuntimeClass "{name}" not found')
        _set_overhead(new, record.object)
        _set_scheduling(new, record.object.get("scheduling") or {})


def _set_overhead(new: Object, chosen: Object) -> None:
    cost = (chosen.get("overhead") or {}).get("podFixed") or {}
    given = new["spec"].get("overhead") or {}
    if given and {n: parse(q) for n, q in given.items()} != {n: parse(q) for n, q in cost.items()}:
        raise _refusal(new, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    if cost:
        new["spec"]["overhead"] = dict(cost)


def _set_scheduling(new: Object, scheduling: Object) -> None:
    spec = new["spec"]
    wanted, selector = scheduling.get("nodeSelector") or {}, spec.get("nodeSelector") or {}
    for key, value in sorted(wanted.items()):
        if selector.get(key, value) != value:
            text = (
                f"runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {selector[key]}"
            )
            raise _refusal(new, f"conflict: {text}")
    if wanted:
        spec["nodeSelector"] = {**selector, **wanted}
    tolerations = spec.get("tolerations") or []
    added = [dict(toleration) for toleration in scheduling.get("tolerations") or () if toleration not in tolerations]
    if added:
        spec["tolerations"] = [*tolerations, *added]


def _refusal(new: Object, because: str) -> errors.Forbidden:
    return errors.Forbidden(pod.kind.resource, called(new), because)
