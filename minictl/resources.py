"""What the server serves, and which of it a word on the command line means.

Discovery is two small requests (/api and /apis in their aggregated form). `po`, `pods`, `Pod`, `pods.v1.`,
`deployments.apps`, `deployment.v1.apps` all become a Resource; `all` becomes those of that category.
"""

from __future__ import annotations

import json
import os

from minictl.client import quote
from minictl.errors import CommandError, NoSuchType, PlainError, ServerError
from minictl.texts.near import hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minictl.client import Client

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
CACHE_SECONDS = 600
"""How long a cached discovery of a remote server is believed."""


class Resource:
    """One kind of thing the server serves under one group and version. `subresources` maps name -> its kind."""

    __slots__ = (
        "categories", "group", "kind", "namespaced", "plural", "short_names", "singular", "subresources", "verbs",
        "version",
    )  # fmt: skip

    def __init__(self, group: str, version: str, entry: dict[str, Any]) -> None:
        self.group = group
        self.version = version
        self.plural: str = entry["resource"]
        self.kind: str = (entry.get("responseKind") or {}).get("kind", "")
        self.namespaced = entry.get("scope") == "Namespaced"
        self.singular: str = entry.get("singularResource") or self.kind.lower()
        self.short_names: list[str] = entry.get("shortNames") or []
        self.categories: list[str] = entry.get("categories") or []
        self.verbs: list[str] = sorted(entry.get("verbs") or [])
        self.subresources: dict[str, str] = {
            sub["subresource"]: (sub.get("responseKind") or {}).get("kind", "")
            for sub in entry.get("subresources") or []
        }

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """`pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def label(self) -> str:
        """What stands before a name in messages and `-o name`: `pod`, `deployment.apps`."""
        return f"{self.kind.lower()}.{self.group}" if self.group else self.kind.lower()

    @property
    def slash_name(self) -> str:
        """`/v1, Resource=pods`: how selector errors name it."""
        return f"{self.group}/{self.version}, Resource={self.plural}"

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, an object or a subresource; cluster-scoped ones ignore the namespace.

        Raises:
            CommandError: a name that cannot be part of a path.
        """
        if fault := segment_fault(namespace):
            raise PlainError(f'invalid namespace "{namespace}": [{fault}]')
        if fault := segment_fault(name):
            raise CommandError(f'invalid resource name "{name}": [{fault}]')
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace)]
        parts.append(self.plural)
        parts += [quote(part, safe="") for part in (name, subresource) if part]
        return "/".join(parts)

    def __repr__(self) -> str:
        return f"Resource({self.full_name} {self.version})"


def segment_fault(text: str) -> str:
    """Why a text cannot be one part of a URL path; "" when it can."""
    if text in (".", ".."):
        return f"may not be '{text}'"
    return next((f"may not contain '{char}'" for char in "/%" if char in text), "")


