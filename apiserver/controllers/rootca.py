"""Publishes the CA certificate as ConfigMap `kube-root-ca.crt` in every namespace, and puts it right again."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.api import API
from apiserver.errors import AlreadyExists
from apiserver.kind import Object
from apiserver.kinds.configmap import kind as CONFIGMAP
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.reconcile.controller import Controller
from apiserver.reconcile.workqueue import Key

NAME = "root-ca-certificate-publisher"
CONFIG = "kube-root-ca.crt"
DESCRIPTION = "kubernetes.io/description"
PURPOSE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def controller(ca_pem: str) -> Controller:
    """`ca_pem` is the certificate as PEM."""
    data = {"ca.crt": ca_pem}

    async def reconcile(api: API, key: Key) -> None:
        namespace, name = key
        home = api.find(NAMESPACE, "", namespace)
        if home is None or home.object["metadata"].get("deletionTimestamp"):
            return
        record = api.find(CONFIGMAP, namespace, name)
        call = api.named(NAME)
        if record is None:
            metadata = {"name": name, "annotations": {DESCRIPTION: PURPOSE}}
            try:
                await api.create(CONFIGMAP, namespace, {"metadata": metadata, "data": dict(data)}, call)
            except AlreadyExists:
                return
        elif record.object.get("data") != data:
            changed = record.copy()
            changed["data"] = dict(data)
            changed["metadata"]["annotations"] = {
                **(changed["metadata"].get("annotations") or {}),
                DESCRIPTION: PURPOSE,
            }
            await api.update(CONFIGMAP, namespace, name, changed, call=call)

    return Controller(NAME, reconcile, {NAMESPACE: appeared, CONFIGMAP: changed})


def appeared(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    return () if new is None or old is not None else ((new["metadata"]["name"], CONFIG),)


def changed(api: API, old: Object | None, new: Object | None) -> Iterable[Key]:
    object = new or old
    if object is None or object["metadata"]["name"] != CONFIG:
        return ()
    return ((object["metadata"]["namespace"], CONFIG),)
