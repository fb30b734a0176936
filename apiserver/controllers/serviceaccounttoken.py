"""Fills Secrets of type kubernetes.io/service-account-token: the token, the CA and the namespace of the ServiceAccount
that their annotation names. One that names no ServiceAccount that is there is deleted, as it is when that goes."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable

from apiserver.accounts import Accounts
from apiserver.api import API
from apiserver.deletion import DeleteOptions
from apiserver.errors import NotFound
from apiserver.kind import Object
from apiserver.kinds.secret import SERVICE_ACCOUNT, type_of
from apiserver.kinds.secret import kind as SECRET
from apiserver.kinds.serviceaccount import kind as SERVICEACCOUNT
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.workqueue import Key

NAME = "tokens-controller"
TYPE = "kubernetes.io/service-account-token"
UID = "kubernetes.io/service-account.uid"


def controller(accounts: Accounts, ca_pem: str) -> Controller:
    """`ca_pem` is the certificate that clients are to trust."""

    async def reconcile(api: API, key: Key) -> None:
        record = api.find(SECRET, *key)
        if record is None or not is_token(record.object):
            return
        namespace, name = key
        annotations = record.object["metadata"].get("annotations") or {}
        owner = api.find(SERVICEACCOUNT, namespace, annotations.get(SERVICE_ACCOUNT, ""))
        uid = owner.object["metadata"]["uid"] if owner else ""
        if owner is None or annotations.get(UID, uid) != uid:
            with contextlib.suppress(NotFound):
                options = DeleteOptions(uid=record.object["metadata"]["uid"])
                await api.delete(SECRET, namespace, name, options, api.named(NAME))
            return
        data = record.object.get("data") or {}
        wanted = {"ca.crt": _encoded(ca_pem), "namespace": _encoded(namespace)}
        if data.get("token") and data == {**data, **wanted} and annotations.get(UID):
            return
        changed = record.copy()
        token = data.get("token") or _encoded(accounts.token_for_secret(owner.object, name))
        changed["data"] = {**data, **wanted, "token": token}
        changed["metadata"]["annotations"] = {**annotations, UID: uid}
        await api.update(SECRET, namespace, name, changed, call=api.named(NAME))

    return Controller(NAME, reconcile, {SECRET: itself_if_token, SERVICEACCOUNT: its_tokens})


def is_token(secret: Object) -> bool:
    return type_of(secret) == TYPE


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def itself_if_token(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    return ((new["metadata"]["namespace"], new["metadata"]["name"]),) if new is not None and is_token(new) else ()


def its_tokens(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The token Secrets of a ServiceAccount that came or went."""
    if old is not None and new is not None:
        return
    metadata = (new or old or {})["metadata"]
    for record in api.list(SECRET, metadata["namespace"]):
        secret = record.object
        if is_token(secret) and (secret["metadata"].get("annotations") or {}).get(SERVICE_ACCOUNT) == metadata["name"]:
            yield metadata["namespace"], secret["metadata"]["name"]
