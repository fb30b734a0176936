from __future__ import annotations

from typing import Any

import pytest

from apiserver.kind import Since
from apiserver.kinds import event, events_event
from apiserver.objects.events import as_core, as_events

from .pipeline import cells, created, refusals

OLD = {
    "metadata": {"name": "web.1", "namespace": "shop"},
    "involvedObject": {"kind": "Pod", "name": "web", "namespace": "shop"},
    "reason": "Pulled",
    "message": " there \n",
    "source": {"component": "kubelet", "host": "node-1"},
    "firstTimestamp": "2026-01-01T00:00:00Z",
    "lastTimestamp": "2026-01-01T00:05:00Z",
    "count": 4,
}
NEW = {
    "metadata": {"name": "web.2", "namespace": "shop"},
    "regarding": {"kind": "Pod", "name": "web", "namespace": "shop"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "example.com/robot",
    "reportingInstance": "robot-1",
    "action": "Moving",
    "reason": "Moved",
    "note": "moved",
    "type": "Normal",
}


def test_the_two_forms_say_the_same() -> None:
    stored = created(event.kind, {"kind": "Event", "apiVersion": "v1", **OLD})
    shown = as_events(stored)
    assert shown["apiVersion"] == "events.k8s.io/v1"
    assert shown["note"] == OLD["message"]
    assert shown["deprecatedCount"] == 4
    assert "reportingController" not in shown
    assert as_core(shown) == stored
    assert list(shown)[:2] == list(as_core(shown))[:2] == ["kind", "apiVersion"]


def test_both_forms_make_the_same_row() -> None:
    stored = created(event.kind, OLD)
    row = cells(event.kind, stored)
    assert row == cells(events_event.kind, as_events(stored))
    assert row["Object"] == "pod/web"
    assert row["Source"] == "kubelet, node-1"
    assert row["Message"] == "there"
    assert row["Count"] == 4
    assert row["Last Seen"] == Since("2026-01-01T00:05:00Z")


def test_a_series_says_when_it_was_last_seen() -> None:
    row = cells(event.kind, {**as_core(NEW), "series": {"count": 9, "lastObservedTime": "2026-01-02T00:00:00.000000Z"}})
    assert (row["Count"], row["Last Seen"]) == (9, Since("2026-01-02T00:00:00.000000Z"))
    assert cells(event.kind, as_core(NEW))["Last Seen"] == Since("2026-01-01T00:00:00.000000Z")


def test_both_forms_are_selected_alike() -> None:
    stored = created(event.kind, OLD)
    assert event.kind.selectable["involvedObject.name"](stored) == "web"
    assert events_event.kind.selectable["regarding.name"](as_events(stored)) == "web"
    assert event.kind.selectable["source"](as_core(NEW)) == "example.com/robot"


def test_one_storage_for_both() -> None:
    assert event.kind.key("shop", "web.1") == events_event.kind.key("shop", "web.1")


@pytest.mark.parametrize(
    ("namespace", "about", "fits"),
    [("shop", "shop", True), ("shop", "bank", False), ("default", "", True), ("shop", "", False)],
)
def test_an_event_lives_where_its_object_lives(namespace: str, about: str, fits: bool) -> None:
    given = {**OLD, "metadata": {"name": "e", "namespace": namespace}, "involvedObject": {"namespace": about}}
    said = f'involvedObject.namespace: Invalid value: "{about}": does not match event.namespace'
    assert refusals(event.kind, given) == ([] if fits else [said])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"action": ""}, ["action: Required value"]),
        ({"note": "x" * 1025}, ['message: Invalid value: "": can have at most 1024 characters']),
        ({"type": "Odd"}, ['type: Invalid value: "": has invalid value: Odd']),
        ({"deprecatedCount": 2}, ['count: Invalid value: "": needs to be unset']),
        ({"series": {"count": 1}}, [
            'series.count: Invalid value: "": should be at least 2', "series.lastObservedTime: Required value",
        ]),
    ],
)  # fmt: skip
def test_what_the_newer_form_demands(change: dict[str, Any], said: list[str]) -> None:
    made = created(events_event.kind, {**NEW, **change})
    found = events_event.kind.validate(made) + events_event.kind.validate_create(made)
    assert [str(cause) for cause in found] == said


def test_only_the_series_of_a_newer_event_changes() -> None:
    old = created(events_event.kind, NEW)
    series = {"count": 2, "lastObservedTime": "2026-01-02T00:00:00.000000Z"}
    assert events_event.kind.validate_update({**old, "series": series}, old) == []
    assert [cause.field for cause in events_event.kind.validate_update({**old, "note": "?"}, old)] == ["message"]
