"""Columns that workloads with a Pod template share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiserver.objects.selectors import from_object

Object = dict[str, Any]


def containers(workload: Object) -> list[Object]:
    return ((workload["spec"].get("template") or {}).get("spec") or {}).get("containers") or []


def container_names(workload: Object) -> str:
    return ",".join(c.get("name", "") for c in containers(workload))


def images(workload: Object) -> str:
    return ",".join(c.get("image", "") for c in containers(workload))


def selector(workload: Object) -> str:
    """A selector of the matchLabels form as text; `<none>` when it is empty."""
    return str(from_object(workload["spec"].get("selector") or {})) or "<none>"


def labels(given: dict[str, str] | None) -> str:
    """Plain labels as text, sorted; `<none>` when there are none."""
    return ",".join(f"{key}={value}" for key, value in sorted((given or {}).items())) or "<none>"


def desired(workload: Object) -> int:
    return int(workload["spec"].get("replicas", 0))


def counted(field: str) -> Callable[[Object], int]:
    """A column that shows a number of the status."""
    return lambda workload: int((workload.get("status") or {}).get(field, 0))
