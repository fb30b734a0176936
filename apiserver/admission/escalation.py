"""Nobody grants what they may not do themselves: roles and bindings are refused to those who do not hold all that is in
them, unless they may `escalate` the role, or `bind` it."""

from __future__ import annotations

from collections.abc import Iterable

from apiserver import errors
from apiserver.admission import Plugin, Verb, View
from apiserver.authorization import Authorizer
from apiserver.call import MASTERS, Call
from apiserver.kind import Kind, Object
from apiserver.kinds.clusterrole import kind as CLUSTERROLE
from apiserver.kinds.clusterrolebinding import kind as CLUSTERROLEBINDING
from apiserver.kinds.role import kind as ROLE
from apiserver.kinds.rolebinding import kind as ROLEBINDING
from apiserver.objects import rbac
from apiserver.objects.rbac import Attributes, Rule
from apiserver.objects.validation.rbac import GROUP

AGGREGATION = "must have cluster-admin privileges to use an aggregationRule"
BOOKKEEPING = ("finalizers", "ownerReferences", "managedFields", "resourceVersion")
"""Metadata that may change in a role one could not have written, so that it can be garbage collected."""


class EscalationCheck(Plugin):
    """Guards roles and their bindings."""

    kinds = (ROLE, CLUSTERROLE, ROLEBINDING, CLUSTERROLEBINDING)

    def admit(self, view: View, verb: Verb, kind: Kind, new: Object | None, old: Object | None, call: Call) -> None:
        """Raises Forbidden, or NotFound when a binding's role is not there to be looked into."""
        if MASTERS in call.groups or new is None or (old is not None and _is_bookkeeping(new, old)):
            return
        check = self._check_binding if kind in (ROLEBINDING, CLUSTERROLEBINDING) else self._check_role
        check(Authorizer(view), kind, new, old, call)

    def _check_role(self, authorizer: Authorizer, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        metadata = new["metadata"]
        name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
        wanted = Attributes("escalate", GROUP, kind.plural, namespace=namespace, name=name)
        if authorizer.decide(call.identity, wanted).allowed:
            return
        _confirm(authorizer, kind, name, namespace, new.get("rules") or (), call)
        if new.get("aggregationRule") or (old or {}).get("aggregationRule"):
            owned, _ = authorizer.rules_of(call.identity, namespace)
            if rbac.missing(owned, rbac.FULL_AUTHORITY):
                raise errors.Forbidden(kind.resource, name, AGGREGATION)

    def _check_binding(self, authorizer: Authorizer, kind: Kind, new: Object, old: Object | None, call: Call) -> None:
        metadata, role = new["metadata"], new.get("roleRef") or {}
        plural = {"Role": ROLE.plural, "ClusterRole": CLUSTERROLE.plural}.get(role.get("kind", ""))
        if plural is None or not role.get("name"):
            return  # validation has more to say about it
        namespace = metadata.get("namespace", "")
        wanted = Attributes("bind", GROUP, plural, namespace=namespace, name=role["name"])
        if authorizer.decide(call.identity, wanted).allowed:
            return
        rules = authorizer.rules_behind(role, namespace)
        _confirm(authorizer, kind, metadata.get("name", ""), namespace, rules, call)


def _confirm(authorizer: Authorizer, kind: Kind, name: str, namespace: str, rules: Iterable[Rule], call: Call) -> None:
    owned, problems = authorizer.rules_of(call.identity, namespace)
    lacking = rbac.missing(owned, rules)
    if not lacking:
        return
    listed = "\n".join(sorted({rbac.described(rule) for rule in rbac.compacted(lacking)}))
    because = (
        f'user "{call.user}" (groups={rbac.strings(call.groups)}) is attempting to grant RBAC permissions not '
        f"currently held:\n{listed}"
    )
    if problems:
        because += f"; resolution errors: [{' '.join(problems)}]"
    raise errors.Forbidden(kind.resource, name, because)


def _is_bookkeeping(new: Object, old: Object) -> bool:
    """Whether nothing changes but what garbage collection needs to change."""

    def rest(object: Object) -> Object:
        return {**object, "metadata": {k: v for k, v in object["metadata"].items() if k not in BOOKKEEPING}}

    return rest(new) == rest(old)
