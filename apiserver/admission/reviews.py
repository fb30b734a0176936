"""AdmissionReviews: what a webhook is asked, what its answer means, and whom it is asked about. Pure functions."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from apiserver import errors
from apiserver.admission import Verb
from apiserver.call import Call
from apiserver.kind import Kind, Object
from apiserver.objects.selectors import from_object

API_VERSION = "admission.k8s.io/"
OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "delete": "DeleteOptions"}
EXEMPT = frozenset(("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"))
"""Kinds no webhook is asked about: a bad one could not be taken back."""


@dataclass
class Question:
    """A write that webhooks are asked about; `new` is None for a delete, `old` for a create."""

    verb: Verb
    kind: Kind
    new: Object | None
    old: Object | None
    call: Call
    subresource: str = ""

    @property
    def metadata(self) -> Object:
        found: Object = (self.new or self.old or {})["metadata"]
        return found


class BadAnswer(Exception):
    """An answer that is none."""


class Rejected(errors.APIError):
    """A webhook does not allow the request: its own Status, with its name before the message."""

    def __init__(self, webhook: str, status: Object) -> None:
        said = status.get("message") or status.get("reason")
        text = f'admission webhook "{webhook}" denied the request'
        super().__init__(f"{text}: {said}" if said else f"{text} without explanation", status.get("details"))
        self.code = max(int(status.get("code") or 0), 400)
        self.reason = str(status.get("reason") or "")


def concerns(webhook: Object, question: Question, namespace_labels: Object | None) -> bool:
    """Whether a webhook is to be asked; `namespace_labels`: of the object's namespace, None where it has none."""
    if question.kind.name in EXEMPT or not any(_names(rule, question) for rule in webhook.get("rules") or ()):
        return False
    if namespace_labels is not None and not from_object(webhook.get("namespaceSelector") or {}).matches(
        namespace_labels
    ):
        return False
    selector = from_object(webhook.get("objectSelector") or {})
    return any(selector.matches(o["metadata"].get("labels")) for o in (question.new, question.old) if o is not None)


def _names(rule: Object, question: Question) -> bool:
    kind = question.kind
    return (
        _has(rule, "operations", question.verb.upper())
        and _has(rule, "apiGroups", kind.group)
        and _has(rule, "apiVersions", kind.version)
        and rule.get("scope", "*") in ("*", "Namespaced" if kind.namespaced else "Cluster")
        and any(_is_resource(text, kind.plural, question.subresource) for text in rule.get("resources") or ())
    )


def _has(rule: Object, field: str, wanted: str) -> bool:
    values = rule.get(field) or ()
    return "*" in values or wanted in values


def _is_resource(text: str, plural: str, subresource: str) -> bool:
    resource, _, part = text.partition("/")
    return resource in ("*", plural) and part in (("*", subresource) if subresource or part == "*" else ("",))


def review(webhook: Object, question: Question, uid: str) -> Object:
    """The body of the request to a webhook."""
    kind, call = question.kind, question.call
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.name}
    gvr = {"group": kind.group, "version": kind.version, "resource": kind.plural}
    request: Object = {"uid": uid, "kind": gvk, "resource": gvr, "requestKind": gvk, "requestResource": gvr}
    if question.subresource:
        request |= {"subResource": question.subresource, "requestSubResource": question.subresource}
    for field in ("name", "namespace"):
        if question.metadata.get(field):
            request[field] = question.metadata[field]
    identity = {"kind": kind.name, "apiVersion": kind.group_version}
    return {
        "kind": "AdmissionReview",
        "apiVersion": API_VERSION + version_of(webhook),
        "request": {
            **request,
            "operation": question.verb.upper(),
            "userInfo": {"username": call.user, "groups": list(call.groups)},
            "object": {**identity, **question.new} if question.new is not None else None,
            "oldObject": {**identity, **question.old} if question.old is not None else None,
            "dryRun": call.dry_run,
            "options": {"kind": OPTIONS[question.verb], "apiVersion": "meta.k8s.io/v1"},
        },
    }


def version_of(webhook: Object) -> str:
    """The version of AdmissionReview that is spoken: the first of the webhook's that is known."""
    return next((v for v in webhook.get("admissionReviewVersions") or () if v in ("v1", "v1beta1")), "v1")


def patch_of(webhook: Object, answer: Any, uid: str, call: Call) -> list[Any]:
    """The changes a webhook asks for. Raises Rejected when it does not allow the request, BadAnswer."""
    wanted = API_VERSION + version_of(webhook)
    answer = answer if isinstance(answer, dict) else {}
    said = answer.get("apiVersion") or "/", answer.get("kind") or ""
    if said != (wanted, "AdmissionReview"):
        got = f"{said[0]}, Kind={said[1]}"
        raise BadAnswer(f"expected webhook response of {wanted}, Kind=AdmissionReview, got {got}")
    response = answer.get("response")
    if not isinstance(response, dict):
        raise BadAnswer("webhook response was absent")
    if wanted.endswith("/v1") and response.get("uid") != uid:
        raise BadAnswer(f'expected response.uid="{uid}", got "{response.get("uid", "")}"')
    call.warnings.extend(str(text) for text in response.get("warnings") or ())
    if response.get("allowed") is not True:
        raise Rejected(webhook["name"], response.get("status") or {})
    if not response.get("patch"):
        return []
    if wanted.endswith("/v1") and response.get("patchType") != "JSONPatch":
        raise BadAnswer(f'invalid response.patchType of "{response.get("patchType", "")}"')
    try:
        patch = orjson.loads(base64.b64decode(response["patch"]))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadAnswer(f"received undecodable patch in webhook response: {error}") from None
    return list(patch or ())
