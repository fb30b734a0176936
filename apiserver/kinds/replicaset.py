"""ReplicaSet: a number of equal Pods."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, Scale
from apiserver.objects.poddefaults import default_template
from apiserver.objects.podwarnings import name_warnings, template_warnings
from apiserver.objects.validation import Causes, not_negative
from apiserver.objects.validation.names import subdomain_name
from apiserver.objects.validation.workload import (
    validate_counts,
    validate_selector_and_template,
    validate_selector_kept,
)
from apiserver.objects.workloadcolumns import container_names, images, selector

COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")
PARTS = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")


def replicas(replicaset: Object) -> int:
    return int(replicaset.get("status", {}).get("replicas", 0))


def default(replicaset: Object) -> None:
    default_template(replicaset["spec"].setdefault("template", {}))
    replicaset.setdefault("status", {}).setdefault("replicas", 0)


def validate(replicaset: Object) -> Causes:
    spec = replicaset["spec"]
    causes = not_negative("spec.replicas", spec.get("replicas", 0))
    causes += not_negative("spec.minReadySeconds", spec.get("minReadySeconds", 0))
    return causes + validate_selector_and_template(spec)


def validate_status(new: Object, old: Object) -> Causes:
    return validate_counts(new.get("status") or {}, COUNTS, PARTS)


def warnings(new: Object, old: Object | None) -> list[str]:
    if old is None:
        found = name_warnings(new["metadata"].get("name", ""), "Pod names and hostnames")
        return found + template_warnings(new["spec"]["template"])
    return [] if new["spec"] == old["spec"] else template_warnings(new["spec"]["template"])


kind = Kind(
    "apps/v1",
    "ReplicaSet",
    "replicasets",
    short=("rs",),
    categories=("all",),
    status=True,
    scale=Scale(),
    has_generation=True,
    columns=(
        NAME,
        Column("Desired", lambda rs: rs["spec"].get("replicas", 0), type="integer"),
        Column("Current", replicas, type="integer"),
        Column("Ready", lambda rs: rs.get("status", {}).get("readyReplicas", 0), type="integer"),
        AGE,
        Column("Containers", container_names, priority=1),
        Column("Images", images, priority=1),
        Column("Selector", selector, priority=1),
    ),
    selectable={"status.replicas": lambda rs: str(replicas(rs))},
    validate_name=subdomain_name,
    default=default,
    validate=validate,
    validate_update=validate_selector_kept,
    validate_status=validate_status,
    warnings=warnings,
)