class Resources:
    """All resources of one server. `cache` is a file to keep discovery in (None: ask each time)."""

    def __init__(self, client: Client, cache: str | None = None) -> None:
        self._client = client
        self._cache = cache
        self._all: list[Resource] | None = None
        self._fresh = False

    def all(self) -> list[Resource]:
        """Every resource of every served version: core first, each group's preferred version before its others."""
        if self._all is None:
            documents = self._cached()
            if documents is None:
                documents = self._ask()
            self._all = list(_resources(documents))
        return self._all

    def preferred(self) -> list[Resource]:
        """As `all`, but of each resource only the preferred version."""
        seen: dict[tuple[str, str], Resource] = {}
        for resource in self.all():
            seen.setdefault((resource.group, resource.plural), resource)
        return list(seen.values())

    def group_versions(self) -> list[str]:
        return list(dict.fromkeys(resource.api_version for resource in self.all()))

    # --- finding

    def find(self, word: str) -> Resource:
        """The resource that `word` names.

        Raises:
            NoSuchType: nothing the server serves is called that.
        """
        found = self._find(word)
        if found is None and not self._fresh:
            self._forget()
            found = self._find(word)
        if found is None:
            error = NoSuchType(word.partition(".")[0] if "." in word else word)
            error.hint = hint(error.name, {name for r in self.all() for name in (r.plural, *r.short_names)})
            raise error
        return found

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a manifest's apiVersion and kind, or None."""
        for again in (False, True):
            if again and not self._forget():
                break
            for resource in self.all():
                if resource.kind == kind and resource.api_version == api_version:
                    return resource
        return None

    def category(self, word: str) -> list[Resource]:
        """The resources of a category such as `all`; empty when there is no such category."""
        return [r for r in self.preferred() if word in r.categories and "list" in r.verbs]

    def _find(self, word: str) -> Resource | None:
        wanted, _, rest = word.partition(".")
        wanted = wanted.lower()
        version, _, group = rest.partition(".")
        everything = self.all()
        if rest and "." in rest:  # name.version.group, where the group may be empty (pods.v1.)
            there = [r for r in everything if r.version == version and r.group == group]
            named = [r for r in there if _called(r, wanted)] or [r for r in there if wanted in r.short_names]
            if named:
                return named[0]
        matching = [r for r in everything if _called(r, wanted)]
        matching = matching or [r for r in everything if wanted in r.short_names]
        if rest:  # name.group, also by the beginning of the group (as in deploy.ap)
            exact = [r for r in matching if r.group == rest]
            return next(iter(exact or [r for r in matching if r.group.startswith(rest)]), None)
        return matching[0] if matching else None

    # --- asking and remembering

    def _ask(self) -> list[Any]:
        self._fresh = True
        documents = [self._client.get("/api", accept=AGGREGATED), self._client.get("/apis", accept=AGGREGATED)]
        if any("items" not in document for document in documents):
            documents = [_aggregate(self._client, documents)]
        self._remember(documents)
        return documents

    def _forget(self) -> bool:
        """Drops what may be out of date; False when it is fresh."""
        if self._fresh:
            return False
        self._all = list(_resources(self._ask()))
        return True

    def _cached(self) -> list[Any] | None:
        import time

        if self._cache is None:
            return None
        try:
            if time.time() - os.stat(self._cache).st_mtime > CACHE_SECONDS:
                return None
            with open(self._cache, encoding="utf-8") as file:
                documents = json.load(file)
        except (OSError, ValueError):
            return None
        return documents if isinstance(documents, list) else None

    def _remember(self, documents: list[Any]) -> None:
        if self._cache is None:
            return
        try:
            os.makedirs(os.path.dirname(self._cache), mode=0o700, exist_ok=True)
            scratch = f"{self._cache}.{os.getpid()}"
            with open(scratch, "w", encoding="utf-8") as file:
                json.dump(documents, file)
            os.replace(scratch, self._cache)
        except OSError:
            return  # a cache that cannot be written is no cache


def _called(resource: Resource, word: str) -> bool:
    return word in (resource.plural, resource.singular, resource.kind.lower())


def _resources(documents: list[Any]) -> Iterator[Resource]:
    for document in documents:
        for group in document.get("items") or []:
            name = (group.get("metadata") or {}).get("name", "")
            for version in group.get("versions") or []:
                for entry in version.get("resources") or []:
                    yield Resource(name, version["version"], entry)


def _aggregate(client: Client, documents: list[Any]) -> Any:
    """The aggregated form, put together from the plain lists of an old server."""
    served = [("", version) for version in documents[0].get("versions") or []]
    for group in documents[1].get("groups") or []:
        preferred = (group.get("preferredVersion") or {}).get("version")
        versions = [v["version"] for v in group.get("versions") or []]
        served += [(group["name"], v) for v in sorted(versions, key=lambda v: v != preferred)]
    items = []
    for group_name, version in served:
        path = f"/apis/{group_name}/{version}" if group_name else f"/api/{version}"
        try:
            listed = client.get(path).get("resources") or []
        except ServerError:
            continue
        entries: dict[str, Any] = {}
        for entry in listed:
            plural, _, sub = entry["name"].partition("/")
            kind = {"kind": entry.get("kind", "")}
            if sub and plural in entries:
                entries[plural].setdefault("subresources", []).append({"subresource": sub, "responseKind": kind})
            elif not sub:
                scope = "Namespaced" if entry.get("namespaced") else "Cluster"
                renamed = {
                    "resource": plural,
                    "responseKind": kind,
                    "scope": scope,
                    "singularResource": entry.get("singularName"),
                }
                entries[plural] = {**entry, **renamed}
        versions = [{"version": version, "resources": list(entries.values())}]
        items.append({"metadata": {"name": group_name}, "versions": versions})
    return {"items": items}
