"""Whatever a client sends as a patch is merged or refused as an API error, and never harms the live object."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apiserver.errors import APIError
from apiserver.objects.patch import apply, jsonpatch, merge, strategic
from schemas import load

POD = load("v1", "Pod")

LIVE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "labels": {"a": "1"}, "finalizers": ["x/a", "x/b"]},
    "spec": {
        "containers": [{"name": "a", "image": "i", "args": ["x"], "ports": [{"containerPort": 80}]}, {"name": "b"}],
        "nodeSelector": {"k": "v"},
        "tolerations": [{"key": "t"}],
    },
    "status": {"podIPs": [{"ip": "1.2.3.4"}]},
}

NAMES = st.sampled_from(
    [
        "metadata", "labels", "finalizers", "name", "spec", "containers", "image", "args", "ports", "a",
        "containerPort", "nodeSelector", "status", "podIPs", "ip",
        "$patch", "$retainKeys", "$setElementOrder/containers",
        "$setElementOrder/finalizers", "$deleteFromPrimitiveList/finalizers", "$deleteFromPrimitiveList/containers",
        "$setElementOrder/spec", "managedFields", "volumes",
    ]
)  # fmt: skip
SCALARS = st.sampled_from([None, True, 0, 80, 1.5, "", "a", "b", "x/a", "delete", "replace", "merge"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
CONTAINERS = st.lists(st.dictionaries(NAMES, VALUES, max_size=3) | VALUES, max_size=3)
PATCHES = st.one_of(
    VALUES,
    st.builds(lambda spec: {"spec": spec}, VALUES),
    st.builds(lambda containers: {"spec": {"containers": containers}}, CONTAINERS),
    st.builds(lambda metadata: {"metadata": metadata}, VALUES),
)


def tried(live: dict[str, Any], patched: Any) -> None:
    before = copy.deepcopy(live)
    with suppress(APIError):
        patched()
    assert live == before


@given(PATCHES)
def test_merging_patches(patch: Any) -> None:
    tried(LIVE, lambda: strategic.apply(POD, LIVE, patch))
    tried(LIVE, lambda: merge.apply(LIVE, patch))


@given(PATCHES, st.booleans())
def test_manifests(manifest: Any, is_new: bool) -> None:
    config = {"apiVersion": "v1", "kind": "Pod", **(manifest if isinstance(manifest, dict) else {})}
    live = apply.apply(POD, "Pod", None, LIVE, "one", False, "2026-01-01T00:00:00Z", "")
    for manager in ("one", "two"):
        tried(
            live,
            lambda manager=manager: apply.apply(  # type: ignore[misc]
                POD, "Pod", None if is_new else live, config, manager, True, "2026-01-01T00:01:00Z", ""
            ),
        )


OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x", None]),
            "path": st.sampled_from(
                ["", "/", "/spec", "/spec/containers/0", "/spec/containers/-", "/metadata/x/y", "a"]
            ),
            "from": st.sampled_from(["", "/spec", "/metadata/finalizers/1", "/metadata/nope", "/spec/containers/-1"]),
            "value": VALUES,
        },
    ),
    max_size=4,
)


@given(OPERATIONS | VALUES)
def test_operations(operations: Any) -> None:
    tried(LIVE, lambda: jsonpatch.apply(LIVE, operations))
