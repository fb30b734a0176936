"""What answers about a version are told beside."""

from __future__ import annotations

from apiserver.objects.definitions import Object
from apiserver.objects.versions import version_rank


def deprecation_warning(version: Object, spec: Object) -> str:
    """The warning that goes with every answer in a deprecated version."""
    if version.get("deprecationWarning"):
        return str(version["deprecationWarning"])
    group, kind, name = spec["group"], spec["names"]["kind"], version["name"]
    newer = [
        other["name"]
        for other in spec["versions"]
        if other.get("served") and not other.get("deprecated") and version_rank(other["name"]) < version_rank(name)
    ]
    text = f"{group}/{name} {kind} is deprecated"
    return f"{text}; use {group}/{min(newer, key=version_rank)} {kind}" if newer else text
