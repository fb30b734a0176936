"""Expressions about a request that would change an object: those of webhooks' matchConditions and of policies.

object, oldObject          the objects, null where there is none         request    who asks for what
namespaceObject            the namespace they are in                     params     an object of a policy's paramKind
variables.NAME             what a policy has worked out before
authorizer, authorizer.requestResource     what the one who asks may do
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from apiserver.objects.expressions import running
from apiserver.objects.expressions.loading import BadExpression, is_available
from apiserver.objects.expressions.syntax import DOTTED
from apiserver.objects.expressions.typing import ANYTHING, Scope

NAMES = frozenset(("object", "oldObject", "request", "namespaceObject", "params", "variables", "authorizer", DOTTED))
UNAVAILABLE = "conditions in CEL need the Python package cel-expr-python, which is not installed here"

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_TIME = {"type": "string", "format": "date-time"}


def _object(**fields: Any) -> Any:
    return {"type": "object", "properties": fields}


def _map(values: Any) -> Any:
    return {"type": "object", "additionalProperties": values}


_KIND = _object(group=_TEXT, version=_TEXT, kind=_TEXT)
_RESOURCE = _object(group=_TEXT, version=_TEXT, resource=_TEXT)
REQUEST = _object(
    kind=_KIND, resource=_RESOURCE, subResource=_TEXT, requestKind=_KIND, requestResource=_RESOURCE,
    requestSubResource=_TEXT, name=_TEXT, namespace=_TEXT, operation=_TEXT,
    userInfo=_object(username=_TEXT, uid=_TEXT, groups=_TEXTS, extra=_map(_TEXTS)), dryRun={"type": "boolean"},
    options={},
)  # fmt: skip
NAMESPACE = _object(
    metadata=_object(
        name=_TEXT, generateName=_TEXT, namespace=_TEXT, labels=_map(_TEXT), annotations=_map(_TEXT), UID=_TEXT,
        creationTimestamp=_TIME, deletionGracePeriodSeconds={"type": "integer"}, deletionTimestamp=_TIME,
        generation={"type": "integer"}, resourceVersion=_TEXT, finalizers=_TEXTS,
    ),
    spec=_object(finalizers=_TEXTS),
    status=_object(
        phase=_TEXT,
        conditions={
            "type": "array",
            "items": _object(status=_TEXT, type=_TEXT, lastTransitionTime=_TIME, message=_TEXT, reason=_TEXT),
        },
    ),
)  # fmt: skip
"""What expressions see of a namespace; the rest is kept from them."""
_AUTHORIZER = {
    "authorizer": "kubernetes.authorization.Authorizer",
    DOTTED: "kubernetes.authorization.ResourceCheck",
}
_SIMPLE = {"BOOL": "boolean", "STRING": "string", "INT": "integer", "DOUBLE": "number"}


class Sight(NamedTuple):
    """What an expression can see besides the request; `variables`: their names, each with the compiler's type."""

    has_params: bool = False
    has_authorizer: bool = True
    variables: tuple[tuple[str, str], ...] = ()


def type_of(text: str, sight: Sight, *wanted: str) -> str:
    """The type of an expression, one of those wanted ("bool", "list(string)"; none: any).

    Raises BadExpression with what Kubernetes says of it.
    """
    if not is_available():
        raise BadExpression(UNAVAILABLE)
    try:
        found = _scope(sight).check(text)
    except BadExpression as error:
        raise BadExpression(f"compilation failed: {error}") from None
    is_open = found.type == ANYTHING and bool(sight.variables)  # a variable may have a type that is not followed
    said = in_go(found.type)
    if wanted and said not in wanted and not is_open:
        which = wanted[0] if len(wanted) == 1 else f"one of [{' '.join(wanted)}]"
        raise BadExpression(f"must evaluate to {which} but got {said}")
    return found.type


def parsed(text: str) -> None:
    """Make sure that an expression can be read: one that says how an object changes, in types that nobody declares.

    Raises BadExpression.
    """
    if not is_available():
        raise BadExpression(UNAVAILABLE)
    running.over(text.strip(), NAMES)


def in_go(type_: str) -> str:
    """A type as cel-go writes it: `list(string)`."""
    return re.sub(r"\b[A-Z]+\b", lambda found: found[0].lower(), type_).replace("<", "(").replace(">", ")")


@lru_cache(maxsize=64)
def _scope(sight: Sight) -> Scope:
    seen: dict[str, Any] = {"object": {}, "oldObject": {}, "request": REQUEST, "namespaceObject": NAMESPACE}
    if sight.has_params:
        seen["params"] = {}
    if sight.has_authorizer:
        seen |= _AUTHORIZER
    if sight.variables:
        seen["variables"] = _object(**{name: _described(type_) for name, type_ in sight.variables})
    return Scope(seen)


def _described(type_: str) -> Mapping[str, Any]:
    return {"type": _SIMPLE[type_]} if type_ in _SIMPLE else {}
