"""Role-based access control as pure functions: what a rule allows, whether some rules cover others, whom a binding is
for. Rules are the PolicyRules of Roles as they stand on the wire; nothing here reads an object or knows who asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from apiserver.quoting import quoted

Rule = Mapping[str, Any]

ALL = "*"
FULL_AUTHORITY: tuple[Rule, ...] = (
    {"verbs": [ALL], "apiGroups": [ALL], "resources": [ALL]},
    {"verbs": [ALL], "nonResourceURLs": [ALL]},
)
ACCOUNT_PREFIX = "system:serviceaccount:"


class Attributes(NamedTuple):
    """What a request asks for: something of a resource, or where `path` is set, of a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    version: str = ""


# -- one rule ----------------------------------------------------------------------------------------------------------


def allows(rule: Rule, wanted: Attributes) -> bool:
    """Whether a rule, granted where `wanted` is asked for, allows it."""
    if not _has(rule.get("verbs"), wanted.verb):
        return False
    if wanted.path:
        return any(_path_covers(path, wanted.path) for path in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    return (
        _has(rule.get("apiGroups"), wanted.group)
        and _resource_matches(rule.get("resources") or (), wanted)
        and (not names or wanted.name in names)
    )


def _has(values: Sequence[str] | None, value: str) -> bool:
    return values is not None and (value in values or ALL in values)


def _resource_matches(resources: Sequence[str], wanted: Attributes) -> bool:
    if ALL in resources:
        return True
    if not wanted.subresource:
        return wanted.resource in resources
    return f"{wanted.resource}/{wanted.subresource}" in resources or f"*/{wanted.subresource}" in resources


def _path_covers(owned: str, path: str) -> bool:
    return owned == path or (owned.endswith(ALL) and path.startswith(owned.rstrip(ALL)))


# -- rules against rules -----------------------------------------------------------------------------------------------


def missing(owned: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """What of `wanted` is not covered by `owned`, in the smallest pieces there are."""
    return [piece for rule in wanted for piece in _pieces(rule) if not any(_covers(own, piece) for own in owned)]


def _pieces(rule: Rule) -> Iterator[Rule]:
    names = rule.get("resourceNames") or ()
    for group, resource, verb in product(
        rule.get("apiGroups") or (), rule.get("resources") or (), rule.get("verbs") or ()
    ):
        piece = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
        if not names:
            yield piece
        for name in names:
            yield {**piece, "resourceNames": [name]}
    for url, verb in product(rule.get("nonResourceURLs") or (), rule.get("verbs") or ()):
        yield {"verbs": [verb], "nonResourceURLs": [url]}


def _covers(own: Rule, piece: Rule) -> bool:
    if not _has(own.get("verbs"), piece["verbs"][0]):
        return False
    urls = piece.get("nonResourceURLs")
    if urls:
        return any(_path_covers(path, urls[0]) for path in own.get("nonResourceURLs") or ())
    resource, owned = piece["resources"][0], own.get("resources") or ()
    _, slash, subresource = resource.partition("/")
    if not (ALL in owned or resource in owned or (slash and f"*/{subresource}" in owned)):
        return False
    own_names, names = own.get("resourceNames"), piece.get("resourceNames")
    named = not own_names or (names is not None and names[0] in own_names)
    return named and _has(own.get("apiGroups"), piece["apiGroups"][0])


def compacted(rules: Iterable[Rule]) -> list[Rule]:
    """The same rules, those that differ only in their verbs put together."""
    found: dict[Any, dict[str, Any]] = {}
    for index, rule in enumerate(rules):
        names = rule.get("resourceNames") or ()
        simple = (
            len(rule.get("apiGroups") or ()) == 1
            and len(rule.get("resources") or ()) == 1
            and len(names) <= 1
            and not rule.get("nonResourceURLs")
        )
        key = (rule["apiGroups"][0], rule["resources"][0], *names) if simple else index
        known = found.setdefault(key, {**rule, "verbs": []})
        known["verbs"] = [*known["verbs"], *(rule.get("verbs") or ())]
    return list(found.values())


_SHOWN = {
    "APIGroups": "apiGroups", "Resources": "resources", "NonResourceURLs": "nonResourceURLs",
    "ResourceNames": "resourceNames", "Verbs": "verbs",
}  # fmt: skip


def described(rule: Rule) -> str:
    """`{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`."""
    parts = [f"{name}:{strings(rule[field])}" for name, field in _SHOWN.items() if rule.get(field)]
    return "{" + ", ".join(parts) + "}"


def strings(values: Iterable[str]) -> str:
    """A list of strings as Go's %q prints it: `["a" "b"]`."""
    return "[" + " ".join(map(quoted, values)) + "]"


# -- bindings ----------------------------------------------------------------------------------------------------------


def subject_of(binding: Rule, user: str, groups: Iterable[str]) -> Rule | None:
    """The subject of a binding that a user is, if any."""
    home = binding["metadata"].get("namespace", "")
    subjects: Sequence[Rule] = binding.get("subjects") or ()
    for subject in subjects:
        match subject.get("kind"):
            case "User":
                found = subject["name"] == user
            case "Group":
                found = subject["name"] in groups
            case "ServiceAccount":
                namespace = subject.get("namespace") or home
                found = bool(namespace) and user == f"{ACCOUNT_PREFIX}{namespace}:{subject['name']}"
            case _:
                found = False
        if found:
            return subject
    return None


def reason(binding: Rule, subject: Rule) -> str:
    """Why a request is allowed, in RBAC's words."""
    metadata, role = binding["metadata"], binding["roleRef"]
    home = metadata.get("namespace", "")
    kind, name = ("RoleBinding", f"{metadata['name']}/{home}") if home else ("ClusterRoleBinding", metadata["name"])
    who = subject["name"]
    if subject["kind"] == "ServiceAccount":
        who += "/" + (subject.get("namespace") or home)
    return (
        f"RBAC: allowed by {kind} {quoted(name)} of {role['kind']} {quoted(role['name'])} "
        f"to {subject['kind']} {quoted(who)}"
    )


# -- aggregation -------------------------------------------------------------------------------------------------------


def aggregated(parts: Iterable[Sequence[Rule]]) -> list[Rule]:
    """The rules of several roles, each once, in order of appearance."""
    found: list[Rule] = []
    for rules in parts:
        found += [rule for rule in rules if rule not in found]
    return found
