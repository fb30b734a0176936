"""Admission policies and their bindings: what is wrong with them, in Kubernetes' words."""

from __future__ import annotations

import re
from typing import Any

from apiserver.objects.expressions import requests
from apiserver.objects.expressions.loading import BadExpression
from apiserver.objects.expressions.requests import Sight
from apiserver.objects.expressions.values import KEYWORDS
from apiserver.objects.validation import Causes, duplicate, forbidden, invalid, not_supported, required
from apiserver.objects.validation.expressions import expression, match_conditions
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import dns_subdomain, path_segment, qualified_name, rfc1035_label
from apiserver.objects.validation.webhooks import CHOICES, rule_causes

Object = dict[str, Any]

MAX_ANNOTATIONS = 20
MAX_VALUE_EXPRESSION_BYTES = 5 * 1024
ACTIONS = ("Audit", "Deny", "Warn")
AGAIN = ("Never", "IfNeeded")
MUTABLE = ("*", "CONNECT", "CREATE", "UPDATE")
"""The operations whose object can be changed on its way."""
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
ONE_OF_BOTH = "validations or auditAnnotations must contain at least one item"
TWICE = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and "
    "headers serves no purpose)"
)
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*\Z")
_NEWLINES = re.compile(r"[\n\r]")


def validating(policy: Object) -> Causes:
    """What is wrong with a ValidatingAdmissionPolicy."""
    spec = policy["spec"]
    causes, sight = _common(spec)
    checks, notes = spec.get("validations") or [], spec.get("auditAnnotations") or []
    if not checks and not notes:
        return causes + [required(f"spec.{field}", ONE_OF_BOTH) for field in ("validations", "auditAnnotations")]
    for index, check in enumerate(checks):
        causes += _validation(check, f"spec.validations[{index}]", sight)
    return causes + _annotations(policy["metadata"].get("name", ""), notes, sight)


def mutating(policy: Object) -> Causes:
    """What is wrong with a MutatingAdmissionPolicy."""
    spec = policy["spec"]
    causes, sight = _common(spec, mutates=True)
    mutations, again = spec.get("mutations") or [], spec.get("reinvocationPolicy")
    if not mutations:
        causes.append(required("spec.mutations", "mutations must contain at least one item"))
    for index, mutation in enumerate(mutations):
        causes += _mutation(mutation, f"spec.mutations[{index}]", sight)
    if not again:
        causes.append(required("spec.reinvocationPolicy"))
    elif again not in AGAIN:
        causes.append(not_supported("spec.reinvocationPolicy", again, AGAIN))
    return causes


def validating_binding(binding: Object) -> Causes:
    """What is wrong with a ValidatingAdmissionPolicyBinding."""
    causes = _binding(binding) + _match_resources(binding["spec"].get("matchResources"), "spec.matchResouces")
    return causes + _actions(binding["spec"].get("validationActions") or [], "spec.validationActions")


def mutating_binding(binding: Object) -> Causes:
    """What is wrong with a MutatingAdmissionPolicyBinding."""
    match, at = binding["spec"].get("matchResources"), "spec.matchResources"
    return _binding(binding) + _match_resources(match, at) + _immutable(match, at)


def _common(spec: Object, *, mutates: bool = False) -> tuple[Causes, Sight]:
    """What is wrong with what both kinds of policies have; and what their expressions can see."""
    policy = spec.get("failurePolicy")
    causes = [] if policy in CHOICES["failurePolicy"] else [_choice("spec.failurePolicy", policy, "failurePolicy")]
    parameters, constraints = spec.get("paramKind"), spec.get("matchConstraints")
    if parameters is not None:
        causes += _param_kind(parameters, "spec.paramKind")
    if constraints is None:
        causes.append(required("spec.matchConstraints"))
    else:
        causes += _match_resources(constraints, "spec.matchConstraints")
        if not constraints.get("resourceRules"):
            causes.append(required("spec.matchConstraints.resourceRules"))
        causes += _immutable(constraints, "spec.matchConstraints") if mutates else []
    sight = Sight(has_params=parameters is not None)
    causes += match_conditions(spec.get("matchConditions"), "spec.matchConditions", sight)
    for index, variable in enumerate(spec.get("variables") or ()):
        more, type_ = _variable(variable, f"spec.variables[{index}]", sight)
        causes += more
        if variable.get("name"):
            sight = sight._replace(variables=(*sight.variables, (variable["name"], type_)))
    return causes, sight


