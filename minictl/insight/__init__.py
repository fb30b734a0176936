"""What the objects of a cluster say when they are read together: causes, ownership, routes. Pure functions over plain
objects; fetching them is the commands' business (minictl/commands/why.py, tree.py, route.py)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Object = dict[str, Any]


def name_of(object: Object) -> str:
    """`pod/web`."""
    return f"{object['kind'].lower()}/{object['metadata']['name']}"


def labels_of(object: Object) -> dict[str, str]:
    return object["metadata"].get("labels") or {}


def selects(selector: Mapping[str, str], object: Object) -> bool:
    """Does a Service's selector match the object's labels?"""
    return selector.items() <= labels_of(object).items()


def chosen_by(selector: Mapping[str, Any], object: Object) -> bool:
    """Does a selector with matchLabels and matchExpressions match the object's labels? An empty one matches all."""
    labels = labels_of(object)
    return selects(selector.get("matchLabels") or {}, object) and all(
        _MATCHES[each["operator"]](labels.get(each["key"]), each.get("values") or ())
        for each in selector.get("matchExpressions") or ()
    )


_MATCHES: dict[str, Callable[[str | None, Sequence[str]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, values: value is not None,
    "DoesNotExist": lambda value, values: value is None,
}


def condition(object: Object, type: str) -> Object:
    """A condition of the status, {} when there is none."""
    conditions = (object.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c["type"] == type), {})


def is_ready(pod: Object) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def declared_ports(pod: Object) -> list[Object]:
    """The ports that the Pod's containers declare."""
    return [port for container in pod["spec"]["containers"] for port in container.get("ports") or ()]


def resolved(target: Any, pod: Object) -> int | None:
    """The number of a targetPort on a Pod; None for a name that no container declares."""
    if isinstance(target, int):
        return target
    return next((port["containerPort"] for port in declared_ports(pod) if port.get("name") == target), None)
