"""Validation of compute resources: requests and limits of containers and Pods, claims, resize policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from apiserver.errors import Cause
from apiserver.objects.podresources import of_containers
from apiserver.objects.quantity import Quantity, parse
from apiserver.objects.validation import (
    NOT_NEGATIVE,
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from apiserver.objects.validation.names import dns_label, problems, qualified_name

HUGE_PAGES = "hugepages-"
COUNTED = frozenset({
    "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
})  # fmt: skip
"""Resources that come in whole numbers."""
CONTAINER_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})
STANDARD_RESOURCES = COUNTED | CONTAINER_RESOURCES | frozenset(
    {"storage", "requests.storage"}
    | {f"{side}.{name}" for side in ("requests", "limits") for name in CONTAINER_RESOURCES}
)  # fmt: skip
POD_RESOURCES = ("cpu", "hugepages-", "memory")

NameCheck = Callable[[str, str], Causes]


def is_native(name: str) -> bool:
    """Whether Kubernetes itself defines the resource."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Whether it is a resource a node advertises on its own, such as `example.com/gpu`."""
    return not is_native(name) and not name.startswith("requests.") and not qualified_name(f"requests.{name}")


def allows_overcommit(name: str) -> bool:
    return is_native(name) and not name.startswith(HUGE_PAGES)


def validate_resource_name(at: str, name: str) -> Causes:
    """A resource that Kubernetes knows, or one with a domain in its name."""
    if found := qualified_name(name):
        return problems(at, name, found)
    standard = name in STANDARD_RESOURCES or name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))
    if "/" not in name and not standard:
        return [invalid(at, name, "must be a standard resource type or fully qualified")]
    return []


