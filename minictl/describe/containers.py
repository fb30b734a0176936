"""Containers as they read in the description of a Pod and of a Pod template."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING
from typing import Any

from minictl.describe import quantities
from minictl.describe.text import NONE, Page, boolean, date
from minictl.texts.gotext import plain

Fields = Mapping[str, Any]
FieldValue = Callable[[str], str]


def write(
    page: Page,
    title: str,
    containers: Sequence[Fields],
    statuses: Iterable[Fields] = (),
    field_value: FieldValue | None = None,
    template: bool = False,
) -> None:
    """`field_value` finds what a downward-API variable holds; in a template the names stand one space further in."""
    by_name = {status["name"]: status for status in statuses}
    page.line(("  " if template else "") + f"{title}:" + ("" if containers else f" {NONE}"))
    for container in containers:
        status = by_name.get(container["name"])
        page.line((" " if template else "") + f"{container['name']}:", 1)
        _basics(page, container, status)
        _words(page, "Command", container.get("command"))
        _words(page, "Args", container.get("args"))
        if status is not None:
            _state(page, status)
        resources(page, container.get("resources"), 2)
        _probes(page, container)
        _env_from(page, container.get("envFrom") or ())
        _env(page, container, field_value)
        _mounts(page, container)


def _basics(page: Page, container: Fields, status: Fields | None) -> None:
    if status is not None:
        page.field("Container ID", status.get("containerID", ""), 2)
    page.field("Image", container.get("image", ""), 2)
    if status is not None:
        page.field("Image ID", status.get("imageID", ""), 2)
    ports = container.get("ports") or ()
    for label, key in (("Port", "containerPort"), ("Host Port", "hostPort")):
        text = ", ".join(_port(port, key) for port in ports)
        page.field(label + ("s" if "," in text else ""), text or NONE, 2)
    profile = (container.get("securityContext") or {}).get("seccompProfile")
    if profile:
        page.field("SeccompProfile", profile.get("type", ""), 2)
        if profile.get("type") == "Localhost":
            page.field("LocalhostProfile", profile.get("localhostProfile", ""), 3)


def _port(port: Fields, key: str) -> str:
    name = f" ({port['name']})" if port.get("name") else ""
    return f"{port.get(key, 0)}/{port.get('protocol', '')}{name}"


def _words(page: Page, title: str, words: Sequence[str] | None) -> None:
    if words:
        page.line(f"{title}:", 2)
        page.lines((line for word in words for line in word.split("\n")), 3)


def _state(page: Page, status: Fields) -> None:
    _one_state(page, "State", status.get("state") or {})
    last = status.get("lastState") or {}
    if last.get("terminated"):
        _one_state(page, "Last State", last)
    page.field("Ready", boolean(status.get("ready")), 2)
    page.field("Restart Count", status.get("restartCount", 0), 2)


def _one_state(page: Page, title: str, state: Fields) -> None:
    if (running := state.get("running")) is not None:
        page.field(title, "Running", 2)
        page.field("Started", date(running.get("startedAt")), 3)
    elif (ended := state.get("terminated")) is not None:
        page.field(title, "Terminated", 2)
        for label, key in (("Reason", "reason"), ("Message", "message")):
            if ended.get(key):
                page.field(label, ended[key], 3)
        page.field("Exit Code", ended.get("exitCode", 0), 3)
        if ended.get("signal"):
            page.field("Signal", ended["signal"], 3)
        page.field("Started", date(ended.get("startedAt")), 3)
        page.field("Finished", date(ended.get("finishedAt")), 3)
    else:
        page.field(title, "Waiting", 2)
        reason = (state.get("waiting") or {}).get("reason")
        if reason:
            page.field("Reason", reason, 3)


def resources(page: Page, wanted: Fields | None, level: int) -> None:
    for label, key in (("Limits", "limits"), ("Requests", "requests")):
        amounts = (wanted or {}).get(key)
        if amounts:
            page.line(f"{label}:", level)
            for name, amount in sorted(amounts.items()):
                page.field(name, quantities.canonical(amount), level + 1)


def _probes(page: Page, container: Fields) -> None:
    for label, key in (("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")):
        if container.get(key) is not None:
            page.field(label, probe(container[key]), 2)


def probe(what: Fields) -> str:
    """How a container is probed, on one line."""
    timing = "delay={}s timeout={}s period={}s #success={} #failure={}".format(
        *(
            what.get(key, 0)
            for key in (
                "initialDelaySeconds",
                "timeoutSeconds",
                "periodSeconds",
                "successThreshold",
                "failureThreshold",
            )
        )
    )
    if (command := what.get("exec")) is not None:
        return f"exec {plain(command.get('command') or [])} {timing}"
    if (get := what.get("httpGet")) is not None:
        return f"http-get {_url(get)} {timing}"
    if (tcp := what.get("tcpSocket")) is not None:
        return f"tcp-socket {tcp.get('host', '')}:{tcp.get('port', '')} {timing}"
    if (grpc := what.get("grpc")) is not None:
        return f"grpc <pod>:{grpc.get('port', 0)} {grpc.get('service') or ''} {timing}"
    return f"unknown {timing}"


def _url(get: Fields) -> str:
    host, port, path = get.get("host", ""), str(get.get("port", "")), get.get("path", "")
    if ":" in host:
        host = f"[{host}]"
    scheme = f"{get['scheme'].lower()}:" if get.get("scheme") else ""
    slash = "/" if path and not path.startswith("/") else ""
    return f"{scheme}//{host}:{port}{slash}{path}" if port else f"{scheme}//{host}{slash}{path}"


def _env_from(page: Page, sources: Sequence[Fields]) -> None:
    if not sources:
        return
    page.line("Environment Variables from:", 2)
    for source in sources:
        kind, key = ("ConfigMap", "configMapRef") if source.get("configMapRef") else ("Secret", "secretRef")
        reference = source.get(key) or {}
        prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
        page.line(f"{reference.get('name', '')}\t{kind}{prefix}\tOptional: {plain(bool(reference.get('optional')))}", 3)


def _env(page: Page, container: Fields, field_value: FieldValue | None) -> None:
    variables = container.get("env") or ()
    page.line("Environment:" + ("" if variables else f"\t{NONE}"), 2)
    for variable in variables:
        source = variable.get("valueFrom")
        if source is None:
            first, *others = str(variable.get("value", "")).split("\n")
            page.field(variable["name"], first, 3)
            page.lines((f"\t{other}" for other in others), 3)
        else:
            page.field(variable["name"], _from(source, container, field_value), 3)


def _from(source: Fields, container: Fields, field_value: FieldValue | None) -> str:
    if (field := source.get("fieldRef")) is not None:
        value = field_value(field.get("fieldPath", "")) if field_value else ""
        return f"{value} ({field.get('apiVersion', '')}:{field.get('fieldPath', '')})"
    if (amount := source.get("resourceFieldRef")) is not None:
        return f"{_amount(amount, container)} ({amount.get('resource', '')})"
    for key, words in (("secretKeyRef", "in secret"), ("configMapKeyRef", "of config map")):
        if (reference := source.get(key)) is not None:
            key_name, name = reference.get("key", ""), reference.get("name", "")
            return f"<set to the key '{key_name}' {words} '{name}'>\tOptional: {plain(bool(reference.get('optional')))}"
    return ""


def _amount(reference: Fields, container: Fields) -> str:
    """The container's limit or request a variable shows, in whole units of the divisor, rounded up."""
    resource = reference.get("resource", "")
    kind, _, name = resource.partition(".")
    amount = ((container.get("resources") or {}).get(kind) or {}).get(name, "0")
    divisor = quantities.parse(reference.get("divisor") or "1").value or 1
    whole = (quantities.parse(amount).value / divisor).to_integral_value(ROUND_CEILING)
    if not whole and resource in ("limits.cpu", "limits.memory"):
        return "node allocatable"
    return str(int(whole))


def _mounts(page: Page, container: Fields) -> None:
    mounts = sorted(container.get("volumeMounts") or (), key=lambda mount: str(mount.get("mountPath", "")))
    none = "" if mounts else f"\t{NONE}"
    page.line("Mounts:" + none, 2)
    for mount in mounts:
        flags = "ro" if mount.get("readOnly") else "rw"
        path = f',path="{mount["subPath"]}"' if mount.get("subPath") else ""
        page.line(f"{mount.get('mountPath', '')} from {mount.get('name', '')} ({flags}{path})", 3)
    devices = sorted(container.get("volumeDevices") or (), key=lambda device: str(device.get("devicePath", "")))
    if devices:
        page.line("Devices:" + none, 2)
        page.lines((f"{device.get('devicePath', '')} from {device.get('name', '')}" for device in devices), 3)
