"""Admission as the API calls it: what is reserved, refused and given back by real writes."""

from __future__ import annotations

import asyncio

import pytest

from apiserver import errors
from apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from apiserver.admission.service_allocation import ServiceAllocation
from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import ManualClock
from apiserver.kind import Kinds, Object
from apiserver.kinds import BUILTIN, configmap, event, events_event, namespace, service
from apiserver.storage import Log, Record
from apiserver.storage.memory import MemoryLog
from apiserver.storage.store import Store


async def api_on(log: Log) -> API:
    store = Store(log)
    store.load()
    allocation = ServiceAllocation()
    api = API(Kinds(BUILTIN), store, ManualClock(), (NamespaceLifecycle(), allocation))
    allocation.load(api)
    if api.find(namespace.kind, "", "default") is None:
        await api.create(namespace.kind, "", {"metadata": {"name": "default"}})
    return api


def asking(name: str, node_port: int = 30007, **spec: str) -> Object:
    return {
        "metadata": {"name": name},
        "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": node_port}], **spec},
    }


async def create(api: API, object: Object, call: Call | None = None) -> Record:
    return await api.create(service.kind, "default", object, call)


async def test_of_many_who_ask_at_once_one_gets_it() -> None:
    api = await api_on(MemoryLog())
    asked = (create(api, asking(f"s{n}", clusterIP="10.96.0.5")) for n in range(8))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, Record) for answer in answers) == 1
    assert sum(isinstance(answer, errors.Invalid) for answer in answers) == 7


async def test_a_name_that_is_taken_costs_its_owner_nothing() -> None:
    api = await api_on(MemoryLog())
    await create(api, asking("web"))
    for _ in range(2):
        with pytest.raises(errors.AlreadyExists):
            await create(api, asking("web", 30008))
    await create(api, asking("other", 30008))
    with pytest.raises(errors.Invalid, match="already allocated"):
        await create(api, asking("third"))


async def test_a_restart_forgets_nothing() -> None:
    log = MemoryLog()
    web = await create(await api_on(log), asking("web", clusterIP="10.96.0.5"))
    api = await api_on(log)
    assert api.get(service.kind, "default", "web").encoded == web.encoded
    with pytest.raises(errors.Invalid, match="provided IP is already allocated"):
        await create(api, asking("thief", 30008, clusterIP="10.96.0.5"))
    await api.delete(service.kind, "default", "web")
    await create(api, asking("heir", clusterIP="10.96.0.5"))


async def test_a_dry_run_leaves_no_trace() -> None:
    api = await api_on(MemoryLog())
    await create(api, asking("web"), Call(dry_run=True))
    assert api.list(service.kind) == []
    await create(api, asking("web"))


async def test_leaving_node_port_frees_the_port() -> None:
    api = await api_on(MemoryLog())
    await create(api, asking("web"))
    plain: Object = {"metadata": {"name": "web"}, "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}}
    changed = await api.update(service.kind, "default", "web", plain)
    assert "nodePort" not in changed.object["spec"]["ports"][0]
    await create(api, asking("heir"))


async def test_a_namespace_ends_when_it_is_finalized() -> None:
    api = await api_on(MemoryLog())
    await api.create(namespace.kind, "", {"metadata": {"name": "doomed"}})
    marked = await api.delete(namespace.kind, "", "doomed")
    assert not marked.deleted
    assert marked.object["status"] == {"phase": "Terminating"}
    with pytest.raises(errors.Forbidden, match="because it is being terminated"):
        await api.create(configmap.kind, "doomed", {"metadata": {"name": "late"}})
    freed = await api.modify(namespace.kind, "", "doomed", lambda object: {**object, "spec": {}}, "finalize")
    assert freed.deleted


async def test_one_event_has_two_faces() -> None:
    api = await api_on(MemoryLog())
    subject = {"kind": "Pod", "name": "web", "namespace": "default"}
    await api.create(event.kind, "default", {"metadata": {"name": "e"}, "involvedObject": subject, "message": "there"})
    newer = api.get(events_event.kind, "default", "e").object
    assert (newer["apiVersion"], newer["note"], newer["regarding"]) == ("events.k8s.io/v1", "there", subject)
    await api.modify(events_event.kind, "default", "e", lambda object: {**object, "series": SERIES})
    older = api.get(event.kind, "default", "e").object
    assert (older["apiVersion"], older["message"], older["series"]) == ("v1", "there", SERIES)


SERIES = {"count": 3, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}
