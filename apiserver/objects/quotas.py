"""What objects use of a ResourceQuota, and which of them a quota counts at all.

Each resource of a quota is used by objects of one kind:

    count/KIND.GROUP                                            that kind
    configmaps secrets resourcequotas replicationcontrollers    that kind
    services services.nodeports services.loadbalancers          Services
    persistentvolumeclaims requests.storage
    CLASS.storageclass.storage.k8s.io/...                       PersistentVolumeClaims
    pods cpu memory requests... limits... hugepages-...         Pods that have not finished
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from apiserver.clock import parse_timestamp
from apiserver.objects.poddefaults import BEST_EFFORT, qos_class
from apiserver.objects.podresources import Amounts, of_container, total
from apiserver.objects.quantity import Quantity, parse
from apiserver.objects.services import WITH_NODE_PORT, ports_of, type_of
from apiserver.objects.validation.resources import HUGE_PAGES, is_extended

Object = dict[str, Any]

COUNT, PODS, SERVICES, CLAIMS = "count/", "pods", "services", "persistentvolumeclaims"
BY_NAME = frozenset({"configmaps", "secrets", "resourcequotas", "replicationcontrollers"})
OF_SERVICES = frozenset({SERVICES, "services.nodeports", "services.loadbalancers"})
OF_CLAIMS = frozenset({CLAIMS, "requests.storage"})
STORAGE_CLASS = ".storageclass.storage.k8s.io/"
COMPUTE = ("cpu", "memory", "ephemeral-storage")
MUST_BE_SAID = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
"""Where a quota limits one of these, each container must say how much of it it wants."""
ONE, NONE = Quantity(1), Quantity(0)


def hard_of(quota: Object) -> Amounts:
    return {name: parse(text) for name, text in sorted(((quota.get("spec") or {}).get("hard") or {}).items())}


def used_by(name: str) -> str:
    """The resource (`pods`, `deployments.apps`) whose objects use what a quota calls `name`."""
    if name.startswith(COUNT):
        return name.removeprefix(COUNT)
    if name in BY_NAME:
        return name
    if name in OF_SERVICES:
        return SERVICES
    if name in OF_CLAIMS or STORAGE_CLASS in name:
        return CLAIMS
    return PODS


def usage(resource: str, object: Object, now: datetime) -> Amounts:
    """Everything that one object uses, by the names of quotas."""
    found = {COUNT + resource: ONE}
    if resource in BY_NAME:
        found[resource] = ONE
    elif resource == PODS and is_alive(object, now):
        found |= _of_pod(total(object["spec"], "requests"), total(object["spec"], "limits"))
    elif resource == SERVICES:
        found |= _of_service(object)
    elif resource == CLAIMS:
        found |= _of_claim(object)
    return found


def is_alive(pod: Object, now: datetime) -> bool:
    """Whether a Pod uses anything: it has not finished, and is not overdue to be gone."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    metadata = pod["metadata"]
    gone, grace_seconds = metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
    if not gone or grace_seconds is None:
        return True
    return bool(now <= parse_timestamp(gone) + timedelta(seconds=grace_seconds))


def _of_pod(requests: Amounts, limits: Amounts) -> Amounts:
    found = {PODS: ONE}
    for name, quantity in requests.items():
        if name in COMPUTE or name.startswith(HUGE_PAGES):
            found[name] = quantity
        if name in COMPUTE or name.startswith(HUGE_PAGES) or is_extended(name):
            found[f"requests.{name}"] = quantity
    found |= {f"limits.{name}": quantity for name, quantity in limits.items() if name in COMPUTE}
    return found


def _of_service(service: Object) -> Amounts:
    kind, ports = type_of(service), ports_of(service)
    found = {SERVICES: ONE, "services.nodeports": NONE, "services.loadbalancers": NONE}
    has_ports = service["spec"].get("allocateLoadBalancerNodePorts") is not False
    if kind == "LoadBalancer":
        found["services.loadbalancers"] = ONE
    if kind in WITH_NODE_PORT:
        counted = ports if has_ports else [port for port in ports if port.get("nodePort")]
        found["services.nodeports"] = Quantity(len(counted))
    return found


