"""Anything may be asked, in any order, with the controllers at work: nobody fails, nobody waits, and what is stored is
whole.

MINICTL_CASES=100000 asks that often; the suite asks a few thousand times.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import MutableMapping
from random import Random
from typing import Any

import orjson
import pytest

from apiserver.errors import Invalid
from apiserver.kind import Kind
from apiserver.objects.decoding import decode_body
from tests.apiserver.custom import definition
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

from .asking import NEVER_STORED, Asked, Asking
from .test_damages import LOGGED, WHOLE, address, kind_of

BOAT = {
    "apiVersion": "sea.example.com/v1", "kind": "Boat", "metadata": {"name": "full"},
    "spec": {"sails": 3, "name": "x", "crew": [{"name": "ann", "rank": "a"}, {"name": "bea"}]},
}  # fmt: skip
CASES_PER_SEED = 500
CASES = int(os.environ.get("MINICTL_CASES", "2000"))
ANSWER_SECONDS = 5


class Wire(Client):
    """Asks as a client that hangs up when it has waited for a while."""

    async def ask(self, asked: Asked) -> tuple[int, bytes]:
        """(status, body); status 0 where there was none."""
        status, body = 0, b""
        messages = [{"type": "http.request", "body": asked.body or b"", "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            if messages:
                return messages.pop()
            await asyncio.sleep(0.002)  # what there is to see is sent by then
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                assert not status, "two answers"
                status = message["status"]
                for name, value in message["headers"]:
                    assert isinstance(name, bytes)
                    assert isinstance(value, bytes)
                    assert not {b"\r", b"\n", b"\x00"} & {value[i : i + 1] for i in range(len(value))}, (name, value)
            else:
                body += message["body"]

        headers = {name: value.encode().decode("latin-1") for name, value in asked.headers.items()}
        scope = self._scope(asked.method, asked.path, asked.body, headers)
        await asyncio.wait_for(self.app(scope, receive, send), ANSWER_SECONDS)
        return status, body


def check_stored(kind: Kind, encoded: bytes) -> None:
    """It decodes strictly, has no defaults missing, and passes its own validation."""
    if kind.form.is_struct:
        object = decode_body(encoded, kind.name, kind.group_version, kind.schema, "Strict").object
    else:
        object = orjson.loads(encoded)
    causes = kind.validate(object)
    assert not causes, Invalid(kind.qualified, object["metadata"]["name"], causes).message


@pytest.mark.parametrize("seed", range(max(CASES // CASES_PER_SEED, 1)))
async def test_nothing_that_is_asked_does_any_harm(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    choice = Random(seed)
    async with Harness() as h:
        client = Wire(h)
        await h.create(definition())
        await h.settle()
        manifests = [(kind_of(h, manifest), manifest) for manifest in (*WHOLE, BOAT)]
        for kind, manifest in manifests:
            if kind.name not in NEVER_STORED:
                await client("POST", address(kind, manifest).partition("?")[0], manifest)
        asking = Asking(choice, manifests)
        for number in range(CASES_PER_SEED):
            asked = asking.request()
            try:
                status, body = await client.ask(asked)
                assert 200 <= status < 600
                assert LOGGED.encode() not in body, body.decode(errors="replace")
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{type(error).__name__} {error}\ncase {number}: {asked}") from None
            if number % 50 == 49:
                h.clock.advance(choice.choice((1, 10, 60)))
                await h.settle()
        await h.settle()
        for kind in h.cluster.kinds:
            for record in h.cluster.store.under(kind.prefix()) if kind.stored_as is None else ():
                check_stored(kind, record.encoded)
    failures = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not failures, failures
