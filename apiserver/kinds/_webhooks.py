"""What both kinds of webhook configurations share."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind
from apiserver.objects.validation import webhooks

GROUP_VERSION = "admissionregistration.k8s.io/v1"


def configuration(name: str) -> Kind:
    """A kind of objects that name webhooks."""
    return Kind(
        GROUP_VERSION,
        name,
        name.lower() + "s",
        namespaced=False,
        categories=("api-extensions",),
        has_generation=True,
        is_new_generation=lambda new, old: new.get("webhooks") != old.get("webhooks"),
        columns=(NAME, Column("Webhooks", lambda object: len(object.get("webhooks") or ()), "integer"), AGE),
        validate=webhooks.validate,
    )
