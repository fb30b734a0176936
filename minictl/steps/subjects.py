"""Who a binding is for, from --user, --group and --serviceaccount."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar.flags import Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags

    Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"
FLAGS = (
    Flag("user", "array", help="user to bind; may be repeated"),
    Flag("group", "array", help="group to bind; may be repeated"),
    Flag("serviceaccount", "array", help="namespace:name to bind; may be repeated"),
)
NOT_AN_ACCOUNT = "serviceaccount must be <namespace>:<name>"


def subjects(flags: Flags) -> list[Object]:
    """Users, groups, accounts, in the order given.

    Raises:
        CommandError: a ServiceAccount is not named with its namespace.
    """
    found: list[Object] = []
    for kind in ("user", "group"):
        found += [{"kind": kind.title(), "apiGroup": GROUP, "name": name} for name in flags.list(kind)]
    for account in flags.list("serviceaccount"):
        parts = account.split(":")
        if len(parts) != 2 or not parts[1]:
            raise CommandError(NOT_AN_ACCOUNT)
        found.append({"kind": "ServiceAccount", "name": parts[1], "namespace": parts[0]})
    return found
