"""Columns that workloads with a Pod template share."""

from __future__ import annotations

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
