"""ReplicationController: what a ReplicaSet was called before its selector could do more than equality."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, Scale
from apiserver.objects.poddefaults import default_template
from apiserver.objects.podwarnings import name_warnings, template_warnings
from apiserver.objects.validation import Causes, not_negative, required
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.podspec import validate_template
from apiserver.objects.validation.workload import not_selected, validate_counts, validate_lasting
from apiserver.objects.workloadcolumns import container_names, counted, desired, images, labels

COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")
PARTS = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")


def default(controller: Object) -> None:
    """Selector and labels are the template's, where they are not given."""
    spec, metadata = controller["spec"], controller["metadata"]
    template = spec.get("template")
    if template is not None:
        default_template(template)
        template_labels = (template.get("metadata") or {}).get("labels")
        if template_labels and not spec.get("selector"):
            spec["selector"] = dict(template_labels)
        if template_labels and not metadata.get("labels"):
            metadata["labels"] = dict(template_labels)
    controller.setdefault("status", {}).setdefault("replicas", 0)


def validate(controller: Object) -> Causes:
    spec = controller["spec"]
    selector, template = spec.get("selector") or {}, spec.get("template")
    causes = not_negative("spec.minReadySeconds", spec.get("minReadySeconds", 0))
    causes += [] if selector else [required("spec.selector")]
    causes += not_negative("spec.replicas", spec.get("replicas", 0))
    if template is None:
        return [*causes, required("spec.template")]
    given = (template.get("metadata") or {}).get("labels") or {}
    causes += [] if selector.items() <= given.items() else [not_selected(template)]
    return causes + validate_template("spec.template", template) + validate_lasting(template, kind.name)


def validate_status(new: Object, old: Object) -> Causes:
    return validate_counts(new.get("status") or {}, COUNTS, PARTS)


def warnings(new: Object, old: Object | None) -> list[str]:
    template = new["spec"].get("template") or {}
    if old is None:
        return name_warnings(new["metadata"].get("name", ""), "Pod names and hostnames") + template_warnings(template)
    return [] if new["spec"] == old["spec"] else template_warnings(template)


kind = Kind(
    "v1",
    "ReplicationController",
    "replicationcontrollers",
    short=("rc",),
    categories=("all",),
    status=True,
    scale=Scale(),
    has_generation=True,
    orphans_dependents=True,
    columns=(
        NAME,
        Column("Desired", desired, type="integer"),
        Column("Current", counted("replicas"), type="integer"),
        Column("Ready", counted("readyReplicas"), type="integer"),
        AGE,
        Column("Containers", container_names, priority=1),
        Column("Images", images, priority=1),
        Column("Selector", lambda rc: labels(rc["spec"].get("selector")), priority=1),
    ),
    selectable={"status.replicas": lambda rc: str(counted("replicas")(rc))},
    validate_name=subdomain_name,
    default=default,
    validate=validate,
    validate_status=validate_status,
    warnings=warnings,
)
