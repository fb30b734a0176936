"""ServiceAccount: who a Pod is."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Kind, Object

ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"


def warnings(new: Object, old: Object | None) -> list[str]:
    if ENFORCE_MOUNTABLE not in (new["metadata"].get("annotations") or {}):
        return []
    advice = "prefer separate namespaces to isolate access to mounted secrets"
    return [f"metadata.annotations[{ENFORCE_MOUNTABLE}]: deprecated in v1.32+; {advice}"]


kind = Kind(
    "v1",
    "ServiceAccount",
    "serviceaccounts",
    short=("sa",),
    columns=(NAME, AGE),
    subresources={"token": "TokenRequest"},
    warnings=warnings,
    deletes_to_status=False,
)
