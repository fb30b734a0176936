"""Making an object from flags: what `create TYPE`, `run` and `expose` have in common.

The objects list their fields in the order of Kubernetes' own types, because that is the order JSON shows them in when
nothing has been sent yet.
"""

from __future__ import annotations

from minictl.errors import CommandError, UsageError
from minictl.resources import Resource
from minictl.steps.writing import SAVE_CONFIG, VALIDATE, Writes, manager, typed_configuration, with_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

MANAGER = "kubectl-create"
FLAGS = (manager(MANAGER), VALIDATE, SAVE_CONFIG)
"""With options.OUTPUT and options.DRY_RUN, what every generator takes."""


def name_of(session: Session, args: list[str]) -> str:
    """The one NAME before any `--`.

    Raises:
        UsageError: there is none, or there are several.
    """
    count = len(args) if session.dash < 0 else session.dash
    if count != 1:
        raise UsageError(f"exactly one NAME is required, got {count}", session.path)
    return args[0]


def resource(api_version: str, kind: str, plural: str, namespaced: bool = True) -> Resource:
    """A resource that needs no server to be known."""
    group, _, version = api_version.rpartition("/")
    scope = "Namespaced" if namespaced else "Cluster"
    return Resource(group, version, {"resource": plural, "responseKind": {"kind": kind}, "scope": scope})


def begin(session: Session, kind: str, name: str, api_version: str = "v1", labels: Object | None = None) -> Object:
    """An object with its name; the namespace only where -n named one."""
    meta: Object = {"name": name}
    if session.namespace_enforced:
        meta["namespace"] = session.namespace
    if labels:
        meta["labels"] = labels
    return {"kind": kind, "apiVersion": api_version, "metadata": meta}


def make(
    session: Session, flags: Flags, subject: Object, where: Resource, failure: str = "", saves: bool = True
) -> None:
    """Creates the object, or only shows it, and tells. `failure` stands before what the server says against it;
    `saves`: --save-config has its effect.

    Raises:
        CommandError: the server refuses.
    """
    writes = Writes(session, flags)
    if saves and flags.on("save-config"):
        subject = with_configuration(subject, typed_configuration(subject))
    if not writes.sends:
        writes.report(where, subject, "created", typed=True)
        return
    try:
        made = session.client.create(where.path(session.namespace), subject, writes.query)
    except CommandError as error:
        if not failure:
            raise
        raise CommandError(failure + error.message) from None
    writes.report(where, made, "created")
