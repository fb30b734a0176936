"""Validation of what says where a Pod may run: node selectors, affinity, tolerations and taints, topology spread."""

from __future__ import annotations

from apiserver.objects.validation import (
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    struct,
)
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import dns_label, dns_subdomain, label_value, problems, qualified_name

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
NOT_POSITIVE = "must be greater than zero"
BAD_OPERATOR = "not a valid selector operator"
NO_SELECTOR = "must not be specified when labelSelector is not set"
REQUIRED_TERM = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED_TERM = "preferredDuringSchedulingIgnoredDuringExecution"


def validate_affinity(at: str, affinity: Object) -> Causes:
    causes: Causes = []
    if node := affinity.get("nodeAffinity"):
        causes += _validate_node_affinity(f"{at}.nodeAffinity", node)
    for name in ("podAffinity", "podAntiAffinity"):
        if pods := affinity.get(name):
            causes += _validate_pod_affinity(f"{at}.{name}", pods)
    return causes


def _validate_node_affinity(at: str, affinity: Object) -> Causes:
    causes: Causes = []
    if (selector := affinity.get(REQUIRED_TERM)) is not None:
        causes += validate_node_selector(f"{at}.{REQUIRED_TERM}", selector)
    for index, term in enumerate(affinity.get(PREFERRED_TERM) or ()):
        here = f"{at}.{PREFERRED_TERM}[{index}]"
        causes += _validate_weight(f"{here}.weight", term.get("weight", 0))
        # A preference may name values that are no label values: it then prefers nothing.
        causes += _validate_node_term(f"{here}.preference", term.get("preference") or {}, check_values=False)
    return causes


def validate_node_selector(at: str, selector: Object) -> Causes:
    """A required node selector: at least one term."""
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        return [required(f"{at}.nodeSelectorTerms", "must have at least one node selector term")]
    causes: Causes = []
    for index, term in enumerate(terms):
        causes += _validate_node_term(f"{at}.nodeSelectorTerms[{index}]", term, check_values=True)
    return causes


def _validate_node_term(at: str, term: Object, check_values: bool) -> Causes:
    causes: Causes = []
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        causes += _validate_node_expression(f"{at}.matchExpressions[{index}]", expression, check_values)
    for index, expression in enumerate(term.get("matchFields") or ()):
        causes += _validate_node_field(f"{at}.matchFields[{index}]", expression)
    return causes


