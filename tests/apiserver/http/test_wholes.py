"""Lists that are kept joined: never older than the state, never more than their share of memory."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime
from typing import Any

import orjson
import pytest

from apiserver.http import representations, wholes
from apiserver.http.negotiate import PARTIAL_LIST, PLAIN, TABLE, Accepted
from apiserver.http.wholes import MIN_ITEMS, Wholes
from apiserver.watching import Selection
from tests.apiserver.harness import Harness

SHAPES = [PLAIN, Accepted(shape=TABLE), Accepted(shape=PARTIAL_LIST)]


def config(name: str, namespace: str = "default") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


async def filled(h: Harness, count: int = MIN_ITEMS) -> None:
    await asyncio.gather(*(h.create(config(f"c{number}")) for number in range(count)))
    await h.settle()


def fresh(h: Harness, selection: Selection, accept: Accepted, now: datetime) -> bytes:
    records = h.api.list(selection.kind, selection.namespace)
    return representations.items(selection.kind, records, accept, now, {})


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_kept_is_what_is_there(seed: int) -> None:
    choice = random.Random(seed)
    async with Harness() as h:
        await filled(h)
        kept, kind = Wholes(h.api.store), h.kind("ConfigMap")
        for step in range(60):
            name = f"c{choice.randrange(40)}"
            match choice.randrange(4):
                case 0 if h.api.find(kind, "default", name) is None:
                    await h.create(config(name))
                case 1 if h.api.find(kind, "default", name) is not None:
                    await h.api.delete(kind, "default", name)
                case 2 if h.api.find(kind, "default", name) is not None:
                    await h.api.modify(kind, "default", name, lambda c, step=step: c | {"data": {"n": str(step)}})
                case 3:
                    h.clock.advance(choice.choice([0.3, 1, 90]))
            selection = Selection(kind, choice.choice(["", "default"]))
            accept, now = choice.choice(SHAPES), h.clock.now()
            assert kept.items(selection, accept, now, {}) == fresh(h, selection, accept, now)


async def test_an_unchanged_list_is_joined_once() -> None:
    async with Harness() as h:
        await filled(h)
        kept, selection = Wholes(h.api.store), Selection(h.kind("ConfigMap"), "default")
        first = kept.items(selection, PLAIN, h.clock.now(), {})
        await h.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "of-another-family"}})
        assert kept.items(selection, PLAIN, h.clock.now(), {}) is first


async def test_what_does_not_fit_is_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Harness() as h:
        await filled(h)
        kept, kind = Wholes(h.api.store), h.kind("ConfigMap")
        everywhere, here = Selection(kind), Selection(kind, "default")
        first = kept.items(everywhere, PLAIN, h.clock.now(), {})
        monkeypatch.setattr(wholes, "MAX_KEPT_BYTES", len(first) + 10)
        second = kept.items(here, PLAIN, h.clock.now(), {})
        assert kept.items(here, PLAIN, h.clock.now(), {}) is second
        again = kept.items(everywhere, PLAIN, h.clock.now(), {})
        assert again == first
        assert again is not first


async def test_the_items_are_those_of_a_list() -> None:
    async with Harness() as h:
        await filled(h, 3)
        kind = h.kind("ConfigMap")
        kept = Wholes(h.api.store).items(Selection(kind, "default"), PLAIN, h.clock.now(), {})
        body = orjson.loads(representations.framed(kind, kept, {"resourceVersion": "7"}, PLAIN, {}))
        assert body["metadata"] == {"resourceVersion": "7"}
        assert [item["metadata"]["name"] for item in body["items"]] == ["c0", "c1", "c2", "kube-root-ca.crt"]
