"""What somebody may do, asked for in an expression: `authorizer.group('').resource('pods').check('get').allowed()`.

A check is built up as a small object: who is asked about (`user`, `groups`) and what they would do, in the words of
rbac.Attributes. Who answers is known as long as the expression runs (`answering`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from apiserver.objects.expressions.functions.urls import quoted
from apiserver.objects.validation import names

Check = dict[str, Any]
Answering = Callable[[Check], tuple[bool, str]]
"""Whether a check is allowed, and why."""

_answers: ContextVar[Answering] = ContextVar("answers")


@contextmanager
def answering(answers: Answering) -> Iterator[None]:
    """Have checks answered by `answers` meanwhile."""
    before = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(before)


def _with(field: str, called: str = "") -> Callable[[Check, str], Check]:
    """Says one thing more of a check; `called`: what it must not leave empty."""

    def say(check: Check, value: str) -> Check:
        if called and not value.strip():
            raise ValueError(f"{called} must not be empty")
        return {**check, field: value}

    return say


def _as_account(check: Check, namespace: str, name: str) -> Check:
    for value, problems, what in (
        (name, names.dns_subdomain(name), "name"),
        (namespace, names.dns_label(namespace), "namespace"),
    ):
        if problems:
            raise ValueError(f"Invalid service account {what} {quoted(value)}: {'; '.join(problems)}")
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
    return {**check, "user": f"system:serviceaccount:{namespace}:{name}", "groups": groups}


def _narrowed(check: Check, selector: str) -> Check:
    """Selectors narrow a check down; no role knows of them."""
    return check


def _decided(check: Check, verb: str) -> Check:
    allowed, reason = _answers.get()({**check, "verb": verb})
    return {"allowed": allowed, "reason": reason}


DECLARED: dict[str, Callable[..., Any] | None] = {
    "Authorizer.path(string) PathCheck": _with("path", "path"),
    "Authorizer.group(string) GroupCheck": _with("group"),
    "Authorizer.serviceAccount(string, string) Authorizer": _as_account,
    "GroupCheck.resource(string) ResourceCheck": _with("resource", "resource"),
    "ResourceCheck.subresource(string) ResourceCheck": _with("subresource"),
    "ResourceCheck.namespace(string) ResourceCheck": _with("namespace"),
    "ResourceCheck.name(string) ResourceCheck": _with("name"),
    "ResourceCheck.fieldSelector(string) ResourceCheck": _narrowed,
    "ResourceCheck.labelSelector(string) ResourceCheck": _narrowed,
    "PathCheck.check(string) Decision": _decided,
    "ResourceCheck.check(string) Decision": _decided,
    "Decision.allowed() bool": lambda decision: decision["allowed"],
    "Decision.reason() string": lambda decision: decision["reason"],
    "Decision.errored() bool": lambda decision: False,
    "Decision.error() string": lambda decision: "",
}
