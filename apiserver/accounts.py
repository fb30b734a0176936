"""ServiceAccounts as users: tokens made for them, and whose token one is.

A token is good for as long as it says, and no longer than its ServiceAccount (told by uid) and the Pod, Secret or Node
it is bound to exist. The tokens in Secrets of type kubernetes.io/service-account-token are of an older form: they do
not expire, and are good for as long as they stand in their Secret.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from apiserver import errors
from apiserver.api import API
from apiserver.call import AUTHENTICATED, Identity
from apiserver.clock import parse_timestamp, timestamp
from apiserver.kind import Kind, Object
from apiserver.kinds.node import kind as NODE
from apiserver.kinds.pod import kind as POD
from apiserver.kinds.secret import kind as SECRET
from apiserver.kinds.serviceaccount import kind as SERVICEACCOUNT
from apiserver.objects.meta import random_uid
from apiserver.objects.rbac import ACCOUNT_PREFIX, strings
from apiserver.objects.validation import invalid
from apiserver.signing import Claims, Signer

LEGACY_ISSUER = "kubernetes/serviceaccount"
MIN_SECONDS, MAX_SECONDS = 600, 1 << 32
DEFAULT_SECONDS = 3600
LEEWAY = timedelta(seconds=60)
"""How long a token outlives the object it is bound to when that is being deleted."""
PRIVATE = "kubernetes.io"
EXTRA = "authentication.kubernetes.io/"
BOUND: dict[str, Kind] = {"Pod": POD, "Secret": SECRET, "Node": NODE}
REQUEST_KIND = "TokenRequest.authentication.k8s.io"


class Refused(Exception):
    """A token of ours that is not good; the text says why."""


class Known(NamedTuple):
    """Whose token it is, and for whom, of those asked about."""

    identity: Identity
    audiences: tuple[str, ...]


class Accounts:
    """Makes and reads the tokens of one cluster. `issuer` is who signs them, and whom they are for by default."""

    def __init__(self, api: API, signer: Signer, issuer: str) -> None:
        self.issuer = issuer
        self.signer = signer
        self._api = api

    # -- making --------------------------------------------------------------------------------------------------------

    def grant(self, namespace: str, name: str, request: Object) -> Object:
        """Answer a TokenRequest. Raises NotFound, Invalid, BadRequest, Conflict."""
        metadata, spec = request.setdefault("metadata", {}), request.setdefault("spec", {})
        for field, given, wanted in (
            ("name", metadata.get("name"), name),
            ("namespace", metadata.get("namespace"), namespace),
        ):
            if given and given != wanted:
                text = f"must match the service account {field} if specified"
                raise errors.Invalid(REQUEST_KIND, name, [invalid(f"metadata.{field}", given, text)])
        account = self._api.get(SERVICEACCOUNT, namespace, name).object
        now = self._api.clock.now()
        metadata |= {"name": name, "namespace": namespace, "creationTimestamp": timestamp(now)}
        spec["audiences"] = spec.get("audiences") or [self.issuer]
        seconds = spec.setdefault("expirationSeconds", DEFAULT_SECONDS)
        _check_seconds(seconds)
        reference = spec.setdefault("boundObjectRef", None)
        claims = self._claims(account, spec["audiences"], int(now.timestamp()), seconds)
        if reference:
            claims[PRIVATE] |= self._bound(account, reference)
        claims[PRIVATE]["serviceaccount"] = {"name": name, "uid": account["metadata"]["uid"]}
        request["status"] = {
            "token": self.signer.sign(claims),
            "expirationTimestamp": timestamp(now + timedelta(seconds=seconds)),
        }
        return request

    def _claims(self, account: Object, audiences: list[str], now: int, seconds: int) -> Claims:
        namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
        return {
            "aud": audiences,
            "exp": now + seconds,
            "iat": now,
            "iss": self.issuer,
            "jti": random_uid(),
            PRIVATE: {"namespace": namespace},
            "nbf": now,
            "sub": f"{ACCOUNT_PREFIX}{namespace}:{name}",
        }

    def _bound(self, account: Object, reference: Object) -> Claims:
        """What the token says of the object it is bound to."""
        group, _, version = (reference.get("apiVersion") or "").rpartition("/")
        kind = None if group else BOUND.get(reference.get("kind", ""))
        name, home = reference.get("name", ""), account["metadata"]["namespace"]
        if kind is None:
            shown = f"{group}/{version}, Kind={reference.get('kind', '')}"
            raise errors.BadRequest(f"cannot bind token to object of type {shown}")
        metadata = (found := self._api.get(kind, home if kind.namespaced else "", name).object)["metadata"]
        account_name = account["metadata"]["name"]
        if kind == POD and (found["spec"].get("serviceAccountName") or "") != account_name:
            text = f'cannot bind token for serviceaccount "{account_name}" to pod running with '
            raise errors.BadRequest(text + "different serviceaccount name.")
        if reference.get("uid") and reference["uid"] != metadata["uid"]:
            text = (
                f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            raise errors.Conflict(errors.Resource(kind.name), name, text)
        claims: Claims = {kind.name.lower(): {"name": name, "uid": metadata["uid"]}}
        node_name = found["spec"].get("nodeName") if kind == POD else ""
        node = self._api.find(NODE, "", node_name) if node_name else None
        if node_name:
            claims["node"] = {"name": node_name, **({"uid": node.object["metadata"]["uid"]} if node else {})}
        return claims

    def token_for_secret(self, account: Object, secret_name: str) -> str:
        """A token of the older form, to stand in a Secret."""
        metadata, prefix = account["metadata"], f"{PRIVATE}/serviceaccount/"
        return self.signer.sign(
            {
                "iss": LEGACY_ISSUER,
                f"{prefix}namespace": metadata["namespace"],
                f"{prefix}secret.name": secret_name,
                f"{prefix}service-account.name": metadata["name"],
                f"{prefix}service-account.uid": metadata["uid"],
                "sub": f"{ACCOUNT_PREFIX}{metadata['namespace']}:{metadata['name']}",
            }
        )

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, token: str, audiences: Sequence[str] = ()) -> Known | None:
        """Whose token it is; None if it was not made here. `audiences`: whom the token is shown to, by default this
        server. Raises Refused."""
        claims = self.signer.verify(token)
        if claims is None:
            return None
        audiences = audiences or (self.issuer,)
        if claims.get("iss") == LEGACY_ISSUER:
            return self._read_legacy(claims, token, audiences)
        return self._read(claims, audiences) if claims.get("iss") == self.issuer else None

    def _read(self, claims: Claims, audiences: Sequence[str]) -> Known:
        private, now = claims[PRIVATE], self._api.clock.now().timestamp()
        accepted = tuple(a for a in audiences if a in claims["aud"])
        if not accepted:
            text = f"token audiences {strings(claims['aud'])} is invalid for the target audiences {strings(audiences)}"
            raise Refused(text)
        if now >= claims["exp"]:
            raise Refused("service account token has expired")
        if now < claims["nbf"]:
            raise Refused("service account token is not valid yet")
        namespace, account = private["namespace"], private["serviceaccount"]
        self._check(SERVICEACCOUNT, namespace, account)
        extra: dict[str, tuple[str, ...]] = {f"{EXTRA}credential-id": (f"JTI={claims['jti']}",)}
        for word, kind in (("pod", POD), ("secret", SECRET), ("node", NODE)):
            if word in private and (word != "node" or "pod" not in private):
                self._check(kind, namespace if kind.namespaced else "", private[word])
        for word in ("node", "pod"):
            if word in private:
                extra |= {
                    f"{EXTRA}{word}-{part}": (private[word][part],) for part in ("name", "uid") if part in private[word]
                }
        return Known(_identity(namespace, account["name"], account["uid"], extra), accepted)

    def _read_legacy(self, claims: Claims, token: str, audiences: Sequence[str]) -> Known:
        prefix = f"{PRIVATE}/serviceaccount/"
        namespace, name, uid = (
            claims[prefix + part] for part in ("namespace", "service-account.name", "service-account.uid")
        )
        secret = self._api.find(SECRET, namespace, claims[prefix + "secret.name"])
        if secret is None or _bytes_of(secret.object, "token") != token.encode():
            raise Refused("service account token has been invalidated")
        self._check(SERVICEACCOUNT, namespace, {"name": name, "uid": uid})
        if self.issuer not in audiences:
            text = f"token audiences {strings([self.issuer])} is invalid for the target audiences {strings(audiences)}"
            raise Refused(text)
        return Known(_identity(namespace, name, uid, {}), (self.issuer,))

    def _check(self, kind: Kind, namespace: str, reference: Claims) -> None:
        """Raises Refused unless the very object is there."""
        record = self._api.find(kind, namespace, reference["name"])
        metadata = record.object["metadata"] if record else {}
        if metadata.get("uid") != reference["uid"]:
            raise Refused("service account token has been invalidated")
        deleted = metadata.get("deletionTimestamp")
        if deleted and parse_timestamp(deleted) + LEEWAY < self._api.clock.now():
            raise Refused("service account token has been invalidated")


def _check_seconds(seconds: int) -> None:
    field, causes = "spec.expirationSeconds", []
    if seconds < MIN_SECONDS:
        causes.append(invalid(field, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > MAX_SECONDS:
        causes.append(invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"))
    if causes:
        raise errors.Invalid(REQUEST_KIND, "", causes)


def _identity(namespace: str, name: str, uid: str, extra: dict[str, tuple[str, ...]]) -> Identity:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    return Identity(f"{ACCOUNT_PREFIX}{namespace}:{name}", groups, uid, extra)


def _bytes_of(secret: Object, key: str) -> bytes:
    try:
        return base64.b64decode((secret.get("data") or {}).get(key, ""))
    except binascii.Error:
        return b""
