"""Who a request comes from. The Unix socket is trusted by its file mode; on TCP a bearer token is needed."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from apiserver import errors

ADMINISTRATOR = "kubernetes-admin"
OPEN_PATHS = frozenset({"healthz", "livez", "readyz", "version"})
"""First segments of the paths that need no credentials."""
LOCAL_HOSTS = frozenset(
    {"127.0.0.1", "localhost", "[::1]", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
)


@dataclass(frozen=True)
class Identity:
    user: str
    groups: tuple[str, ...]


ADMIN = Identity(ADMINISTRATOR, ("system:masters", "system:authenticated"))
ANONYMOUS = Identity("system:anonymous", ("system:unauthenticated",))


class Authenticator:
    """Knows the administrator's token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def identify(self, headers: Mapping[str, str], first_segment: str, *, trusted: bool) -> Identity:
        """Raises Unauthorized for wrong credentials, and for none where they are needed."""
        if trusted:
            return ADMIN
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token):
            return ADMIN
        if not scheme and first_segment in OPEN_PATHS:
            return ANONYMOUS
        raise errors.Unauthorized()


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """Refuse what a web page in the user's browser could send here: another Host (DNS rebinding) or any Origin that
    is not this machine. Raises errors.Forbidden's plain sibling, OtherSite."""
    host = headers.get("host", "")
    name = host[: host.rindex(":")] if ":" in host and not host.endswith("]") else host
    if name and name.lower() not in LOCAL_HOSTS:
        raise OtherSite(f'host "{host}" is not served here')
    origin = headers.get("origin", "")
    if origin and origin.partition("://")[2].rpartition(":")[0].lower() not in LOCAL_HOSTS:
        raise OtherSite(f'requests from "{origin}" are not answered')


class OtherSite(errors.APIError):
    code, reason = 403, "Forbidden"
