"""Everything that is served and is not about objects: discovery, OpenAPI, version, health. No request changes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson

from apiserver import errors
from apiserver.accounts import Accounts
from apiserver.http import discovery, openapi
from apiserver.http.discovery import Document
from apiserver.http.health import NO_PAGE, Health
from apiserver.http.negotiate import DISCOVERY, JSON, accepted
from apiserver.http.representations import finish
from apiserver.http.requests import Request, Response
from apiserver.kind import Kinds
from apiserver.signing import ALGORITHM

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
FOR_EVER = "public, max-age=31536000, immutable"
"""A document whose address names its contents never changes."""


class Documents:
    """Finds the document a path names. `server` is the host:port that clients reach."""

    def __init__(self, kinds: Kinds, server: str, accounts: Accounts, health: Health | None = None) -> None:
        self._kinds = kinds
        self._server = server
        self._accounts = accounts
        self._health = health or Health()
        self._openapi = openapi.OpenAPI(kinds)
        self._kept: dict[str, bytes] = {}
        self._edition = -1

    def find(self, request: Request) -> Response | None:
        """The answer to a request for a document; None when the path is about objects. Raises MethodNotAllowed."""
        parts = request.parts
        first = parts[0] if parts else ""
        if first in ("api", "apis"):
            if len(parts) > (2 if first == "api" else 3):
                return None
            answer = self._discovery(request)
            if answer is not None and answer.status != NO_PAGE.status and request.method != "GET":
                raise errors.MethodNotAllowed()
            return answer
        find = _PLAIN.get(first)
        return find(self, request) if find is not None else NO_PAGE

    def _discovery(self, request: Request) -> Response | None:
        parts, kinds = request.parts, self._kinds
        if len(parts) == 1:
            shape = accepted(request.headers.get("accept", ""), (DISCOVERY,)).shape
            if shape == DISCOVERY:
                body = self._made("/".join([*parts, shape]), lambda: discovery.aggregated(kinds, parts[0]))
                return _tagged(request, body, AGGREGATED, hashlib.sha512(body).hexdigest().upper())
            if parts[0] == "api":
                return self._json(request, lambda: discovery.api_versions(self._server))
            return self._json(request, lambda: discovery.api_groups(kinds))
        group_version = "/".join(parts[1:])
        if parts[0] == "apis" and len(parts) == 2:
            if discovery.api_group(kinds, group_version) is None:
                return NO_PAGE
            return self._json(request, lambda: discovery.api_group(kinds, group_version))
        if group_version not in kinds.group_versions():
            if parts[0] == "apis" and discovery.api_group(kinds, parts[1]) is None:
                return NO_PAGE
            return None
        return self._json(request, lambda: discovery.resources(kinds, group_version))

    def _openapi_document(self, request: Request) -> Response:
        _, version, *rest = [*request.parts, ""]
        if version == "v2" and rest == [""]:
            swagger, media_type = self._openapi.swagger(request.headers.get("accept", ""))
            return _tagged(request, swagger, media_type, hashlib.sha512(swagger).hexdigest().upper())
        if version != "v3":
            return NO_PAGE
        path = "/".join(rest).rstrip("/")
        if not path:
            body = orjson.dumps(self._openapi.index())
            return _tagged(request, body, JSON, hashlib.sha512(body).hexdigest().upper())
        document = self._openapi.document(path)
        if document is None:
            return NO_PAGE
        tag, asked = self._openapi.tag(path), request.query.get("hash", "")
        if asked and asked != tag:
            return Response(status=301, headers={"location": f"/openapi/v3/{path}?hash={tag}"})
        return _tagged(request, document, JSON, tag, FOR_EVER if asked else "")

    def _version(self, request: Request) -> Response:
        if request.method != "GET":
            raise errors.MethodNotAllowed()
        return Response(orjson.dumps(discovery.VERSION, option=orjson.OPT_INDENT_2))

    def _is_well(self, request: Request) -> Response:
        return self._health.answer(request)

    def _issuer(self, request: Request) -> Response:
        """Whom tokens of ServiceAccounts are from, and where the keys are that prove it (OpenID Connect discovery)."""
        if request.parts[1:] != ["openid-configuration"]:
            return NO_PAGE
        document = {
            "issuer": self._accounts.issuer,
            "jwks_uri": f"https://{self._server}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }
        return Response(orjson.dumps(document))

    def _keys(self, request: Request) -> Response:
        if request.parts[1:] != ["v1", "jwks"]:
            return NO_PAGE
        return Response(orjson.dumps(self._accounts.signer.jwks()), media_type="application/jwk-set+json")

    def _root(self, request: Request) -> Response:
        paths = ["/api", "/api/v1", "/apis", *_PLAIN_PATHS]
        for group_version in self._kinds.group_versions():
            if "/" in group_version:
                paths += [f"/apis/{group_version.partition('/')[0]}", f"/apis/{group_version}"]
        accept = accepted(request.headers.get("accept", ""))
        body = orjson.dumps({"paths": sorted(set(paths))})
        return Response(finish(body, accept, request.query), media_type=accept.media_type)

    def _json(self, request: Request, make: Callable[[], Document | None]) -> Response:
        """A document of the old form of discovery; whatever is accepted, it comes as JSON."""
        body = self._made("/".join(request.parts), make)
        return Response(finish(body, accepted(""), request.query))

    def _made(self, key: str, make: Callable[[], Document | None]) -> bytes:
        """A document about the catalogue, made once for as long as that stays as it is."""
        if self._edition != self._kinds.edition:
            self._edition = self._kinds.edition
            self._kept.clear()
        if key not in self._kept:
            self._kept[key] = orjson.dumps(make())
        return self._kept[key]


_PLAIN: dict[str, Callable[[Documents, Request], Response]] = {
    "": Documents._root,
    ".well-known": Documents._issuer,
    "openapi": Documents._openapi_document,
    "openid": Documents._keys,
    "version": Documents._version,
    "healthz": Documents._is_well,
    "livez": Documents._is_well,
    "readyz": Documents._is_well,
}
_PLAIN_PATHS = (
    "/.well-known/openid-configuration", "/healthz", "/healthz/etcd", "/healthz/log", "/healthz/ping", "/livez",
    "/livez/etcd", "/livez/log", "/livez/ping", "/metrics", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz",
    "/readyz/etcd", "/readyz/etcd-readiness", "/readyz/informer-sync", "/readyz/log", "/readyz/ping",
    "/readyz/shutdown", "/version",
)  # fmt: skip


def _tagged(request: Request, body: bytes, media_type: str, tag: str, cache: str = "") -> Response:
    """A body with its ETag, or word that the client has it already."""
    headers = {"etag": f'"{tag}"', "vary": "Accept"}
    if cache:
        headers["cache-control"] = cache
    if tag in request.headers.get("if-none-match", ""):
        return Response(status=304, media_type=media_type, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
