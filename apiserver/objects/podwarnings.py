"""What is accepted in a Pod or a template and still worth a Warning header: deprecated, ambiguous or without effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apiserver.objects.quantity import parse
from apiserver.objects.remembered import Remembered
from apiserver.objects.validation.addresses import ip_warnings
from apiserver.objects.validation.names import dns_label
from apiserver.objects.validation.scheduling import PREFERRED_TERM, REQUIRED_TERM
from apiserver.objects.validation.security import (
    APPARMOR_ANNOTATION,
    SECCOMP_CONTAINER_ANNOTATION,
    SECCOMP_POD_ANNOTATION,
)

Object = dict[str, Any]
Warnings = list[str]

DEPRECATED_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}
DEPRECATED_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
DEPRECATED_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
USE_SECCOMP_FIELD = 'non-functional in v1.27+; use the "seccompProfile" field instead'
USE_APPARMOR_FIELD = 'deprecated since v1.30; use the "appArmorProfile" field instead'
NULL_SELECTOR = "a null labelSelector results in matching no pod"
BYTES = ("memory", "ephemeral-storage")
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
MAX_PORT_WARNINGS = 1000
"""Each port may clash with each other one; far fewer warnings than this are ever sent."""


def name_warnings(name: str, used: str) -> Warnings:
    """A name that is valid but does not make a good host name. `used`: where it ends up."""
    found = dns_label(name)
    if not found:
        return []
    surprise = "which can result in surprising behavior; a DNS label is recommended"
    return [f"metadata.name: this is used in {used}, {surprise}: [{' '.join(found)}]"]


_known: Remembered[Warnings] = Remembered()


def pod_warnings(pod: Object) -> Warnings:
    spec, annotations = pod["spec"], pod["metadata"].get("annotations")
    if annotations:
        return _warnings("", spec, annotations)
    return _known.of(spec, None, lambda: _warnings("", spec, {})).copy()


def template_warnings(template: Object, at: str = "spec.template") -> Warnings:
    """Of a Pod template, mostly a workload's."""
    annotations = (template.get("metadata") or {}).get("annotations")
    return _warnings(f"{at}.", template.get("spec") or {}, annotations or {})


def _warnings(base: str, spec: Object, annotations: Object) -> Warnings:
    at = f"{base}spec"
    found = _of_placement(at, spec)
    if annotations:
        found += _of_annotations(f"{base}metadata.annotations", annotations, spec, is_template=bool(base))
    for index, volume in enumerate(spec.get("volumes") or ()):
        for name, text in DEPRECATED_VOLUMES.items():
            if name in volume:
                spelt = "storageOS" if name == "storageos" else name
                found.append(f"{at}.volumes[{index}].{spelt}: {text}")
    found += _of_token_paths(at, spec)
    found += _of_lists(at, spec)
    found += _of_amounts(f"{at}.overhead", spec.get("overhead") or {})
    for here, container in _containers(at, spec):
        for side in ("limits", "requests"):
            found += _of_amounts(f"{here}.resources.{side}", (container.get("resources") or {}).get(side) or {})
        found += _of_variables(f"{here}.env", container.get("env") or [])
    found += _of_ports(at, spec)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        found.append(f"{at}.terminationGracePeriodSeconds: {text}")
    return found + _of_pod_affinity(f"{at}.affinity", spec.get("affinity") or {})


def _containers(at: str, spec: Object) -> Iterator[tuple[str, Object]]:
    for kind in CONTAINER_LISTS:
        for index, container in enumerate(spec.get(kind) or ()):
            yield f"{at}.{kind}[{index}]", container


def _of_placement(at: str, spec: Object) -> Warnings:
    found: Warnings = []
    for key in sorted(spec.get("nodeSelector") or ()):
        if key in DEPRECATED_NODE_LABELS:
            found.append(f"{at}.nodeSelector[{key}]: {DEPRECATED_NODE_LABELS[key]}")
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (node.get(REQUIRED_TERM) or {}).get("nodeSelectorTerms") or []
    here = f"{at}.affinity.nodeAffinity"
    for index, term in enumerate(terms):
        found += node_term_warnings(f"{here}.{REQUIRED_TERM}.nodeSelectorTerms[{index}]", term)
    for index, weighted in enumerate(node.get(PREFERRED_TERM) or ()):
        found += node_term_warnings(f"{here}.{PREFERRED_TERM}[{index}].preference", weighted.get("preference") or {})
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        here, key = f"{at}.topologySpreadConstraints[{index}]", constraint.get("topologyKey", "")
        if key in DEPRECATED_NODE_LABELS:
            found.append(f"{here}.topologyKey: {key} is {DEPRECATED_NODE_LABELS[key]}")
        if constraint.get("labelSelector") is None:
            found.append(f"{here}.labelSelector: {NULL_SELECTOR}")
    return found


def node_term_warnings(at: str, term: Object) -> Warnings:
    """About labels of nodes that have new names."""
    return [
        f"{at}.matchExpressions[{index}].key: {e['key']} is {DEPRECATED_NODE_LABELS[e['key']]}"
        for index, e in enumerate(term.get("matchExpressions") or ())
        if e.get("key") in DEPRECATED_NODE_LABELS
    ]


def _of_pod_affinity(at: str, affinity: Object) -> Warnings:
    found: Warnings = []
    for name in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(name) or {}
        for index, term in enumerate(pods.get(REQUIRED_TERM) or ()):
            if term.get("labelSelector") is None:
                found.append(f"{at}.{name}.{REQUIRED_TERM}[{index}].labelSelector: {NULL_SELECTOR}")
        for index, weighted in enumerate(pods.get(PREFERRED_TERM) or ()):
            if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
                here = f"{at}.{name}.{PREFERRED_TERM}[{index}].podAffinityTerm.labelSelector"
                found.append(f"{here}: {NULL_SELECTOR}")
    return found


