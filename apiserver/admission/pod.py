"""What every Pod gets besides its defaults: a service account with a token, and time to leave a node that fails.
Follows Kubernetes' ServiceAccount and DefaultTolerationSeconds plugins, in this order."""

from __future__ import annotations

from apiserver import errors
from apiserver.admission import Plugin, Verb, View, called
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.kinds import namespace as ns
from apiserver.kinds import pod, serviceaccount
from apiserver.objects.meta import is_terminating, random_suffix
from apiserver.objects.validation.podspec import MIRROR_ANNOTATION

DEFAULT_ACCOUNT = "default"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path, no secret
TOKEN_VOLUME_PREFIX = "kube-api-access-"  # noqa: S105
TOKEN_SECONDS = 3607
"""An hour, and 7 seconds by which the kubelet can tell that the server asked for it."""
FILE_MODE = 0o644

EVICTION_SECONDS = 300
FAILING_NODE_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class PodAdmission(Plugin):
    """Asked about Pods only."""

    kinds = (pod.kind,)

    def __init__(self) -> None:
        self._token_volume = TOKEN_VOLUME_PREFIX + random_suffix()
        """The same for all Pods, so that those of one template differ in less, and what is known of one helps all."""

    def awaited(self, view: View, kind: Kind, namespace: str, new: Object) -> tuple[Kind, str] | None:
        """The default ServiceAccount of a namespace so new that it has none yet."""
        name = (new.get("spec") or {}).get("serviceAccountName") or DEFAULT_ACCOUNT
        if name != DEFAULT_ACCOUNT or view.find(serviceaccount.kind, namespace, name) is not None:
            return None
        home = view.find(ns.kind, "", namespace)
        return None if home is None or is_terminating(home.object) else (serviceaccount.kind, name)

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        if new is None:
            return
        if old is None:
            _admit_account(view, new, self._token_volume)
        _tolerate_failing_nodes(new["spec"])


def _refusal(new: Object, because: str) -> errors.Forbidden:
    return errors.Forbidden(pod.kind.resource, called(new), because)


def _admit_account(view: View, new: Object, token_volume_name: str) -> None:
    """Raises Forbidden when the service account does not exist. Mirror Pods have none: no kubelet could mount it."""
    spec, metadata = new["spec"], new["metadata"]
    if MIRROR_ANNOTATION in (metadata.get("annotations") or {}):
        return
    name, namespace = spec.get("serviceAccountName") or DEFAULT_ACCOUNT, metadata["namespace"]
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    record = view.find(serviceaccount.kind, namespace, name)
    if record is None:
        because = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise _refusal(new, because)
    account = record.object
    wants_token = spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken"))
    if wants_token is not False:
        _mount_token(spec, token_volume_name)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(secret) for secret in account["imagePullSecrets"]]


def _mount_token(spec: Object, name: str) -> None:
    """A volume with the token, the CA and the namespace, mounted in each container that mounts nothing there itself."""
    volumes = spec.get("volumes") or []
    existing = (v["name"] for v in volumes if "projected" in v and v.get("name", "").startswith(TOKEN_VOLUME_PREFIX))
    known = next(existing, "")
    name = known or name
    is_needed = False
    for list_name in ("initContainers", "containers"):
        for container in spec.get(list_name) or ():
            mounts = container.get("volumeMounts") or []
            if any(mount.get("mountPath") == TOKEN_PATH for mount in mounts):
                continue
            container["volumeMounts"] = [*mounts, {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}]
            is_needed = True
    if is_needed and not known:
        spec["volumes"] = [*volumes, token_volume(name)]


def token_volume(name: str) -> Object:
    """What a Pod needs to talk to the API server."""
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": authority},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": FILE_MODE}}


def _tolerate_failing_nodes(spec: Object) -> None:
    """Five minutes on a node that is not ready or cannot be reached, where the Pod says nothing about that."""
    tolerations = spec.get("tolerations") or []
    missing = [taint for taint in FAILING_NODE_TAINTS if not any(_covers(t, taint) for t in tolerations)]
    if missing:
        added = [
            {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": EVICTION_SECONDS}
            for taint in missing
        ]
        spec["tolerations"] = [*tolerations, *added]


def _covers(toleration: Object, taint: str) -> bool:
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", "NoExecute")
