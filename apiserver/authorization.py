"""Who may do what: the bindings and roles of the cluster, asked. RBAC for everybody but `system:masters`, who may do
anything without being looked up.

Decisions are made from the live state each time, so a binding counts from the moment it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from apiserver.call import MASTERS, Identity
from apiserver.errors import NotFound, Resource
from apiserver.kind import Object
from apiserver.kinds.clusterrole import kind as CLUSTERROLE
from apiserver.kinds.clusterrolebinding import kind as CLUSTERROLEBINDING
from apiserver.kinds.role import kind as ROLE
from apiserver.kinds.rolebinding import kind as ROLEBINDING
from apiserver.objects import rbac
from apiserver.objects.rbac import Attributes, Rule

if TYPE_CHECKING:
    from apiserver.admission import View


class Decision(NamedTuple):
    """`reason` says which binding allows it, or why no role could be read."""

    allowed: bool
    reason: str = ""


class Authorizer:
    """Answers for the cluster whose objects `view` shows."""

    def __init__(self, view: View) -> None:
        self._view = view

    def decide(self, identity: Identity, wanted: Attributes) -> Decision:
        if MASTERS in identity.groups:
            return Decision(True)
        problems: list[str] = []
        for binding, subject, rules in self._granted(identity, wanted.namespace, problems.append):
            if any(rbac.allows(rule, wanted) for rule in rules):
                return Decision(True, rbac.reason(binding, subject))
        text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        return Decision(False, f"RBAC: {text}" if problems else "")

    def rules_of(self, identity: Identity, namespace: str) -> tuple[list[Rule], list[str]]:
        """All that is granted to somebody in a namespace ("": in the whole cluster), and what could not be read."""
        problems: list[str] = []
        granted = self._granted(identity, namespace, problems.append)
        return [rule for _, _, rules in granted for rule in rules], problems

    def rules_behind(self, role: Object, namespace: str) -> Sequence[Rule]:
        """The rules of the role that a roleRef names. Raises NotFound."""
        kind = ROLE if role["kind"] == "Role" else CLUSTERROLE
        record = self._view.find(kind, namespace if kind.namespaced else "", role["name"])
        if record is None:
            raise NotFound(Resource(kind.name.lower(), kind.group), role["name"])
        rules: Sequence[Rule] = record.object.get("rules") or ()
        return rules

    def _granted(
        self, identity: Identity, namespace: str, problem: Callable[[str], None]
    ) -> Iterator[tuple[Object, Rule, Sequence[Rule]]]:
        bindings = self._view.list(CLUSTERROLEBINDING)
        if namespace:
            bindings = bindings + self._view.list(ROLEBINDING, namespace)
        for record in bindings:
            subject = rbac.subject_of(record.object, identity.user, identity.groups)
            if subject is None:
                continue
            try:
                rules = self.rules_behind(record.object["roleRef"], namespace)
            except NotFound as error:
                problem(error.message)
            else:
                yield record.object, subject, rules
