"""Validation of Jobs: their selector, what of them may change, and what their status may say."""

from __future__ import annotations

from datetime import datetime

from apiserver.objects import indexes
from apiserver.objects.jobs.conditions import is_true
from apiserver.objects.replicas import copy_of
from apiserver.objects.validation import IMMUTABLE, Causes, Object, duplicate, invalid, not_negative, required
from apiserver.objects.validation.jobspec import INDEXED, validate_job_spec, without_value
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import dns_label
from apiserver.objects.validation.workload import print_selector, selects

CONTROLLER_UID, JOB_NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME = "controller-uid", "job-name"
FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
"""Fields of a spec that never change, besides completions, selector and template."""


def generated_labels(metadata: Object) -> dict[str, str]:
    """The labels that mark the Pods of one Job and no other."""
    uid, name = metadata.get("uid", ""), metadata.get("name", "")
    return {LEGACY_CONTROLLER_UID: uid, LEGACY_JOB_NAME: name, CONTROLLER_UID: uid, JOB_NAME: name}


def validate_job(job: Object) -> Causes:
    spec, metadata = job["spec"], job["metadata"]
    causes = _validate_generated(metadata, spec) + validate_job_spec("spec", spec)
    selector = spec.get("selector")
    found = [required("spec.selector")] if selector is None else validate_label_selector("spec.selector", selector)
    causes += found
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if selector is None or (not found and not selects(selector, labels)):
        text = "`selector` does not match template `labels`"
        causes.append(invalid("spec.template.metadata.labels", labels or None, text))
    completions = spec.get("completions", 0)
    if spec.get("completionMode") == INDEXED and completions > 0:
        longest = f"{metadata.get('name', '')}-{completions - 1}"
        if dns_label(longest):
            text = f"will not able to create pod with invalid DNS label: {longest}"
            causes.append(invalid("metadata.name", metadata.get("name", ""), text))
    return causes


def _validate_generated(metadata: Object, spec: Object) -> Causes:
    selector = spec.get("selector")
    if spec.get("manualSelector") or selector is None:
        return []
    labels, expected = (spec["template"].get("metadata") or {}).get("labels") or {}, generated_labels(metadata)
    causes: Causes = []
    for key, value in expected.items():
        at = f"spec.template.metadata.labels[{key}]"
        if key not in labels:
            causes.append(required(at, f"must be '{value}'"))
        elif labels[key] != value:
            causes.append(invalid(at, labels, f"must be '{value}'"))
    if not validate_label_selector("spec.selector", selector) and not selects(selector, expected):
        causes.append(invalid("spec.selector", print_selector(selector), "`selector` not auto-generated"))
    return causes


# -- what may change ---------------------------------------------------------------------------------------------------


def validate_job_update(new: Object, old: Object) -> Causes:
    spec, before = new["spec"], old["spec"]
    causes = _validate_completions(spec, before)
    if spec.get("selector") != before.get("selector"):
        causes.append(invalid("spec.selector", print_selector(spec.get("selector") or {}), IMMUTABLE))
    causes += _validate_template_kept(new, old)
    for field in FIXED:
        if spec.get(field) != before.get(field):
            causes.append(invalid(f"spec.{field}", spec.get(field), IMMUTABLE))
    return causes


