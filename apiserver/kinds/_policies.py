"""What the kinds of admission policies and of their bindings share."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.errors import Cause
from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.disruptions import printed_selector

GROUP_VERSION = "admissionregistration.k8s.io/v1"
UNSET = "<unset>"


def policy(name: str, counted: str, validate: Callable[[Object], list[Cause]], *, status: bool) -> Kind:
    """A kind of policies; `counted`: the list in its spec whose length is shown."""
    title = counted.capitalize()
    return Kind(
        GROUP_VERSION,
        name,
        f"{name.lower()[:-1]}ies",
        namespaced=False,
        categories=("api-extensions",),
        has_generation=True,
        status=status,
        columns=(
            NAME,
            Column(title, lambda object: len(object["spec"].get(counted) or ()), "integer"),
            Column("ParamKind", _param_kind),
            AGE,
        ),
        validate=validate,
    )


def binding(name: str, validate: Callable[[Object], list[Cause]]) -> Kind:
    """A kind of bindings, which put policies into force."""
    return Kind(
        GROUP_VERSION,
        name,
        f"{name.lower()}s",
        namespaced=False,
        categories=("api-extensions",),
        has_generation=True,
        columns=(
            NAME,
            Column("PolicyName", lambda object: object["spec"].get("policyName", "")),
            Column("ParamRef", _param_ref),
            AGE,
        ),
        validate=validate,
    )


def _param_kind(policy: Object) -> str:
    kind = policy["spec"].get("paramKind")
    return UNSET if kind is None else f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}"


def _param_ref(binding: Object) -> str:
    reference = binding["spec"].get("paramRef") or {}
    if reference.get("name"):
        return f"{reference.get('namespace') or '*'}/{reference['name']}"
    selector = reference.get("selector")
    return UNSET if selector is None else printed_selector(selector)
