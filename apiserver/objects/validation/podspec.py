"""Validation of a Pod's spec, of a Pod itself and of a template: the same rules, in the order Kubernetes reports them.

Paths are built only where something is wrong, because most Pods are valid and validating one takes a few dozen
microseconds.
"""

from __future__ import annotations

from apiserver.objects.remembered import Remembered
from apiserver.objects.validation import Causes, Object, duplicate, forbidden, invalid, not_supported, required
from apiserver.objects.validation.addresses import valid_ip
from apiserver.objects.validation.containers import (
    Surroundings,
    validate_containers,
    validate_ephemeral_containers,
    validate_image_whitespace,
    validate_init_containers,
)
from apiserver.objects.validation.meta import validate_annotations, validate_labels
from apiserver.objects.validation.names import (
    byte_length,
    dns_label,
    dns_subdomain,
    dns_subdomain_underscore,
    in_range,
    problems,
    qualified_name,
)
from apiserver.objects.validation.podlayout import on_one_line
from apiserver.objects.validation.resources import validate_overhead, validate_pod_resources
from apiserver.objects.validation.scheduling import (
    validate_affinity,
    validate_tolerations,
    validate_topology_spread,
)
from apiserver.objects.validation.security import (
    validate_pod_security,
    validate_profile_annotations,
    validate_profiles_agree,
)
from apiserver.objects.validation.volumes import Owner, validate_volumes
from apiserver.objects.validation.windows import validate_host_process, validate_os

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_BYTES = 2048
MAX_DEADLINE_SECONDS = 2**31 - 1
HOSTNAME_OVERRIDE_MAX_BYTES = 64

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
DELETION_COST_ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"


def validate_pod(pod: Object, is_new: bool) -> Causes:
    """A Pod without its generic metadata: what both creating and updating one check."""
    spec, annotations = pod["spec"], pod["metadata"].get("annotations")
    causes: Causes = []
    if annotations:
        causes += validate_pod_annotations("metadata.annotations", annotations, spec)
    causes += validate_pod_spec("spec", spec, Owner(True, pod["metadata"].get("name", "")))
    if not spec.get("serviceAccountName"):
        causes += _validate_no_tokens(spec)
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind) or ()):
            image = container.get("image", "")
            if image[:1].isspace() or image[-1:].isspace():
                causes += validate_image_whitespace(f"spec.{kind}[{index}]", container)
    if is_new:
        causes += _validate_new(spec, annotations or {})
    return causes


