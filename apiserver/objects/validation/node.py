"""Validation of Nodes."""

from __future__ import annotations

from apiserver.objects.validation import Causes, Object, duplicate, forbidden, internal, invalid, required, struct
from apiserver.objects.validation.addresses import parse_cidr, valid_cidr
from apiserver.objects.validation.names import config_key, dns_label, dns_subdomain, problems
from apiserver.objects.validation.resources import validate_resource_list
from apiserver.objects.validation.scheduling import validate_taints

CIDR_KEPT = 'node updates may not change podCIDR except from "" to valid'
PROVIDER_KEPT = 'node updates may not change providerID except from "" to valid'


def validate_node(node: Object) -> Causes:
    """Taints are reported under metadata, as Kubernetes does."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    causes = validate_taints("metadata.taints", spec.get("taints") or [])
    for field in ("capacity", "allocatable"):
        causes += validate_resource_list(f"status.{field}", status.get(field) or {}, separator=".")
    return causes + _validate_cidrs(spec.get("podCIDRs") or [])


def _validate_cidrs(cidrs: list[str]) -> Causes:
    causes: Causes = []
    for index, cidr in enumerate(cidrs):
        causes += valid_cidr(f"spec.podCIDRs[{index}]", cidr)
    if len(cidrs) < 2:
        return causes
    parsed = [parse_cidr(cidr) for cidr in cidrs]
    wrong = next((index for index, found in enumerate(parsed) if not found), None)
    if wrong is not None:
        problem = f"invalid CIDR[{wrong}]: <nil> (invalid CIDR address: {cidrs[wrong]})"
        text = f"invalid PodCIDRs. failed to check with dual stack with error:{problem}"
        causes.append(internal("spec.podCIDRs", text))
    families = {found[0].version for found in parsed if found}
    if wrong is not None or len(families) != 2 or len(cidrs) > 2:
        causes.append(invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family"))
    for index, cidr in enumerate(cidrs):
        if cidr in cidrs[:index]:
            causes.append(duplicate(f"spec.podCIDRs[{index}]", cidr))
    return causes


def validate_node_update(new: Object, old: Object) -> Causes:
    """A Node's ranges and its provider's id are given once."""
    spec, before, status = new.get("spec") or {}, old.get("spec") or {}, new.get("status") or {}
    causes: Causes = []
    seen: set[tuple[str, str]] = set()
    for index, address in enumerate(status.get("addresses") or ()):
        key = (address.get("type", ""), address.get("address", ""))
        if key in seen:
            causes.append(duplicate(f"status.addresses[{index}]", struct(("Type", key[0]), ("Address", key[1]))))
        seen.add(key)
    cidrs, old_cidrs = spec.get("podCIDRs") or [], before.get("podCIDRs") or []
    if old_cidrs and len(cidrs) != len(old_cidrs):
        causes.append(forbidden("spec.podCIDRs", CIDR_KEPT))
    elif old_cidrs:
        changed = sum(a != b for a, b in zip(cidrs, old_cidrs, strict=True))
        causes += [forbidden("spec.podCIDRs", CIDR_KEPT)] * changed
    if before.get("providerID") and spec.get("providerID", "") != before["providerID"]:
        causes.append(forbidden("spec.providerID", PROVIDER_KEPT))
    if (source := spec.get("configSource")) is not None:
        causes += _validate_config_source("spec.configSource", source)
    if spec.get("externalID", "") != before.get("externalID", ""):
        causes.append(forbidden("spec.externalID", "may not be updated"))
    return causes


def _validate_config_source(at: str, source: Object) -> Causes:
    """Dynamic kubelet configuration: no longer used, still validated."""
    config = source.get("configMap")
    if config is None:
        return [invalid(at, struct(("ConfigMap", None)), "exactly one reference subfield must be non-nil")]
    at = f"{at}.configMap"
    causes = [
        forbidden(f"{at}.{f}", f"{f} must not be set in spec") for f in ("uid", "resourceVersion") if config.get(f)
    ]
    for field, check in (("namespace", dns_label), ("name", dns_subdomain), ("kubeletConfigKey", config_key)):
        value = config.get(field, "")
        causes += problems(f"{at}.{field}", value, check(value)) if value else [
            required(f"{at}.{field}", f"{field} must be set")
        ]  # fmt: skip
    return causes
