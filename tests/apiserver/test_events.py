"""Events: counted instead of repeated, combined when there are too many, and never a reason to fail."""

from __future__ import annotations

from typing import Any

from apiserver.clock import ManualClock
from apiserver.kinds.configmap import kind as CONFIGMAP
from apiserver.kinds.node import kind as NODE
from apiserver.reconcile.events import BURST, COMBINED, Pace, Recorder
from tests.apiserver.harness import Harness

Object = dict[str, Any]


async def a_subject(h: Harness, name: str = "subject") -> Object:
    return await h.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


def about(h: Harness, name: str = "subject") -> list[tuple[str, int]]:
    return [(e["message"], e["count"]) for e in h.list("Event") if e["involvedObject"]["name"] == name]


async def test_an_event_in_full():
    async with Harness() as h:
        subject = await a_subject(h)
        recorder = Recorder(h.api, "tester")
        await recorder.event(CONFIGMAP, subject, "Warning", "Odd", "it is odd", "data.key", "node-1")
        (event,) = (e for e in h.list("Event") if e["involvedObject"]["name"] == "subject")
        assert event["metadata"]["name"].startswith("subject.")
        assert {k: v for k, v in event.items() if k != "metadata"} == {
            "apiVersion": "v1",
            "kind": "Event",
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "namespace": "default",
                "name": "subject",
                "uid": subject["metadata"]["uid"],
                "resourceVersion": subject["metadata"]["resourceVersion"],
                "fieldPath": "data.key",
            },
            "reason": "Odd",
            "message": "it is odd",
            "source": {"component": "tester", "host": "node-1"},
            "firstTimestamp": "2026-01-01T00:00:00Z",
            "lastTimestamp": "2026-01-01T00:00:00Z",
            "count": 1,
            "type": "Warning",
            "eventTime": None,
            "reportingComponent": "tester",
            "reportingInstance": "node-1",
        }


async def test_the_same_thing_again_is_counted():
    async with Harness() as h:
        subject, recorder = await a_subject(h), Recorder(h.api, "tester")
        await recorder.event(CONFIGMAP, subject, "Normal", "Done", "well done")
        h.clock.advance(60)
        await recorder.event(CONFIGMAP, subject, "Normal", "Done", "well done")
        (event,) = (e for e in h.list("Event") if e["involvedObject"]["name"] == "subject")
        assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
            2,
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:01:00Z",
        )


async def test_an_event_that_was_deleted_is_said_anew():
    async with Harness() as h:
        subject, recorder = await a_subject(h), Recorder(h.api, "tester")
        await recorder.event(CONFIGMAP, subject, "Normal", "Done", "well done")
        for event in h.list("Event"):
            await h.api.delete(h.kind("Event"), "default", event["metadata"]["name"])
        await recorder.event(CONFIGMAP, subject, "Normal", "Done", "well done")
        assert about(h) == [("well done", 1)]


async def test_events_that_differ_only_in_their_message_are_combined_from_the_tenth_on():
    async with Harness() as h:
        subject, recorder = await a_subject(h), Recorder(h.api, "tester")
        for i in range(15):
            await recorder.event(CONFIGMAP, subject, "Normal", "Made", f"made {i}")
        assert about(h) == [(f"made {i}", 1) for i in range(9)] + [(f"{COMBINED}made 14", 6)]


async def test_an_object_has_so_many_events_to_spend_and_earns_new_ones_with_time():
    async with Harness() as h:
        subject, recorder = await a_subject(h), Recorder(h.api, "tester")
        for _ in range(100):
            await recorder.event(CONFIGMAP, subject, "Normal", "Again", "and again")
        assert about(h) == [("and again", int(BURST))]
        other = await a_subject(h, "other")
        await recorder.event(CONFIGMAP, other, "Normal", "Again", "and again")
        assert about(h, "other") == [("and again", 1)]
        h.clock.advance(600)
        for _ in range(5):
            await recorder.event(CONFIGMAP, subject, "Normal", "Again", "and again")
        assert about(h) == [("and again", int(BURST) + 2)]


async def test_events_of_what_has_no_namespace_stand_in_default():
    async with Harness() as h:
        node = h.get("Node", "node-1")
        await Recorder(h.api, "tester").event(NODE, node, "Normal", "Up", "up and running")
        assert about(h, "node-1") == [("up and running", 1)]


async def test_an_event_that_cannot_be_written_is_lost_quietly():
    async with Harness() as h:
        subject = await a_subject(h)
        astray = {"metadata": {**subject["metadata"], "namespace": "no-such-namespace"}}
        await Recorder(h.api, "tester").event(CONFIGMAP, astray, "Normal", "Up", "nobody hears this")
        assert about(h) == []


async def test_events_of_one_moment_are_listed_in_the_order_they_happened():
    async with Harness() as h:
        subject, recorder = await a_subject(h), Recorder(h.api, "tester")
        for reason in ("First", "Second", "Third"):
            await recorder.event(CONFIGMAP, subject, "Normal", reason, "it happened")
        assert [e["reason"] for e in h.list("Event")] == ["First", "Second", "Third"]


def test_who_has_a_lot_to_say_waits_in_turn():
    clock, pace = ManualClock(), Pace(burst=3, per_second=2)
    assert [pace.reserve(1, clock.now()) for _ in range(6)] == [0, 0, 0, 0.5, 1, 1.5]
    assert not pace.take(1, clock.now())
    clock.advance(2.5)
    assert pace.take(2, clock.now())
    assert not pace.take(1, clock.now())