def _validate_no_tokens(spec: Object) -> Causes:
    text = "must not be specified when serviceAccountName is not set"
    return [
        forbidden(f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken", text)
        for index, volume in enumerate(spec.get("volumes") or ())
        for number, source in enumerate((volume.get("projected") or {}).get("sources") or ())
        if "serviceAccountToken" in source
    ]


def _validate_new(spec: Object, annotations: Object) -> Causes:
    causes: Causes = []
    if spec.get("ephemeralContainers"):
        causes.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        causes.append(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    return causes + validate_profiles_agree("spec", annotations, spec)


def validate_template(at: str, template: Object) -> Causes:
    """A Pod template. Its labels and annotations are reported without `metadata`, as Kubernetes does."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    causes: Causes = []
    if labels := metadata.get("labels"):
        causes += validate_labels(f"{at}.labels", labels)
    if annotations := metadata.get("annotations"):
        causes += validate_annotations(f"{at}.annotations", annotations)
        causes += validate_pod_annotations(f"{at}.annotations", annotations, spec)
    causes += validate_pod_spec(f"{at}.spec", spec, Owner(False, ""))
    causes += validate_profiles_agree(f"{at}.spec", metadata.get("annotations") or {}, spec)
    if spec.get("ephemeralContainers"):
        causes.append(forbidden(f"{at}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"))
    return causes


def validate_pod_annotations(at: str, annotations: Object, spec: Object) -> Causes:
    """The annotations that mean something for Pods."""
    causes: Causes = []
    if MIRROR_ANNOTATION in annotations and not spec.get("nodeName"):
        text = "must set spec.nodeName if mirror pod annotation is set"
        causes.append(invalid(f"{at}[{MIRROR_ANNOTATION}]", annotations[MIRROR_ANNOTATION], text))
    cost = annotations.get(DELETION_COST_ANNOTATION)
    if cost is not None and not _is_int32(cost):
        causes.append(invalid(f"{at}[{DELETION_COST_ANNOTATION}]", cost, "must be a 32bit integer"))
    return causes + validate_profile_annotations(at, annotations, spec)


def _is_int32(text: str) -> bool:
    digits = text.removeprefix("-")
    is_canonical = digits.isascii() and digits.isdigit() and (digits == "0" or not digits.startswith("0"))
    return is_canonical and text != "-0" and -(2**31) <= int(text) < 2**31


_known: Remembered[Causes] = Remembered()


def validate_pod_spec(at: str, spec: Object, owner: Owner) -> Causes:
    """Everything in a Pod's spec."""
    names_claims = any("ephemeral" in volume for volume in spec.get("volumes") or ())
    about = (at, owner if names_claims else owner.is_pod)
    return _known.of(spec, about, lambda: _causes_in(at, spec, owner)).copy()


def _causes_in(at: str, spec: Object, owner: Owner) -> Causes:
    get = spec.get
    causes: Causes = []
    grace = get("terminationGracePeriodSeconds")
    if grace is None:
        causes.append(required(f"{at}.terminationGracePeriodSeconds"))
    usable: dict[str, Object] = {}
    if volumes := get("volumes"):
        usable, found = validate_volumes(f"{at}.volumes", volumes, owner)
        causes += found
    claims = get("resourceClaims") or []
    if claims:
        causes += _validate_claims(f"{at}.resourceClaims", claims)
    host_users = get("hostUsers") is not False
    pod = Surroundings(
        usable,
        frozenset(c["name"] for c in claims if c.get("name")),
        grace,
        get("restartPolicy", ""),
        host_users,
        (get("os") or {}).get("name", ""),
    )
    containers = get("containers") or []
    causes += validate_containers(f"{at}.containers", containers, pod)
    if init := get("initContainers"):
        causes += validate_init_containers(f"{at}.initContainers", init, containers, pod)
    if ephemeral := get("ephemeralContainers"):
        causes += validate_ephemeral_containers(f"{at}.ephemeralContainers", ephemeral, spec, pod)
    if get("resources"):
        causes += validate_pod_resources(f"{at}.resources", spec)
    if get("hostNetwork"):
        causes += _validate_host_network(f"{at}.containers", containers, owner.is_pod)
    causes += _validate_policies(at, spec)
    causes += _validate_placement(at, spec)
    if not host_users:
        causes += _validate_own_users(at, spec)
    return causes + _validate_rest(at, spec)


def _validate_claims(at: str, claims: list[Object]) -> Causes:
    causes: Causes = []
    names: set[str] = set()
    for index, claim in enumerate(claims):
        here, name = f"{at}[{index}]", claim.get("name", "")
        if not name:
            causes.append(required(f"{here}.name"))
        elif name in names:
            causes.append(duplicate(f"{here}.name", name))
        else:
            causes += problems(f"{here}.name", name, dns_label(name))
        names.add(name)
        given = [f for f in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(f) is not None]
        if len(given) > 1:
            text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            causes.append(invalid(here, on_one_line("PodClaim", claim), text))
        if not given:
            text = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            causes.append(invalid(here, on_one_line("PodClaim", claim), text))
        for field in given:
            causes += problems(f"{here}.{field}", claim[field], dns_subdomain(claim[field]))
    return causes


def _validate_host_network(at: str, containers: list[Object], is_pod: bool) -> Causes:
    """On the host's network a port is the host's. A template may leave it to be filled in."""
    text = "must match `containerPort` when `hostNetwork` is true"
    return [
        invalid(f"{at}[{index}].ports[{number}].hostPort", port.get("hostPort", 0), text)
        for index, container in enumerate(containers)
        for number, port in enumerate(container.get("ports") or ())
        if (is_pod or port.get("hostPort")) and port.get("hostPort", 0) != port.get("containerPort", 0)
    ]


def _validate_policies(at: str, spec: Object) -> Causes:
    causes: Causes = []
    for field, supported in (("restartPolicy", RESTART_POLICIES), ("dnsPolicy", DNS_POLICIES)):
        policy = spec.get(field)
        if not policy:
            causes.append(required(f"{at}.{field}"))
        elif policy not in supported:
            causes.append(not_supported(f"{at}.{field}", policy, supported))
    return causes


def _validate_placement(at: str, spec: Object) -> Causes:
    get = spec.get
    causes: Causes = []
    if selector := get("nodeSelector"):
        causes += validate_labels(f"{at}.nodeSelector", selector)
    if get("securityContext"):
        causes += validate_pod_security(f"{at}.securityContext", spec)
    if affinity := get("affinity"):
        causes += validate_affinity(f"{at}.affinity", affinity)
    if (config := get("dnsConfig")) is not None or get("dnsPolicy") == "None":
        causes += _validate_dns(f"{at}.dnsConfig", config, get("dnsPolicy", ""))
    for index, gate in enumerate(get("readinessGates") or ()):
        type_ = gate.get("conditionType", "")
        causes += problems(f"{at}.readinessGates[{index}].conditionType", type_, qualified_name(type_))
    if gates := get("schedulingGates"):
        causes += _validate_gates(f"{at}.schedulingGates", gates)
    if constraints := get("topologySpreadConstraints"):
        causes += validate_topology_spread(f"{at}.topologySpreadConstraints", constraints)
    return causes + validate_host_process(at, spec)


def _validate_gates(at: str, gates: list[Object]) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name", "")
        causes += problems(f"{at}[{index}]", name, qualified_name(name))
        if name in seen:
            causes.append(duplicate(f"{at}[{index}]", name))
        seen.add(name)
    return causes


def _validate_dns(at: str, config: Object | None, policy: str) -> Causes:
    if config is None:
        return [required(at, "must provide `dnsConfig` when `dnsPolicy` is None")]
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if policy == "None" and not servers:
        text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        return [required(f"{at}.nameservers", text)]
    causes: Causes = []
    if len(servers) > MAX_NAMESERVERS:
        text = f"must not have more than {MAX_NAMESERVERS} nameservers"
        causes.append(invalid(f"{at}.nameservers", servers, text))
    for index, server in enumerate(servers):
        causes += valid_ip(f"{at}.nameservers[{index}]", server)
    if len(searches) > MAX_SEARCHES:
        causes.append(invalid(f"{at}.searches", searches, f"must not have more than {MAX_SEARCHES} search paths"))
    if byte_length(" ".join(searches)) > MAX_SEARCH_BYTES:
        text = f"must not have more than {MAX_SEARCH_BYTES} characters (including spaces) in the search list"
        causes.append(invalid(f"{at}.searches", searches, text))
    for index, search in enumerate(searches):
        if search != ".":
            domain = search.removesuffix(".")
            causes += problems(f"{at}.searches[{index}]", domain, dns_subdomain_underscore(domain))
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            causes.append(required(f"{at}.options[{index}]", "must not be empty"))
    return causes


def _validate_own_users(at: str, spec: Object) -> Causes:
    """A Pod with users of its own cannot share the host's other namespaces."""
    fields = {"hostNetwork": "hostNetwork", "hostPID": "HostPID", "hostIPC": "HostIPC"}
    text = "when `pod.Spec.HostUsers` is false"
    return [forbidden(f"{at}.{shown}", text) for field, shown in fields.items() if spec.get(field)]


_SUBDOMAIN_FIELDS = ("serviceAccountName", "nodeName")
_LABEL_FIELDS = ("hostname", "subdomain")


def _validate_rest(at: str, spec: Object) -> Causes:
    get = spec.get
    causes: Causes = []
    for field in _SUBDOMAIN_FIELDS:
        if value := get(field):
            causes += problems(f"{at}.{field}", value, dns_subdomain(value))
    if (seconds := get("activeDeadlineSeconds")) is not None:
        found = in_range(seconds, 1, MAX_DEADLINE_SECONDS)
        causes += problems(f"{at}.activeDeadlineSeconds", seconds, found)
    for field in _LABEL_FIELDS:
        if value := get(field):
            causes += problems(f"{at}.{field}", value, dns_label(value))
    if (override := get("hostnameOverride")) is not None:
        causes += _validate_hostname_override(at, override, spec)
    if tolerations := get("tolerations"):
        causes += validate_tolerations(f"{at}.tolerations", tolerations)
    for index, alias in enumerate(get("hostAliases") or ()):
        causes += valid_ip(f"{at}.hostAliases[{index}].ip", alias.get("ip", ""))
        for number, name in enumerate(alias.get("hostnames") or ()):
            causes += problems(f"{at}.hostAliases[{index}].hostnames[{number}]", name, dns_subdomain(name))
    if name := get("priorityClassName"):
        causes += problems(f"{at}.priorityClassName", name, dns_subdomain(name))
    if (name := get("runtimeClassName")) is not None:
        causes += problems(f"{at}.runtimeClassName", name, dns_subdomain(name))
    if (policy := get("preemptionPolicy")) is not None and policy not in PREEMPTION_POLICIES:
        here = f"{at}.preemptionPolicy"
        causes.append(not_supported(here, policy, PREEMPTION_POLICIES) if policy else required(here))
    if overhead := get("overhead"):
        causes += validate_overhead(f"{at}.overhead", overhead)
    if get("os") is not None:
        causes += validate_os(at, spec)
    return causes


def _validate_hostname_override(at: str, override: str, spec: Object) -> Causes:
    here = f"{at}.hostnameOverride"
    causes = problems(here, override, dns_subdomain(override))
    if byte_length(override) > HOSTNAME_OVERRIDE_MAX_BYTES:
        text = f"must be no more than {HOSTNAME_OVERRIDE_MAX_BYTES} characters"
        causes.append(invalid(here, override, text))
    if spec.get("hostNetwork"):
        causes.append(forbidden(here, "may not be specified when hostNetwork is true"))
    if spec.get("setHostnameAsFQDN"):
        causes.append(forbidden(here, "may not be specified when setHostnameAsFQDN is true"))
    return causes
