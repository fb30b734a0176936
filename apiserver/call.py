"""Who asks for a write, and how: handed through the API to admission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MASTERS = "system:masters"
"""Who is in this group may do anything."""
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"


@dataclass(frozen=True)
class Identity:
    """Somebody. `uid` tells people of one name apart over time; `extra` is what else is known, as lists of words."""

    user: str
    groups: tuple[str, ...]
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ANONYMOUS = Identity("system:anonymous", (UNAUTHENTICATED,))


@dataclass(frozen=True)
class Call:
    """`manager` is the name that managedFields remembers; `warnings` collects texts for Warning headers."""

    manager: str = "minictl"
    user: str = "system:apiserver"
    groups: tuple[str, ...] = (MASTERS,)
    dry_run: bool = False
    force: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return Identity(self.user, self.groups)
