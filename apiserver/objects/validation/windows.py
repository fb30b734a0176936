"""Validation of what concerns the operating system of a Pod: Windows options, and what each system lacks."""

from __future__ import annotations

import re

from apiserver.objects.validation import Causes, Object, forbidden, invalid, not_supported, required
from apiserver.objects.validation.names import dns_subdomain, problems

SYSTEMS = ("linux", "windows")
CREDENTIAL_SPEC_MAX_KIB = 64
DOMAIN_MAX_BYTES = 256
USER_MAX_BYTES = 104

_DNS_PART = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_is_dns_domain = re.compile(rf"{_DNS_PART}(?:\.{_DNS_PART})*").fullmatch
_is_netbios_domain = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}').fullmatch
_has_control = re.compile(r"[\x00-\x1f\x7f]").search
_has_forbidden = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search
_only_dots = re.compile(r"[. ]+").fullmatch

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
NOT_FOR_WINDOWS = "cannot be set for a windows pod"
POD_NOT_FOR_WINDOWS = (
    "securityContext.appArmorProfile", "securityContext.seLinuxOptions", "hostUsers", "hostPID", "hostIPC",
    "securityContext.seccompProfile", "securityContext.fsGroup", "securityContext.fsGroupChangePolicy",
    "securityContext.sysctls", "shareProcessNamespace", "securityContext.runAsUser", "securityContext.runAsGroup",
    "securityContext.supplementalGroups", "securityContext.supplementalGroupsPolicy",
    "securityContext.seLinuxChangePolicy",
)  # fmt: skip
CONTAINER_CONTEXT_NOT_FOR_WINDOWS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip


def validate_windows_options(at: str, options: Object | None) -> Causes:
    if options is None:
        return []
    causes: Causes = []
    if (name := options.get("gmsaCredentialSpecName")) is not None:
        causes += problems(f"{at}.gmsaCredentialSpecName", name, dns_subdomain(name))
    if (spec := options.get("gmsaCredentialSpec")) is not None:
        if not spec:
            causes.append(invalid(f"{at}.gmsaCredentialSpec", spec, "gmsaCredentialSpec cannot be an empty string"))
        elif len(spec) > CREDENTIAL_SPEC_MAX_KIB * 1024:
            text = f"gmsaCredentialSpec size must be under {CREDENTIAL_SPEC_MAX_KIB} KiB"
            causes.append(invalid(f"{at}.gmsaCredentialSpec", spec, text))
    if (name := options.get("runAsUserName")) is not None:
        causes += problems(f"{at}.runAsUserName", name, _user_name(name))
    return causes


def _user_name(name: str) -> list[str]:
    """What is wrong with `DOMAIN\\user` or `user`."""
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _has_control(name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = name.rpartition("\\")
    found: list[str] = []
    if len(domain) >= DOMAIN_MAX_BYTES:
        found.append(f"runAsUserName's Domain length must be under {DOMAIN_MAX_BYTES} characters")
    if backslash and not _is_netbios_domain(domain) and not _is_dns_domain(domain):
        found.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        found.append("runAsUserName's User cannot be empty")
    elif len(user) > USER_MAX_BYTES:
        found.append(f"runAsUserName's User length must not be longer than {USER_MAX_BYTES} characters")
    if _only_dots(user):
        found.append("runAsUserName's User cannot contain only periods or spaces")
    if _has_forbidden(user):
        found.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return found


def validate_host_process(at: str, spec: Object) -> Causes:
    """Windows HostProcess containers: all or none, and only on the host's network."""
    pod = ((spec.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    causes: Causes = []
    total = host = 0
    for kind in CONTAINER_LISTS:
        for index, container in enumerate(spec.get(kind) or ()):
            total += 1
            context = container.get("securityContext")
            own = ((context or {}).get("windowsOptions") or {}).get("hostProcess")
            if pod is not None and own is not None and pod != own:
                text = f"pod hostProcess value must be identical if both are specified, was {str(pod).lower()}"
                here = f"{at}.{kind}[{index}].securityContext.windowsOptions.hostProcess"
                causes.append(invalid(here, own, text))
            host += bool(pod if own is None else own)
    if host and host != total:
        text = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        causes.append(invalid(at, "", text))
    if host and not spec.get("hostNetwork"):
        text = "hostNetwork must be true if pod contains any hostProcess containers"
        causes.append(invalid(f"{at}.hostNetwork", False, text))
    return causes


def validate_os(at: str, spec: Object) -> Causes:
    """spec.os, and what the named system does not have. `at`: the spec's path."""
    name = spec["os"].get("name", "")
    if not name:
        return [required(f"{at}.os.name", "cannot be empty")]
    if name not in SYSTEMS:
        return [not_supported(f"{at}.os", name, SYSTEMS)]
    return _validate_linux(at, spec) if name == "linux" else _validate_windows(at, spec)


def _contexts(at: str, spec: Object) -> list[tuple[str, Object]]:
    """The security contexts of all containers, with their paths."""
    return [
        (f"{at}.{kind}[{index}].securityContext", container["securityContext"])
        for kind in CONTAINER_LISTS
        for index, container in enumerate(spec.get(kind) or ())
        if container.get("securityContext")
    ]


def _validate_linux(at: str, spec: Object) -> Causes:
    contexts = [(f"{at}.securityContext", spec.get("securityContext") or {}), *_contexts(at, spec)]
    text = "windows options cannot be set for a linux pod"
    return [forbidden(f"{here}.windowsOptions", text) for here, c in contexts if c.get("windowsOptions") is not None]


def _validate_windows(at: str, spec: Object) -> Causes:
    said = {**spec, **{f"securityContext.{name}": value for name, value in (spec.get("securityContext") or {}).items()}}
    found = [f"{at}.{name}" for name in POD_NOT_FOR_WINDOWS if said.get(name) is not None]
    for path, context in _contexts(at, spec):
        found += [f"{path}.{name}" for name in CONTAINER_CONTEXT_NOT_FOR_WINDOWS if context.get(name) is not None]
    return [forbidden(path, NOT_FOR_WINDOWS) for path in found]
