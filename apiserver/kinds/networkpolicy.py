"""NetworkPolicy: with whom a set of Pods may talk. It is kept and shown; no packet is looked at here."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.selectors import from_object
from apiserver.objects.validation.networkpolicy import policy_warnings, validate_policy


def pod_selector(policy: Object) -> str:
    return str(from_object(policy["spec"].get("podSelector") or {})) or "<none>"


def default(policy: Object) -> None:
    """A policy restricts what comes in, and what goes out where it has rules for that."""
    spec = policy["spec"]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


kind = Kind(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "networkpolicies",
    short=("netpol",),
    has_generation=True,
    columns=(NAME, Column("Pod-Selector", pod_selector), AGE),
    default=default,
    validate=validate_policy,
    warnings=policy_warnings,
)
