"""Specs, a Pod's above all, as Kubernetes prints them inside an error: as JSON of the structs its server works
with, every field of them, set or not, in their order. A refused update shows the difference of two such texts.

Each struct is a line of field names; what follows the colon says how a field is printed:

    Name          a string              Stdin:b        a boolean         Port:i    a number
    Mode:p        anything, or null     Resources:{X   a struct          Probe:*X  a struct, or null
    Env:[X        a list of structs, or null           Limits:m          a map or a list of strings, or null

A field's name in manifests is the Go name with its first word in lower case. Structs that are not listed (storage
vendors' volumes) are printed as they stand in manifests.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import Any

from apiserver.objects.validation import Printed, escaped

Object = dict[str, Any]

_HANDLERS = "Exec:*Exec HTTPGet:*HTTPGet TCPSocket:*TCPSocket"
_ENDED = "TerminationMessagePath TerminationMessagePolicy ImagePullPolicy SecurityContext:*SecurityContext"
_CONTAINER = (
    "Name Image Command:m Args:m WorkingDir Ports:[Port EnvFrom:[EnvFrom Env:[Env Resources:{Resources "
    "ResizePolicy:[Resize RestartPolicy:p RestartPolicyRules:[RestartRule VolumeMounts:[Mount VolumeDevices:[Device "
    "LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle "
    f"{_ENDED} Stdin:b StdinOnce:b TTY:b"
)
_KEYED = "Name Key Optional:p"
_OPTIONAL_FILES = "Name Items:[KeyPath"

_LAYOUT = {
    "PodSpec": "Volumes:[Volume InitContainers:[Container Containers:[Container EphemeralContainers:[Ephemeral "
    "RestartPolicy TerminationGracePeriodSeconds:p ActiveDeadlineSeconds:p DNSPolicy NodeSelector:m "
    "ServiceAccountName AutomountServiceAccountToken:p NodeName SecurityContext:*PodSecurity "
    "ImagePullSecrets:[Named Hostname Subdomain SetHostnameAsFQDN:p Affinity:*Affinity SchedulerName "
    "Tolerations:[Toleration HostAliases:[HostAlias PriorityClassName Priority:p PreemptionPolicy:p DNSConfig:*DNS "
    "ReadinessGates:[Gate RuntimeClassName:p Overhead:m EnableServiceLinks:p TopologySpreadConstraints:[Spread "
    "OS:*Named SchedulingGates:[Named ResourceClaims:[PodClaim Resources:*Resources HostnameOverride:p "
    "SchedulingGroup:p",
    "Container": _CONTAINER,
    "Ephemeral": _CONTAINER + " TargetContainerName",
    "Volume": "Name HostPath:*HostPath EmptyDir:*EmptyDir GCEPersistentDisk:p AWSElasticBlockStore:p GitRepo:p "
    "Secret:*Secret NFS:*NFS ISCSI:p Glusterfs:p PersistentVolumeClaim:*Claim RBD:p Quobyte:p FlexVolume:p Cinder:p "
    "CephFS:p Flocker:p DownwardAPI:*Downward FC:p AzureFile:p ConfigMap:*ConfigMap VsphereVolume:p AzureDisk:p "
    "PhotonPersistentDisk:p Projected:*Projected PortworxVolume:p ScaleIO:p StorageOS:p CSI:*CSI Ephemeral:p "
    "Image:*Image",
    "HostPath": "Path Type:p",
    "EmptyDir": "Medium SizeLimit:p",
    "Secret": "SecretName Items:[KeyPath DefaultMode:p Optional:p",
    "NFS": "Server Path ReadOnly:b",
    "Claim": "ClaimName ReadOnly:b",
    "Downward": "Items:[DownwardFile DefaultMode:p",
    "ConfigMap": f"{_OPTIONAL_FILES} DefaultMode:p Optional:p",
    "CSI": "Driver ReadOnly:p FSType:p VolumeAttributes:m NodePublishSecretRef:*Named",
    "Image": "Reference PullPolicy",
    "Projected": "Sources:[Projection DefaultMode:p",
    "Projection": "Secret:*ProjectedFiles DownwardAPI:*ProjectedDownward ConfigMap:*ProjectedFiles "
    "ServiceAccountToken:*Token ClusterTrustBundle:*Bundle PodCertificate:p",
    "ProjectedFiles": f"{_OPTIONAL_FILES} Optional:p",
    "ProjectedDownward": "Items:[DownwardFile",
    "Token": "Audience ExpirationSeconds:i Path",
    "Bundle": "Name:p SignerName:p LabelSelector:p Optional:p Path",
    "KeyPath": "Key Path Mode:p",
    "DownwardFile": "Path FieldRef:*FieldRef ResourceFieldRef:*ResourceRef Mode:p",
    "FieldRef": "APIVersion FieldPath",
    "ResourceRef": "ContainerName Resource Divisor:q",
    "Named": "Name",
    "Port": "Name HostPort:i ContainerPort:i Protocol HostIP",
    "EnvFrom": "Prefix ConfigMapRef:*OptionalRef SecretRef:*OptionalRef",
    "OptionalRef": "Name Optional:p",
    "Env": "Name Value ValueFrom:*EnvSource",
    "EnvSource": "FieldRef:*FieldRef ResourceFieldRef:*ResourceRef ConfigMapKeyRef:*KeyRef SecretKeyRef:*KeyRef "
    "FileKeyRef:*FileRef",
    "KeyRef": _KEYED,
    "FileRef": "VolumeName Path Key Optional:p",
    "Resources": "Limits:m Requests:m Claims:[ResourceClaim",
    "ResourceClaim": "Name Request",
    "Resize": "ResourceName RestartPolicy",
    "RestartRule": "Action ExitCodes:*ExitCodes",
    "ExitCodes": "Operator Values:m",
    "Mount": "Name ReadOnly:b RecursiveReadOnly:p MountPath SubPath MountPropagation:p SubPathExpr",
    "Device": "Name DevicePath",
    "Probe": f"{_HANDLERS} GRPC:*GRPC InitialDelaySeconds:i TimeoutSeconds:i PeriodSeconds:i SuccessThreshold:i "
    "FailureThreshold:i TerminationGracePeriodSeconds:p",
    "Lifecycle": "PostStart:*Handler PreStop:*Handler StopSignal:p",
    "Handler": f"{_HANDLERS} Sleep:*Sleep",
    "Exec": "Command:m",
    "HTTPGet": "Path Port:i Host Scheme HTTPHeaders:[Header",
    "Header": "Name Value",
    "TCPSocket": "Port:i Host",
    "GRPC": "Port:i Service:p",
    "Sleep": "Seconds:i",
    "SecurityContext": "Capabilities:*Capabilities Privileged:p SELinuxOptions:*SELinux WindowsOptions:*Windows "
    "RunAsUser:p RunAsGroup:p RunAsNonRoot:p ReadOnlyRootFilesystem:p AllowPrivilegeEscalation:p ProcMount:p "
    "SeccompProfile:*Profile AppArmorProfile:*Profile",
    "Capabilities": "Add:m Drop:m",
    "SELinux": "User Role Type Level",
    "Windows": "GMSACredentialSpecName:p GMSACredentialSpec:p RunAsUserName:p HostProcess:p",
    "Profile": "Type LocalhostProfile:p",
    "PodSecurity": "HostNetwork:b HostPID:b HostIPC:b ShareProcessNamespace:p HostUsers:p SELinuxOptions:*SELinux "
    "WindowsOptions:*Windows RunAsUser:p RunAsGroup:p RunAsNonRoot:p SupplementalGroups:m "
    "SupplementalGroupsPolicy:p FSGroup:p FSGroupChangePolicy:p Sysctls:[Header SeccompProfile:*Profile "
    "AppArmorProfile:*Profile SELinuxChangePolicy:p",
    "Affinity": "NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAffinity",
    "NodeAffinity": "RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector "
    "PreferredDuringSchedulingIgnoredDuringExecution:[PreferredNode",
    "NodeSelector": "NodeSelectorTerms:[NodeTerm",
    "NodeTerm": "MatchExpressions:[Requirement MatchFields:[Requirement",
    "Requirement": "Key Operator Values:m",
    "PreferredNode": "Weight:i Preference:{NodeTerm",
    "PodAffinity": "RequiredDuringSchedulingIgnoredDuringExecution:[PodTerm "
    "PreferredDuringSchedulingIgnoredDuringExecution:[PreferredPod",
    "PodTerm": "LabelSelector:p Namespaces:m TopologyKey NamespaceSelector:p MatchLabelKeys:m MismatchLabelKeys:m",
    "PreferredPod": "Weight:i PodAffinityTerm:{PodTerm",
    "Toleration": "Key Operator Value Effect TolerationSeconds:p",
    "HostAlias": "IP Hostnames:m",
    "DNS": "Nameservers:m Searches:m Options:[DNSOption",
    "DNSOption": "Name Value:p",
    "Gate": "ConditionType",
    "Spread": "MaxSkew:i TopologyKey WhenUnsatisfiable LabelSelector:p MinDomains:p NodeAffinityPolicy:p "
    "NodeTaintsPolicy:p MatchLabelKeys:m",
    "PodClaim": "Name ResourceClaimName:p ResourceClaimTemplateName:p",
    "ClaimSpec": "AccessModes:m Selector:p Resources:{ClaimResources VolumeName StorageClassName:p VolumeMode:p "
    "DataSource:*LocalReference DataSourceRef:*Reference VolumeAttributesClassName:p",
    "ClaimResources": "Limits:m Requests:m",
    "LocalReference": "APIGroup:p Kind Name",
    "Reference": "APIGroup:p Kind Name Namespace:p",
    "PersistentSource": "GCEPersistentDisk:p AWSElasticBlockStore:p HostPath:*HostPath Glusterfs:p NFS:*NFS RBD:p "
    "Quobyte:p ISCSI:p FlexVolume:p Cinder:p CephFS:p FC:p Flocker:p AzureFile:p VsphereVolume:p AzureDisk:p "
    "PhotonPersistentDisk:p PortworxVolume:p ScaleIO:p Local:*Local StorageOS:p CSI:*PersistentCSI",
    "Local": "Path FSType:p",
    "PersistentCSI": "Driver VolumeHandle ReadOnly:b FSType VolumeAttributes:m ControllerPublishSecretRef:*Secreted "
    "NodeStageSecretRef:*Secreted NodePublishSecretRef:*Secreted ControllerExpandSecretRef:*Secreted "
    "NodeExpandSecretRef:*Secreted",
    "Secreted": "Name Namespace",
    "VolumeAffinity": "Required:*NodeSelector",
}

_ZERO: dict[str, Any] = {"": "", "b": False, "i": 0, "p": None, "m": None, "q": "0"}
_FROM_POD = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
"""Fields of the spec that the server keeps in its security context."""
_IRREGULAR = {"CephFS": "cephfs", "StorageOS": "storageos"}
_first_word = re.compile(r"[A-Z]+(?![a-z])|[A-Z]")


def print_spec(spec: Object) -> str:
    """A Pod's spec, a line for each field."""
    shared = {name: spec[name] for name in _FROM_POD if name in spec}
    context = {**(spec.get("securityContext") or {}), **shared}
    return _printed("PodSpec", {**spec, "securityContext": context})