def _validate_node_expression(at: str, expression: Object, check_values: bool) -> Causes:
    operator, values = expression.get("operator", ""), expression.get("values") or []
    causes: Causes = []
    if operator in ("In", "NotIn"):
        if not values:
            causes.append(required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            causes.append(forbidden(f"{at}.values", text))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            causes.append(required(f"{at}.values", text))
    else:
        causes.append(invalid(f"{at}.operator", operator, BAD_OPERATOR))
    key = expression.get("key", "")
    causes += problems(f"{at}.key", key, qualified_name(key))
    if check_values:
        for index, value in enumerate(values):
            causes += problems(f"{at}.values[{index}]", value, label_value(value))
    return causes


def _validate_node_field(at: str, expression: Object) -> Causes:
    """Of a node's fields only metadata.name can be selected."""
    operator, values = expression.get("operator", ""), expression.get("values") or []
    key = expression.get("key", "")
    causes: Causes = []
    if operator not in ("In", "NotIn"):
        causes.append(invalid(f"{at}.operator", operator, BAD_OPERATOR))
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        causes.append(required(f"{at}.values", text))
    if key != "metadata.name":
        return [*causes, invalid(f"{at}.key", key, "not a valid field selector key")]
    for index, value in enumerate(values):
        causes += problems(f"{at}.values[{index}]", value, dns_subdomain(value))
    return causes


def _validate_weight(at: str, weight: int) -> Causes:
    return [] if 1 <= weight <= 100 else [invalid(at, weight, "must be in the range 1-100")]


def _validate_pod_affinity(at: str, affinity: Object) -> Causes:
    causes: Causes = []
    for index, term in enumerate(affinity.get(REQUIRED_TERM) or ()):
        causes += _validate_pod_term(f"{at}.{REQUIRED_TERM}[{index}]", term)
    for index, weighted in enumerate(affinity.get(PREFERRED_TERM) or ()):
        here = f"{at}.{PREFERRED_TERM}[{index}]"
        causes += _validate_weight(f"{here}.weight", weighted.get("weight", 0))
        causes += _validate_pod_term(f"{here}.podAffinityTerm", weighted.get("podAffinityTerm") or {})
    return causes


def _validate_pod_term(at: str, term: Object) -> Causes:
    selector = term.get("labelSelector")
    causes = validate_label_selector(f"{at}.labelSelector", selector)
    causes += validate_label_selector(f"{at}.namespaceSelector", term.get("namespaceSelector"))
    for namespace in term.get("namespaces") or ():
        causes += problems(f"{at}.namespace", namespace, dns_label(namespace))
    causes += _validate_label_keys(at, term, selector)
    topology = term.get("topologyKey", "")
    if not topology:
        causes.append(required(f"{at}.topologyKey", "can not be empty"))
    return causes + problems(f"{at}.topologyKey", topology, qualified_name(topology))


def _validate_label_keys(at: str, wish: Object, selector: Object | None) -> Causes:
    """matchLabelKeys and mismatchLabelKeys of a wish about other Pods."""
    causes: Causes = []
    matching, mismatching = wish.get("matchLabelKeys") or [], wish.get("mismatchLabelKeys") or []
    for name, keys in (("matchLabelKeys", matching), ("mismatchLabelKeys", mismatching)):
        if keys and selector is None:
            causes.append(forbidden(f"{at}.{name}", NO_SELECTOR))
        elif keys:
            for index, key in enumerate(keys):
                causes += problems(f"{at}.{name}[{index}]", key, qualified_name(key))
    causes += _validate_keys_not_selected(at, matching, selector)
    for index, key in enumerate(matching):
        if key in mismatching:
            text = "exists in both matchLabelKeys and mismatchLabelKeys"
            causes.append(invalid(f"{at}.matchLabelKeys[{index}]", key, text))
    return causes


def _validate_keys_not_selected(at: str, keys: list[str], selector: Object | None) -> Causes:
    """The server itself turns matchLabelKeys into one expression each, so a second mention of a key is the user's."""
    if selector is None or not keys:
        return []
    causes: Causes = []
    seen = set(selector.get("matchLabels") or ())
    for expression in selector.get("matchExpressions") or ():
        key = expression.get("key", "")
        if key in keys and key in seen:
            text = "exists in both matchLabelKeys and labelSelector"
            causes.append(invalid(f"{at}[{keys.index(key)}]", key, text))
        seen.add(key)
    return causes


def validate_tolerations(at: str, tolerations: list[Object]) -> Causes:
    causes: Causes = []
    for index, toleration in enumerate(tolerations):
        get = toleration.get
        key, operator, effect = get("key", ""), get("operator", ""), get("effect", "")
        here = f"{at}[{index}]"
        if key:
            causes += problems(f"{here}.key", key, qualified_name(key))
        elif operator != "Exists":
            text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            causes.append(invalid(f"{here}.operator", operator, text))
        if effect != "NoExecute" and get("tolerationSeconds") is not None:
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            causes.append(invalid(f"{here}.effect", effect, text))
        causes += _validate_toleration_value(here, operator, get("value", ""))
        if effect and effect not in TAINT_EFFECTS:
            causes.append(not_supported(f"{here}.effect", effect, TAINT_EFFECTS))
    return causes


def _validate_toleration_value(at: str, operator: str, value: str) -> Causes:
    if operator in ("Equal", ""):
        found = label_value(value)
        return [invalid(f"{at}.operator", value, ";".join(found))] if found else []
    if operator == "Exists":
        text = "value must be empty when `operator` is 'Exists'"
        return [invalid(f"{at}.operator", value, text)] if value else []
    return [not_supported(f"{at}.operator", operator, ("Equal", "Exists"))]


def validate_taints(at: str, taints: list[Object]) -> Causes:
    """A node's taints: unique by key and effect."""
    causes: Causes = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        here = f"{at}[{index}]"
        key, value, effect = taint.get("key", ""), taint.get("value", ""), taint.get("effect", "")
        causes += problems(f"{here}.key", key, qualified_name(key))
        if found := label_value(value):
            causes.append(invalid(f"{here}.value", value, ";".join(found)))
        if not effect:
            causes.append(required(f"{here}.effect"))
        elif effect not in TAINT_EFFECTS:
            causes.append(not_supported(f"{here}.effect", effect, TAINT_EFFECTS))
        if (key, effect) in seen:
            shown = struct(("Key", key), ("Value", value), ("Effect", effect), ("TimeAdded", taint.get("timeAdded")))
            causes.append(duplicate(here, shown, "taints must be unique by key and effect pair"))
        seen.add((key, effect))
    return causes


def validate_topology_spread(at: str, constraints: list[Object]) -> Causes:
    causes: Causes = []
    for index, constraint in enumerate(constraints):
        causes += _validate_spread(f"{at}[{index}]", constraint, constraints[index + 1 :])
    return causes


def _validate_spread(at: str, constraint: Object, rest: list[Object]) -> Causes:
    get = constraint.get
    key, action, skew = get("topologyKey", ""), get("whenUnsatisfiable", ""), get("maxSkew", 0)
    causes: Causes = []
    if skew <= 0:
        causes.append(invalid(f"{at}.maxSkew", skew, NOT_POSITIVE))
    if not key:
        causes.append(required(f"{at}.topologyKey", "can not be empty"))
    if action not in ("DoNotSchedule", "ScheduleAnyway"):
        causes.append(not_supported(f"{at}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway")))
    if any(other.get("topologyKey", "") == key and other.get("whenUnsatisfiable", "") == action for other in rest):
        causes.append(duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}"))
    domains = get("minDomains")
    if domains is not None and domains <= 0:
        causes.append(invalid(f"{at}.minDomains", domains, NOT_POSITIVE))
    if domains is not None and action != "DoNotSchedule":
        text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        causes.append(invalid(f"{at}.minDomains", domains, text))
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        policy = get(name)
        if policy is not None and policy not in ("Honor", "Ignore"):
            causes.append(not_supported(f"{at}.{name}", policy, ("Honor", "Ignore")))
    causes += _validate_label_keys(at, constraint, get("labelSelector"))
    return causes + validate_label_selector(f"{at}.labelSelector", get("labelSelector"))
