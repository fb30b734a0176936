"""What planners remember from one plan to the next changes nothing about the plans, whatever happens in between."""

from __future__ import annotations

import copy
import itertools
import random
from typing import Any

import pytest

from apiserver.objects import endpoints, endpointslices
from apiserver.objects.endpointslices import Known
from apiserver.objects.remembered import PerObject
from tests.plans.builders import carry_out, container_port, pod, port, service

Object = dict[str, Any]
OWNER = {"apiVersion": "v1", "kind": "Service", "name": "web", "uid": "uid-web", "controller": True}
ZONES = ({"node-1": ""}, {"node-1": "east"}, {"node-1": "east", "node-2": "west"}, {})
SERVICES = (
    service(),
    service(publishNotReadyAddresses=True),
    service(ports=[port("http", 80, "web")]),
    service(trafficDistribution="PreferClose"),
    service(ipFamilies=["IPv4", "IPv6"]),
)


def some_pod(choice: random.Random, number: int) -> Object:
    ips = [f"10.1.0.{number}", f"fd00::{number:x}"][: choice.choice((0, 1, 1, 2))]
    ports = [container_port("web", choice.choice((8080, 9090)))] if choice.random() < 0.7 else []
    made = pod(
        f"p{number:03}", ips[0] if ips else "", ready=choice.random() < 0.7, terminating=choice.random() < 0.1,
        phase=choice.choice(("Running", "Running", "Failed")), nodeName=choice.choice(("node-1", "node-2")),
        containers=[{"name": "c", "image": "web", "ports": ports}],
    )  # fmt: skip
    if ips:
        made["status"]["podIPs"] = [{"ip": ip} for ip in ips]
    made["status"]["conditions"][0]["lastTransitionTime"] = f"2026-01-01T00:00:{choice.randrange(60):02}Z"
    return made


@pytest.mark.parametrize("seed", range(20))
def test_plans_are_the_same_with_and_without_what_is_remembered(seed: int) -> None:
    choice, names = random.Random(seed), itertools.count()
    pods = {number: some_pod(choice, number) for number in range(1, 120)}
    slices: dict[str, Object] = {}
    have: Object | None = None
    known: dict[str, Known] = {}
    offers: endpoints.Offers = PerObject()
    times, times_anew = endpoints.TriggerTimes(), endpoints.TriggerTimes()
    svc, zones = SERVICES[0], ZONES[0]
    for _ in range(25):
        for number in choice.sample(range(1, 140), choice.choice((0, 1, 1, 5))):
            if choice.random() < 0.2:
                pods.pop(number, None)
            else:
                pods[number] = some_pod(choice, number)
        svc = choice.choice(SERVICES) if choice.random() < 0.1 else svc
        zones = choice.choice(ZONES) if choice.random() < 0.1 else zones
        present = [pods[number] for number in sorted(pods)]
        anew = copy.deepcopy(present)
        there = list(slices.values())
        changes = endpointslices.plan(svc, present, zones, OWNER, there, "", known)
        assert changes == endpointslices.plan(svc, anew, zones, OWNER, there, "")
        carry_out(changes, slices, names)
        wanted = endpoints.plan_endpoints(svc, present, have, "", offers)
        assert wanted == endpoints.plan_endpoints(svc, anew, have, "")
        have = copy.deepcopy(wanted) if wanted is not None else have
        assert times.latest(svc, present) == times_anew.latest(svc, anew)


def test_of_the_same_object_it_is_made_once() -> None:
    made: list[int] = []

    def double(one: dict[str, int]) -> int:
        made.append(one["n"])
        return 2 * one["n"]

    known: PerObject[int] = PerObject()
    a, b = {"n": 1}, {"n": 2}
    assert known.of([a, b], "x", double) == [2, 4]
    assert known.of([b, a, {"n": 1}], "x", double) == [4, 2, 2]
    assert made == [1, 2, 1], "an equal object is not the same"
    known.of([a], "y", double)
    assert made == [1, 2, 1, 1], "made for something else"
    known.of([], "y", double)
    known.of([a], "y", double)
    assert made == [1, 2, 1, 1, 1], "forgotten with the last plan that had it"
