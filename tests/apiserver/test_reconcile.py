"""The Runner: keys from changes, retries, idleness, a clean stop; the indexes and ownership that controllers use."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from apiserver.api import API
from apiserver.clock import ManualClock
from apiserver.errors import Conflict, Resource
from apiserver.kind import Kinds
from apiserver.kinds.configmap import kind as CONFIGMAP
from apiserver.kinds.namespace import kind as NAMESPACE
from apiserver.kinds.secret import kind as SECRET
from apiserver.objects.selectors import from_object
from apiserver.reconcile import Controller, Key, Result, Runner, ownership
from apiserver.reconcile.labelled import Labelled
from apiserver.reconcile.selecting import EqualLabels, Selecting, itself
from apiserver.storage.memory import MemoryLog
from apiserver.storage.store import Store

Object = dict[str, Any]


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 10))


def new_api() -> API:
    store = Store(MemoryLog())
    store.load()
    return API(Kinds([CONFIGMAP, SECRET, NAMESPACE]), store, ManualClock())


def clock_of(api: API) -> ManualClock:
    assert isinstance(api.clock, ManualClock)
    return api.clock


def config(name: str, labels: dict[str, str] | None = None, **data: str) -> Object:
    return {"metadata": {"name": name, **({"labels": labels} if labels else {})}, "data": data}


class Seen:
    """A controller that notes its keys; `answers` are raised or returned, one for each call."""

    def __init__(self, *answers: Exception | Result | None) -> None:
        self.keys: list[Key] = []
        self.answers = list(answers)

    async def reconcile(self, api: API, key: Key) -> Result | None:
        self.keys.append(key)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def controller(self, workers: int = 1) -> Controller:
        return Controller("seen", self.reconcile, {CONFIGMAP: itself}, workers)


async def advance(api: API, runner: Runner, seconds: float) -> None:
    await runner.idle()
    clock_of(api).advance(seconds)
    await runner.idle()


def test_what_is_there_and_what_changes_is_reconciled():
    async def story():
        api, seen = new_api(), Seen()
        await api.create(CONFIGMAP, "default", config("old"))
        runner = Runner(api, [seen.controller()])
        runner.start()
        await runner.idle()
        assert seen.keys == [("default", "old")]
        await api.create(CONFIGMAP, "default", config("new"))
        await api.delete(CONFIGMAP, "default", "new")
        await runner.idle()
        assert set(seen.keys[1:]) == {("default", "new")}
        await runner.stop()
        await api.create(CONFIGMAP, "default", config("late"))
        await runner.idle()
        assert ("default", "late") not in seen.keys

    run(story())


def test_a_lost_race_is_tried_again_at_once_and_quietly(caplog):
    async def story():
        lost = Conflict(Resource("configmaps"), "a")
        api, seen = new_api(), Seen(lost, lost)
        runner = Runner(api, [seen.controller()])
        runner.start()
        await api.create(CONFIGMAP, "default", config("a"))
        await runner.idle()
        assert len(seen.keys) == 3
        await runner.stop()

    with caplog.at_level(logging.INFO):
        run(story())
    assert caplog.text == ""


def test_a_race_lost_for_ever_backs_off():
    async def story():
        api, seen = new_api(), Seen(*[Conflict(Resource("configmaps"), "a")] * 50)
        runner = Runner(api, [seen.controller()])
        runner.start()
        await api.create(CONFIGMAP, "default", config("a"))
        await runner.idle()
        assert len(seen.keys) == 6
        await runner.stop()

    run(story())


def test_a_failure_is_logged_and_tried_again_later(caplog):
    async def story():
        api, seen = new_api(), Seen(ValueError("boom"), ValueError("boom"))
        runner = Runner(api, [seen.controller()])
        runner.start()
        await api.create(CONFIGMAP, "default", config("a"))
        await runner.idle()
        assert len(seen.keys) == 1
        await advance(api, runner, 0.005)
        assert len(seen.keys) == 2
        await advance(api, runner, 0.005)
        assert len(seen.keys) == 2
        await advance(api, runner, 0.005)
        assert len(seen.keys) == 3
        await runner.stop()

    run(story())
    assert "ValueError: boom" in caplog.text
    assert "default/a" in caplog.text


def test_a_result_brings_the_key_back():
    async def story():
        api, seen = new_api(), Seen(Result(after_seconds=30))
        runner = Runner(api, [seen.controller()])
        runner.start()
        await api.create(CONFIGMAP, "default", config("a"))
        await advance(api, runner, 29)
        assert len(seen.keys) == 1
        await advance(api, runner, 1)
        assert len(seen.keys) == 2
        await runner.stop()

    run(story())


def test_a_mapper_that_fails_disturbs_nobody(caplog):
    async def story():
        api, seen = new_api(), Seen()

        def broken(api: API, old: Object | None, new: Object | None) -> list[Key]:
            raise KeyError("spec")

        runner = Runner(api, [Controller("broken", seen.reconcile, {CONFIGMAP: broken}), seen.controller()])
        runner.start()
        await api.create(CONFIGMAP, "default", config("a"))
        await runner.idle()
        assert seen.keys == [("default", "a")]
        await runner.stop()

    run(story())
    assert "broken cannot map" in caplog.text


def test_stopping_ends_what_hangs():
    async def story():
        api, started = new_api(), asyncio.Event()

        async def hang(api: API, key: Key) -> None:
            started.set()
            await asyncio.get_running_loop().create_future()

        runner = Runner(api, [Controller("hang", hang, {CONFIGMAP: itself})])
        runner.start()
        await api.create(CONFIGMAP, "default", config("a"))
        await started.wait()
        await runner.stop()

    run(story())


class TestSelecting:
    def selecting(self) -> Selecting:
        index = Selecting(lambda object: (EqualLabels(object["want"]), object["want"]) if object["want"] else None)
        for name, want in {"web": {"app": "web"}, "both": {"app": "web", "tier": "x"}, "none": {}}.items():
            index.changed(new_api(), None, self.selector(name, want))
        return index

    def selector(self, name: str, want: dict[str, str]) -> Object:
        return {"metadata": {"namespace": "ns", "name": name}, "want": want}

    def keys(self, index: Selecting, old: dict[str, str] | None, new: dict[str, str] | None) -> set[str]:
        def made(labels):
            return None if labels is None else {"metadata": {"namespace": "ns", "name": "p", "labels": labels}}

        return {name for _, name in index.selecting(new_api(), made(old), made(new))}

    @pytest.mark.parametrize(
        ("old", "new", "want"),
        [
            (None, {"app": "web"}, {"web"}),
            (None, {"app": "web", "tier": "x", "more": "y"}, {"web", "both"}),
            ({"app": "web"}, {"app": "other"}, {"web"}),
            ({"app": "web"}, {"app": "web", "tier": "x"}, {"web", "both"}),
            ({"app": "web"}, None, {"web"}),
            (None, {"app": "other"}, set()),
            (None, {}, set()),
        ],
    )
    def test_old_and_new_labels_count(self, old, new, want):
        assert self.keys(self.selecting(), old, new) == want

    def test_a_changed_selector_is_filed_anew(self):
        index = self.selecting()
        index.changed(new_api(), self.selector("web", {"app": "web"}), self.selector("web", {"app": "api"}))
        assert self.keys(index, None, {"app": "web"}) == set()
        assert self.keys(index, None, {"app": "api"}) == {"web"}
        index.changed(new_api(), self.selector("web", {"app": "api"}), None)
        assert self.keys(index, None, {"app": "api"}) == set()


class TestClaim:
    """Owners are Secrets and dependents ConfigMaps here: ownership knows no kinds."""

    async def claim(self, api: API, owner: Object) -> list[str]:
        selector = from_object({"matchLabels": {"app": "web"}})
        found = api.list(CONFIGMAP, "default")
        mine = await ownership.claim(api, CONFIGMAP, SECRET, owner, selector, found, api.named("test"))
        return [record.object["metadata"]["name"] for record in mine]

    async def owner(self, api: API, name: str = "owner") -> Object:
        return (await api.create(SECRET, "default", {"metadata": {"name": name}})).object

    def owners(self, api: API, name: str) -> list[str]:
        return [r["name"] for r in ownership.owners(api.get(CONFIGMAP, "default", name).object)]

    def test_matching_orphans_are_adopted_and_relabelled_ones_let_go(self):
        async def story():
            api = new_api()
            owner = await self.owner(api)
            await api.create(CONFIGMAP, "default", config("mine", {"app": "web"}))
            await api.create(CONFIGMAP, "default", config("other", {"app": "api"}))
            assert await self.claim(api, owner) == ["mine"]
            reference = ownership.controller_of(api.get(CONFIGMAP, "default", "mine").object)
            assert reference == ownership.owner_reference(SECRET, owner)
            revision = api.revision
            assert await self.claim(api, owner) == ["mine"]
            assert api.revision == revision

            def relabelled(object: Object) -> Object:
                object["metadata"]["labels"] = {"app": "debug"}
                return object

            await api.modify(CONFIGMAP, "default", "mine", relabelled)
            assert await self.claim(api, owner) == []
            assert self.owners(api, "mine") == []

        run(story())

    def test_what_belongs_to_another_is_left_alone(self):
        async def story():
            api = new_api()
            owner, other = await self.owner(api), await self.owner(api, "other")
            taken = config("taken", {"app": "web"})
            taken["metadata"]["ownerReferences"] = [ownership.owner_reference(SECRET, other)]
            await api.create(CONFIGMAP, "default", taken)
            assert await self.claim(api, owner) == []
            assert self.owners(api, "taken") == ["other"]

        run(story())

    def test_an_owner_that_is_gone_or_leaving_adopts_nothing(self):
        async def story():
            api = new_api()
            owner = await self.owner(api)
            await api.create(CONFIGMAP, "default", config("orphan", {"app": "web"}))
            await api.delete(SECRET, "default", "owner")
            assert await self.claim(api, owner) == []
            again = await self.owner(api)
            assert await self.claim(api, owner) == []
            leaving = {**again, "metadata": {**again["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
            assert await self.claim(api, leaving) == []
            assert self.owners(api, "orphan") == []

        run(story())

    def test_a_dying_orphan_is_not_adopted(self):
        async def story():
            api = new_api()
            owner = await self.owner(api)
            dying = config("dying", {"app": "web"})
            dying["metadata"]["finalizers"] = ["example.com/hold"]
            await api.create(CONFIGMAP, "default", dying)
            await api.delete(CONFIGMAP, "default", "dying")
            assert await self.claim(api, owner) == []

        run(story())


def test_converge_writes_only_the_difference():
    async def story():
        api = new_api()
        for name in ("same", "changed", "surplus"):
            await api.create(CONFIGMAP, "default", config(name, k="1"))
        have = {r.object["metadata"]["name"]: r for r in api.list(CONFIGMAP, "default")}
        changed = have["changed"].copy()
        changed["data"] = {"k": "2"}
        before = have["same"].revision
        want = [have["same"].object, changed, config("new", k="1")]
        await ownership.converge(api, CONFIGMAP, "default", want, have.values(), api.named("test"))
        now = {r.object["metadata"]["name"]: r.object["data"]["k"] for r in api.list(CONFIGMAP, "default")}
        assert now == {"same": "1", "changed": "2", "new": "1"}
        assert api.get(CONFIGMAP, "default", "same").revision == before

    run(story())


def test_writing_side_by_side_tries_all_and_raises_the_first_error():
    async def story():
        api = new_api()
        await api.create(CONFIGMAP, "default", config("there"))
        stale = {**api.get(CONFIGMAP, "default", "there").copy(), "data": {"k": "v"}}
        stale["metadata"]["resourceVersion"] = "999"
        with pytest.raises(Conflict):
            await ownership.write(api, CONFIGMAP, "default", [config("new")], [stale], [], api.named("test"))
        assert api.find(CONFIGMAP, "default", "new") is not None

    run(story())


class TestLabelled:
    def test_what_carries_all_labels_is_found_as_labels_come_and_go(self):
        async def story():
            api = new_api()
            index = Labelled(CONFIGMAP, ("app",))
            stop = api.observe([CONFIGMAP], lambda kind, old, new: index.changed(old, new))
            for name, labels in {"a": {"app": "x", "tier": "1"}, "b": {"app": "x"}, "c": {"tier": "1"}}.items():
                await api.create(CONFIGMAP, "default", config(name, labels))

            def having(**labels: str) -> list[str]:
                return [object["metadata"]["name"] for object in index.having(api, "default", labels)]

            def relabelled(object: Object) -> Object:
                object["metadata"]["labels"] = {"app": "y"}
                return object

            assert having(app="x") == ["a", "b"]
            assert having(app="x", tier="1") == ["a"]
            await api.modify(CONFIGMAP, "default", "a", relabelled)
            assert (having(app="x"), having(app="y")) == (["b"], ["a"])
            await api.delete(CONFIGMAP, "default", "b")
            assert having(app="x") == []
            stop()

        run(story())