def _of_claim(claim: Object) -> Amounts:
    spec = claim.get("spec") or {}
    found = {CLAIMS: ONE}
    asked = of_container(spec, "requests").get("storage")
    if asked is not None:
        found["requests.storage"] = asked
    if spec.get("storageClassName"):
        found |= {f"{spec['storageClassName']}{STORAGE_CLASS}{name}": quantity for name, quantity in found.items()}
    return found


def sum_up(usages: Iterable[Amounts], names: Iterable[str]) -> Amounts:
    """The total of each of `names`."""
    result = dict.fromkeys(names, NONE)
    for one in usages:
        for name in result:
            if name in one:
                result[name] += one[name]
    return result


def grown(new: Amounts, old: Amounts) -> Amounts:
    """What `new` uses more than `old`."""
    more = {name: quantity - old.get(name, NONE) for name, quantity in new.items()}
    return {name: quantity for name, quantity in more.items() if quantity.value > 0}


def unsaid(pod: Object, names: Iterable[str]) -> str:
    """Which containers do not say how much they want of what a quota limits: `requests.cpu for: a,b; ...`."""
    asked = sorted(MUST_BE_SAID.intersection(names))
    spec, silent = pod["spec"], dict[str, list[str]]()
    whole = _of_pod(of_container(spec, "requests"), of_container(spec, "limits"))
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        said = _of_pod(of_container(container, "requests"), of_container(container, "limits"))
        for name in asked:
            if name not in said and name not in whole:
                silent.setdefault(name, []).append(container["name"])
    return "; ".join(f"{name} for: {','.join(sorted(set(silent[name])))}" for name in asked if name in silent)


# -- scopes ------------------------------------------------------------------------------------------------------------


def counts(quota: Object, resource: str, object: Object) -> bool:
    """Whether an object is in all scopes of a quota. Only Pods, and claims of a class, are in any."""
    spec = quota.get("spec") or {}
    scopes = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    scopes += (spec.get("scopeSelector") or {}).get("matchExpressions") or []
    return not scopes or all(_is_in(scope, resource, object) for scope in scopes)


def _is_in(scope: Object, resource: str, object: Object) -> bool:
    name, spec = str(scope["scopeName"]), object.get("spec") or {}
    if resource == CLAIMS:
        return name == "VolumeAttributesClass" and _chosen(scope, spec.get("volumeAttributesClassName"))
    if resource != PODS:
        return False
    if name == "PriorityClass":
        return _chosen(scope, spec.get("priorityClassName"))
    if name in ("Terminating", "NotTerminating"):
        return (spec.get("activeDeadlineSeconds") is not None) == (name == "Terminating")
    if name in ("BestEffort", "NotBestEffort"):
        return (qos_class(spec) == BEST_EFFORT) == (name == "BestEffort")
    return name == "CrossNamespacePodAffinity" and _looks_elsewhere(spec.get("affinity") or {})


def _chosen(scope: Object, value: str | None) -> bool:
    """Whether a class name is one that a scope chooses. Its values may be any texts, also such as no label can have."""
    operator, values = scope["operator"], scope.get("values") or ()
    if operator in ("Exists", "DoesNotExist"):
        return bool(value) is bool(operator == "Exists")
    return bool(value and value in values) is bool(operator == "In")


def _looks_elsewhere(affinity: Object) -> bool:
    """Whether a Pod's affinity goes by Pods of other namespaces."""
    terms: list[Object] = []
    for side in ("podAffinity", "podAntiAffinity"):
        given = affinity.get(side) or {}
        terms += given.get("requiredDuringSchedulingIgnoredDuringExecution") or []
        weighted = given.get("preferredDuringSchedulingIgnoredDuringExecution") or []
        terms += [one.get("podAffinityTerm") or {} for one in weighted]
    return any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms)
