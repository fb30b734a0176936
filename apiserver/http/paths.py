"""The path grammar, as one pure function: no router is needed for it.

    /api/v1/[watch/]namespaces/NS/PLURAL[/NAME[/SUBRESOURCE]]      /apis/GROUP/VERSION/...the same
    /api/v1/[watch/]PLURAL[/NAME[/SUBRESOURCE]]

`/api/v1/namespaces/NS` and its subresources are about the Namespace itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True)
class Target:
    """What a resource path points at; empty parts are "". `rest` is what follows a subresource (a proxy path)."""

    group_version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    watch: bool = False


def segments(raw_path: str) -> list[str]:
    """The decoded parts of a path; a trailing slash does not count."""
    return [unquote(part) for part in raw_path.strip("/").split("/")] if raw_path.strip("/") else []


def target(parts: list[str]) -> Target | None:
    """The Target of a path below /api/VERSION or /apis/GROUP/VERSION, or None where it is none."""
    if parts[:1] == ["api"] and len(parts) > 2:
        group_version, parts = parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group_version, parts = f"{parts[1]}/{parts[2]}", parts[3:]
    else:
        return None
    watch = parts[0] == "watch" and len(parts) > 1
    if watch:
        parts = parts[1:]
    if any(not part or "/" in part for part in parts[:4]):
        return None
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in NAMESPACE_SUBRESOURCES:
        namespace, parts = parts[1], parts[2:]
    plural, name, subresource, *rest = [*parts, "", ""] if len(parts) < 3 else parts
    return Target(group_version, plural, namespace, name, subresource, "/".join(rest), watch)
