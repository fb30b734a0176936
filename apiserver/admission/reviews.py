"""AdmissionReviews: what a webhook is asked, and what its answer means. Pure functions."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from apiserver import errors
from apiserver.admission.questions import Question
from apiserver.call import Call
from apiserver.kind import Object

API_VERSION = "admission.k8s.io/"


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


def review(webhook: Object, question: Question, uid: str) -> Object:
    """The body of the request to a webhook."""
    new, old = question.objects
    return {
        "kind": "AdmissionReview",
        "apiVersion": API_VERSION + version_of(webhook),
        "request": {"uid": uid, **question.as_request(), "object": new, "oldObject": old},
    }


def version_of(webhook: Object) -> str:
    """The version of AdmissionReview that is spoken: the first of the webhook's that is known."""
    return next((v for v in webhook.get("admissionReviewVersions") or () if v in ("v1", "v1beta1")), "v1")


def patch_of(webhook: Object, answer: Any, uid: str, call: Call, *, may_patch: bool) -> list[Any]:
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
    if wanted.endswith("/v1"):
        _check_response(response, uid, may_patch=may_patch)
    call.warnings.extend(str(text) for text in response.get("warnings") or ())
    if response.get("allowed") is not True:
        raise Rejected(webhook["name"], response.get("status") or {})
    if not may_patch or not response.get("patch"):
        return []
    if wanted.endswith("/v1") and response["patchType"] != "JSONPatch":
        raise BadAnswer(f'unsupported patch type "{response["patchType"]}"')
    try:
        patch = orjson.loads(base64.b64decode(response["patch"]))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadAnswer(f"received undecodable patch in webhook response: {error}") from None
    return list(patch or ())


def _check_response(response: Object, uid: str, *, may_patch: bool) -> None:
    """What an answer must be and have. Raises BadAnswer."""
    if response.get("uid") != uid:
        raise BadAnswer(f'expected response.uid="{uid}", got "{response.get("uid", "")}"')
    patch, type_ = bool(response.get("patch")), response.get("patchType")
    said = {
        "validating webhook may not return response.patch": not may_patch and patch,
        "validating webhook may not return response.patchType": not may_patch and type_ is not None,
        "webhook returned response.patch but not response.patchType": patch and type_ is None,
        "webhook returned response.patchType but not response.patch": not patch and type_ is not None,
        'webhook returned invalid response.patchType of ""': type_ == "",
    }
    for text, is_so in said.items():
        if is_so:
            raise BadAnswer(text)
