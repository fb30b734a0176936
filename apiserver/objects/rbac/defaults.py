"""The roles and bindings that every cluster begins with, as data. Their names and what they allow are interface: tools
bind `view`, `edit` and `admin`, and aggregate to them.

A role is a table of rules, each `(verbs, groups, resources)` or `(verbs, groups, resources, names)` of words; `core`
stands for the group "", and a rule about paths has `paths` in place of its groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from apiserver.objects.validation.rbac import GROUP

Object = dict[str, Any]
Words = tuple[str, ...]

READ = "get list watch"
WRITE = "create delete deletecollection patch update"
EVERYTHING = f"{READ} {WRITE}"
EVENTS: Words = ("create patch update", "core events.k8s.io", "events")
SIGNERS = "kubernetes.io/"

LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"

DISCOVERY = "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"
HEALTH = "/healthz /livez /readyz"
ISSUER = "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/"

_EXTENSIONS = "daemonsets deployments deployments/scale ingresses networkpolicies replicasets replicasets/scale"
_VIEW: tuple[Words, ...] = (
    (READ, "core", "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods"
     " replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status"),
    (READ, "core", "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status"
     " resourcequotas resourcequotas/status"),
    (READ, "core", "namespaces"),
    (READ, "discovery.k8s.io", "endpointslices"),
    (READ, "apps", "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status"
     " replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status"),
    (READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    (READ, "batch", "cronjobs cronjobs/status jobs jobs/status"),
    (READ, "extensions", f"{_EXTENSIONS} daemonsets/status deployments/status ingresses/status replicasets/status"
     " replicationcontrollers/scale"),
    (READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    (READ, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    (READ, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
)  # fmt: skip
_EDIT: tuple[Words, ...] = (
    (READ, "core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
    ("impersonate", "core", "serviceaccounts"),
    (WRITE, "core", "pods pods/attach pods/exec pods/portforward pods/proxy"),
    ("create", "core", "pods/eviction"),
    (WRITE, "core", "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale"
     " secrets serviceaccounts services services/proxy"),
    ("create", "core", "serviceaccounts/token"),
    (WRITE, "apps", "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale"
     " statefulsets statefulsets/scale"),
    (WRITE, "autoscaling", "horizontalpodautoscalers"),
    (WRITE, "batch", "cronjobs jobs"),
    (WRITE, "extensions", f"{_EXTENSIONS} deployments/rollback replicationcontrollers/scale"),
    (WRITE, "policy", "poddisruptionbudgets"),
    (WRITE, "networking.k8s.io", "ingresses networkpolicies"),
    (EVERYTHING, "coordination.k8s.io", "leases"),
    (WRITE, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
)  # fmt: skip
_ADMIN: tuple[Words, ...] = (
    ("create", "authorization.k8s.io", "localsubjectaccessreviews"),
    (EVERYTHING, GROUP, "rolebindings roles"),
)

AGGREGATED = {"admin": ("edit", "view", "admin"), "edit": ("edit", "view"), "view": ("view",)}
"""Of whose parts a role consists, in the order in which aggregation puts them together."""
PARTS: Mapping[str, tuple[Words, ...]] = {"admin": _ADMIN, "edit": _EDIT, "view": _VIEW}
"""What stands in `system:aggregate-to-NAME`."""

_CSR = "certificates.k8s.io"
CLUSTER_ROLES: Mapping[str, tuple[Words, ...]] = {
    "cluster-admin": (("*", "*", "*"), ("*", "paths", "*")),
    "system:discovery": (("get", "paths", DISCOVERY),),
    "system:monitoring": (
        ("get", "paths", f"{HEALTH} /healthz/* /livez/* /readyz/* /metrics /metrics/slis"),
    ),
    "system:public-info-viewer": (("get", "paths", f"{HEALTH} /version /version/"),),
    "system:basic-user": (
        ("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
        ("create", "authentication.k8s.io", "selfsubjectreviews"),
    ),
    "system:service-account-issuer-discovery": (("get", "paths", ISSUER),),
    "system:auth-delegator": (
        ("create", "authentication.k8s.io", "tokenreviews"),
        ("create", "authorization.k8s.io", "subjectaccessreviews"),
    ),
    "system:heapster": ((READ, "core", "events namespaces nodes pods"), (READ, "extensions", "deployments")),
    "system:kube-aggregator": ((READ, "core", "endpoints services"),),
    "system:kubelet-api-admin": (
        (READ, "core", "nodes"),
        ("proxy", "core", "nodes"),
        ("*", "core", "nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats"),
    ),
    "system:node": (
        ("create", "authentication.k8s.io", "tokenreviews"),
        ("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
        (READ, "core", "services"),
        (f"create {READ}", "core", "nodes"),
        ("patch update", "core", "nodes/status"),
        ("patch update", "core", "nodes"),
        EVENTS,
        (READ, "core", "pods"),
        ("create delete", "core", "pods"),
        ("patch update", "core", "pods/status"),
        ("create", "core", "pods/eviction"),
        (READ, "core", "configmaps secrets"),
        ("get", "core", "persistentvolumeclaims persistentvolumes"),
        ("get", "core", "endpoints"),
        (f"create {READ}", _CSR, "certificatesigningrequests"),
        ("create delete get patch update", "coordination.k8s.io", "leases"),
        ("get", "storage.k8s.io", "volumeattachments"),
        ("create", "core", "serviceaccounts/token"),
        ("get patch update", "core", "persistentvolumeclaims/status"),
        (READ, "storage.k8s.io", "csidrivers"),
        ("create delete get patch update", "storage.k8s.io", "csinodes"),
        (READ, "node.k8s.io", "runtimeclasses"),
        ("get", "resource.k8s.io", "resourceclaims"),
        ("deletecollection", "resource.k8s.io", "resourceslices"),
        (f"create delete patch update {READ}", "resource.k8s.io", "resourceslices"),
    ),
    "system:node-bootstrapper": ((f"create {READ}", _CSR, "certificatesigningrequests"),),
    "system:node-problem-detector": (("get", "core", "nodes"), ("patch", "core", "nodes/status"), EVENTS),
    "system:node-proxier": (
        ("list watch", "core", "endpoints services"),
        (READ, "core", "nodes"),
        EVENTS,
        ("list watch", "discovery.k8s.io", "endpointslices"),
        ("list watch", "networking.k8s.io", "servicecidrs"),
    ),
    "system:persistent-volume-provisioner": (
        (f"create delete {READ}", "core", "persistentvolumes"),
        (f"{READ} update", "core", "persistentvolumeclaims"),
        (READ, "storage.k8s.io", "storageclasses"),
        ("watch", "core", "events"),
        EVENTS,
    ),
    "system:volume-scheduler": (
        (f"{READ} patch update", "core", "persistentvolumes"),
        (READ, "storage.k8s.io", "storageclasses"),
        (f"{READ} patch update", "core", "persistentvolumeclaims"),
    ),
    "system:kube-dns": (("list watch", "core", "endpoints services"),),
    "system:kube-controller-manager": (
        EVENTS,
        ("create", "coordination.k8s.io", "leases"),
        ("get update", "coordination.k8s.io", "leases", "kube-controller-manager"),
        ("create", "core", "secrets serviceaccounts"),
        ("delete", "core", "secrets"),
        ("get", "core", "configmaps namespaces secrets serviceaccounts"),
        ("update", "core", "secrets serviceaccounts"),
        ("create", "authentication.k8s.io", "tokenreviews"),
        ("create", "authorization.k8s.io", "subjectaccessreviews"),
        ("list watch", "*", "*"),
        ("create", "core", "serviceaccounts/token"),
    ),
    "system:kube-scheduler": (
        EVENTS,
        ("create", "coordination.k8s.io", "leases"),
        ("get list update watch", "coordination.k8s.io", "leases", "kube-scheduler"),
        (f"{READ} patch update", "coordination.k8s.io", "leasecandidates"),
        (READ, "core", "nodes"),
        (f"delete {READ}", "core", "pods"),
        ("create", "core", "bindings pods/binding"),
        ("patch update", "core", "pods/status"),
        (READ, "core", "replicationcontrollers services"),
        (READ, "apps extensions", "replicasets"),
        (READ, "apps", "statefulsets"),
        (READ, "policy", "poddisruptionbudgets"),
        (READ, "core", "persistentvolumeclaims persistentvolumes"),
        ("create", "authentication.k8s.io", "tokenreviews"),
        ("create", "authorization.k8s.io", "subjectaccessreviews"),
        (READ, "storage.k8s.io", "csinodes"),
        (READ, "core", "namespaces"),
        (READ, "storage.k8s.io", "csidrivers"),
        (READ, "storage.k8s.io", "csistoragecapacities"),
        (READ, "storage.k8s.io", "volumeattachments"),
        (READ, "resource.k8s.io", "deviceclasses"),
        (f"{READ} patch update", "resource.k8s.io", "resourceclaims"),
        ("patch update", "resource.k8s.io", "resourceclaims/status"),
        (READ, "resource.k8s.io", "resourceslices"),
    ),
    f"system:{_CSR}:certificatesigningrequests:nodeclient": (
        ("create", _CSR, "certificatesigningrequests/nodeclient"),
    ),
    f"system:{_CSR}:certificatesigningrequests:selfnodeclient": (
        ("create", _CSR, "certificatesigningrequests/selfnodeclient"),
    ),
    **{
        f"system:{_CSR}:{signer}-approver": (("approve", _CSR, "signers", SIGNERS + signer),)
        for signer in ("kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown")
    },
}  # fmt: skip

AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
CLUSTER_ROLE_BINDINGS: Mapping[str, tuple[str, ...]] = {
    "cluster-admin": ("Group system:masters",),
    "system:monitoring": ("Group system:monitoring",),
    "system:discovery": (f"Group {AUTHENTICATED}",),
    "system:basic-user": (f"Group {AUTHENTICATED}",),
    "system:public-info-viewer": (f"Group {AUTHENTICATED}", f"Group {UNAUTHENTICATED}"),
    "system:service-account-issuer-discovery": ("Group system:serviceaccounts",),
    "system:node": (),
    "system:node-proxier": ("User system:kube-proxy",),
    "system:kube-controller-manager": ("User system:kube-controller-manager",),
    "system:kube-dns": ("ServiceAccount kube-system kube-dns",),
    "system:kube-scheduler": ("User system:kube-scheduler",),
    "system:volume-scheduler": ("User system:kube-scheduler",),
}
"""Role of the same name -> to whom it is granted."""


# -- from words to objects ---------------------------------------------------------------------------------------------


def rule(words: Words) -> Object:
    """A PolicyRule, its lists sorted."""
    verbs, groups, things = (sorted(text.split()) for text in words[:3])
    if groups == ["paths"]:
        return {"verbs": verbs, "nonResourceURLs": things}
    made: Object = {"verbs": verbs, "apiGroups": sorted("" if g == "core" else g for g in groups), "resources": things}
    return made | ({"resourceNames": sorted(words[3].split())} if len(words) > 3 else {})


def cluster_roles(controllers: Mapping[str, tuple[Words, ...]]) -> Iterator[Object]:
    """Every ClusterRole there is from the start; aggregated ones come complete."""
    for name, table in {**CLUSTER_ROLES, **controllers}.items():
        yield _role(name, map(rule, table))
    for target, table in PARTS.items():
        yield _role(f"system:aggregate-to-{target}", map(rule, table), {AGGREGATE + target: "true"})
    for name, targets in AGGREGATED.items():
        above = {"edit": "admin", "view": "edit"}.get(name)
        rules = [rule(words) for target in targets for words in PARTS[target]]
        labels = {AGGREGATE + above: "true"} if above else {}
        selector = {"clusterRoleSelectors": [{"matchLabels": {AGGREGATE + name: "true"}}]}
        yield {**_role(name, rules, labels), "aggregationRule": selector}


def _role(name: str, rules: Iterable[Object], labels: Mapping[str, str] | None = None) -> Object:
    return {"metadata": _metadata(name, labels), "rules": list(rules)}


def _metadata(name: str, labels: Mapping[str, str] | None = None) -> Object:
    return {"name": name, "labels": {**LABELS, **(labels or {})}, "annotations": dict(ANNOTATIONS)}


def cluster_role_bindings(controllers: Iterable[str]) -> Iterator[Object]:
    """Every ClusterRoleBinding there is from the start; each controller's role is for its ServiceAccount."""
    prefix = "system:controller:"
    accounts = {name: (f"ServiceAccount kube-system {name.removeprefix(prefix)}",) for name in controllers}
    for name, subjects in {**CLUSTER_ROLE_BINDINGS, **accounts}.items():
        yield _binding(name, subjects)


def _binding(name: str, subjects: Sequence[str]) -> Object:
    role = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
    listed = {"subjects": [_subject(*text.split()) for text in subjects]} if subjects else {}
    return {"metadata": _metadata(name), "roleRef": role, **listed}


def _subject(kind: str, *names: str) -> Object:
    if kind == "ServiceAccount":
        return {"kind": kind, "name": names[1], "namespace": names[0]}
    return {"kind": kind, "apiGroup": GROUP, "name": names[0]}
