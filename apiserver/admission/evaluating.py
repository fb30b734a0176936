"""Expressions in CEL about a write: what they see, and how match conditions are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apiserver.admission import View
from apiserver.admission.questions import Question
from apiserver.authorization import Authorizer
from apiserver.call import Identity
from apiserver.kind import Object
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.objects.expressions import running
from apiserver.objects.expressions.functions import authorizing, message
from apiserver.objects.expressions.loading import Failed
from apiserver.objects.expressions.requests import NAMES
from apiserver.objects.expressions.syntax import DOTTED
from apiserver.objects.rbac import Attributes


class Seen:
    """What expressions see of one write; `params`: an object of the policy's paramKind, if any.

    Variables are worked out when an expression names them, and once.
    """

    def __init__(self, view: View, question: Question, params: Object | None = None) -> None:
        self._view = view
        self._authorizer = Authorizer(view)
        self._expressions: dict[str, str] = {}
        self._failures: dict[str, str] = {}
        self._variables: Object = {}
        new, old = question.objects
        request = question.as_request()
        who = {"user": question.call.user, "groups": list(question.call.groups)}
        about = {
            "group": question.kind.group,
            "resource": question.kind.plural,
            "subresource": question.subresource,
            "namespace": request.get("namespace", ""),
            "name": request.get("name", ""),
        }
        self._data: dict[str, Any] = {
            "object": new,
            "oldObject": old,
            "request": request,
            "namespaceObject": self._namespace(question),
            "params": params,
            "variables": self._variables,
            "authorizer": message("kubernetes.authorization.Authorizer", who),
            DOTTED: message("kubernetes.authorization.ResourceCheck", {**who, **about}),
        }

    def declare(self, variables: Sequence[Object]) -> None:
        """Make a policy's variables known."""
        self._expressions.update({each["name"]: each["expression"] for each in variables})

    def value(self, text: str) -> Any:
        """What an expression comes to. Raises Failed, with the words of whoever asked."""
        expression = running.over(text.strip(), NAMES)
        for name in expression.fields_of("variables"):
            self._work_out(name)
            if name in self._failures:
                raise Failed(self._failures[name])
        with authorizing.answering(self._is_allowed):
            return expression.over(self._data)

    def _work_out(self, name: str) -> None:
        if name in self._variables or name in self._failures or name not in self._expressions:
            return
        try:
            self._variables[name] = self.value(self._expressions[name])
        except Failed as error:
            self._failures[name] = f'composited variable "{name}" fails to evaluate: {error}'

    def _namespace(self, question: Question) -> Object | None:
        name = question.metadata.get("namespace")
        if not name or question.kind == NAMESPACE:
            return None
        record = self._view.find(NAMESPACE, "", name)
        return dict(record.object) if record is not None else None

    def _is_allowed(self, check: Mapping[str, Any]) -> tuple[bool, str]:
        identity = Identity(check["user"], tuple(check["groups"]))
        wanted = Attributes(**{key: check[key] for key in Attributes._fields if key in check})
        decision = self._authorizer.decide(identity, wanted)
        return decision.allowed, decision.reason


class Unclear(Exception):
    """Match conditions of which none is false and one came to no result."""


def match(conditions: Sequence[Object], seen: Seen) -> bool:
    """Whether all conditions are met. Raises Unclear."""
    failures: list[str] = []
    for condition in conditions:
        try:
            if seen.value(condition["expression"]) is False:
                return False
        except Failed as error:
            failures.append(failure(condition["expression"], error))
    if failures:
        raise Unclear(failures[0] if len(failures) == 1 else f"[{', '.join(dict.fromkeys(failures))}]")
    return True


def failure(text: str, error: Failed) -> str:
    """How it is told that an expression came to no result."""
    return f"expression '{text}' resulted in error: {error}"
