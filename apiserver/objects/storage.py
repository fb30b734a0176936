"""What a claim asks for and what a volume offers, read off the objects. Pure functions.

A class may stand in the old annotation; an absent class and an empty one differ for claims: "" wants a volume without
a class, absence lets admission choose the default.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apiserver.objects.quantity import Quantity, parse

Object = dict[str, Any]

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
DEFAULT_CLASS_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
"""Access modes as tables show them, in their order there."""


def class_of(object: Object) -> str:
    """The class of a claim or a volume; "" for none."""
    annotation = (object["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    return str(object["spec"].get("storageClassName") or "" if annotation is None else annotation)


def names_class(claim: Object) -> bool:
    """Whether a claim says which class it wants, be it none."""
    annotations = claim["metadata"].get("annotations") or {}
    return CLASS_ANNOTATION in annotations or claim["spec"].get("storageClassName") is not None


def is_default_class(storage_class: Object) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in DEFAULT_CLASS_ANNOTATIONS)


def default_of(classes: Iterable[Object]) -> str:
    """The name of the newest of these classes, of equally new ones the first by name; "" for none."""
    ages = [(each["metadata"]["creationTimestamp"], each["metadata"]["name"]) for each in classes]
    newest = max((created for created, _ in ages), default="")
    return min((name for created, name in ages if created == newest), default="")


def short_modes(modes: Iterable[str] | None) -> str:
    """`RWO,ROX`."""
    given = set(modes or ())
    return ",".join(short for mode, short in SHORT_MODES.items() if mode in given)


def requested(claim: Object) -> Quantity:
    """How much storage a claim asks for."""
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return parse(requests.get("storage", "0"))


def capacity(volume: Object) -> Quantity:
    """How large a volume is."""
    return parse((volume["spec"].get("capacity") or {}).get("storage", "0"))


def mode_of(object: Object) -> str:
    """Filesystem or Block."""
    return str(object["spec"].get("volumeMode") or "Filesystem")
