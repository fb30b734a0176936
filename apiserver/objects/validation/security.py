"""Validation of security contexts: of Pods and of containers, with their seccomp and AppArmor profiles."""

from __future__ import annotations

import re

from apiserver.objects.validation import (
    Causes,
    Object,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from apiserver.objects.validation.names import byte_length, problems, user_or_group_id
from apiserver.objects.validation.paths import validate_descending_path
from apiserver.objects.validation.podlayout import on_one_line
from apiserver.objects.validation.windows import validate_windows_options
from apiserver.quoting import quoted

PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
PROFILE_PATH_MAX_BYTES = 4095
SYSCTL_MAX_BYTES = 253
_SYSCTL_PART = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_PART}[\./])*{_SYSCTL_PART}"
_is_sysctl = re.compile(_SYSCTL).fullmatch

NET_SYSCTLS = ("net.",)
IPC_SYSCTLS = ("kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue.")

SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def validate_pod_security(at: str, spec: Object) -> Causes:
    """spec.securityContext. The host* fields beside it decide what it may hold."""
    context = spec["securityContext"]
    causes: Causes = []
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        if (number := context.get(name)) is not None:
            causes += problems(f"{at}.{name}", number, user_or_group_id(number))
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        causes += problems(f"{at}.supplementalGroups[{index}]", group, user_or_group_id(group))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        causes.append(invalid(f"{at}.shareProcessNamespace", True, text))
    causes += _validate_sysctls(f"{at}.sysctls", context.get("sysctls") or [], spec)
    causes += _validate_choice(f"{at}.fsGroupChangePolicy", context, ("Always", "OnRootMismatch"))
    causes += _validate_seccomp(f"{at}.seccompProfile", context.get("seccompProfile"))
    causes += validate_windows_options(f"{at}.windowsOptions", context.get("windowsOptions"))
    causes += _validate_apparmor(f"{at}.appArmorProfile", context.get("appArmorProfile"))
    causes += _validate_choice(f"{at}.supplementalGroupsPolicy", context, ("Merge", "Strict"))
    return causes + _validate_choice(f"{at}.seLinuxChangePolicy", context, ("MountOption", "Recursive"))


def _validate_choice(at: str, context: Object, supported: tuple[str, ...]) -> Causes:
    value = context.get(at.rpartition(".")[2])
    return [] if value is None or value in supported else [not_supported(at, value, supported)]


def _validate_sysctls(at: str, sysctls: list[Object], spec: Object) -> Causes:
    causes: Causes = []
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        here, name = f"{at}[{index}].name", sysctl.get("name", "")
        if not name:
            causes.append(required(here))
        elif not _is_sysctl(name) or byte_length(name) > SYSCTL_MAX_BYTES:
            text = f"must have at most {SYSCTL_MAX_BYTES} characters and match regex ^{_SYSCTL}$"
            causes.append(invalid(here, name, text))
        elif name in seen:
            causes.append(duplicate(here, name))
        seen.add(name)
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith(NET_SYSCTLS):
            causes.append(invalid(here, name, "may not be specified when 'hostNetwork' is true"))
        elif spec.get("hostIPC") and dotted.startswith(IPC_SYSCTLS):
            causes.append(invalid(here, name, "may not be specified when 'hostIPC' is true"))
    return causes


def validate_container_security(at: str, context: Object, host_users: bool) -> Causes:
    """A container's securityContext. `host_users`: the Pod shares the host's user namespace."""
    causes: Causes = []
    get = context.get
    for name in ("runAsUser", "runAsGroup"):
        if (number := get(name)) is not None:
            causes += problems(f"{at}.{name}", number, user_or_group_id(number))
    if (mount := get("procMount")) is not None:
        if mount not in ("Default", "Unmasked"):
            causes.append(not_supported(f"{at}.procMount", mount, ("Default", "Unmasked")))
        elif mount == "Unmasked" and host_users:
            causes.append(invalid(f"{at}.procMount", mount, "`hostUsers` must be false to use `Unmasked`"))
    causes += _validate_seccomp(f"{at}.seccompProfile", get("seccompProfile"))
    if get("allowPrivilegeEscalation") is False:
        text = "cannot set `allowPrivilegeEscalation` to false and "
        if get("privileged"):
            causes.append(invalid(at, on_one_line("SecurityContext", context), text + "`privileged` to true"))
        if "CAP_SYS_ADMIN" in ((get("capabilities") or {}).get("add") or ()):
            shown = on_one_line("SecurityContext", context)
            causes.append(invalid(at, shown, text + "`capabilities.Add` CAP_SYS_ADMIN"))
    causes += validate_windows_options(f"{at}.windowsOptions", get("windowsOptions"))
    return causes + _validate_apparmor(f"{at}.appArmorProfile", get("appArmorProfile"))


