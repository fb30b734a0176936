"""Webhooks: others are asked whether an object may be stored, and as what.

    mutating     one after the other, in the order of their configurations' names; each sees what those before it made
    validating   all at once; the first refusal counts

Who is configured is remembered, so a cluster without webhooks pays a look at an empty list. A call is made in a thread
of a small pool, started with the first call: the event loop goes on meanwhile. A simulated Pod has no program that
could answer, so a webhook behind a Service of such Pods refuses connections, as an address does where nobody listens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Protocol

import orjson

from apiserver import errors
from apiserver.admission import View, callout
from apiserver.admission.evaluating import Seen, Unclear, match
from apiserver.admission.matching import EXEMPT, namespace_labels, selects, spoken
from apiserver.admission.questions import Question
from apiserver.admission.reviews import BadAnswer, patch_of, review
from apiserver.kind import Kind, Object
from apiserver.kinds.mutatingwebhookconfiguration import kind as MUTATING
from apiserver.kinds.service import kind as SERVICE
from apiserver.kinds.validatingwebhookconfiguration import kind as VALIDATING
from apiserver.objects.gostructs import DecodeError
from apiserver.objects.meta import random_uid
from apiserver.objects.patch import jsonpatch

MAX_CALLS = 32
"""Webhooks that are asked at one time; others wait."""

log = logging.getLogger(__name__)


class Observed(View, Protocol):
    """What tells of configurations that come and go."""

    def observe(
        self, kinds: list[Kind], callback: Callable[[Kind, Object | None, Object | None], None]
    ) -> Callable[[], None]: ...


class Webhooks:
    """Those that are configured, and how they are asked."""

    def __init__(self) -> None:
        self._configured: dict[Kind, dict[str, Object]] = {MUTATING: {}, VALIDATING: {}}
        self.mutating: list[Object] = []
        self.validating: list[Object] = []

    def follow(self, view: Observed) -> Callable[[], None]:
        """Know the configurations from now on; returns what ends it."""
        return view.observe([MUTATING, VALIDATING], self._changed)

    def _changed(self, kind: Kind, old: Object | None, new: Object | None) -> None:
        found = self._configured[kind]
        if new is None and old is not None:
            found.pop(old["metadata"]["name"], None)
        elif new is not None:
            found[new["metadata"]["name"]] = new
        webhooks = [one for name in sorted(found) for one in found[name].get("webhooks") or ()]
        if kind == MUTATING:
            self.mutating = webhooks
        else:
            self.validating = webhooks

    async def change(self, view: View, question: Question) -> bool:
        """Have webhooks change `question.new`, in place; whether one did. Raises what they refuse.

        Those that want to see what became of an object after them are asked once more, if anything did.
        """
        changed = False
        asked: list[Object] = []
        outdated: list[Object] = []
        for webhook in self.mutating:
            shape = _shape(webhook, view, question)
            if shape is None:
                continue
            if await self._changed_by(webhook, view, question, shape):
                changed = True
                outdated += asked
                asked.clear()
            if webhook.get("reinvocationPolicy") == "IfNeeded":
                asked.append(webhook)
        for webhook in outdated:
            shape = _shape(webhook, view, question)
            if shape is not None:
                await self._changed_by(webhook, view, question, shape)
        return changed

    async def judge(self, view: View, question: Question) -> None:
        """Ask those that only allow or refuse. Raises what they refuse."""
        asked = [
            self._ask(webhook, view, question.for_kind(shape), may_patch=False)
            for webhook in self.validating
            if (shape := _shape(webhook, view, question)) is not None
        ]
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer

    async def _changed_by(self, webhook: Object, view: View, question: Question, shape: Kind) -> bool:
        shown = question.for_kind(shape)
        patch = await self._ask(webhook, view, shown, may_patch=True)
        if not patch:
            return False
        new, _ = shown.objects
        if new is None or question.new is None:
            said = "attempted to modify the object, which is not supported for this operation"
            raise errors.InternalError(f'admission webhook "{webhook["name"]}" {said}')
        try:
            decoded = shape.form.decode_value(jsonpatch.apply(new, patch)).object
        except (errors.APIError, DecodeError) as error:
            raise errors.InternalError(str(error)) from None
        return question.become(decoded, shape)

    async def _ask(self, webhook: Object, view: View, question: Question, *, may_patch: bool) -> list[Any]:
        """The patch that a webhook answers; none when it cannot be asked and that is to be ignored."""
        uid = random_uid()
        seconds = webhook.get("timeoutSeconds", 10)
        target = callout.target_of(webhook["clientConfig"], seconds)
        body = orjson.dumps(review(webhook, question, uid))
        try:
            answer = await self._post(target, body, seconds, view)
            return patch_of(webhook, answer, uid, question.call, may_patch=may_patch)
        except callout.Unreachable as error:
            problem = f'failed to call webhook: Post "{target.url}": {error}'
        except callout.BadStatus as error:
            problem = f"failed to call webhook: {error}"
        except BadAnswer as error:
            problem = f"received invalid webhook response: {error}"
        if webhook.get("failurePolicy") == "Ignore":
            log.warning("failed calling webhook, failing open %s: %s", webhook["name"], problem)
            return []
        raise errors.InternalError(f'failed calling webhook "{webhook["name"]}": {problem}')

    async def _post(self, target: callout.Target, body: bytes, seconds: int, view: View) -> Any:
        if target.service is not None:
            raise callout.Unreachable(_why_not(target.service, view))
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, callout.post, target, body, seconds)
        try:
            return await asyncio.wait_for(work, seconds)
        except TimeoutError:
            raise callout.Unreachable("context deadline exceeded") from None

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="webhook")


def _shape(webhook: Object, view: View, question: Question) -> Kind | None:
    """The kind in whose shape a webhook is asked, None where it is not. Raises Forbidden where that cannot be told."""
    if question.kind.name in EXEMPT or not selects(webhook, question, namespace_labels(view, question)):
        return None
    kind = spoken(webhook.get("rules") or (), webhook.get("matchPolicy", "Equivalent"), view, question)
    conditions = webhook.get("matchConditions")
    if kind is None or not conditions:
        return kind
    try:
        return kind if match(conditions, Seen(view, question.for_kind(kind))) else None
    except Unclear as error:
        if webhook.get("failurePolicy") == "Ignore":
            return None
        raise errors.Forbidden(question.kind.resource, question.metadata.get("name", ""), str(error)) from None


def _why_not(service: Object, view: View) -> str:
    """Why a Service does not answer."""
    record = view.find(SERVICE, service["namespace"], service["name"])
    if record is None:
        return f'service "{service["name"]}" not found'
    spec, port = record.object["spec"], service.get("port", 443)
    if port not in [one["port"] for one in spec.get("ports") or ()]:
        return f'no service port {port} found for service "{service["name"]}"'
    return f"dial tcp {spec.get('clusterIP', '')}:{port}: connect: connection refused"
