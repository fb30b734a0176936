"""Validation of containers: the regular ones, init containers with sidecars among them, and ephemeral ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from apiserver.objects.validation import (
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    too_many,
)
from apiserver.objects.validation.environment import validate_env, validate_env_from
from apiserver.objects.validation.mounts import validate_devices, validate_mounts
from apiserver.objects.validation.names import dns_label, port_name, port_number, problems
from apiserver.objects.validation.ports import PROTOCOLS
from apiserver.objects.validation.probes import validate_lifecycle, validate_probes
from apiserver.objects.validation.resources import validate_requirements, validate_resize_policy
from apiserver.objects.validation.security import validate_container_security

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
MAX_RESTART_RULES = 20
MAX_RESTART_EXIT_CODES = 255
WHITESPACE = "must not have leading or trailing whitespace"
NOT_FOR_INIT = "may not be set for init containers without restartPolicy=Always"
NOT_FOR_EPHEMERAL = "cannot be set for an Ephemeral Container"

INIT_FORBIDDEN = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
EPHEMERAL_FORBIDDEN = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe",
    "startupProbe", "lifecycle",
)  # fmt: skip


class Surroundings(NamedTuple):
    """What a container's validity depends on outside itself."""

    volumes: Mapping[str, Object]
    claims: frozenset[str]
    grace_seconds: int | None
    restart_policy: str
    host_users: bool
    os_name: str


def validate_containers(at: str, containers: list[Object], pod: Surroundings) -> Causes:
    """The regular containers of a Pod: at least one."""
    if not containers:
        return [required(at)]
    causes: Causes = []
    names: set[str] = set()
    host_ports: set[str] = set()
    clashes: Causes = []
    for index, container in enumerate(containers):
        here, name = f"{at}[{index}]", container.get("name", "")
        causes += _validate_common(here, container, pod)
        causes += _validate_restart(here, container)
        if name in names:
            causes.append(duplicate(f"{here}.name", name))
        names.add(name)
        causes += _validate_life(here, container, pod)
        clashes += _validate_host_ports(here, container, host_ports)
    return causes + clashes


def validate_init_containers(at: str, containers: list[Object], regular: list[Object], pod: Surroundings) -> Causes:
    """Init containers; those that always restart are sidecars and may have probes."""
    causes: Causes = []
    names = {c.get("name", "") for c in regular}
    for index, container in enumerate(containers):
        here, name = f"{at}[{index}]", container.get("name", "")
        causes += _validate_common(here, container, pod)
        causes += _validate_restart(here, container)
        if name in names:
            causes.append(duplicate(f"{here}.name", name))
        elif name:
            names.add(name)
        causes += _validate_host_ports(f"{at}[0]", container, set())
        if container.get("restartPolicy") == "Always":
            causes += _validate_life(here, container, pod)
        else:
            set_ = [field for field in INIT_FORBIDDEN if container.get(field) is not None]
            causes += [forbidden(f"{here}.{field}", NOT_FOR_INIT) for field in set_]
    return causes


def validate_ephemeral_containers(at: str, containers: list[Object], spec: Object, pod: Surroundings) -> Causes:
    """Containers added for debugging to a Pod that runs."""
    causes: Causes = []
    others = {c.get("name", "") for kind in ("containers", "initContainers") for c in spec.get(kind) or ()}
    names = set(others)
    for index, container in enumerate(containers):
        here, name = f"{at}[{index}]", container.get("name", "")
        causes += _validate_common(here, container, pod) + validate_image_whitespace(here, container)
        if name in names:
            causes.append(duplicate(f"{here}.name", name))
        names.add(name)
        target = container.get("targetContainerName")
        if target and target not in others:
            causes.append(not_found(f"{here}.targetContainerName", target))
        causes += [
            forbidden(f"{here}.{field}", NOT_FOR_EPHEMERAL) for field in EPHEMERAL_FORBIDDEN if container.get(field)
        ]
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            set_ = [field for field in ("subPath", "subPathExpr") if mount.get(field)]
            causes += [forbidden(f"{here}.volumeMounts[{number}].{field}", NOT_FOR_EPHEMERAL) for field in set_]
    return causes


def validate_image_whitespace(at: str, container: Object) -> Causes:
    """Checked in Pods only: templates with padded image names exist."""
    image = container.get("image", "")
    return [] if image == image.strip() else [invalid(f"{at}.image", image, WHITESPACE)]


