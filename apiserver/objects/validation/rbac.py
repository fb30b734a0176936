"""Validation of RBAC objects: rules, role references, subjects."""

from __future__ import annotations

from apiserver.objects.validation import Causes, Object, Printed, invalid, not_supported, required, struct
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import path_segment, problems, subdomain_name

GROUP = "rbac.authorization.k8s.io"
ACCOUNT, USER, GROUP_OF_USERS = "ServiceAccount", "User", "Group"


def validate_rules(rules: list[Object] | None, *, namespaced: bool) -> Causes:
    causes: Causes = []
    for index, rule in enumerate(rules or ()):
        causes += _validate_rule(f"rules[{index}]", rule, namespaced)
    return causes


def _validate_rule(at: str, rule: Object, namespaced: bool) -> Causes:
    causes = [] if rule.get("verbs") else [required(f"{at}.verbs", "verbs must contain at least one value")]
    urls, names, resources = rule.get("nonResourceURLs"), rule.get("resourceNames"), rule.get("resources")
    if urls:
        field = f"{at}.nonResourceURLs"
        if namespaced:
            causes.append(invalid(field, urls, "namespaced rules cannot apply to non-resource URLs"))
        if rule.get("apiGroups") or resources or names:
            text = "rules cannot apply to both regular resources and non-resource URLs"
            causes.append(invalid(field, urls, text))
        return causes
    if not rule.get("apiGroups"):
        causes.append(required(f"{at}.apiGroups", "resource rules must supply at least one api group"))
    if not resources:
        causes.append(required(f"{at}.resources", "resource rules must supply at least one resource"))
    return causes


def validate_aggregation(rule: Object | None) -> Causes:
    if rule is None:
        return []
    field, selectors = "aggregationRule.clusterRoleSelectors", rule.get("clusterRoleSelectors") or []
    if not selectors:
        return [required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil")]
    return [
        cause
        for index, selector in enumerate(selectors)
        for cause in validate_label_selector(f"{field}[{index}]", selector)
    ]


def validate_binding(binding: Object, kinds: tuple[str, ...], *, namespaced: bool) -> Causes:
    """`kinds` are the kinds of roles it may grant."""
    role, causes = binding.get("roleRef") or {}, []
    if role.get("apiGroup") != GROUP:
        causes.append(not_supported("roleRef.apiGroup", role.get("apiGroup", ""), [GROUP]))
    if role.get("kind") not in kinds:
        causes.append(not_supported("roleRef.kind", role.get("kind", ""), kinds))
    name = role.get("name", "")
    causes += problems("roleRef.name", name, path_segment(name)) if name else [required("roleRef.name")]
    for index, subject in enumerate(binding.get("subjects") or ()):
        causes += _validate_subject(f"subjects[{index}]", subject, namespaced)
    return causes


def _validate_subject(at: str, subject: Object, namespaced: bool) -> Causes:
    kind, name, group = subject.get("kind", ""), subject.get("name", ""), subject.get("apiGroup", "")
    causes = [] if name else [required(f"{at}.name")]
    if kind == ACCOUNT:
        causes += problems(f"{at}.name", name, subdomain_name(name, False)) if name else []
        if group:
            causes.append(not_supported(f"{at}.apiGroup", group, [""]))
        if not namespaced and not subject.get("namespace"):
            causes.append(required(f"{at}.namespace"))
    elif kind in (USER, GROUP_OF_USERS):
        if not name:
            causes.append(invalid(f"{at}.name", name, f"{kind.lower()} name cannot be empty"))
        if group != GROUP:
            causes.append(not_supported(f"{at}.apiGroup", group, [GROUP]))
    else:
        causes.append(not_supported(f"{at}.kind", kind, [ACCOUNT, USER, GROUP_OF_USERS]))
    return causes


def validate_binding_update(new: Object, old: Object) -> Causes:
    """What a binding grants is for good: who may change its subjects may not make them mightier."""
    if new.get("roleRef") == old.get("roleRef"):
        return []
    return [invalid("roleRef", _shown(new.get("roleRef") or {}), "cannot change roleRef")]


def _shown(role: Object) -> Printed:
    fields = (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
    return struct(*((shown, role.get(name, "")) for shown, name in fields))
