"""PodTemplate: a Pod to be made, kept as an object of its own."""

from __future__ import annotations

from apiserver.kind import NAME, Column, Kind, Object
from apiserver.objects.poddefaults import default_template
from apiserver.objects.podwarnings import template_warnings
from apiserver.objects.validation import Causes
from apiserver.objects.validation.podspec import validate_template


def containers(template: Object) -> list[Object]:
    return list(((template.get("template") or {}).get("spec") or {}).get("containers") or ())


def labels(template: Object) -> str:
    given = ((template.get("template") or {}).get("metadata") or {}).get("labels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(given.items())) or "<none>"


def default(template: Object) -> None:
    default_template(template.setdefault("template", {}))


def validate(template: Object) -> Causes:
    return validate_template("template", template.get("template") or {})


def warnings(new: Object, old: Object | None) -> list[str]:
    is_same = old is not None and new["template"] == old["template"]
    return [] if is_same else template_warnings(new["template"], "template")


kind = Kind(
    "v1",
    "PodTemplate",
    "podtemplates",
    has_generation=True,
    deletes_to_status=False,
    columns=(
        NAME,
        Column("Containers", lambda template: ",".join(c["name"] for c in containers(template))),
        Column("Images", lambda template: ",".join(c.get("image", "") for c in containers(template))),
        Column("Pod Labels", labels),
    ),
    default=default,
    validate=validate,
    warnings=warnings,
)