def _validate_common(at: str, container: Object, pod: Surroundings) -> Causes:
    get = container.get
    causes: Causes = []
    name = get("name")
    if not name:
        causes.append(required(f"{at}.name"))
    elif found := dns_label(name):
        causes += problems(f"{at}.name", name, found)
    if not get("image"):
        causes.append(required(f"{at}.image"))
    if (policy := get("terminationMessagePolicy", "")) not in MESSAGE_POLICIES:
        causes += _unsupported(f"{at}.terminationMessagePolicy", policy, MESSAGE_POLICIES)
    if ports := get("ports"):
        causes += _validate_ports(f"{at}.ports", ports)
    if variables := get("env"):
        causes += validate_env(f"{at}.env", variables, pod.volumes)
    if sources := get("envFrom"):
        causes += validate_env_from(f"{at}.envFrom", sources)
    if "volumeMounts" in container:
        causes += validate_mounts(at, container, pod.volumes)
    if "volumeDevices" in container:
        causes += validate_devices(at, container, pod.volumes)
    if (policy := get("imagePullPolicy", "")) not in PULL_POLICIES:
        causes += _unsupported(f"{at}.imagePullPolicy", policy, PULL_POLICIES)
    if resources := get("resources"):
        causes += validate_requirements(f"{at}.resources", resources, pod.claims)
    if policies := get("resizePolicy"):
        causes += validate_resize_policy(f"{at}.resizePolicy", policies, pod.restart_policy)
    if context := get("securityContext"):
        causes += validate_container_security(f"{at}.securityContext", context, pod.host_users)
    return causes


def _unsupported(at: str, value: str, supported: tuple[str, ...]) -> Causes:
    return [not_supported(at, value, supported)] if value else [required(at)]


def _validate_life(at: str, container: Object, pod: Surroundings) -> Causes:
    causes: Causes = []
    if (lifecycle := container.get("lifecycle")) is not None:
        causes += validate_lifecycle(f"{at}.lifecycle", lifecycle, pod.grace_seconds, pod.os_name)
    return causes + validate_probes(at, container, pod.grace_seconds)


def _validate_ports(at: str, ports: list[Object]) -> Causes:
    causes: Causes = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        get = port.get
        if name := get("name"):
            if found := port_name(name):
                causes += problems(f"{at}[{index}].name", name, found)
            elif name in names:
                causes.append(duplicate(f"{at}[{index}].name", name))
            names.add(name)
        number, host_port, protocol = get("containerPort", 0), get("hostPort", 0), get("protocol", "")
        if not number:
            causes.append(required(f"{at}[{index}].containerPort"))
        elif found := port_number(number):
            causes += problems(f"{at}[{index}].containerPort", number, found)
        if host_port and (found := port_number(host_port)):
            causes += problems(f"{at}[{index}].hostPort", host_port, found)
        if protocol not in PROTOCOLS:
            causes += _unsupported(f"{at}[{index}].protocol", protocol, PROTOCOLS)
    return causes


def _validate_host_ports(at: str, container: Object, taken: set[str]) -> Causes:
    """A port of the host's can be had once. `at`: the container."""
    causes: Causes = []
    for index, port in enumerate(container.get("ports") or ()):
        number = port.get("hostPort")
        if not number:
            continue
        shown = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{number}"
        if shown in taken:
            causes.append(duplicate(f"{at}.ports[{index}].hostPort", shown))
        taken.add(shown)
    return causes


def _validate_restart(at: str, container: Object) -> Causes:
    """A container's own restart policy, and the rules that depend on how it ended."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or []
    if policy is None and not rules:
        return []
    causes: Causes = []
    if policy is None:
        text = "must specify restartPolicy when restart rules are used"
        causes.append(required(f"{at}.restartPolicy", text))
    elif policy not in RESTART_POLICIES:
        causes.append(not_supported(f"{at}.restartPolicy", policy, RESTART_POLICIES))
    if len(rules) > MAX_RESTART_RULES:
        causes.append(too_many(f"{at}.restartPolicyRules", len(rules), MAX_RESTART_RULES))
    for index, rule in enumerate(rules):
        causes += _validate_restart_rule(f"{at}.restartPolicyRules[{index}]", rule)
    return causes


def _validate_restart_rule(at: str, rule: Object) -> Causes:
    causes: Causes = []
    action, codes = rule.get("action", ""), rule.get("exitCodes")
    if action not in ("Restart", "RestartAllContainers"):
        causes += _unsupported(f"{at}.action", action, ("Restart", "RestartAllContainers"))
    if codes is None:
        return [*causes, required(f"{at}.exitCodes", "must be specified")]
    operator, values = codes.get("operator", ""), codes.get("values") or []
    if operator not in ("In", "NotIn"):
        causes += _unsupported(f"{at}.exitCodes.operator", operator, ("In", "NotIn"))
    if not values:
        causes.append(required(f"{at}.exitCodes.values"))
    elif len(values) > MAX_RESTART_EXIT_CODES:
        causes.append(too_many(f"{at}.exitCodes.values", len(values), MAX_RESTART_EXIT_CODES))
    return causes