def _validate_completions(spec: Object, before: Object) -> Causes:
    completions = spec.get("completions")
    if completions == before.get("completions"):
        return []
    if spec.get("completionMode") != INDEXED:
        return [invalid("spec.completions", completions, IMMUTABLE)]
    if completions is None or completions == spec.get("parallelism"):
        return []
    return [invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")]


def _validate_template_kept(new: Object, old: Object) -> Causes:
    """A template is for ever; one of a suspended Job that runs nothing may ask for other places and resources."""
    template, before = new["spec"]["template"], copy_of(old["spec"]["template"])
    if old["spec"].get("suspend") and _is_at_rest(old.get("status") or {}):
        _allow_other_places(template, before)
        _allow_other_resources(template, before)
    return [] if template == before else [invalid("spec.template", template, IMMUTABLE)]


def _is_at_rest(status: Object) -> bool:
    return not status.get("startTime") or (is_true(status, "Suspended") and not status.get("active"))


def _allow_other_places(template: Object, before: Object) -> None:
    spec, known = template.get("spec") or {}, before.setdefault("spec", {})
    for field in ("nodeSelector", "tolerations", "schedulingGates"):
        _adopt(spec, known, field)
    if "affinity" in spec or "affinity" in known:
        affinity = known.setdefault("affinity", {})
        _adopt(spec.get("affinity") or {}, affinity, "nodeAffinity")
        if not affinity and "affinity" not in spec:
            del known["affinity"]
    metadata = before.setdefault("metadata", {})
    for field in ("annotations", "labels"):
        _adopt(template.get("metadata") or {}, metadata, field)


def _allow_other_resources(template: Object, before: Object) -> None:
    for kind in ("containers", "initContainers"):
        wanted, known = ((t.get("spec") or {}).get(kind) or [] for t in (template, before))
        if [c.get("name") for c in wanted] == [c.get("name") for c in known]:
            for container, old in zip(wanted, known, strict=True):
                _adopt(container, old, "resources")


def _adopt(new: Object, old: Object, field: str) -> None:
    if field in new:
        old[field] = new[field]
    else:
        old.pop(field, None)


# -- status ------------------------------------------------------------------------------------------------------------

COUNTS = ("active", "succeeded", "failed", "ready", "terminating")
EXCLUSIVE = (
    ("Complete", "Failed", "cannot set Complete=True and Failed=true conditions"),
    ("Complete", "FailureTarget", "cannot set Complete=True and FailureTarget=true conditions"),
    ("SuccessCriteriaMet", "Failed", "cannot set SuccessCriteriaMet=True and Failed=true conditions"),
    ("SuccessCriteriaMet", "FailureTarget", "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
)
FIRST = (
    ("Failed", "FailureTarget", "cannot set Failed=True condition without the FailureTarget=true condition"),
    (
        "Complete",
        "SuccessCriteriaMet",
        "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
    ),
)
"""(a condition, the one that has to come before it, what is said otherwise)"""
LASTING = (
    ("Failed", "cannot disable the terminal Failed=True condition"),
    ("Complete", "cannot disable the terminal Complete=True condition"),
    ("FailureTarget", "cannot disable the terminal FailureTarget=True condition"),
    ("SuccessCriteriaMet", "cannot disable the SuccessCriteriaMet=True condition"),
)


def validate_job_status(new: Object, old: Object) -> Causes:
    status, before, spec = new.get("status") or {}, old.get("status") or {}, new["spec"]
    causes: Causes = []
    for field in COUNTS:
        causes += not_negative(f"status.{field}", status.get(field, 0))
    causes += _validate_uncounted(status.get("uncountedTerminatedPods") or {})
    causes += _validate_conditions(status, before) + _validate_times(status, before, spec)
    if is_true(status, "Complete") or is_true(status, "Failed"):
        causes += _validate_finished(status)
    causes += _validate_indexes(status, spec)
    if status.get("ready", 0) > status.get("active", 0):
        causes.append(invalid("status.ready", status["ready"], "cannot set more ready pods than active"))
    for field in ("failed", "succeeded"):
        if status.get(field, 0) < before.get(field, 0) and (field == "failed" or spec.get("completionMode") != INDEXED):
            causes.append(invalid(f"status.{field}", status.get(field, 0), f"cannot decrease the {field} counter"))
    return causes


def _validate_uncounted(uncounted: Object) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for index, uid in enumerate(uncounted.get(field) or ()):
            at = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                causes.append(invalid(at, uid, "must not be empty"))
            elif uid in seen:
                causes.append(duplicate(at, uid))
            seen.add(uid)
    return causes


def _validate_conditions(status: Object, before: Object) -> Causes:
    found = [text for a, b, text in EXCLUSIVE if is_true(status, a) and is_true(status, b)]
    found += [text for a, b, text in FIRST if is_true(status, a) and not is_true(status, b)]
    found += [text for a, text in LASTING if is_true(before, a) and not is_true(status, a)]
    return [without_value("status.conditions", text) for text in found]


def _validate_times(status: Object, before: Object, spec: Object) -> Causes:
    completed, started, known = status.get("completionTime"), status.get("startTime"), before.get("startTime")
    at, causes, moment = "status.completionTime", Causes(), datetime.fromisoformat
    if completed and not is_true(status, "Complete"):
        causes.append(invalid(at, completed, "cannot set completionTime when there is no Complete=True condition"))
    if not completed and is_true(status, "Complete"):
        causes.append(required(at, "completionTime is required for Complete jobs"))
    if completed and started and moment(completed) < moment(started):
        causes.append(invalid(at, completed, "must be equal to or after `startTime`"))
    if completed and before.get("completionTime") not in (None, completed):
        causes.append(invalid(at, completed, IMMUTABLE))
    if known and known != started and not spec.get("suspend") and not is_true(before, "Suspended"):
        causes.append(required("status.startTime", "startTime cannot be removed for unsuspended job"))
    return causes


def _validate_finished(status: Object) -> Causes:
    causes: Causes = []
    for field in ("active", "terminating"):
        if status.get(field, 0) > 0:
            causes.append(invalid(f"status.{field}", status[field], f"{field}>0 is invalid for finished job"))
    if not status.get("startTime"):
        causes.append(required("status.startTime", "startTime is required for finished job"))
    uncounted = status.get("uncountedTerminatedPods") or {}
    if uncounted.get("succeeded") or uncounted.get("failed"):
        causes.append(invalid("status.uncountedTerminatedPods", uncounted, "must be empty for finished job"))
    return causes


def _validate_indexes(status: Object, spec: Object) -> Causes:
    completions, causes = spec.get("completions", 0), Causes()
    completed, failed = status.get("completedIndexes", ""), status.get("failedIndexes")
    if completed and spec.get("completionMode") != INDEXED:
        text = "cannot set non-empty completedIndexes when non-indexed completion mode"
        causes.append(invalid("status.completedIndexes", completed, text))
    if failed is not None and "backoffLimitPerIndex" not in spec:
        text = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        causes.append(invalid("status.failedIndexes", failed, text))
    for field, text in (("completedIndexes", completed), ("failedIndexes", failed or "")):
        try:
            indexes.count(text, completions)
        except indexes.BadIndexes as error:
            causes.append(invalid(f"status.{field}", text, f"error parsing {field}: {error}"))
    if completed and failed and not causes:
        both = indexes.read(completed, completions) & indexes.read(failed, completions)
        if both:
            text = f"failedIndexes and completedIndexes overlap at index: {min(both)}"
            causes.append(invalid("status.failedIndexes", failed, text))
    return causes
