"""Validation of references to fields of the Pod and to resources of a container, in environments and volumes."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver.objects.quantity import parse
from apiserver.objects.validation import Causes, Object, invalid, not_supported, required
from apiserver.objects.validation.names import problems, qualified_name

FIELDS = frozenset({
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
    "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
})  # fmt: skip
"""Every field that can be named at all; where it may be used is a smaller set."""

ENVIRONMENT_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")

RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
BYTE_RESOURCES = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}


def validate_field_ref(at: str, reference: Object, supported: Iterable[str]) -> Causes:
    """A fieldRef: a field, or one label or annotation as `metadata.labels['key']`."""
    version, path = reference.get("apiVersion", ""), reference.get("fieldPath", "")
    if not version:
        return [required(f"{at}.apiVersion")]
    if not path:
        return [required(f"{at}.fieldPath")]
    field, subscript = _split(path)
    error = _conversion_error(version, path, field, subscript)
    if error:
        return [invalid(f"{at}.fieldPath", path, f"error converting fieldPath: {error}")]
    if subscript is not None:
        key = subscript.lower() if field == "metadata.annotations" else subscript
        return problems(at, key, qualified_name(key))
    if field == "spec.host":
        field = "spec.nodeName"
    return [] if field in supported else [not_supported(f"{at}.fieldPath", field, supported)]


def _split(path: str) -> tuple[str, str | None]:
    """`metadata.labels['a']` -> ("metadata.labels", "a"); without a subscript, None."""
    field, opening, rest = path.partition("['")
    return (field, rest[:-2]) if opening and field and rest.endswith("']") else (path, None)


def _conversion_error(version: str, path: str, field: str, subscript: str | None) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if subscript is not None:
        has_keys = field in ("metadata.annotations", "metadata.labels")
        return "" if has_keys else f"field label does not support subscript: {path}"
    return "" if field in FIELDS or field == "spec.host" else f"field label not supported: {path}"


def validate_resource_ref(at: str, reference: Object, in_volume: bool) -> Causes:
    """A resourceFieldRef; a volume must say whose container's."""
    resource = reference.get("resource", "")
    causes: Causes = []
    if in_volume and not reference.get("containerName"):
        causes.append(required(f"{at}.containerName"))
    elif not resource:
        causes.append(required(f"{at}.resource"))
    elif resource not in RESOURCES and not resource.startswith(HUGE_PAGES):
        causes.append(not_supported(f"{at}.resource", resource, RESOURCES))
    divisor = reference.get("divisor")
    if divisor in (None, "0"):
        return causes
    return causes + _validate_divisor(f"{at}.divisor", resource, str(parse(str(divisor))))


def _validate_divisor(at: str, resource: str, divisor: str) -> Causes:
    name = resource.partition(".")[2]
    if divisor == "0":
        return []
    if name == "cpu":
        text = "only divisor's values 1m and 1 are supported with the cpu resource"
        return [] if divisor in ("1m", "1") else [invalid(at, resource, text)]
    spoken = "hugepages" if resource.startswith(HUGE_PAGES) else BYTE_RESOURCES.get(name)
    if spoken is None or divisor in BYTE_DIVISORS:
        return []
    listed = ", ".join(BYTE_DIVISORS)
    return [invalid(at, resource, f"only divisor's values {listed} are supported with the {spoken} resource")]
