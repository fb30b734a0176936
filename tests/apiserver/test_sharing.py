"""What a write leaves as it is, stands in both versions: the very same parts. What it touches is new, and the version
before stays as it was, whatever becomes of the write."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from apiserver.objects.patch import copied
from apiserver.storage import Record
from tests.apiserver.custom import definition
from tests.apiserver.damages.test_requests import BOAT
from tests.apiserver.harness import Harness
from tests.apiserver.http.asgi import Client

Object = dict[str, Any]

POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"a": "1"}},
    "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "x", "ports": [{"containerPort": 80}]}]},
}  # fmt: skip
MERGE, STRATEGIC, JSON = (f"application/{kind}+json" for kind in ("merge-patch", "strategic-merge-patch", "json-patch"))
LABEL: Object = {"metadata": {"labels": {"turn": "2"}}}


def stored(h: Harness, kind: str, name: str) -> Record:
    found = h.kind(kind)
    return h.api.get(found, "default" if found.namespaced else "", name)


def is_as_written(record: Record) -> bool:
    return bool(record.object == orjson.loads(record.encoded))


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (MERGE, LABEL),
        (STRATEGIC, LABEL),
        (JSON, [{"op": "add", "path": "/metadata/labels/turn", "value": "2"}]),
    ],
)
async def test_a_patch_of_labels_leaves_all_else_the_same(media_type: str, patch: Any) -> None:
    async with Harness(nodes=0) as h:
        await h.create(copied(POD))
        before = stored(h, "Pod", "web")
        spec, annotations = before.object["spec"], before.object["metadata"]["annotations"]
        answer = await Client(h)("PATCH", "/api/v1/namespaces/default/pods/web", patch, content_type=media_type)
        assert answer.status == 200
        after = stored(h, "Pod", "web")
        assert after.object["metadata"]["labels"] == {"app": "web", "turn": "2"}
        assert after.object["spec"] is spec
        assert media_type == JSON or after.object["metadata"]["annotations"] is annotations
        assert after.object["metadata"] is not before.object["metadata"]
        assert is_as_written(after)
        assert is_as_written(before)


async def test_a_status_shares_the_spec() -> None:
    async with Harness(nodes=0) as h:
        await h.create(copied(POD))
        spec = stored(h, "Pod", "web").object["spec"]

        def failed(pod: Object) -> Object:
            pod["status"]["phase"] = "Failed"
            return pod

        before = stored(h, "Pod", "web")
        after = await h.api.modify(h.kind("Pod"), "default", "web", failed, "status")
        assert after.object["spec"] is spec
        assert (after.object["status"]["phase"], before.object["status"]["phase"]) == ("Failed", "Pending")


@pytest.mark.parametrize(
    "patch",
    [
        {"spec": {"hostNetwork": True}},  # a default of each port hangs on it
        {"spec": {"containers": None}},
        {"spec": {"activeDeadlineSeconds": 5}, "metadata": {"labels": {"no label": "x"}}},
        {"metadata": {"ownerReferences": [{"kind": "X"}], "annotations": {"b": "2"}}},
    ],
)
async def test_a_refused_patch_leaves_no_trace(patch: Object) -> None:
    async with Harness(nodes=0) as h:
        await h.create(copied(POD))
        before = stored(h, "Pod", "web")
        answer = await Client(h)("PATCH", "/api/v1/namespaces/default/pods/web", patch, content_type=MERGE)
        assert answer.status == 422, answer.message
        assert stored(h, "Pod", "web") is before
        assert is_as_written(before)


async def test_custom_objects_share_nothing_for_their_definition_may_come_to_say_more() -> None:
    async with Harness() as h:
        made = copied(await h.create(definition()))
        await h.settle()
        path = "/apis/sea.example.com/v1/namespaces/default/boats"
        assert (await Client(h)("POST", path, BOAT)).status == 201
        before = stored(h, "Boat", "full")
        spec = made["spec"]
        for version in spec["versions"]:
            fields = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
            fields["flag"] = {"type": "string", "default": "white"}
        changed = {"metadata": {"name": made["metadata"]["name"]}, "spec": spec}
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + made["metadata"]["name"]
        assert (await Client(h)("PATCH", crds, changed, content_type=MERGE)).status == 200
        await h.settle()
        refused = {"metadata": {"labels": {"no label": ""}}}
        answer = await Client(h)("PATCH", f"{path}/full", refused, content_type=MERGE)
        assert answer.status == 422
        assert is_as_written(before)
        assert (await Client(h)("PATCH", f"{path}/full", LABEL, content_type=MERGE)).json["spec"]["flag"] == "white"
        assert is_as_written(before)