def _choice(at: str, said: Any, field: str) -> Any:
    return not_supported(at, said, CHOICES[field]) if said is not None else required(at)


def _param_kind(parameters: Object, at: str) -> Causes:
    causes: Causes = []
    version_text, name = parameters.get("apiVersion", ""), parameters.get("kind", "")
    group, slash, version = version_text.rpartition("/")
    if not version_text:
        causes.append(required(f"{at}.apiVersion"))
    elif "/" in group:
        detail = f"unexpected GroupVersion string: {version_text}"
        causes.append(invalid(f"{at}.apiVersion", version_text, detail))
    else:
        if slash and group and (found := dns_subdomain(group)):
            causes.append(invalid(f"{at}.apiVersion", group, ",".join(found)))
        if not version:
            causes.append(invalid(f"{at}.apiVersion", version_text, "version must be specified"))
        elif found := rfc1035_label(version):
            causes.append(invalid(f"{at}.apiVersion", version, ",".join(found)))
    if not name:
        causes.append(required(f"{at}.kind"))
    elif found := rfc1035_label(name.lower()):
        detail = f"may have mixed case, but should otherwise match: {','.join(found)}"
        causes.append(invalid(f"{at}.kind", name, detail))
    return causes


def _match_resources(match: Object | None, at: str) -> Causes:
    if match is None:
        return []
    policy = match.get("matchPolicy")
    causes = [] if policy in CHOICES["matchPolicy"] else [_choice(f"{at}.matchPolicy", policy, "matchPolicy")]
    for field in ("namespaceSelector", "objectSelector"):
        causes += validate_label_selector(f"{at}.{field}", match.get(field))
    for field in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(field) or ()):
            causes += _named_rule(rule, f"{at}.{field}[{index}]")
    return causes


def _immutable(match: Object | None, at: str) -> Causes:
    """The operations that match and change nothing that could be changed otherwise."""
    operations = [name for rule in (match or {}).get("resourceRules") or () for name in rule.get("operations") or ()]
    at = f"{at}.resourceRules.operations"
    return [not_supported(at, operation, MUTABLE) for operation in operations if operation not in MUTABLE]


def _named_rule(rule: Object, at: str) -> Causes:
    causes: Causes = []
    names = rule.get("resourceNames") or []
    for index, name in enumerate(names):
        causes += [invalid(f"{at}.resourceNames[{index}]", name, said) for said in path_segment(name)]
        if name in names[:index]:
            causes.append(duplicate(f"{at}.resourceNames[{index}]", name))
    return causes + rule_causes(rule, at)


def _variable(variable: Object, at: str, sight: Sight) -> tuple[Causes, str]:
    """What is wrong with a variable, and its type as far as it has one."""
    name, text = variable.get("name", ""), variable.get("expression", "")
    causes: Causes = []
    if not name.strip():
        causes.append(required(f"{at}.name", "name is not specified"))
    elif not _IDENTIFIER.match(name) or name in KEYWORDS:
        causes.append(invalid(f"{at}.name", name, "name is not a valid CEL identifier"))
    if not text.strip():
        return [*causes, required(f"{at}.expression", "expression is not specified")], ""
    try:
        return causes, requests.type_of(text, sight)
    except BadExpression as error:
        return [*causes, invalid(f"{at}.expression", text, str(error))], ""


def _validation(check: Object, at: str, sight: Sight) -> Causes:
    text, message, working_out = (check.get(field, "") for field in ("expression", "message", "messageExpression"))
    causes: Causes = []
    if not text.strip():
        causes.append(required(f"{at}.expression", "expression is not specified"))
    else:
        causes += expression(text, f"{at}.expression", sight, "bool")
    if working_out and not working_out.strip():
        causes.append(invalid(f"{at}.messageExpression", working_out, "must be non-empty if specified"))
    elif working_out:
        sight = sight._replace(has_authorizer=False)
        causes += expression(working_out, f"{at}.messageExpression", sight, "string")
    if message and not message.strip():
        causes.append(invalid(f"{at}.message", message, "message must be non-empty if specified"))
    elif _NEWLINES.search(message.strip()):
        causes.append(invalid(f"{at}.message", message, "message must not contain line breaks"))
    reason = check.get("reason")
    if reason is not None and reason not in REASONS:
        causes.append(not_supported(f"{at}.reason", reason, REASONS))
    return causes


