"""Validation of probes and of the hooks of a container's life."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.objects.validation import Causes, Object, forbidden, invalid, not_negative, not_supported, required
from apiserver.objects.validation.names import http_header_name, problems
from apiserver.objects.validation.ports import validate_number_or_name

ONE_HANDLER = "may not specify more than 1 handler type"
NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")

LINUX_SIGNALS = tuple(sorted(
    ["SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO",
     "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGSEGV", "SIGSTKFLT", "SIGSTOP",
     "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM",
     "SIGWINCH", "SIGXCPU", "SIGXFSZ", "SIGRTMIN", "SIGRTMAX"]
    + [f"SIGRTMIN+{n}" for n in range(1, 16)] + [f"SIGRTMAX-{n}" for n in range(1, 15)]
))  # fmt: skip
SIGNALS = {"linux": LINUX_SIGNALS, "windows": ("SIGKILL", "SIGTERM")}


def validate_probes(at: str, container: Object, grace_seconds: int | None) -> Causes:
    """The three probes of a container, those that it has. `grace_seconds` is its Pod's."""
    causes: Causes = []
    if (probe := container.get("livenessProbe")) is not None:
        causes += _validate_probe(f"{at}.livenessProbe", probe, grace_seconds)
        causes += _validate_success_is_one(f"{at}.livenessProbe", probe)
    if (probe := container.get("readinessProbe")) is not None:
        here = f"{at}.readinessProbe"
        causes += _validate_probe(here, probe, grace_seconds)
        if (seconds := probe.get("terminationGracePeriodSeconds")) is not None:
            text = "must not be set for readinessProbes"
            causes.append(invalid(f"{here}.terminationGracePeriodSeconds", seconds, text))
    if (probe := container.get("startupProbe")) is not None:
        causes += _validate_probe(f"{at}.startupProbe", probe, grace_seconds)
        causes += _validate_success_is_one(f"{at}.startupProbe", probe)
    return causes


def _validate_success_is_one(at: str, probe: Object) -> Causes:
    threshold = probe.get("successThreshold", 0)
    return [] if threshold == 1 else [invalid(f"{at}.successThreshold", threshold, "must be 1")]


def _validate_probe(at: str, probe: Object, grace_seconds: int | None) -> Causes:
    causes = _validate_handler(at, probe, grace_seconds, PROBE_HANDLERS)
    for name in NUMBERS:
        if probe.get(name, 0) < 0:
            causes += not_negative(f"{at}.{name}", probe[name])
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        causes.append(invalid(f"{at}.terminationGracePeriodSeconds", seconds, "must be greater than 0"))
    return causes


def validate_lifecycle(at: str, lifecycle: Object, grace_seconds: int | None, os_name: str) -> Causes:
    """postStart and preStop, and the stop signal, which depends on the Pod's operating system ("" if it names none)."""
    causes: Causes = []
    for name in ("postStart", "preStop"):
        if (handler := lifecycle.get(name)) is not None:
            causes += _validate_handler(f"{at}.{name}", handler, grace_seconds, LIFECYCLE_HANDLERS)
    if (signal := lifecycle.get("stopSignal")) is not None:
        supported = SIGNALS.get(os_name)
        if supported is None:
            text = "may not be set for containers with empty `spec.os.name`"
            causes.append(forbidden(f"{at}.stopSignal", text))
        elif signal not in supported:
            causes.append(not_supported(f"{at}.stopSignal", signal, supported))
    return causes


Check = Callable[[str, Object, int | None], Causes]


def _validate_handler(at: str, handler: Object, grace_seconds: int | None, checks: dict[str, Check]) -> Causes:
    """Exactly one of the handler types that `checks` knows."""
    causes: Causes = []
    found = False
    for name, check in checks.items():
        action = handler.get(name)
        if action is None:
            continue
        if found:
            causes.append(forbidden(f"{at}.{name}", ONE_HANDLER))
        else:
            causes += check(f"{at}.{name}", action, grace_seconds)
        found = True
    return causes if found else [required(at, "must specify a handler type")]


def _exec(at: str, action: Object, grace_seconds: int | None) -> Causes:
    return [] if action.get("command") else [required(f"{at}.command")]


def _http_get(at: str, action: Object, grace_seconds: int | None) -> Causes:
    causes = [] if action.get("path") else [required(f"{at}.path")]
    causes += validate_number_or_name(f"{at}.port", action.get("port", 0))
    scheme = action.get("scheme", "")
    if scheme not in ("HTTP", "HTTPS"):
        causes.append(not_supported(f"{at}.scheme", scheme, ("HTTP", "HTTPS")))
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        causes += problems(f"{at}.httpHeaders", name, http_header_name(name))
    return causes


def _tcp_socket(at: str, action: Object, grace_seconds: int | None) -> Causes:
    return validate_number_or_name(f"{at}.port", action.get("port", 0))


def _sleep(at: str, action: Object, grace_seconds: int | None) -> Causes:
    seconds = action.get("seconds", 0)
    if grace_seconds is None or 0 <= seconds <= grace_seconds:
        return []
    text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})"
    return [invalid(at, seconds, text)]


PROBE_HANDLERS: dict[str, Check] = {"exec": _exec, "httpGet": _http_get, "tcpSocket": _tcp_socket, "grpc": _tcp_socket}
LIFECYCLE_HANDLERS: dict[str, Check] = {
    "exec": _exec,
    "httpGet": _http_get,
    "tcpSocket": _tcp_socket,
    "sleep": _sleep,
}
