"""set subject: more users, groups and ServiceAccounts for a binding."""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, raise_all
from minictl.grammar.flags import Command
from minictl.steps import podspecs
from minictl.steps.subjects import FLAGS, NOT_AN_ACCOUNT, subjects
from minictl.steps.writing import Writes, need_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

BINDINGS = ("RoleBinding", "ClusterRoleBinding")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    need_resources(flags, args)
    podspecs.check(flags, args)
    chosen = podspecs.found(session, flags, args)
    wanted = sorted(subjects(flags), key=lambda s: (_ORDER[s["kind"]], s.get("namespace", ""), s["name"]))
    if not wanted:
        raise CommandError("you must specify at least one value of user, group or serviceaccount")
    if any(not s.get("namespace", "-") for s in wanted) and any(o["kind"] == BINDINGS[1] for _, o in chosen):
        raise CommandError(f"{NOT_AN_ACCOUNT}, namespace must be specified")
    for subject in wanted:
        if subject["kind"] == "ServiceAccount":
            subject["namespace"] = subject["namespace"] or session.namespace
    writes = Writes(session, flags)
    errors: list[CommandError] = []
    for target, binding in chosen:
        if binding["kind"] not in BINDINGS:
            text = "setting subjects is only supported for RoleBinding/ClusterRoleBinding"
            errors.append(CommandError(f"error: {target.resource.full_name}/{target.name} {text}\n"))
            continue
        known: list[Object] = binding.get("subjects") or []
        after = {**binding, "subjects": [*known, *(s for s in wanted if s not in known)]}
        if after["subjects"] == known:
            continue
        try:
            if writes.sends and not flags.on("local"):
                after = session.client.patch(target.path, {"subjects": after["subjects"]}, "strategic", writes.query)
            writes.report(target, after, "subjects updated")
        except ServerError as error:
            errors.append(CommandError(f"failed to patch subjects to rolebinding: {error.message}"))
    raise_all(errors)


_ORDER = {"User": 0, "Group": 1, "ServiceAccount": 2}
_USAGE = "set subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:name]"
command = Command("set subject", run, usage=_USAGE, flags=(*podspecs.FLAGS, *FLAGS))
