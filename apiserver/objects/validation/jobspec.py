"""Validation of a Job's spec, as it stands in Jobs and in the templates of CronJobs."""

from __future__ import annotations

from typing import Any

from apiserver.errors import Cause
from apiserver.objects import indexes
from apiserver.objects.validation import (
    NOT_NEGATIVE,
    Causes,
    Object,
    Printed,
    duplicate,
    invalid,
    not_negative,
    not_supported,
    required,
    shown,
    struct,
    too_long,
    too_many,
)
from apiserver.objects.validation.names import dns_subdomain, http_path, problems, qualified_name
from apiserver.objects.validation.podspec import validate_template

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
COUNTS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
    "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
OPERATORS = ("In", "NotIn")
STATUSES = ("False", "True", "Unknown")
REPLACEMENTS = ("Failed", "TerminatingOrFailed")

MAX_PARALLELISM = MAX_FAILED_INDEXES = 100_000
MANY_COMPLETIONS = 100_000
MAX_PARALLELISM_OF_MANY = MAX_FAILED_INDEXES_OF_MANY = 10_000
MAX_RULES = MAX_PATTERNS = 20
MAX_EXIT_CODES = 255
MAX_MANAGED_BY_BYTES = 63
MAX_INDEXES_BYTES = 64 * 1024


