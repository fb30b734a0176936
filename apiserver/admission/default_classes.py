"""Fills in the default class: of claims that name no StorageClass, and of Ingresses that name no IngressClass.

Of several default classes the newest is taken, of equally new ones the first by name.
"""

from __future__ import annotations

from collections.abc import Callable

from apiserver.admission import Plugin, Verb, View
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import ingress, ingressclass, persistentvolumeclaim, storageclass
from apiserver.objects.storage import default_of, is_default_class, names_class
from apiserver.objects.validation.ingress import CLASS_ANNOTATION

DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"


class DefaultClasses(Plugin):
    """Asked about claims and Ingresses only."""

    kinds = (persistentvolumeclaim.kind, ingress.kind)

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        if new is None or verb != "create":
            return
        if kind is ingress.kind:
            if not _names_ingress_class(new) and (name := _default(view, ingressclass.kind, _is_default_ingress)):
                new["spec"]["ingressClassName"] = name
        elif not names_class(new) and (name := _default(view, storageclass.kind, is_default_class)):
            new["spec"]["storageClassName"] = name


def _names_ingress_class(new: Object) -> bool:
    annotations = new["metadata"].get("annotations") or {}
    return CLASS_ANNOTATION in annotations or new["spec"].get("ingressClassName") is not None


def _is_default_ingress(ingress_class: Object) -> bool:
    return bool((ingress_class["metadata"].get("annotations") or {}).get(DEFAULT_INGRESS_CLASS) == "true")


def _default(view: View, kind: Kind, is_default: Callable[[Object], bool]) -> str:
    """The name of the default class of `kind`, "" if there is none."""
    return default_of(record.object for record in view.list(kind) if is_default(record.object))
