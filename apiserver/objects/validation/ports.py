"""What ports have in common wherever traffic is described: Services, Endpoints, EndpointSlices."""

from __future__ import annotations

from typing import Any

from apiserver.objects.validation import Causes, not_supported, required
from apiserver.objects.validation.names import dns_label, port_name, port_number, problems, qualified_name

PROTOCOLS = ("SCTP", "TCP", "UDP")


def validate_protocol(field: str, protocol: str | None) -> Causes:
    if not protocol:
        return [required(field)]
    return [] if protocol in PROTOCOLS else [not_supported(field, protocol, PROTOCOLS)]


def validate_app_protocol(field: str, app_protocol: str | None) -> Causes:
    """A name like a label key: `http`, `kubernetes.io/h2c`; absent is fine, empty is not."""
    return [] if app_protocol is None else problems(field, app_protocol, qualified_name(app_protocol))


def validate_port_name(field: str, name: str, *, is_required: bool) -> Causes:
    """The name of a Service's or an endpoint's port, which several ports of one object must have."""
    if not name:
        return [required(field)] if is_required else []
    return problems(field, name, dns_label(name))


def validate_number(field: str, number: int) -> Causes:
    return problems(field, number, port_number(number))


def validate_number_or_name(field: str, port: Any) -> Causes:
    """A targetPort: a number, or the name of a container's port."""
    return problems(field, port, port_name(port) if isinstance(port, str) else port_number(port))