def _of_annotations(at: str, annotations: Object, spec: Object, *, is_template: bool) -> Warnings:
    found = [f"{at}[{key}]: {text}" for key, text in DEPRECATED_ANNOTATIONS.items() if key in annotations]
    pod = spec.get("securityContext") or {}
    if SECCOMP_POD_ANNOTATION in annotations and not pod.get("seccompProfile"):
        found.append(f"{at}[{SECCOMP_POD_ANNOTATION}]: {USE_SECCOMP_FIELD}")
    for _, container in _containers("", spec):
        own = container.get("securityContext") or {}
        name = container.get("name", "")
        if SECCOMP_CONTAINER_ANNOTATION + name in annotations and not own.get("seccompProfile"):
            found.append(f"{at}[{SECCOMP_CONTAINER_ANNOTATION}{name}]: {USE_SECCOMP_FIELD}")
        has_profile = own.get("appArmorProfile") or pod.get("appArmorProfile")
        if is_template and APPARMOR_ANNOTATION + name in annotations and not has_profile:
            found.append(f"{at}[{APPARMOR_ANNOTATION}{name}]: {USE_APPARMOR_FIELD}")
    return found


def _of_token_paths(at: str, spec: Object) -> Warnings:
    """Files of a projected volume that a service account token hides."""
    projected = [
        (index, source)
        for index, volume in enumerate(spec.get("volumes") or ())
        for source in (volume.get("projected") or {}).get("sources") or ()
    ]
    tokens = {source["serviceAccountToken"].get("path") for _, source in projected if "serviceAccountToken" in source}
    if not tokens:
        return []
    found: Warnings = []
    for index, source in projected:
        here = f"{at}.volumes[{index}].projected.sources"
        for name, shown in (("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI")):
            for number, item in enumerate((source.get(name) or {}).get("items") or ()):
                if item.get("path") in tokens:
                    text = f'has duplicated path with ServiceAccountToken "{item["path"]}"'
                    found.append(f"{here}.{shown}[{number}]: {text}")
        bundle = source.get("clusterTrustBundle") or {}
        if bundle.get("path") in tokens:
            text = f'has duplicated path with ServiceAccountToken "{bundle["path"]}"'
            found.append(f"{here}.ClusterTrustBundle: {text}")
    return found


def _of_lists(at: str, spec: Object) -> Warnings:
    found: Warnings = []
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        found += ip_warnings(f"{at}.dnsConfig.nameservers[{index}]", server)
    addresses: set[str] = set()
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        address = alias.get("ip", "")
        if address in addresses:
            found.append(f'{at}.hostAliases[{index}].ip: duplicate ip "{address}"')
        addresses.add(address)
        found += ip_warnings(f"{at}.hostAliases[{index}].ip", address)
    names: set[str] = set()
    nameless: Warnings = []
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        here, name = f"{at}.imagePullSecrets[{index}].name", secret.get("name", "")
        if name in names:
            found.append(f'{here}: duplicate name "{name}"')
        names.add(name)
        if not name:
            nameless.append(f'{here}: invalid empty name ""')
    return found + nameless


def _of_amounts(at: str, resources: Object) -> Warnings:
    return [
        f'{at}[{name}]: fractional byte value "{resources[name]}" is invalid, must be an integer'
        for name in BYTES
        if name in resources and not parse(resources[name]).is_whole
    ]


def _of_variables(at: str, variables: list[Object]) -> Warnings:
    """A second definition that does not build on the first hides it, and patches cannot tell the two apart."""
    found: Warnings = []
    names: set[str] = set()
    for index, variable in enumerate(variables):
        name, value = variable.get("name", ""), variable.get("value", "")
        reference = f"$({name})"
        if name not in names:
            names.add(name)
        elif variable.get("valueFrom") is not None or value == reference or reference not in value:
            text = f'hides previous definition of "{name}", which may be dropped when using apply'
            found.append(f"{at}[{index}]: {text}")
    return found


def _of_ports(at: str, spec: Object) -> Warnings:
    found: Warnings = []
    seen: dict[tuple[int, str], list[tuple[str, Object]]] = {}
    for path, container in _containers(at, spec):
        for index, port in enumerate(container.get("ports") or ()):
            if len(found) > MAX_PORT_WARNINGS:
                return found
            here = f"{path}.ports[{index}]"
            if port.get("hostIP") and not port.get("hostPort"):
                found.append(f"{here}: hostIP set without hostPort: {_printed_port(port)}")
            others = seen.setdefault((port.get("containerPort", 0), port.get("protocol", "")), [])
            found += [f"{here}: {clash} port definition with {p}" for p, o in others if (clash := _clash(port, o))]
            others.append((here, port))
    return found


def _clash(port: Object, other: Object) -> str:
    """How two definitions of one container port get in each other's way, "" if they do not."""
    host_port, other_port = port.get("hostPort", 0), other.get("hostPort", 0)
    host_ip, other_ip = port.get("hostIP", ""), other.get("hostIP", "")
    if host_ip == other_ip and host_port == other_port:
        return "duplicate"
    if not host_port or not other_port:
        return "overlapping"
    return "dangerously ambiguous" if host_port == other_port and bool(host_ip) != bool(other_ip) else ""


def _printed_port(port: Object) -> str:
    """A port as Go prints the struct."""
    get = port.get
    host = f"HostPort:{get('hostPort', 0)} ContainerPort:{get('containerPort', 0)}"
    return f"{{Name:{get('name', '')} {host} Protocol:{get('protocol', '')} HostIP:{get('hostIP', '')}}}"
