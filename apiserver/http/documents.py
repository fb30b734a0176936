"""Everything that is served and is not about objects: discovery, OpenAPI, version, health. No request changes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from apiserver.accounts import Accounts
from apiserver.http import discovery, openapi
from apiserver.http.negotiate import DISCOVERY, accepted
from apiserver.http.representations import finish
from apiserver.http.requests import Request, Response
from apiserver.kind import Kinds
from apiserver.signing import ALGORITHM

TEXT = "text/plain; charset=utf-8"
CHECKS = ("ping", "log", "controllers")


class Documents:
    """Finds the document a path names. `server` is the host:port that clients reach."""

    def __init__(self, kinds: Kinds, server: str, accounts: Accounts) -> None:
        self._kinds = kinds
        self._server = server
        self._accounts = accounts
        self._openapi = openapi.OpenAPI(kinds)

    def find(self, request: Request) -> Response | None:
        """The answer to a GET of a document; None when the path is about objects."""
        parts = request.parts
        first = parts[0] if parts else ""
        if first in ("api", "apis"):
            return self._discovery(request) if len(parts) <= (2 if first == "api" else 3) else None
        find = _PLAIN.get(first)
        if find is not None:
            return find(self, request)
        return NO_PAGE

    def _discovery(self, request: Request) -> Response | None:
        parts, kinds = request.parts, self._kinds
        header = request.headers.get("accept", "")
        if len(parts) == 1:
            accept = accepted(header, (DISCOVERY,))
            if accept.shape == DISCOVERY:
                document: Any = discovery.aggregated(kinds, parts[0])
                answer = _json(request, document)
                answer.media_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
                return answer
            document = discovery.api_versions(self._server) if parts[0] == "api" else discovery.api_groups(kinds)
            return _json(request, document)
        group_version = "/".join(parts[1:])
        if parts[0] == "apis" and len(parts) == 2:
            document = discovery.api_group(kinds, group_version)
            return _json(request, document) if document is not None else NO_PAGE
        if group_version not in kinds.group_versions():
            if parts[0] == "apis" and discovery.api_group(kinds, parts[1]) is None:
                return NO_PAGE
            return None
        return _json(request, discovery.resources(kinds, group_version))

    def _openapi_v3(self, request: Request) -> Response:
        if request.parts[1:2] == ["v2"]:
            swagger, media_type = self._openapi.swagger(request.headers.get("accept", ""))
            return Response(swagger, media_type=media_type)
        if request.parts[1:2] != ["v3"]:
            return NO_PAGE
        if len(request.parts) == 2:
            return _json(request, self._openapi.index())
        body = self._openapi.document("/".join(request.parts[2:]))
        return Response(body) if body is not None else NO_PAGE

    def _version(self, request: Request) -> Response:
        return Response(orjson.dumps(discovery.VERSION, option=orjson.OPT_INDENT_2))

    def _health(self, request: Request) -> Response:
        if request.parts[1:] and (len(request.parts) > 2 or request.parts[1] not in CHECKS):
            return NO_PAGE
        if "verbose" not in request.query:
            return Response(b"ok", media_type=TEXT)
        lines = [f"[+]{check} ok" for check in CHECKS] + [f"{request.parts[0]} check passed", ""]
        return Response("\n".join(lines).encode(), media_type=TEXT)

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
        return _json(request, {"paths": sorted(set(paths))})


NO_PAGE = Response(b"404 page not found\n", 404, "text/plain; charset=utf-8")

_PLAIN: dict[str, Callable[[Documents, Request], Response]] = {
    "": Documents._root,
    ".well-known": Documents._issuer,
    "openapi": Documents._openapi_v3,
    "openid": Documents._keys,
    "version": Documents._version,
    "healthz": Documents._health,
    "livez": Documents._health,
    "readyz": Documents._health,
}
_PLAIN_PATHS = (
    "/.well-known/openid-configuration",
    "/openid/v1/jwks",
    "/healthz",
    "/livez",
    "/openapi/v2",
    "/openapi/v3",
    "/readyz",
    "/version",
)


def _json(request: Request, document: Any) -> Response:
    accept = accepted(request.headers.get("accept", "")) if not _is_discovery(request) else accepted("")
    return Response(finish(orjson.dumps(document), accept, request.query), media_type=accept.media_type)


def _is_discovery(request: Request) -> bool:
    return request.parts[:1] in (["api"], ["apis"], ["openapi"])
