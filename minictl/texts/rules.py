"""RBAC rules as kubectl lists and compares them: taken apart, put together again by resource, and sorted."""

from __future__ import annotations

from itertools import product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    Rule = Mapping[str, Any]

HEAD = ("Resources", "Non-Resource URLs", "Resource Names", "Verbs")
_PRINTED = ("Verbs", "APIGroups", "Resources", "ResourceNames", "NonResourceURLs")
_FIELDS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
ALL = "*"


def rows(rules: Iterable[Rule]) -> list[tuple[str, str, str, str]]:
    """What stands under HEAD: one row for each resource, name or path."""
    found = sorted(compacted(piece for rule in rules for piece in pieces(rule)), key=_sorted_by)
    return [
        (
            _resource(rule),
            brackets(rule.get("nonResourceURLs")),
            brackets(rule.get("resourceNames")),
            brackets(rule.get("verbs")),
        )
        for rule in found
    ]


def brackets(values: Sequence[str] | None) -> str:
    """As Go prints a list: `[get list]`."""
    return f"[{' '.join(values or ())}]"


def _sorted_by(rule: Rule) -> str:
    return "&PolicyRule{" + "".join(f"{name}:{text}," for name, text in _texts(rule)) + "}"


def _texts(rule: Rule) -> list[tuple[str, str]]:
    return [(name, brackets(rule.get(field))) for name, field in zip(_PRINTED, _FIELDS, strict=True)]


def printed(rule: Rule) -> str:
    """As Go prints a PolicyRule: `{Verbs:[get] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}`."""
    return "{" + " ".join(f"{name}:{text}" for name, text in _texts(rule)) + "}"


def _resource(rule: Rule) -> str:
    """The resource under its full name: `pods`, `deployments.apps/scale`."""
    if not rule.get("resources"):
        return ""
    plural, slash, subresource = str(rule["resources"][0]).partition("/")
    group = (rule.get("apiGroups") or [""])[0]
    return (f"{plural}.{group}" if group else plural) + slash + subresource


def pieces(rule: Rule) -> Iterator[Rule]:
    """The smallest rules a rule consists of."""
    names, verbs = rule.get("resourceNames") or (), rule.get("verbs") or ()
    for group, resource, verb in product(rule.get("apiGroups") or (), rule.get("resources") or (), verbs):
        piece = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
        if not names:
            yield piece
        for name in names:
            yield {**piece, "resourceNames": [name]}
    for url, verb in product(rule.get("nonResourceURLs") or (), verbs):
        yield {"verbs": [verb], "nonResourceURLs": [url]}


def compacted(found: Iterable[Rule]) -> list[Rule]:
    """Pieces about one resource put together, with all their verbs; those about paths stay as they are."""
    together: dict[tuple[str, ...], dict[str, Any]] = {}
    apart: list[Rule] = []
    for piece in found:
        if piece.get("nonResourceURLs"):
            apart.append(piece)
            continue
        key = (*piece["apiGroups"], *piece["resources"], *piece.get("resourceNames", ()))
        known = together.setdefault(key, {**piece, "verbs": []})
        known["verbs"] = [*known["verbs"], *piece["verbs"]]
    return [*apart, *together.values()]


def lacking(owned: Iterable[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """The pieces of `wanted` that nothing in `owned` allows."""
    owned = [*owned]
    return [piece for rule in wanted for piece in pieces(rule) if not any(_covers(own, piece) for own in owned)]


def _covers(own: Rule, piece: Rule) -> bool:
    if not _has(own.get("verbs"), piece["verbs"][0]):
        return False
    if piece.get("nonResourceURLs"):
        url = piece["nonResourceURLs"][0]
        return any(
            path == url or (path.endswith(ALL) and url.startswith(path.rstrip(ALL)))
            for path in own.get("nonResourceURLs") or ()
        )
    resource, resources = piece["resources"][0], own.get("resources") or ()
    _, slash, subresource = resource.partition("/")
    own_names, names = own.get("resourceNames"), piece.get("resourceNames")
    return (
        _has(own.get("apiGroups"), piece["apiGroups"][0])
        and (_has(resources, resource) or (bool(slash) and f"*/{subresource}" in resources))
        and (not own_names or (names is not None and names[0] in own_names))
    )


def _has(values: Sequence[str] | None, value: str) -> bool:
    return values is not None and (value in values or ALL in values)