def validate_job_spec(at: str, spec: Object) -> Causes:
    """All of a spec but its selector."""
    causes: Causes = []
    for field in COUNTS:
        causes += not_negative(f"{at}.{field}", spec.get(field, 0))
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        causes.append(required(f"{at}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    if "managedBy" in spec:
        causes += _validate_managed_by(f"{at}.managedBy", spec["managedBy"])
    causes += _validate_mode(at, spec)
    if (policy := spec.get("podFailurePolicy")) is not None:
        causes += _validate_failure_policy(f"{at}.podFailurePolicy.rules", policy.get("rules") or [], spec)
    if (policy := spec.get("successPolicy")) is not None:
        causes += _validate_success_policy(f"{at}.successPolicy", policy, spec)
    causes += _validate_replacement(f"{at}.podReplacementPolicy", spec)
    causes += validate_template(f"{at}.template", spec["template"])
    return causes + _validate_restart_policy(f"{at}.template.spec.restartPolicy", spec)


def _validate_managed_by(at: str, name: str) -> Causes:
    if not name:
        return [required(at)]
    host, slash, path = name.partition("/")
    causes: Causes = []
    if not (slash and host and path):
        causes.append(invalid(at, name, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    else:
        causes += problems(at, host, dns_subdomain(host)) + problems(at, path, http_path(path))
    if len(name.encode()) > MAX_MANAGED_BY_BYTES:
        causes.append(too_long(at, MAX_MANAGED_BY_BYTES))
    return causes


def _validate_mode(at: str, spec: Object) -> Causes:
    mode = spec.get("completionMode", NON_INDEXED)
    if mode not in (INDEXED, NON_INDEXED):
        return [not_supported(f"{at}.completionMode", mode, (NON_INDEXED, INDEXED))]
    if mode == INDEXED:
        return _validate_indexed(at, spec)
    text = "requires indexed completion mode"
    return [invalid(f"{at}.{f}", spec[f], text) for f in ("backoffLimitPerIndex", "maxFailedIndexes") if f in spec]


def _validate_indexed(at: str, spec: Object) -> Causes:
    causes: Causes = []
    completions, parallelism = spec.get("completions"), spec.get("parallelism", 0)
    failed = spec.get("maxFailedIndexes", 0)
    if completions is None:
        causes.append(required(f"{at}.completions", f"when completion mode is {INDEXED}"))
    if parallelism > MAX_PARALLELISM:
        text = f"must be less than or equal to {MAX_PARALLELISM} when completion mode is {INDEXED}"
        causes.append(invalid(f"{at}.parallelism", parallelism, text))
    if completions is not None and failed > completions:
        causes.append(invalid(f"{at}.maxFailedIndexes", failed, "must be less than or equal to completions"))
    if failed > MAX_FAILED_INDEXES:
        causes.append(invalid(f"{at}.maxFailedIndexes", failed, f"must be less than or equal to {MAX_FAILED_INDEXES}"))
    if (completions or 0) > MANY_COMPLETIONS and "backoffLimitPerIndex" in spec:
        above = f"when completions are above {MANY_COMPLETIONS} and used with backoff limit per index"
        if "maxFailedIndexes" not in spec:
            text = f"must be specified when completions is above {MANY_COMPLETIONS}"
            causes.append(required(f"{at}.maxFailedIndexes", text))
        if parallelism > MAX_PARALLELISM_OF_MANY:
            text = f"must be less than or equal to {MAX_PARALLELISM_OF_MANY} {above}"
            causes.append(invalid(f"{at}.parallelism", parallelism, text))
        if failed > MAX_FAILED_INDEXES_OF_MANY:
            text = f"must be less than or equal to {MAX_FAILED_INDEXES_OF_MANY} {above}"
            causes.append(invalid(f"{at}.maxFailedIndexes", failed, text))
    return causes


def _validate_replacement(at: str, spec: Object) -> Causes:
    policy = spec.get("podReplacementPolicy")
    allowed = REPLACEMENTS[:1] if "podFailurePolicy" in spec else REPLACEMENTS
    return [] if policy is None or policy in allowed else [not_supported(at, policy, allowed)]


def _validate_restart_policy(at: str, spec: Object) -> Causes:
    policy = (spec["template"].get("spec") or {}).get("restartPolicy", "")
    if policy in ("", "Always"):
        return [required(at, 'valid values: "OnFailure", "Never"')]
    if policy not in ("OnFailure", "Never"):
        return [not_supported(at, policy, ("OnFailure", "Never"))]
    if "podFailurePolicy" in spec and policy != "Never":
        return [invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    return []


# -- podFailurePolicy --------------------------------------------------------------------------------------------------


def _validate_failure_policy(at: str, rules: list[Object], spec: Object) -> Causes:
    causes: Causes = []
    if len(rules) > MAX_RULES:
        causes.append(too_many(at, len(rules), MAX_RULES))
    pod = spec["template"].get("spec") or {}
    names = {c.get("name", "") for kind in ("containers", "initContainers") for c in pod.get(kind) or ()}
    for index, rule in enumerate(rules):
        causes += _validate_failure_rule(f"{at}[{index}]", rule, names, spec)
    return causes


def _validate_failure_rule(at: str, rule: Object, names: set[str], spec: Object) -> Causes:
    action, codes, conditions = rule.get("action", ""), rule.get("onExitCodes"), rule.get("onPodConditions") or []
    causes = _one_of(f"{at}.action", action, ACTIONS)
    if action == "FailIndex" and "backoffLimitPerIndex" not in spec:
        causes = [invalid(f"{at}.action", action, "requires the backoffLimitPerIndex to be set")]
    if codes is not None:
        causes += _validate_exit_codes(f"{at}.onExitCodes", codes, names)
    if conditions:
        causes += _validate_patterns(f"{at}.onPodConditions", conditions)
    if codes is not None and conditions:
        causes.append(without_value(at, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not conditions:
        causes.append(without_value(at, "specifying one of OnExitCodes and OnPodConditions is required"))
    return causes


def without_value(at: str, detail: str) -> Cause:
    """An invalid value too long to be shown."""
    return Cause(at, "FieldValueInvalid", f"Invalid value: {detail}")


def _one_of(at: str, value: str, allowed: tuple[str, ...]) -> Causes:
    if not value:
        listed = " ".join(shown(each) for each in allowed)
        return [required(at, f"valid values: [{listed}]")]
    return [] if value in allowed else [not_supported(at, value, allowed)]


def _validate_exit_codes(at: str, codes: Object, names: set[str]) -> Causes:
    operator, container, values = codes.get("operator", ""), codes.get("containerName"), codes.get("values") or []
    causes = _one_of(f"{at}.operator", operator, OPERATORS)
    if container is not None and container not in names:
        text = "must be one of the container or initContainer names in the pod template"
        causes.append(invalid(f"{at}.containerName", container, text))
    if not values:
        causes.append(invalid(f"{at}.values", codes.get("values"), "at least one value is required"))
    elif len(values) > MAX_EXIT_CODES:
        causes.append(too_many(f"{at}.values", len(values), MAX_EXIT_CODES))
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            causes.append(invalid(f"{at}.values[{index}]", value, "must not be 0 for the In operator"))
        if value in values[:index]:
            causes.append(duplicate(f"{at}.values[{index}]", value))
    if values != sorted(values):
        causes.append(invalid(f"{at}.values", values, "must be ordered"))
    return causes


def _validate_patterns(at: str, patterns: list[Object]) -> Causes:
    causes: Causes = []
    if len(patterns) > MAX_PATTERNS:
        causes.append(too_many(at, len(patterns), MAX_PATTERNS))
    for index, pattern in enumerate(patterns):
        type_ = pattern.get("type", "")
        causes += problems(f"{at}[{index}].type", type_, qualified_name(type_))
        causes += _one_of(f"{at}[{index}].status", pattern.get("status", ""), STATUSES)
    return causes


# -- successPolicy -----------------------------------------------------------------------------------------------------


def _validate_success_policy(at: str, policy: Object, spec: Object) -> Causes:
    rules: list[Object] = policy.get("rules") or []
    if spec.get("completionMode", NON_INDEXED) != INDEXED:
        return [invalid(at, _printed_policy(policy), "requires indexed completion mode")]
    causes: Causes = []
    if not rules:
        text = "at least one rules must be specified when the successPolicy is specified"
        causes.append(required(f"{at}.rules", text))
    if len(rules) > MAX_RULES:
        causes.append(too_many(f"{at}.rules", len(rules), MAX_RULES))
    for index, rule in enumerate(rules):
        causes += _validate_success_rule(f"{at}.rules[{index}]", rule, spec.get("completions", 0))
    return causes


def _validate_success_rule(at: str, rule: Object, completions: int) -> Causes:
    listed, wanted = rule.get("succeededIndexes"), rule.get("succeededCount")
    causes: Causes = []
    if listed is None and wanted is None:
        causes.append(required(at, "at least one of succeededCount or succeededIndexes must be specified"))
    total = 0
    if listed is not None:
        if len(listed.encode()) > MAX_INDEXES_BYTES:
            causes.append(too_long(f"{at}.succeededIndexes", MAX_INDEXES_BYTES))
        try:
            total = indexes.count(listed, completions)
        except indexes.BadIndexes as error:
            causes.append(invalid(f"{at}.succeededIndexes", listed, f"error parsing succeededIndexes: {error}"))
    if wanted is not None:
        where = f"{at}.succeededCount"
        if wanted < 0:
            causes.append(invalid(where, wanted, NOT_NEGATIVE))
        if wanted > completions:
            text = f"must be less than or equal to {completions} (the number of specified completions)"
            causes.append(invalid(where, wanted, text))
        if listed is not None and wanted > total:
            which = "the number of indexes in the specified succeededIndexes field"
            causes.append(invalid(where, wanted, f"must be less than or equal to {total} ({which})"))
    return causes


def _printed_policy(policy: Object) -> Printed:
    def one(rule: Object) -> str:
        indexes_, wanted = rule.get("succeededIndexes"), rule.get("succeededCount")
        return str(struct(("SucceededIndexes", indexes_), ("SucceededCount", wanted)))

    rules: Any = policy.get("rules")
    listed = "null" if rules is None else "[" + ",".join(one(rule) for rule in rules) + "]"
    return Printed(f'{{"Rules":{listed}}}')
