"""Who a request comes from. The Unix socket is trusted by its file mode; on TCP a client shows a certificate or a
bearer token, the administrator's or that of a ServiceAccount. Whoever shows nothing is `system:anonymous`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from apiserver import errors
from apiserver.accounts import Accounts, Refused
from apiserver.call import ANONYMOUS, AUTHENTICATED, MASTERS, Identity

LOCAL_HOSTS = frozenset(
    {"127.0.0.1", "localhost", "[::1]", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
)
ADMIN = Identity("kubernetes-admin", (MASTERS, AUTHENTICATED))
CREDENTIAL = "authentication.kubernetes.io/credential-id"


class Authenticator:
    """Knows the administrator's token, and whom to ask about others."""

    def __init__(self, token: str, accounts: Accounts) -> None:
        self._token = token.encode()
        self._accounts = accounts

    def identify(self, headers: Mapping[str, str], certified: Identity | None) -> Identity:
        """`certified` is who the connection's certificate names. Raises Unauthorized for a token that is not good."""
        if certified is not None:
            return certified
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return ANONYMOUS
        identity = self.administrator(token) or self._account(token)
        if identity is None:
            raise errors.Unauthorized()
        return identity

    def administrator(self, token: str) -> Identity | None:
        """ADMIN, for the administrator's token."""
        return ADMIN if hmac.compare_digest(token.encode(), self._token) else None

    def _account(self, token: str) -> Identity | None:
        try:
            known = self._accounts.read(token)
        except Refused:
            return None
        return known.identity if known else None


def certified(subject: Iterable[Iterable[tuple[str, str]]], certificate: bytes) -> Identity | None:
    """Whom a verified client certificate names (`subject` as the ssl module has it): the common name is the user, each
    organization a group."""
    names = [pair for relative in subject for pair in relative]
    user = next((value for name, value in names if name == "commonName"), "")
    if not user:
        return None
    groups = tuple(value for name, value in names if name == "organizationName")
    if AUTHENTICATED not in groups:
        groups = (*groups, AUTHENTICATED)
    return Identity(user, groups, "", {CREDENTIAL: (f"X509SHA256={hashlib.sha256(certificate).hexdigest()}",)})


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
