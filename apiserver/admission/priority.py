"""Priorities: a Pod gets the number of its PriorityClass, or of the default one; and there is one default at most."""

from __future__ import annotations

from apiserver import errors
from apiserver.admission import Plugin, Verb, View, called
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import pod, priorityclass
from apiserver.objects.priorities import SYSTEM_CLASSES

DEFAULT_PRIORITY = 0
DEFAULT_PREEMPTION = "PreemptLowerPriority"
COMPUTED = "must not be provided in pod spec; priority admission controller computed"
FOREVER = "this is a system priority class and cannot be deleted"


class PriorityAdmission(Plugin):
    """Asked about Pods and about the classes themselves."""

    kinds = (pod.kind, priorityclass.kind)

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        if kind == pod.kind and new is not None:
            if old is None:
                _admit_pod(view, new)
            else:
                _keep(new["spec"], old["spec"])
        elif kind == priorityclass.kind and new is None and old is not None:
            name = old["metadata"]["name"]
            if name in SYSTEM_CLASSES:
                raise errors.Forbidden(kind.resource, name, FOREVER)

    def review(self, view: View, verb: Verb, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        """Raises Forbidden for a second default."""
        if kind != priorityclass.kind or not new.get("globalDefault"):
            return
        default, name = _default_class(view), new["metadata"]["name"]
        if default is not None and default["metadata"]["name"] != name:
            other = default["metadata"]["name"]
            because = f"PriorityClass {other} is already marked as default. Only one default can exist"
            raise errors.Forbidden(kind.resource, name, because)


def _keep(spec: Object, before: Object) -> None:
    for field in ("priority", "preemptionPolicy"):
        if field not in spec and field in before:
            spec[field] = before[field]


def _default_class(view: View) -> Object | None:
    """The default; of several (two made at once) the one that matters least."""
    found = [r.object for r in view.list(priorityclass.kind) if r.object.get("globalDefault")]
    return min(found, key=lambda one: int(one["value"]), default=None)


def _admit_pod(view: View, new: Object) -> None:
    """Raises Forbidden for a class that does not exist, and for a priority that is not its class'."""
    spec = new["spec"]
    name = spec.get("priorityClassName") or ""
    if name:
        record = view.find(priorityclass.kind, "", name)
        if record is None:
            raise _refusal(new, f"no PriorityClass with name {name} was found")
        chosen: Object | None = record.object
    else:
        chosen = _default_class(view)
        if chosen is not None:
            spec["priorityClassName"] = chosen["metadata"]["name"]
    priority = chosen["value"] if chosen else DEFAULT_PRIORITY
    policy = (chosen or {}).get("preemptionPolicy", DEFAULT_PREEMPTION)
    given, wanted = spec.get("priority", priority), spec.get("preemptionPolicy", policy)
    if given != priority:
        text = f"the integer value of priority ({given}) {COMPUTED} {priority} from the given PriorityClass name"
        raise _refusal(new, text)
    if wanted != policy:
        text = f"the string value of PreemptionPolicy ({wanted}) {COMPUTED} {policy} from the given PriorityClass name"
        raise _refusal(new, text)
    spec["priority"], spec["preemptionPolicy"] = priority, policy


def _refusal(new: Object, because: str) -> errors.Forbidden:
    return errors.Forbidden(pod.kind.resource, called(new), because)