def _validate_seccomp(at: str, profile: Object | None) -> Causes:
    if profile is None:
        return []
    causes: Causes = []
    type_, path = profile.get("type", ""), profile.get("localhostProfile")
    if not type_:
        causes.append(required(f"{at}.type", "type is required when seccompProfile is set"))
    elif type_ not in PROFILE_TYPES:
        causes.append(not_supported(f"{at}.type", type_, PROFILE_TYPES))
    if type_ == "Localhost":
        if path is None:
            causes.append(required(f"{at}.localhostProfile", "must be set when seccomp type is Localhost"))
        else:
            causes += validate_descending_path(f"{at}.localhostProfile", path)
    elif path is not None:
        text = "can only be set when seccomp type is Localhost"
        causes.append(invalid(f"{at}.localhostProfile", on_one_line("Profile", profile), text))
    return causes


def _validate_apparmor(at: str, profile: Object | None) -> Causes:
    if profile is None:
        return []
    type_, path, here = profile.get("type", ""), profile.get("localhostProfile"), f"{at}.localhostProfile"
    if not type_:
        return [required(f"{at}.type", "type is required when appArmorProfile is set")]
    if type_ not in PROFILE_TYPES:
        return [not_supported(f"{at}.type", type_, PROFILE_TYPES)]
    if type_ != "Localhost":
        text = "can only be set when AppArmor type is Localhost"
        return [invalid(here, path, text)] if path is not None else []
    if not path:
        return [required(here, "must be set when AppArmor type is Localhost")]
    causes: Causes = []
    if path != path.strip():
        causes.append(invalid(here, path, "must not be padded with whitespace"))
    if byte_length(path) > PROFILE_PATH_MAX_BYTES:
        causes.append(too_long(here, PROFILE_PATH_MAX_BYTES))
    return causes


def validate_profile_annotations(at: str, annotations: Object, spec: Object) -> Causes:
    """The annotations that said seccomp and AppArmor profiles before there were fields. `at`: the annotations' path."""
    causes: Causes = []
    names = {c.get("name") for kind in CONTAINER_LISTS for c in spec.get(kind) or ()}
    for prefix in (SECCOMP_POD_ANNOTATION, SECCOMP_CONTAINER_ANNOTATION):
        for key in sorted(annotations):
            if key == prefix or (key.startswith(prefix) and prefix.endswith("/")):
                causes += _validate_seccomp_name(f"{at}.{key}", annotations[key])
    for key, value in sorted(annotations.items()):
        name = key.removeprefix(APPARMOR_ANNOTATION)
        if name == key:
            continue
        if name not in names:
            causes.append(invalid(f"{at}[{key}]", name, "container not found"))
        if value not in ("", "runtime/default", "unconfined") and not value.startswith("localhost/"):
            causes.append(invalid(f"{at}[{key}]", value, f"invalid AppArmor profile name: {quoted(value)}"))
    return causes


def _validate_seccomp_name(at: str, name: str) -> Causes:
    if name in ("runtime/default", "docker/default", "unconfined"):
        return []
    if name.startswith("localhost/"):
        return validate_descending_path(at, name.removeprefix("localhost/"))
    return [invalid(at, name, "must be a valid seccomp profile")]


_ANNOTATED = {
    ("seccomp", "Unconfined"): ("unconfined",),
    ("seccomp", "RuntimeDefault"): ("runtime/default", "docker/default"),
    ("apparmor", "Unconfined"): ("unconfined",),
    ("apparmor", "RuntimeDefault"): ("runtime/default",),
}


def validate_profiles_agree(at: str, annotations: Object, spec: Object) -> Causes:
    """On creation: where an annotation and a field both name a profile, it is the same. `at`: the spec's path."""
    if not any("security." in key for key in annotations):
        return []
    pod = spec.get("securityContext") or {}
    seccomp = _validate_agreement(f"{at}.securityContext.seccompProfile", "seccomp",
                                  annotations.get(SECCOMP_POD_ANNOTATION), pod.get("seccompProfile"))  # fmt: skip
    apparmor: Causes = []
    for kind in CONTAINER_LISTS:
        for index, container in enumerate(spec.get(kind) or ()):
            here, name = f"{at}.{kind}[{index}].securityContext", container.get("name", "")
            context = container.get("securityContext") or {}
            annotated, profile = annotations.get(SECCOMP_CONTAINER_ANNOTATION + name), context.get("seccompProfile")
            seccomp += _validate_agreement(f"{here}.seccompProfile", "seccomp", annotated, profile)
            profile = context.get("appArmorProfile") or pod.get("appArmorProfile")
            annotated = annotations.get(APPARMOR_ANNOTATION + name)
            apparmor += _validate_agreement(f"{here}.appArmorProfile", "apparmor", annotated, profile)
    is_windows = (spec.get("os") or {}).get("name") == "windows"
    return seccomp if is_windows else seccomp + apparmor


def _validate_agreement(at: str, what: str, annotated: str | None, profile: Object | None) -> Causes:
    if annotated is None or profile is None:
        return []
    type_ = profile.get("type")
    if type_ == "Localhost" and annotated.startswith("localhost/"):
        if annotated.removeprefix("localhost/") == profile.get("localhostProfile"):
            return []
        return [forbidden(f"{at}.localhostProfile", f"{what} profile in annotation and field must match")]
    if type_ == "Localhost" or annotated not in _ANNOTATED.get((what, type_ or ""), (annotated,)):
        return [forbidden(f"{at}.type", f"{what} type in annotation and field must match")]
    return []
