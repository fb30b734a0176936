"""What the server serves, told to clients: groups, versions, resources, in the old form (one document a group) and in
the aggregated one (everything at once). Pure functions of the catalogue of kinds; who calls them may keep the answers.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from apiserver.kind import Kind, Kinds
from apiserver.objects.versions import version_rank

Document = dict[str, Any]

VERSION: Document = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-06-01T00:00:00Z",
    "goVersion": "go1.26.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}
"""The Kubernetes that is imitated: clients check that it is one they can talk to."""

GROUP_ORDER = (
    "", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
    "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io",
    "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
    "discovery.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io",
)  # fmt: skip
"""Clients that look for a resource by name alone take the first group that has it. Groups not listed come last."""

READ_AND_CHANGE = ("get", "patch", "update")
PROXY = ("create", "delete", "get", "patch", "update")
SUBRESOURCE_VERBS = {
    "attach": ("create", "get"),
    "binding": ("create",),
    "eviction": ("create",),
    "exec": ("create", "get"),
    "finalize": ("update",),
    "log": ("get",),
    "portforward": ("create", "get"),
    "proxy": PROXY,
    "token": ("create",),
}
"""What subresources can do other than READ_AND_CHANGE."""

HOMES = {"Scale": ("autoscaling", "v1"), "Eviction": ("policy", "v1"), "TokenRequest": ("authentication.k8s.io", "v1")}
"""Group and version of kinds that serve as subresources of other groups' kinds."""


def api_versions(server: str) -> Document:
    """GET /api. `server` is the host:port at which clients reach this server."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def api_groups(kinds: Kinds) -> Document:
    """GET /apis."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(kinds, g) for g in _groups(kinds) if g]}


def api_group(kinds: Kinds, group: str) -> Document | None:
    """GET /apis/GROUP; None if there is no such group."""
    if not group or group not in _groups(kinds):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(kinds, group)}


def resources(kinds: Kinds, group_version: str) -> Document:
    """GET /api/v1 and GET /apis/GROUP/VERSION."""
    listed: list[Document] = []
    for kind in _kinds_of(kinds, group_version):
        listed.append(_resource(kinds, kind))
        listed += [_subresource(kind, name, response) for name, response in _subresources(kind)]
    version = {"apiVersion": "v1"} if "/" in group_version else {}
    return {"kind": "APIResourceList", **version, "groupVersion": group_version, "resources": listed}


def aggregated(kinds: Kinds, prefix: str) -> Document:
    """GET /api and GET /apis (`prefix`) of clients that want everything in one answer (apidiscovery.k8s.io/v2)."""
    groups = [group for group in _groups(kinds) if bool(group) == (prefix == "apis")]
    items = []
    for group in groups:
        versions = [
            {
                "version": version,
                "resources": [_discovered(kind) for kind in _kinds_of(kinds, _join(group, version))],
                "freshness": "Current",
            }
            for version in _versions(kinds, group)
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


# -- groups and versions -----------------------------------------------------------------------------------------------


def _groups(kinds: Kinds) -> list[str]:
    """All groups, most important first."""
    found = dict.fromkeys(kind.group for kind in kinds)
    return sorted(found, key=lambda g: (GROUP_ORDER.index(g) if g in GROUP_ORDER else len(GROUP_ORDER), g))


def _versions(kinds: Kinds, group: str) -> list[str]:
    """The versions of a group, preferred one first."""
    return sorted({kind.version for kind in kinds if kind.group == group}, key=version_rank)


def _group(kinds: Kinds, group: str) -> Document:
    versions = [{"groupVersion": _join(group, version), "version": version} for version in _versions(kinds, group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _join(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


def _kinds_of(kinds: Kinds, group_version: str) -> list[Kind]:
    return sorted((kind for kind in kinds if kind.group_version == group_version), key=lambda kind: kind.plural)


# -- resources ---------------------------------------------------------------------------------------------------------


def _resource(kinds: Kinds, kind: Kind) -> Document:
    document: Document = {
        "name": kind.plural,
        "singularName": singular(kind),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": list(kind.verbs),
        **_names(kind),
    }
    if "watch" in kind.verbs:
        document["storageVersionHash"] = _storage_hash(kinds, kind)
    return document


def singular(kind: Kind) -> str:
    return kind.singular or kind.name.lower()


def _names(kind: Kind) -> Document:
    names = {"shortNames": list(kind.short), "categories": list(kind.categories)}
    return {key: value for key, value in names.items() if value}


def _storage_hash(kinds: Kinds, kind: Kind) -> str:
    """Tells clients that migrate stored objects which version is stored: of one kind's faces, the first in the list."""
    stored = next(other for other in kinds if (other.family, other.plural) == (kind.family, kind.plural))
    digest = hashlib.sha256(f"{stored.group}/{stored.version}/{stored.name}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _subresources(kind: Kind) -> list[tuple[str, str]]:
    """(name, kind) of every subresource."""
    found = dict(kind.subresources)
    if kind.status:
        found["status"] = kind.name
    if kind.scale:
        found["scale"] = "Scale"
    return sorted(found.items())


def _subresource(kind: Kind, name: str, response: str) -> Document:
    home = HOMES.get(response)
    return {
        "name": f"{kind.plural}/{name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        **({"group": home[0], "version": home[1]} if home else {}),
        "kind": response,
        "verbs": list(SUBRESOURCE_VERBS.get(name, READ_AND_CHANGE)),
    }


def _discovered(kind: Kind) -> Document:
    document: Document = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.name},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": singular(kind),
        "verbs": list(kind.verbs),
        **_names(kind),
    }
    subresources = []
    for name, response in _subresources(kind):
        group, version = HOMES.get(response, (kind.group, kind.version))
        verbs = list(SUBRESOURCE_VERBS.get(name, READ_AND_CHANGE))
        answer = {"group": group, "version": version, "kind": response}
        subresources.append({"subresource": name, "responseKind": answer, "verbs": verbs})
    if subresources:
        document["subresources"] = subresources
    return document
