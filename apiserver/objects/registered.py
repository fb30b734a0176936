"""Every kind that Kubernetes itself knows, served here or not, and what it says to one sent to the wrong place.

Versions long gone are listed too: Kubernetes still reads them, and so finds another fault with them than with a kind
that never was.
"""

from __future__ import annotations

from apiserver.quoting import quoted

SCHEME = "pkg/api/legacyscheme/scheme.go:30"
"""What Kubernetes calls its own list of kinds."""

_KINDS = {
    "v1": "Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume "
    "PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
    "admissionregistration.k8s.io/v1": "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding "
    "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
    "ValidatingWebhookConfiguration",
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "apps/v1beta1": "ControllerRevision Deployment StatefulSet",
    "apps/v1beta2": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "authentication.k8s.io/v1": "SelfSubjectReview TokenRequest TokenReview",
    "authorization.k8s.io/v1": "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview "
    "SubjectAccessReview",
    "autoscaling/v1": "HorizontalPodAutoscaler Scale",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "batch/v1": "CronJob Job",
    "batch/v1beta1": "CronJob",
    "certificates.k8s.io/v1": "CertificateSigningRequest",
    "certificates.k8s.io/v1beta1": "CertificateSigningRequest ClusterTrustBundle",
    "coordination.k8s.io/v1": "Lease",
    "coordination.k8s.io/v1beta1": "Lease LeaseCandidate",
    "discovery.k8s.io/v1": "EndpointSlice",
    "discovery.k8s.io/v1beta1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "events.k8s.io/v1beta1": "Event",
    "extensions/v1beta1": "DaemonSet Deployment Ingress NetworkPolicy ReplicaSet",
    "flowcontrol.apiserver.k8s.io/v1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR",
    "networking.k8s.io/v1beta1": "IPAddress Ingress IngressClass ServiceCIDR",
    "node.k8s.io/v1": "RuntimeClass",
    "node.k8s.io/v1beta1": "RuntimeClass",
    "policy/v1": "Eviction PodDisruptionBudget",
    "policy/v1beta1": "Eviction PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "rbac.authorization.k8s.io/v1beta1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "resource.k8s.io/v1": "DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass",
    "storage.k8s.io/v1beta1": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment "
    "VolumeAttributesClass",
}
_EVERYWHERE = frozenset(
    ("DeleteOptions", "CreateOptions", "UpdateOptions", "PatchOptions", "GetOptions", "ListOptions")
)
_REGISTERED = {
    (group_version, kind)
    for group_version, names in _KINDS.items()
    for name in names.split()
    for kind in (name, name + "List")
} | {("v1", "List"), ("v1", "Status"), ("v1", "APIGroup"), ("v1", "APIVersions"), ("v1", "APIResourceList")}

_SHARED_PACKAGES = {"": "core", "events": "core"}
"""Go packages of the internal types that are not called after their API group."""


def is_known(group_version: str, kind: str) -> bool:
    """Whether Kubernetes has such a kind."""
    return (group_version, kind) in _REGISTERED or (group_version in _KINDS and kind in _EVERYWHERE)


def mismatch(kind: str, group_version: str, expected: str, expected_version: str) -> str:
    """What is wrong with an object of one kind where another is expected, or "" if they are the same kind."""
    if (kind, group_version) == (expected, expected_version):
        return ""
    if not is_known(group_version, kind):
        return f"no kind {quoted(kind)} is registered for version {quoted(group_version)} in scheme {quoted(SCHEME)}"
    if kind == expected:
        return ""
    package = expected_version.rpartition("/")[0].partition(".")[0]
    version = group_version.rpartition("/")[2]
    target = f"{_SHARED_PACKAGES.get(package, package)}.{expected}"
    return f"converting ({version}.{kind}) to ({target}): unknown conversion"
