"""Who asks for a write, and how: handed through the API to admission."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """`manager` is the name that managedFields remembers; `warnings` collects texts for Warning headers."""

    manager: str = "minictl"
    user: str = "system:apiserver"
    groups: tuple[str, ...] = ("system:masters",)
    dry_run: bool = False
    force: bool = False
    warnings: list[str] = field(default_factory=list)