def print_ephemeral(container: Object) -> str:
    """An ephemeral container in the same way."""
    return _printed("Ephemeral", container)


def print_claim_spec(spec: Object) -> str:
    """What a PersistentVolumeClaim asks for, in the same way."""
    return _printed("ClaimSpec", spec)


def print_volume_source(source: Object) -> str:
    """What a PersistentVolume is, in the same way."""
    return _printed("PersistentSource", source)


def on_one_line(struct: str, value: Object | None) -> Printed:
    """One of the structs in the table, or null, as the value of a field."""
    laid_out = None if value is None else _laid_out(struct, value)
    return Printed(escaped(json.dumps(laid_out, separators=(",", ":"), ensure_ascii=False)))


def difference(before: str, after: str) -> str:
    """How two texts differ, as a unified diff without its two head lines."""
    diff = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return "".join(list(diff)[2:])


def _printed(struct: str, value: Object) -> str:
    return escaped(json.dumps(_laid_out(struct, value), indent=2, ensure_ascii=False))


def _laid_out(struct: str, value: Object) -> Object:
    result: Object = {}
    for entry in _LAYOUT[struct].split():
        name, _, way = entry.partition(":")
        result[name] = _field(way[:1], way[1:], value.get(_manifest_name(name)))
    return result


def _field(way: str, struct: str, value: Any) -> Any:
    if way == "[":
        return [_laid_out(struct, item) for item in value] if value else None
    if way == "{" or (way == "*" and value is not None):
        return _laid_out(struct, value or {})
    if way == "m":
        return (dict(sorted(value.items())) if isinstance(value, dict) else value) or None
    return _ZERO.get(way) if value is None else value


def _manifest_name(name: str) -> str:
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    match = _first_word.match(name)
    assert match is not None
    word = match.group()
    # In `DNSPolicy` the capital P begins the next word.
    return word.lower() + name[len(word) :]