def _annotations(policy: str, notes: list[Object], sight: Sight) -> Causes:
    at = "spec.auditAnnotations"
    causes: Causes = []
    if len(notes) > MAX_ANNOTATIONS:
        shown = [{"Key": note.get("key", ""), "ValueExpression": note.get("valueExpression", "")} for note in notes]
        causes.append(invalid(at, shown, f"must not have more than {MAX_ANNOTATIONS} auditAnnotations"))
    keys: set[str] = set()
    for index, note in enumerate(notes):
        key, text, place = note.get("key", ""), note.get("valueExpression", "").strip(), f"{at}[{index}]"
        if policy:
            whole = f"{policy}/{key}"
            causes += [invalid(f"{place}.key", whole, said) for said in qualified_name(whole)]
        else:
            causes.append(invalid(f"{place}.key", key, "requires metadata.name be non-empty"))
        if not text:
            causes.append(required(f"{place}.valueExpression", "valueExpression is not specified"))
        elif len(text.encode()) > MAX_VALUE_EXPRESSION_BYTES:
            detail = f"must not exceed {MAX_VALUE_EXPRESSION_BYTES} bytes in length"
            causes.append(required(f"{place}.valueExpression", detail))
        else:
            causes += expression(text, f"{place}.valueExpression", sight, "string", "null_type")
        if key in keys:
            causes.append(duplicate(f"{place}.key", key))
        keys.add(key)
    return causes


_FIELDS = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}


def _mutation(mutation: Object, at: str, sight: Sight) -> Causes:
    type_ = mutation.get("patchType", "")
    if not type_:
        return [required(f"{at}.patchType")]
    if type_ not in _FIELDS:
        return [not_supported(f"{at}.patchType", type_, list(_FIELDS))]
    change = mutation.get(_FIELDS[type_])
    if change is None:
        causes = [required(f"{at}.{_FIELDS[type_]}", f"must be specified when patchType is {type_}")]
    else:
        causes = _change(change.get("expression", ""), f"{at}.{_FIELDS[type_]}.expression", sight)
    others = [field for named, field in _FIELDS.items() if named != type_ and mutation.get(field) is not None]
    detail = f"must not be specified when patchType is {type_}"
    return causes + [invalid(f"{at}.{field}", f"{{{field}}}", detail) for field in others]


def _change(text: str, at: str, sight: Sight) -> Causes:
    if not text.strip():
        return [required(at)]
    try:
        requests.parsed(text)
    except BadExpression as error:
        return [invalid(at, text, f"compilation failed: {error}")]
    return []


def _binding(binding: Object) -> Causes:
    spec = binding["spec"]
    name = spec.get("policyName", "")
    causes = [invalid("spec.policyName", name, said) for said in dns_subdomain(name)] if name else []
    if not name:
        causes.append(required("spec.policyName"))
    return causes + _param_ref(spec.get("paramRef"), "spec.paramRef")


def _param_ref(reference: Object | None, at: str) -> Causes:
    if reference is None:
        return []
    name, selector, action = (reference.get(field) for field in ("name", "selector", "parameterNotFoundAction"))
    both = "name and selector are mutually exclusive"
    causes = [invalid(f"{at}.name", name, said) for said in path_segment(name)] if name else []
    if name and selector is not None:
        causes.append(forbidden(f"{at}.name", both))
    causes += validate_label_selector(f"{at}.selector", selector)
    if name and selector is not None:
        causes.append(forbidden(f"{at}.selector", both))
    if not name and selector is None:
        causes.append(required(at, "one of name or selector must be specified"))
    if not action:
        causes.append(required(f"{at}.parameterNotFoundAction"))
    elif action not in ("Deny", "Allow"):
        causes.append(not_supported(f"{at}.parameterNotFoundAction", action, ["Deny", "Allow"]))
    return causes


def _actions(actions: list[str], at: str) -> Causes:
    causes: Causes = []
    for index, action in enumerate(actions):
        if action not in ACTIONS:
            causes.append(not_supported(f"{at}[{index}]", action, ACTIONS))
        if action in actions[:index]:
            causes.append(duplicate(f"{at}[{index}]", action))
    if {"Deny", "Warn"} <= set(actions):
        causes.append(invalid(at, actions, TWICE))
    return causes if actions else [required(at, "at least one validation action is required")]
