"""create rolebinding and clusterrolebinding."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating
from minictl.steps.subjects import FLAGS, GROUP, subjects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def in_namespace(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    role, cluster_role = flags.text("role"), flags.text("clusterrole")
    if bool(role) is bool(cluster_role):
        raise CommandError("exactly one of clusterrole or role must be specified")
    binding = generating.begin(session, "RoleBinding", name, f"{GROUP}/v1")
    reference = {"apiGroup": GROUP, "kind": "Role" if role else "ClusterRole", "name": role or cluster_role}
    where = generating.resource(f"{GROUP}/v1", "RoleBinding", "rolebindings")
    made = {**binding, **_bound(flags), "roleRef": reference}
    generating.make(session, flags, made, where, "failed to create rolebinding: ")


def everywhere(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    binding = {"kind": "ClusterRoleBinding", "apiVersion": f"{GROUP}/v1", "metadata": {"name": name}}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": flags.text("clusterrole")}
    where = generating.resource(f"{GROUP}/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
    made = {**binding, **_bound(flags), "roleRef": reference}
    generating.make(session, flags, made, where, "failed to create clusterrolebinding: ")


def _bound(flags: Flags) -> Object:
    found = subjects(flags)
    return {"subjects": found} if found else {}


_SHARED = (*FLAGS, *options.OUTPUT, options.DRY_RUN, *generating.FLAGS)
commands = {
    "rolebinding": Command(
        "create rolebinding",
        in_namespace,
        usage="create rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname]"
        " [--serviceaccount=namespace:serviceaccountname]",
        flags=(
            Flag("clusterrole", help="ClusterRole to bind"),
            Flag("role", help="Role to bind"),
            *_SHARED,
        ),
    ),
    "clusterrolebinding": Command(
        "create clusterrolebinding",
        everywhere,
        usage="create clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname]"
        " [--serviceaccount=namespace:serviceaccountname]",
        flags=(Flag("clusterrole", help="ClusterRole to bind"), *_SHARED),
        required=("clusterrole",),
    ),
}
