"""Custom kinds in a whole control plane: they come, they are kinds like any other, they go."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from apiserver.errors import Forbidden, Invalid, NotFound
from apiserver.http import discovery
from apiserver.http.negotiate import JSON, Accepted
from apiserver.http.openapi import OpenAPI
from apiserver.http.wholes import MIN_ITEMS, Wholes
from apiserver.storage.sql import SQLLog
from apiserver.watching import Selection
from tests.apiserver.custom import boat, definition
from tests.apiserver.harness import Harness

Object = dict[str, Any]
CRD = "boats.sea.example.com"


def conditions(h: Harness, name: str = CRD) -> dict[str, tuple[str, str]]:
    found = h.get("CustomResourceDefinition", name)["status"]["conditions"]
    return {c["type"]: (c["status"], c["reason"]) for c in found}


async def defined(h: Harness, crd: Object | None = None) -> None:
    await h.create(crd or definition())
    await h.settle()


async def changed(h: Harness, change: Any, name: str = CRD) -> None:
    def new(crd: Object) -> Object:
        change(crd["spec"])
        return crd

    await h.api.modify(h.kind("CustomResourceDefinition"), "", name, new)
    await h.settle()


async def test_a_definition_is_established_and_its_kind_served() -> None:
    async with Harness() as h:
        await defined(h)
        assert conditions(h) == {
            "NamesAccepted": ("True", "NoConflicts"),
            "Established": ("True", "InitialNamesAccepted"),
        }
        crd = h.get("CustomResourceDefinition", CRD)
        assert crd["status"]["storedVersions"] == ["v1"]
        assert crd["spec"]["names"] == {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"}
        made = await h.create(boat(name="argo", crew=[{"name": "jason"}]))
        assert made["spec"] == {"crew": [{"name": "jason"}], "sails": 2}
        assert made["metadata"]["generation"] == 1
        groups = discovery.aggregated(h.cluster.kinds, "apis")["items"]
        assert groups[-1]["metadata"]["name"] == "sea.example.com"


async def test_an_object_is_held_to_its_schema() -> None:
    async with Harness() as h:
        await defined(h)
        with pytest.raises(Invalid) as refused:
            await h.create(boat(sails=0))
        assert str(refused.value) == (
            'Boat.sea.example.com "argo" is invalid: spec.sails: Invalid value: 0: spec.sails in body should be '
            "greater than or equal to 1"
        )


async def test_deleting_a_definition_deletes_its_objects_first() -> None:
    async with Harness() as h:
        await defined(h)
        await h.create({**boat(), "metadata": {"name": "argo", "finalizers": ["example.com/hold"]}})
        await h.create(boat("other"))
        kind, crds = h.kind("Boat"), h.kind("CustomResourceDefinition")
        await h.api.delete(crds, "", CRD)
        await h.settle()
        assert conditions(h)["Terminating"] == ("True", "InstanceDeletionInProgress")
        assert [b["metadata"]["name"] for b in h.list("Boat")] == ["argo"]
        with pytest.raises(Forbidden, match="create not allowed while custom resource definition is terminating"):
            await h.create(boat("third"))

        def let_go(object: Object) -> Object:
            del object["metadata"]["finalizers"]
            return object

        await h.api.modify(h.kind("Boat"), "default", "argo", let_go)
        await h.settle()
        assert h.api.find(crds, "", CRD) is None
        assert h.cluster.kinds.by_name("sea.example.com/v1", "Boat") is None
        assert h.api.list(kind) == []


async def test_a_name_belongs_to_whoever_had_it_first_and_is_free_when_he_goes() -> None:
    async with Harness() as h:
        await defined(h)
        rival = definition("Ship")
        rival["spec"]["names"] |= {"kind": "Boat", "shortNames": ["boat"], "listKind": "ShipList"}
        await defined(h, rival)
        assert conditions(h, "ships.sea.example.com") == {
            "NamesAccepted": ("False", "KindConflict"),
            "Established": ("False", "NotAccepted"),
        }
        assert h.cluster.kinds.by_plural("sea.example.com/v1", "ships") is None
        await h.api.delete(h.kind("CustomResourceDefinition"), "", CRD)
        await h.settle()
        assert conditions(h, "ships.sea.example.com")["Established"] == ("True", "InitialNamesAccepted")


async def test_kinds_outlive_the_server_and_clusters_do_not_meet(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    async with Harness(SQLLog(file)) as h:
        await defined(h)
        await h.create(boat())
    async with Harness(SQLLog(file)) as h, Harness() as other:
        assert h.get("Boat", "argo")["spec"]["sails"] == 1
        await defined(other, definition(schema={"type": "object", "properties": {"spec": {"type": "string"}}}))
        await other.create({**boat(), "spec": "wood"})
        with pytest.raises(Invalid):
            await h.create({**boat("second"), "spec": "wood"})


async def test_a_changed_schema_holds_at_once_and_shows_in_objects_that_are_there() -> None:
    async with Harness() as h:
        await defined(h)
        await h.create(boat())
        spec = {
            "type": "object",
            "properties": {"sails": {"type": "integer"}, "colour": {"type": "string", "default": "red"}},
        }

        def change(crd: Object) -> None:
            crd["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = spec
            crd["versions"][0]["additionalPrinterColumns"] = [
                {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"}
            ]

        await changed(h, change)
        assert h.get("Boat", "argo")["spec"] == {"sails": 1, "colour": "red"}
        assert [column.name for column in h.kind("Boat").columns] == ["Name", "Colour"]
        assert (await h.create(boat("second", sails=0)))["spec"] == {"sails": 0, "colour": "red"}


async def test_long_lists_follow_the_schema_too() -> None:
    async with Harness() as h:
        await defined(h)
        for number in range(MIN_ITEMS):
            await h.create(boat(f"boat-{number}"))
        wholes = Wholes(h.cluster.store)

        def listed() -> bytes:
            return wholes.items(Selection(h.kind("Boat")), Accepted(JSON), h.clock.now(), {})

        assert b"red" not in listed()

        def change(spec: Object) -> None:
            properties = spec["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
            properties["colour"] = {"type": "string", "default": "red"}

        await changed(h, change)
        assert listed().count(b'"colour":"red"') == MIN_ITEMS


async def test_versions_are_faces_of_one_object() -> None:
    async with Harness() as h:
        crd = definition(deprecated=True)
        second = copy.deepcopy(crd["spec"]["versions"][0])
        second |= {"name": "v2", "storage": False}
        del second["deprecated"]
        crd["spec"]["versions"].append(second)
        await defined(h, crd)
        await h.create(boat())
        v1, v2 = (h.cluster.kinds.by_name(f"sea.example.com/{v}", "Boat") for v in ("v1", "v2"))
        assert v1 is not None
        assert v2 is not None
        assert v1.read_warning == "sea.example.com/v1 Boat is deprecated; use sea.example.com/v2 Boat"
        assert h.api.get(v2, "default", "argo").object["apiVersion"] == "sea.example.com/v2"
        await h.api.create(v2, "default", boat("second", "v2"))
        assert h.api.get(v1, "default", "second").object["apiVersion"] == "sea.example.com/v1"

        def swap(spec: Object) -> None:
            spec["versions"][0]["storage"], spec["versions"][1]["storage"] = False, True

        await changed(h, swap)
        assert h.get("CustomResourceDefinition", CRD)["status"]["storedVersions"] == ["v1", "v2"]
        assert [b["apiVersion"] for b in h.list("Boat")] == ["sea.example.com/v2"] * 2
        assert [r.object["apiVersion"] for r in h.api.list(v1)] == ["sea.example.com/v1"] * 2


async def test_custom_objects_go_with_their_owner_and_with_their_namespace() -> None:
    async with Harness() as h:
        await defined(h)
        owner = await h.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}})
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
        await h.create({**boat(), "metadata": {"name": "argo", "ownerReferences": [reference]}})
        await h.settle()
        await h.api.delete(h.kind("ConfigMap"), "default", "owner")
        await h.settle()
        assert h.list("Boat") == []
        await h.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sea"}})
        await h.create(boat(), "sea")
        await h.api.delete(h.kind("Namespace"), "", "sea")
        await h.settle()
        with pytest.raises(NotFound):
            h.get("Namespace", "sea")


async def test_status_is_written_apart_and_generation_counts_the_rest() -> None:
    async with Harness() as h:
        await defined(h)
        await h.create(boat())
        kind = h.kind("Boat")

        def sunk(object: Object) -> Object:
            object["spec"], object["status"] = {"sails": 9}, {"afloat": False}
            return object

        written = (await h.api.modify(kind, "default", "argo", sunk, "status")).object
        assert (written["spec"], written["status"]) == ({"sails": 1}, {"afloat": False})
        assert written["metadata"]["generation"] == 1
        written = (await h.api.modify(kind, "default", "argo", sunk)).object
        assert (written["spec"]["sails"], written["metadata"]["generation"]) == (9, 2)


async def test_openapi_follows_the_definition() -> None:
    async with Harness() as h:
        documents = OpenAPI(h.cluster.kinds)
        assert documents.document("apis/sea.example.com/v1") is None
        await defined(h)
        before = documents.document("apis/sea.example.com/v1")
        assert before is not None
        assert b"com.example.sea.v1.Boat" in before
        assert b"strategic-merge-patch" not in before

        def describe(spec: Object) -> None:
            spec["versions"][0]["schema"]["openAPIV3Schema"]["description"] = "What floats."

        await changed(h, describe)
        after = documents.document("apis/sea.example.com/v1")
        assert after is not None
        assert b"What floats." in after
        assert b"What floats." in documents.swagger()[0]


async def test_a_put_must_say_what_it_replaces() -> None:
    async with Harness() as h:
        await defined(h)
        await h.create(boat())
        with pytest.raises(Invalid, match="must be specified for an update"):
            await h.api.update(h.kind("Boat"), "default", "argo", boat(sails=3))
