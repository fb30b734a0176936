"""ValidatingAdmissionPolicies, asked about a write that is about to be stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from apiserver.admission import View
from apiserver.admission.evaluating import Seen, Unclear, failure, match
from apiserver.admission.policies import Matter, Policies, denied
from apiserver.admission.questions import Question
from apiserver.kind import Object
from apiserver.kinds.validatingadmissionpolicy import kind as VALIDATING
from apiserver.objects.expressions.loading import Failed

MAX_MESSAGE_BYTES = 5 * 1024
"""A messageExpression that says more is not heard."""
INVALID = "Invalid"
CODES = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413}
"""The status code of a reason; any other is 422."""


class Finding(NamedTuple):
    """What a policy has against a write."""

    message: str
    reason: str = INVALID


def judge(policies: Policies, view: View, question: Question) -> None:
    """Warn of what policies find, and raise the first finding that is to be a refusal."""
    refusals: list[tuple[Matter, Finding]] = []
    for matter in policies.matters(VALIDATING, view, question):
        if matter.problem:
            refusals += [] if matter.fails_open else [(matter, Finding(matter.problem))]
            continue
        assert matter.binding is not None
        actions = matter.binding["spec"].get("validationActions") or ()
        for finding in _findings(matter, view, question):
            if "Deny" in actions:
                refusals.append((matter, finding))
            if "Warn" in actions:
                question.call.warnings.append(f"Validation failed for {_called(matter)}: {finding.message}")
    if refusals:
        matter, finding = refusals[0]
        message = f"{_called(matter)} denied request: {finding.message}"
        error = denied(question, message, [message])
        error.reason = finding.reason
        error.code = CODES.get(error.reason, 422)
        raise error


def _called(matter: Matter) -> str:
    policy = f"ValidatingAdmissionPolicy '{matter.policy['metadata']['name']}'"
    return policy if matter.binding is None else f"{policy} with binding '{matter.binding['metadata']['name']}'"


def _findings(matter: Matter, view: View, question: Question) -> Iterator[Finding]:
    spec, seen = matter.policy["spec"], matter.seen(view, question)
    try:
        if not match(spec.get("matchConditions") or (), seen):
            return
    except Unclear as error:
        if not matter.fails_open:
            yield Finding(str(error))
        return
    for check in spec.get("validations") or ():
        try:
            if seen.value(check["expression"]) is not True:
                yield Finding(_message(check, seen), check.get("reason") or INVALID)
        except Failed as error:
            if not matter.fails_open:
                yield Finding(failure(check["expression"], error))
    for note in spec.get("auditAnnotations") or ():  # there is no audit log to note them in; that they fail does matter
        try:
            seen.value(note["valueExpression"])
        except Failed as error:
            if not matter.fails_open:
                yield Finding(failure(note["valueExpression"], error))


def _message(check: Object, seen: Seen) -> str:
    text = check.get("messageExpression")
    if text:
        try:
            said = seen.value(text)
        except Failed:
            said = None
        said = said.strip() if isinstance(said, str) else ""
        if said and "\n" not in said and len(said.encode()) <= MAX_MESSAGE_BYTES:
            return said
    return str(check.get("message") or "").strip() or f"failed expression: {check['expression'].strip()}"
