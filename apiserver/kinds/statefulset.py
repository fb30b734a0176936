"""StatefulSet: Pods that keep their names, their order and their storage."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object, Scale
from apiserver.objects.poddefaults import default_template
from apiserver.objects.podwarnings import template_warnings
from apiserver.objects.validation import (
    Causes,
    forbidden,
    invalid,
    not_negative,
    not_supported,
    required,
    struct,
)
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import dns_label, label_name, problems
from apiserver.objects.validation.podspec import validate_template
from apiserver.objects.validation.volumes import validate_claim_spec
from apiserver.objects.validation.workload import (
    not_selected,
    print_selector,
    selects,
    validate_collisions,
    validate_counts,
    validate_lasting,
)
from apiserver.objects.workloadcolumns import container_names, counted, desired, images

ORDERED, PARALLEL = "OrderedReady", "Parallel"
ROLLING, ON_DELETE = "RollingUpdate", "OnDelete"
RETENTIONS = ("Retain", "Delete")
COUNTS = (
    "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "observedGeneration",
    "collisionCount",
)  # fmt: skip
PARTS = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
CHANGEABLE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
"""The fields of a spec that may change, in the order in which Kubernetes names them."""


def prepare(new: Object, old: Object | None) -> None:
    """maxUnavailable is behind a feature gate that 1.36 leaves off, and what is off is dropped: one Pod at a time."""
    strategy = (new.get("spec") or {}).get("updateStrategy") or {}
    (strategy.get("rollingUpdate") or {}).pop("maxUnavailable", None)


def default(statefulset: Object) -> None:
    spec = statefulset["spec"]
    default_template(spec.setdefault("template", {}))
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = ROLLING
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim["status"].setdefault("phase", "Pending")
    statefulset.setdefault("status", {}).setdefault("replicas", 0)


def validate(statefulset: Object) -> Causes:
    spec = statefulset["spec"]
    policy = spec.get("podManagementPolicy", "")
    causes: Causes = []
    if policy not in (ORDERED, PARALLEL):
        causes.append(invalid("spec.podManagementPolicy", policy, f"must be '{ORDERED}' or '{PARALLEL}'"))
    causes += _validate_strategy("spec.updateStrategy", spec["updateStrategy"])
    causes += _validate_retention(spec.get("persistentVolumeClaimRetentionPolicy") or {})
    causes += not_negative("spec.replicas", spec.get("replicas", 0))
    causes += not_negative("spec.minReadySeconds", spec.get("minReadySeconds", 0))
    causes += not_negative("spec.ordinals.start", (spec.get("ordinals") or {}).get("start", 0))
    causes += _validate_selector(spec)
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        causes += validate_claim_spec(f"spec.volumeClaimTemplates[{index}].spec", claim.get("spec") or {})
    return causes


def _validate_strategy(at: str, strategy: Object) -> Causes:
    type_, rolling = strategy["type"], strategy.get("rollingUpdate")
    if type_ == ROLLING:
        return not_negative(f"{at}.rollingUpdate.partition", (rolling or {}).get("partition", 0))
    printed = rolling and struct(("Partition", rolling.get("partition", 0)), ("MaxUnavailable", None))
    if type_ == ON_DELETE:
        text = f"only allowed for updateStrategy '{ROLLING}'"
        return [invalid(f"{at}.rollingUpdate", printed, text)] if rolling is not None else []
    shown = struct(("Type", type_), ("RollingUpdate", printed))
    return [invalid(at, shown, f"must be '{ROLLING}' or '{ON_DELETE}'")]


def _validate_retention(policy: Object) -> Causes:
    return [
        not_supported(f"spec.persistentVolumeClaimRetentionPolicy.{when}", policy[when], RETENTIONS)
        for when in ("whenDeleted", "whenScaled")
        if policy.get(when, RETENTIONS[0]) not in RETENTIONS
    ]


def _validate_selector(spec: Object) -> Causes:
    selector, template = spec.get("selector"), spec["template"]
    if selector is None:  # selects nothing, so not the template either
        return [required("spec.selector"), not_selected(template), *_validate_template(spec)]
    causes = validate_label_selector("spec.selector", selector)
    is_empty = not selector.get("matchLabels") and not selector.get("matchExpressions")
    if is_empty:
        causes.append(invalid("spec.selector", print_selector(selector), "empty selector is invalid for statefulset"))
    elif causes:
        return [*causes, invalid("spec.selector", print_selector(selector), ""), *validate_lasting(template, kind.name)]
    labels = (template.get("metadata") or {}).get("labels") or {}
    causes += [] if is_empty or selects(selector, labels) else [not_selected(template)]
    return causes + _validate_template(spec)


def _validate_template(spec: Object) -> Causes:
    """The template as its Pods will be: with the volumes that the claims become."""
    template = spec["template"]
    claimed = [claim["metadata"].get("name", "") for claim in spec.get("volumeClaimTemplates") or ()]
    if claimed:
        pod = template.get("spec") or {}
        volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claimed]
        volumes += [volume for volume in pod.get("volumes") or () if volume.get("name") not in claimed]
        template = {**template, "spec": {**pod, "volumes": volumes}}
    return validate_template("spec.template", template) + validate_lasting(template, kind.name)


def validate_create(statefulset: Object) -> Causes:
    service = statefulset["spec"].get("serviceName", "")
    return problems("spec.serviceName", service, dns_label(service)) if service else []


def validate_update(new: Object, old: Object) -> Causes:
    if _fixed(new["spec"]) == _fixed(old["spec"]):
        return []
    *names, last = (f"'{name}'" for name in CHANGEABLE)
    fields = f"{', '.join(names)} and {last}"
    return [forbidden("spec", f"updates to statefulset spec for fields other than {fields} are forbidden")]


def _fixed(spec: Object) -> Object:
    return {name: value for name, value in spec.items() if name not in CHANGEABLE and value != []}


def validate_status(new: Object, old: Object) -> Causes:
    status, before = new.get("status") or {}, old.get("status") or {}
    return validate_counts(status, COUNTS, PARTS, "status.readyReplicas") + validate_collisions(status, before)


def warnings(new: Object, old: Object | None) -> list[str]:
    spec = new["spec"]
    if old is not None and spec == old["spec"]:
        return []
    found = template_warnings(spec["template"])
    if spec.get("revisionHistoryLimit", 0) < 0:
        text = "a negative value retains all historical revisions; a value >= 0 is recommended"
        found.append(f"spec.revisionHistoryLimit: {text}")
    return found


kind = Kind(
    "apps/v1",
    "StatefulSet",
    "statefulsets",
    short=("sts",),
    categories=("all",),
    status=True,
    scale=Scale(),
    has_generation=True,
    columns=(
        NAME,
        Column("Ready", lambda sts: f"{counted('readyReplicas')(sts)}/{desired(sts)}"),
        AGE,
        Column("Containers", container_names, priority=1),
        Column("Images", images, priority=1),
    ),
    validate_name=label_name,
    prepare=prepare,
    default=default,
    validate=validate,
    validate_create=validate_create,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
)
