"""Validation that workloads share: their selector, their template, the steps of their updates, their counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apiserver.errors import Cause
from apiserver.objects.validation import (
    IMMUTABLE,
    Causes,
    Object,
    Printed,
    as_json,
    forbidden,
    invalid,
    not_negative,
    not_supported,
    required,
    struct,
)
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import percent, problems
from apiserver.objects.validation.podspec import validate_template


def validate_selector_and_template(spec: Object) -> Causes:
    """The selector is there, is valid and selects what the template makes. A template is only looked at under a valid
    selector; one that selects everything is refused, in the same words for both kinds."""
    selector, template = spec.get("selector"), spec.get("template") or {}
    if selector is None:
        # No selector selects nothing, so the template does not match either.
        return [required("spec.selector"), *_validate_replicated(template, matches=False)]
    causes = validate_label_selector("spec.selector", selector)
    is_empty = not selector.get("matchLabels") and not selector.get("matchExpressions")
    if is_empty:
        causes.append(invalid("spec.selector", print_selector(selector), "empty selector is invalid for deployment"))
    elif causes:
        return [*causes, invalid("spec.selector", print_selector(selector), "invalid label selector")]
    labels = (template.get("metadata") or {}).get("labels") or {}
    return causes + _validate_replicated(template, matches=is_empty or selects(selector, labels))


def _validate_replicated(template: Object, *, matches: bool) -> Causes:
    causes = [] if matches else [not_selected(template)]
    causes += validate_template("spec.template", template)
    return causes + validate_lasting(template, "ReplicaSet")


def not_selected(template: Object) -> Cause:
    """The cause of a selector that does not pick what the template makes."""
    labels = (template.get("metadata") or {}).get("labels")
    return invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def validate_lasting(template: Object, owner: str) -> Causes:
    """The Pods of a workload that replaces them run for ever; `owner` is its kind."""
    spec, causes = template.get("spec") or {}, list[Cause]()
    if spec.get("restartPolicy", "") != "Always":
        at = "spec.template.spec.restartPolicy"
        causes.append(not_supported(at, spec.get("restartPolicy", ""), ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        at = "spec.template.spec.activeDeadlineSeconds"
        causes.append(forbidden(at, f"activeDeadlineSeconds in {owner} is not Supported"))
    return causes


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a valid selector matches labels."""
    wanted: dict[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _satisfies(expression, labels) for expression in selector.get("matchExpressions") or ()
    )


def _satisfies(expression: Object, labels: dict[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    if operator == "In":
        return bool(labels.get(key) in expression["values"])
    if operator == "NotIn":
        return bool(labels.get(key) not in expression["values"])
    return (key in labels) == bool(operator == "Exists")


def print_selector(selector: Object) -> Printed:
    """A selector as Go prints it: its fields in their order, empty ones left out."""
    fields = []
    if selector.get("matchLabels"):
        fields.append('"matchLabels":' + as_json(selector["matchLabels"]))
    if selector.get("matchExpressions"):
        expressions = ",".join(_print_expression(e) for e in selector["matchExpressions"])
        fields.append(f'"matchExpressions":[{expressions}]')
    return Printed("{" + ",".join(fields) + "}")


def _print_expression(expression: Object) -> str:
    text = f'{{"key":{as_json(expression.get("key", ""))},"operator":{as_json(expression.get("operator", ""))}'
    values = expression.get("values")
    return text + (f',"values":{as_json(values)}}}' if values else "}")


def validate_selector_kept(new: Object, old: Object) -> Causes:
    """A workload's selector is for ever: its replicas are found by it."""
    selector, before = new["spec"].get("selector"), old["spec"].get("selector")
    if selector == before:
        return []
    return [invalid("spec.selector", print_selector(selector or {}), IMMUTABLE)]


def validate_counts(
    status: Object, fields: tuple[str, ...], parts: tuple[str, ...], ready: str = "readyReplicas"
) -> Causes:
    """Numbers of a status: none of `fields` negative, none of `parts` more than there are replicas, and no more
    available than ready (which is called `ready` then)."""
    causes: Causes = []
    for field in fields:
        if status.get(field, 0) < 0:
            causes += not_negative(f"status.{field}", status[field])
    for field in parts:
        if status.get(field, 0) > status.get("replicas", 0):
            causes.append(invalid(f"status.{field}", status[field], "cannot be greater than status.replicas"))
    available = status.get("availableReplicas", 0)
    if available > status.get("readyReplicas", 0):
        causes.append(invalid("status.availableReplicas", available, f"cannot be greater than {ready}"))
    return causes


# -- the steps of an update, in Pods or per cent -----------------------------------------------------------------------


def unknown_strategy(at: str, strategy: Object, supported: Sequence[str]) -> Cause:
    """A way to update Pods that there is not."""
    rolling = strategy.get("rollingUpdate")
    steps = rolling and struct(
        ("MaxUnavailable", rolling.get("maxUnavailable", 0)), ("MaxSurge", rolling.get("maxSurge", 0))
    )
    return not_supported(at, struct(("Type", strategy.get("type", "")), ("RollingUpdate", steps)), supported)


def validate_step(at: str, step: Any) -> Causes:
    """A number that is not negative, or a percentage."""
    return problems(at, step, percent(step)) if isinstance(step, str) else not_negative(at, step)


def validate_at_most_all(at: str, step: Any) -> Causes:
    """A percentage is not more than all."""
    if isinstance(step, str) and not percent(step) and step_amount(step) > 100:
        return [invalid(at, step, "must not be greater than 100%")]
    return []


def step_amount(step: Any) -> int:
    """A step's number, of Pods or per cent; a text that is neither counts as none."""
    if not isinstance(step, str):
        return int(step)
    digits = step.removesuffix("%")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def validate_collisions(new: Object, old: Object) -> Causes:
    """A collisionCount only grows."""
    collisions, known = new.get("collisionCount"), old.get("collisionCount")
    if known is not None and (collisions is None or collisions < known):
        return [invalid("status.collisionCount", collisions or 0, "cannot be decremented")]
    return []
