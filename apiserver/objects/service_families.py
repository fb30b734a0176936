"""Which IP families a Service has: read off its addresses, or the cluster's own, with the policy that belongs to them.

The cluster has one family (that of its service range). A second one can be preferred, and is then not given; it can be
required only by a headless Service without selector, whose addresses are somebody else's business.
"""

from __future__ import annotations

from typing import Any

from apiserver.objects import services
from apiserver.objects.services import cluster_ips, ip_families, spec_of, type_of
from apiserver.objects.validation import Causes, invalid
from apiserver.objects.validation.addresses import family, parse_ip
from apiserver.objects.validation.service import validate_cluster_ips

Object = dict[str, Any]


def settle_families(new: Object, old: Object | None, cluster_family: str) -> Causes:
    """Fill in ipFamilyPolicy and ipFamilies of `new`, or say why that cannot be done."""
    if type_of(new) == services.EXTERNAL_NAME or _keeps_preference(new, old):
        return []
    spec = spec_of(new)
    is_free = spec.get("clusterIP") == services.NONE and not services.has_selector(new)
    if spec.get("ipFamilyPolicy") is None:
        before = spec_of(old).get("ipFamilyPolicy") if old else None
        spec["ipFamilyPolicy"] = before or (services.REQUIRE_DUAL_STACK if is_free else services.SINGLE_STACK)
    if causes := validate_cluster_ips(new, cluster_ips(old) if old else ()):
        return causes
    if causes := [*_follow_old(new, old), *_refuse_two(spec), *_read_off_addresses(new, cluster_family)]:
        return causes
    if is_free:
        _fill_free(spec, cluster_family)
        return []
    if causes := _refuse_unconfigured(spec, cluster_family):
        return causes
    spec["ipFamilies"] = spec.get("ipFamilies") or [cluster_family]
    return []


def _keeps_preference(new: Object, old: Object | None) -> bool:
    """A preference for two families is settled once: an unrelated change does not look again."""
    if old is None or type_of(new) != type_of(old) or type_of(new) not in services.WITH_CLUSTER_IP:
        return False
    policies = {spec_of(new).get("ipFamilyPolicy"), spec_of(old).get("ipFamilyPolicy") or services.PREFER_DUAL_STACK}
    if policies != {services.PREFER_DUAL_STACK}:
        return False
    return cluster_ips(new) == cluster_ips(old) and ip_families(new) == ip_families(old)


def _follow_old(new: Object, old: Object | None) -> Causes:
    """Going back to a single stack lets the second address and family go; nothing else does."""
    if old is None:
        return []
    spec = spec_of(new)
    fields = (
        ("clusterIPs", cluster_ips(new), cluster_ips(old), "cluster IP"),
        ("ipFamilies", ip_families(new), ip_families(old), "IP family"),
    )
    causes: Causes = []
    for field, values, before, what in fields:
        if spec["ipFamilyPolicy"] == services.SINGLE_STACK:
            if values == before and len(values) > 1:
                spec[field] = values[:1]
        elif len(values) == 1 and len(before) > 1 and values[0] == before[0]:
            text = f"must be 'SingleStack' to release the secondary {what}"
            causes.append(invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], text))
    return causes


def _refuse_two(spec: Object) -> Causes:
    if spec["ipFamilyPolicy"] != services.SINGLE_STACK:
        return []
    text = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
    fields = (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families"))
    return [
        invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], text.format(what))
        for field, what in fields
        if len(spec.get(field) or ()) == 2
    ]


def _read_off_addresses(new: Object, cluster_family: str) -> Causes:
    """An address says which family is meant, where none is named."""
    spec, families = spec_of(new), list(ip_families(new))
    causes: Causes = []
    for index, ip in enumerate(cluster_ips(new)):
        address = parse_ip(ip)
        if address is None or index < len(families):
            continue
        found = family(address)
        if found == cluster_family:
            families.append(found)
        else:
            text = f"{found} is not configured on this cluster"
            causes.append(invalid(f"spec.clusterIPs[{index}]", cluster_ips(new), text))
    if families:
        spec["ipFamilies"] = families
    return causes


def _fill_free(spec: Object, cluster_family: str) -> None:
    """Headless without selector: two families even where the cluster has one, unless a single one is asked for."""
    families = spec.get("ipFamilies") or [cluster_family]
    if len(families) < 2 and spec["ipFamilyPolicy"] != services.SINGLE_STACK:
        families = [families[0], services.IPV6 if families[0] == services.IPV4 else services.IPV4]
    spec["ipFamilies"] = families


def _refuse_unconfigured(spec: Object, cluster_family: str) -> Causes:
    causes: Causes = []
    if spec["ipFamilyPolicy"] == services.REQUIRE_DUAL_STACK:
        text = "this cluster is not configured for dual-stack services"
        causes.append(invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], text))
    for index, name in enumerate(spec.get("ipFamilies") or ()):
        if name != cluster_family:
            causes.append(invalid(f"spec.ipFamilies[{index}]", name, "not configured on this cluster"))
    return causes
