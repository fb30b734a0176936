"""ServiceCIDR: a range that Services get their addresses from. The one the cluster was set up with is the one used."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind
from apiserver.objects.validation.servicecidr import validate_range, validate_range_update

kind = Kind(
    "networking.k8s.io/v1",
    "ServiceCIDR",
    "servicecidrs",
    namespaced=False,
    status=True,
    columns=(NAME, Column("CIDRs", lambda range_: ",".join(range_["spec"].get("cidrs") or ())), AGE),
    validate=validate_range,
    validate_update=validate_range_update,
)
