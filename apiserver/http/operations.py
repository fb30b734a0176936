"""The paths of a kind and what can be done at each, as OpenAPI 3 says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiserver.http.discovery import HOMES, READ_AND_CHANGE, SUBRESOURCE_VERBS
from apiserver.kind import Kind

Node = dict[str, Any]
Naming = Callable[[str, str], str]
"""(group/version, kind) -> the name of its definition."""

REFERENCE = "#/components/schemas/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
MEDIA_TYPES = ("application/json", "application/yaml")
PATCHES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
STRATEGIC = "application/strategic-merge-patch+json"
"""Said of kinds with a struct alone: kubectl looks here which patch to send."""

METHODS = {
    "list": "get", "get": "get", "create": "post", "update": "put", "patch": "patch", "delete": "delete",
    "deletecollection": "delete",
}  # fmt: skip
IN_COLLECTION = ("list", "create", "deletecollection")

_WRITE = {
    "dryRun": ("string", "All: go through everything and store nothing."),
    "fieldManager": ("string", "The name under which fields set by this request are remembered."),
    "fieldValidation": ("string", "What to do about unknown and duplicate fields: Ignore, Warn or Strict."),
}
_LIST = {
    "labelSelector": ("string", "Only objects with these labels."),
    "fieldSelector": ("string", "Only objects with these field values."),
    "limit": ("integer", "At most so many objects; the answer says how to go on."),
    "continue": ("string", "Where to go on, as an earlier answer said."),
    "resourceVersion": ("string", "Not older than this version."),
    "resourceVersionMatch": ("string", "How resourceVersion is meant: Exact or NotOlderThan."),
    "timeoutSeconds": ("integer", "When to end a watch."),
    "watch": ("boolean", "Follow changes in place of listing."),
    "allowWatchBookmarks": ("boolean", "Send bookmarks while nothing changes."),
    "sendInitialEvents": ("boolean", "Begin a watch with what there is."),
}
_DELETE = {
    "dryRun": _WRITE["dryRun"],
    "gracePeriodSeconds": ("integer", "How long the object may take to end."),
    "propagationPolicy": ("string", "What becomes of dependents: Orphan, Background or Foreground."),
}
PARAMETERS: dict[str, dict[str, tuple[str, str]]] = {
    "list": _LIST,
    "deletecollection": _DELETE | {name: _LIST[name] for name in ("labelSelector", "fieldSelector")},
    "create": _WRITE,
    "update": _WRITE,
    "patch": {**_WRITE, "force": ("boolean", "Take fields from other managers when applying.")},
    "delete": _DELETE,
}


def paths_of(kind: Kind, name_of: Naming) -> dict[str, Node]:
    """Every path at which objects of a kind, or their subresources, are served."""
    base = f"/apis/{kind.group_version}" if kind.group else f"/api/{kind.version}"
    collection = f"{base}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{base}/{kind.plural}"
    one = collection + "/{name}"
    verbs = [verb for verb in METHODS if verb in kind.verbs]
    paths = {
        collection: _path(kind, [v for v in verbs if v in IN_COLLECTION], name_of, named=False),
        one: _path(kind, [v for v in verbs if v not in IN_COLLECTION], name_of, named=True),
    }
    if kind.namespaced and "list" in verbs:
        everywhere = _path(kind, ["list"], name_of, named=False)
        everywhere["parameters"] = []
        paths[f"{base}/{kind.plural}"] = everywhere
    for subresource, response in _subresources(kind).items():
        paths[f"{one}/{subresource}"] = _subresource_path(kind, subresource, response, name_of)
    return {path: node for path, node in paths.items() if len(node) > 1}


def _subresources(kind: Kind) -> dict[str, str]:
    """Those with a body of a known kind: logs, streams and proxies have none."""
    known = (*HOMES, "Binding", kind.name)
    found = {name: to for name, to in kind.subresources.items() if to in known and name != "log"}
    if kind.status:
        found["status"] = kind.name
    if kind.scale:
        found["scale"] = "Scale"
    return found


def _path(kind: Kind, verbs: list[str], name_of: Naming, *, named: bool) -> Node:
    definition = name_of(kind.group_version, kind.name)
    node: Node = {"parameters": _place(kind, named=named)}
    for verb in verbs:
        answer = {"list": definition + "List", "delete": META + "Status", "deletecollection": META + "Status"}
        gvk = {"group": kind.group, "kind": kind.name, "version": kind.version}
        node[METHODS[verb]] = _operation(verb, kind.name, definition, answer.get(verb, definition), gvk, _patches(kind))
    return node


def _subresource_path(kind: Kind, subresource: str, response: str, name_of: Naming) -> Node:
    group, version = HOMES.get(response, (kind.group, kind.version))
    definition = name_of(f"{group}/{version}" if group else version, response)
    node: Node = {"parameters": _place(kind, named=True)}
    for verb in SUBRESOURCE_VERBS.get(subresource, READ_AND_CHANGE):
        gvk = {"group": group, "kind": response, "version": version}
        title = kind.name + subresource.capitalize()
        node[METHODS[verb]] = _operation(verb, title, definition, definition, gvk, _patches(kind))
    return node


def _place(kind: Kind, *, named: bool) -> list[Node]:
    names = (["namespace"] if kind.namespaced else []) + (["name"] if named else [])
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "uniqueItems": True}}
        for name in names
    ]


def _operation(verb: str, title: str, sent: str, answered: str, gvk: Node, patches: tuple[str, ...]) -> Node:
    node: Node = {
        "operationId": f"{verb}{gvk['version'].capitalize()}{title}",
        "description": f"{verb} {gvk['kind']}",
        "responses": {"200": {"description": "OK", "content": _content(MEDIA_TYPES, answered)}},
        "x-kubernetes-action": "post" if verb == "create" else "put" if verb == "update" else verb,
        "x-kubernetes-group-version-kind": gvk,
    }
    if verb in PARAMETERS:
        node["parameters"] = [
            {"name": name, "in": "query", "description": text, "schema": {"type": type, "uniqueItems": True}}
            for name, (type, text) in PARAMETERS[verb].items()
        ]
    if verb in ("create", "update"):
        node["requestBody"] = {"required": True, "content": _content(MEDIA_TYPES, sent)}
    elif verb == "patch":
        node["requestBody"] = {"required": True, "content": _content(patches, META + "Patch")}
    elif verb in ("delete", "deletecollection"):
        node["requestBody"] = {"content": _content(MEDIA_TYPES, META + "DeleteOptions")}
    return node


def _patches(kind: Kind) -> tuple[str, ...]:
    return (*PATCHES, STRATEGIC) if kind.form.is_struct else PATCHES


def _content(media_types: tuple[str, ...], definition: str) -> Node:
    return {media_type: {"schema": {"$ref": REFERENCE + definition}} for media_type in media_types}