def validate_container_resource_name(at: str, name: str) -> Causes:
    if name in CONTAINER_RESOURCES:
        return []
    causes = validate_resource_name(at, name)
    if "/" not in name:
        if not name.startswith(HUGE_PAGES):
            causes.append(invalid(at, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        causes.append(invalid(at, name, "doesn't follow extended resource name standard"))
    return causes


def _validate_pod_resource_name(at: str, name: str) -> Causes:
    causes = validate_resource_name(at, name)
    if not causes and name not in ("cpu", "memory") and not name.startswith(HUGE_PAGES):
        causes.append(not_supported(at, name, POD_RESOURCES))
    return causes


def validate_quantity(at: str, name: str, quantity: Quantity) -> Causes:
    """Not negative, and whole where the resource comes in whole numbers."""
    causes: Causes = []
    if quantity.value < 0:
        causes.append(invalid(at, str(quantity), NOT_NEGATIVE))
    if (name in COUNTED or ("/" in name and is_extended(name))) and not quantity.is_whole:
        causes.append(invalid(at, str(quantity), "must be an integer"))
    return causes


def validate_resource_list(at: str, resources: Mapping[str, str], separator: str = "[") -> Causes:
    """Quantities only, whatever their names (a node's capacity, where the path goes on with a dot)."""
    causes: Causes = []
    for name, text in sorted(resources.items()):
        here = f"{at}[{name}]" if separator == "[" else f"{at}.{name}"
        causes += validate_quantity(here, name, parse(text))
    return causes


def validate_requirements(at: str, resources: Object, claims: Iterable[str]) -> Causes:
    """Requests and limits of a container. `claims` are the names of the Pod's resource claims."""
    return _validate_requirements(at, resources, claims, validate_container_resource_name)


def _validate_requirements(at: str, resources: Object, claims: Iterable[str], check_name: NameCheck) -> Causes:
    limits = _parsed(resources.get("limits"))
    requests = _parsed(resources.get("requests"))
    causes: Causes = []
    for name, quantity in limits.items():
        causes += _validate_amount(f"{at}.limits[{name}]", name, quantity, check_name)
    for name, quantity in requests.items():
        causes += _validate_amount(f"{at}.requests[{name}]", name, quantity, check_name)
        causes += _validate_within_limit(at, name, quantity, limits.get(name))
    used = {*limits, *requests}
    if any(name.startswith(HUGE_PAGES) for name in used) and not used & {"cpu", "memory"}:
        causes.append(forbidden(at, "HugePages require cpu or memory"))
    if named := resources.get("claims"):
        causes += _validate_claim_names(f"{at}.claims", named, list(claims))
    return causes


def _parsed(resources: Mapping[str, str] | None) -> dict[str, Quantity]:
    return {name: parse(resources[name]) for name in sorted(resources)} if resources else {}


def _validate_amount(at: str, name: str, quantity: Quantity, check_name: NameCheck) -> Causes:
    causes = check_name(at, name) + validate_quantity(at, name, quantity)
    if name.startswith(HUGE_PAGES) and not _is_divisible(name, quantity):
        causes.append(invalid(at, str(quantity), f"{quantity} is not positive integer multiple of {name}"))
    return causes


def _is_divisible(name: str, quantity: Quantity) -> bool:
    """Whether an amount of huge pages is a whole number of pages; the resource's name says their size."""
    try:
        page = parse(name.removeprefix(HUGE_PAGES))
    except ValueError:
        return False
    return page.value > 0 and quantity.is_multiple_of(page)


def _validate_within_limit(at: str, name: str, request: Quantity, limit: Quantity | None) -> Causes:
    here = f"{at}.requests"
    overcommit = allows_overcommit(name)
    if limit is None:
        if overcommit:
            return []
        return [required(f"{at}.limits", "Limit must be set for non overcommitable resources")]
    if not overcommit and request.value != limit.value:
        return [invalid(here, str(request), f"must be equal to {name} limit of {limit}")]
    if request.value > limit.value:
        return [invalid(here, str(request), f"must be less than or equal to {name} limit of {limit}")]
    return []


def _validate_claim_names(at: str, claims: list[Object], known: list[str]) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        here, name, part = f"{at}[{index}]", claim.get("name", ""), claim.get("request", "")
        if not name:
            causes.append(required(here))
            continue
        key = f"{name}/{part}" if part else name
        if part and name not in seen:
            causes += problems(f"{here}.request", part, dns_label(part))
        if name in seen or key in seen:
            causes.append(duplicate(here, name if name in seen else key))
        elif not part and any(other.startswith(f"{name}/") for other in seen):
            causes.append(duplicate(here, name))
        seen.add(key)
        if name not in known:
            text = "must be one of the names in pod.spec.resourceClaims"
            text += ": " + ", ".join(sorted(known)) if known else " which is empty"
            causes.append(Cause(here, "FieldValueNotFound", f'Not found: "{name}": {text}'))
    return causes


def validate_overhead(at: str, overhead: Mapping[str, str]) -> Causes:
    """What a runtime class adds to a Pod's resources."""
    return validate_requirements(at, {"limits": overhead}, ())


def validate_resize_policy(at: str, policies: list[Object], restart_policy: str) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        name, restart = policy.get("resourceName", ""), policy.get("restartPolicy", "")
        if name in seen:
            causes.append(duplicate(f"{at}[{index}]", name))
        seen.add(name)
        causes += _validate_choice(at, name, ("cpu", "memory"))
        causes += _validate_choice(at, restart, ("NotRequired", "RestartContainer"))
        if restart_policy == "Never" and restart != "NotRequired":
            causes.append(invalid(at, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'"))
    return causes


def _validate_choice(at: str, value: str, supported: tuple[str, ...]) -> Causes:
    if not value:
        return [required(at)]
    return [] if value in supported else [not_supported(at, value, supported)]


def validate_pod_resources(at: str, spec: Object) -> Causes:
    """Resources of the Pod as a whole: enough for its containers, and no container's limit beyond them."""
    resources = spec["resources"]
    causes: Causes = []
    if resources.get("claims"):
        causes.append(forbidden(f"{at}.claims", "claims cannot be set for Resources at pod-level"))
    causes += _validate_requirements(at, {**resources, "claims": None}, (), _validate_pod_resource_name)
    requests, limits = _parsed(resources.get("requests")), _parsed(resources.get("limits"))
    for name, needed in sorted(of_containers(spec, "requests").items()):
        asked = requests.get(name)
        if needed.value > (asked.value if asked else 0):
            text = f"must be greater than or equal to aggregate container requests of {needed}"
            causes.append(invalid(f"{at}.requests[{name}]", str(asked or "0"), text))
    for index, container in enumerate(spec.get("containers") or ()):
        for name, limit in _parsed((container.get("resources") or {}).get("limits")).items():
            if name in limits and limit.value > limits[name].value:
                text = f"must be less than or equal to pod limits of {limits[name]}"
                causes.append(invalid(f"{at}.containers[{index}][{name}].limits", str(limit), text))
    return causes
