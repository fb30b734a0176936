"""auth reconcile: roles and bindings that allow at least what the manifests say.

Unlike apply it takes nothing away that is there, unless asked to, and it replaces a binding whose role differs, which
cannot be changed. Objects of other kinds are passed over.
"""

from __future__ import annotations

from minictl.errors import CommandError, ServerError, raise_all
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps.subjects import GROUP
from minictl.steps.writing import Writes, need_files
from minictl.texts import rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

ROLES, BINDINGS = ("Role", "ClusterRole"), ("RoleBinding", "ClusterRoleBinding")
AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
CREATE, UPDATE, RECREATE = "create", "update", "recreate"
SUBJECT_PARTS = {"Kind": "kind", "APIGroup": "apiGroup", "Name": "name", "Namespace": "namespace"}


class _Plan:
    """What is to become of one object. `done` is "" where it is as it should be."""

    def __init__(self, wanted: Object, found: Object | None) -> None:
        self.result = wanted if found is None else {**found, "metadata": _merged(found["metadata"], wanted)}
        self.done = CREATE if found is None else UPDATE if self.result != found else ""
        annotations = ((found or {}).get("metadata") or {}).get("annotations") or {}
        self.protected = annotations.get(AUTOUPDATE) == "false"
        self.notes: list[str] = []

    def note(self, title: str, lines: list[str]) -> None:
        if lines:
            self.notes += [f"\t{title}:", *(f"\t\t{line}" for line in lines)]


def _merged(metadata: Object, wanted: Object) -> Object:
    """Labels and annotations of both; where they disagree, what is there stays."""
    result = dict(metadata)
    for part in ("labels", "annotations"):
        added = (wanted.get("metadata") or {}).get(part) or {}
        if added:
            result[part] = {**added, **(metadata.get(part) or {})}
    return result


def run(session: Session, flags: Flags, args: list[str]) -> None:
    need_files(flags)
    if args:
        raise CommandError("no arguments are allowed")
    writes = Writes(session, flags)
    errors: list[CommandError] = []
    for target in writes.manifests(errors, validate=False):
        try:
            _reconcile(session, flags, writes, target)
        except CommandError as error:
            errors.append(error)
    raise_all(errors)


def _reconcile(session: Session, flags: Flags, writes: Writes, target: Target) -> None:
    wanted = target.object or {}
    if target.resource.group != GROUP:
        return
    try:
        found: Object | None = session.client.get(target.path)
    except ServerError as error:
        if error.reason != "NotFound":
            raise
        found = None
    if wanted.get("kind") in ROLES:
        plan = plan_role(wanted, found, prunes=flags.on("remove-extra-permissions"))
    else:
        plan = plan_binding(wanted, found, prunes=flags.on("remove-extra-subjects"))
    made = plan.result
    if plan.done and writes.sends and not plan.protected:
        made = _written(session, writes, target, plan, found)
    writes.report(target, made, "reconciled")
    if plan.done:
        caveat = f", but object opted out ({AUTOUPDATE}: false)" if plan.protected else ""
        session.note(f"\treconciliation required {plan.done}{caveat}")
        for line in plan.notes:
            session.note(line)


def _written(session: Session, writes: Writes, target: Target, plan: _Plan, found: Object | None) -> Object:
    made: Object
    if plan.done == UPDATE:
        made = session.client.update(target.path, plan.result, writes.query)
        return made
    if plan.done == RECREATE and found is not None:
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": found["metadata"]["uid"]}}
        if writes.dry_run == "server":
            options["dryRun"] = ["All"]
        session.client.delete(target.path, options)
        if writes.dry_run == "server":
            return plan.result
    made = session.client.create(target.resource.path(target.namespace), plan.result, writes.query)
    return made


def plan_role(wanted: Object, found: Object | None, *, prunes: bool) -> _Plan:
    """A role that allows what it allows and what is wanted; with `prunes` only that."""
    plan = _Plan(wanted, found)
    old, new = (found or {}).get("rules") or [], wanted.get("rules") or []
    missing, extra = rules.lacking(old, new), rules.lacking(new, old)
    if found is None:
        missing, extra = new, []
    elif prunes and (missing or extra):
        plan.result, plan.done = {**plan.result, "rules": new}, UPDATE
    elif missing:
        plan.result, plan.done = {**plan.result, "rules": [*old, *missing]}, UPDATE
    plan.note("missing rules added", [rules.printed(rule) for rule in missing])
    plan.note("extra rules removed", [rules.printed(rule) for rule in extra] if prunes else [])
    if found is not None and wanted.get("aggregationRule"):
        _aggregate(plan, wanted, found, prunes)
    return plan


def _aggregate(plan: _Plan, wanted: Object, found: Object, prunes: bool) -> None:
    new = wanted["aggregationRule"].get("clusterRoleSelectors") or []
    old = (found.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
    missing = [selector for selector in new if selector not in old]
    extra = [selector for selector in old if selector not in new]
    if missing or (prunes and extra):
        selectors = new if prunes else [*old, *missing]
        plan.result = {**plan.result, "aggregationRule": {"clusterRoleSelectors": selectors}}
        plan.done = UPDATE


def plan_binding(wanted: Object, found: Object | None, *, prunes: bool) -> _Plan:
    """A binding of the wanted role for whom it is and whom it should be for; with `prunes` only those."""
    plan = _Plan(wanted, found)
    old, new = (found or {}).get("subjects") or [], wanted.get("subjects") or []
    old, new = [_known(s) for s in old], [_known(s) for s in new]
    missing, extra = [s for s in new if s not in old], [s for s in old if s not in new]
    if found is not None and _known(found.get("roleRef") or {}, True) != _known(wanted.get("roleRef") or {}, True):
        plan.result, plan.done = wanted, RECREATE
        missing, extra = new, []
    elif found is None:
        missing, extra = new, []
    elif prunes and (missing or extra):
        plan.result, plan.done = {**plan.result, "subjects": new}, UPDATE
    elif missing:
        plan.result, plan.done = {**plan.result, "subjects": [*old, *missing]}, UPDATE
    plan.note("missing subjects added", [_printed(s) for s in missing])
    plan.note("extra subjects removed", [_printed(s) for s in extra] if prunes else [])
    return plan


def _known(subject: Object, is_role: bool = False) -> Object:
    """A subject, or a role, with the API group that the server would fill in."""
    if subject.get("apiGroup") or not (is_role or subject.get("kind") in ("User", "Group")):
        return subject
    return {**subject, "apiGroup": GROUP}


def _printed(subject: Object) -> str:
    return "{" + " ".join(f"{name}:{subject.get(key, '')}" for name, key in SUBJECT_PARTS.items()) + "}"


command = Command(
    "auth reconcile",
    run,
    usage="auth reconcile -f FILENAME",
    flags=(
        *options.FILES,
        *options.OUTPUT,
        options.DRY_RUN,
        Flag("remove-extra-permissions", "bool", help="take away what roles allow beyond the manifests"),
        Flag("remove-extra-subjects", "bool", help="take away whom bindings are for beyond the manifests"),
    ),
)
