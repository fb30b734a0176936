"""What may not change in a Service, and what its status may say, in Kubernetes' words.

A Service keeps its first address and family for as long as it has any; a second one may come and go. ExternalName
Services have neither, so changes from and to them are free.
"""

from __future__ import annotations

from typing import Any

from apiserver.objects import services
from apiserver.objects.services import cluster_ips, ip_families, is_headless, spec_of, type_of
from apiserver.objects.validation import IMMUTABLE, Causes, forbidden, invalid, not_supported, required
from apiserver.objects.validation.addresses import parse_ip, valid_ip
from apiserver.objects.validation.names import dns_subdomain, problems
from apiserver.objects.validation.service import IP_MODES, validate_class

Object = dict[str, Any]

_SET_ONCE = "may not change once set"


def validate_service_update(new: Object, old: Object) -> Causes:
    """What `new` changes that `old` has settled."""
    causes: Causes = []
    if services.EXTERNAL_NAME not in (type_of(new), type_of(old)):
        if not (is_headless(new) and is_headless(old)):
            causes += _validate_cluster_ips(new, old)
        if not is_headless(new) and not is_headless(old):
            causes += _validate_families(new, old)
    causes += _validate_class(new, old) + validate_class(new)
    if services.needs_health_check(old) and services.needs_health_check(new):
        port, before = (spec_of(service).get("healthCheckNodePort", 0) for service in (new, old))
        causes += [] if port == before else [forbidden("spec.healthCheckNodePort", IMMUTABLE)]
    return causes


def _validate_cluster_ips(new: Object, old: Object) -> Causes:
    ips, before = cluster_ips(new), cluster_ips(old)
    if len(ips) == len(before):
        changed = (i for i, (ip, was) in enumerate(zip(ips, before, strict=True)) if ip != was)
        return [invalid(f"spec.clusterIPs[{i}]", ips, _SET_ONCE) for i in changed]
    causes: Causes = []
    if not ips:
        causes.append(invalid("spec.clusterIPs[0]", None, "primary clusterIP can not be unset"))
    elif before and ips[0] != before[0]:
        causes.append(invalid("spec.clusterIPs[0]", ips, _SET_ONCE))
    if len(ips) == 1 and before:
        causes += _validate_release(new, "clusterIP")
    return causes


def _validate_families(new: Object, old: Object) -> Causes:
    families, before = ip_families(new), ip_families(old)
    if len(families) == len(before):
        changed = sum(name != was for name, was in zip(families, before, strict=True))
        return [invalid("spec.ipFamilies[0]", families, _SET_ONCE)] * changed
    causes: Causes = []
    if len(families) < len(before) and not cluster_ips(new):
        causes.append(invalid("spec.ipFamilies[0]", families, "primary ipFamily can not be unset"))
    if families and before and families[0] != before[0]:
        causes.append(invalid("spec.ipFamilies[0]", cluster_ips(new), _SET_ONCE))
    if len(families) == 1 and before:
        causes += _validate_release(new, "ipFamily")
    return causes


def _validate_release(new: Object, what: str) -> Causes:
    policy = spec_of(new).get("ipFamilyPolicy")
    if policy == services.SINGLE_STACK:
        return []
    text = f"must be set to 'SingleStack' when releasing the secondary {what}"
    return [invalid("spec.ipFamilyPolicy", policy, text)]


def _validate_class(new: Object, old: Object) -> Causes:
    if (type_of(new), type_of(old)) != (services.LOAD_BALANCER, services.LOAD_BALANCER):
        return []
    balancer = spec_of(new).get("loadBalancerClass")
    if balancer == spec_of(old).get("loadBalancerClass"):
        return []
    return [invalid("spec.loadBalancerClass", balancer, _SET_ONCE)]


def validate_service_status(new: Object, old: Object) -> Causes:
    """The addresses that a load balancer reports."""
    field = "status.loadBalancer.ingress"
    entries = ((new.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if entries and type_of(new) != services.LOAD_BALANCER:
        return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")]
    causes: Causes = []
    for index, entry in enumerate(entries):
        causes += _validate_ingress(f"{field}[{index}]", entry)
    return causes


def _validate_ingress(field: str, entry: Object) -> Causes:
    ip, mode, hostname = entry.get("ip") or "", entry.get("ipMode"), entry.get("hostname") or ""
    causes: Causes = valid_ip(f"{field}.ip", ip) if ip else []
    if ip and mode is None:
        causes.append(required(f"{field}.ipMode", "must be specified when `ip` is set"))
    elif mode is not None and not ip:
        causes.append(forbidden(f"{field}.ipMode", "may not be specified when `ip` is not set"))
    elif mode is not None and mode not in IP_MODES:
        causes.append(not_supported(f"{field}.ipMode", mode, IP_MODES))
    if hostname:
        causes += problems(f"{field}.hostname", hostname, dns_subdomain(hostname))
        if parse_ip(hostname) is not None:
            causes.append(invalid(f"{field}.hostname", hostname, "must be a DNS name, not an IP address"))
    return causes
