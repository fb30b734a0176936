from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from apiserver.objects.validation import podlayout
from schemas import Field, load

NOT_PRINTED = {"serviceAccount", "hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"}
"""Fields of the manifest that stand elsewhere, or nowhere, in the server's own structs."""


def printed_names(struct: str) -> set[str]:
    entries = podlayout._LAYOUT[struct].split()
    return {podlayout._manifest_name(entry.partition(":")[0]) for entry in entries}


def structs(field: Field, struct: str, seen: set[str]) -> Iterator[tuple[str, Field]]:
    """Every struct of the layout that is reached, beside its place in the schema."""
    if struct in seen:
        return
    seen.add(struct)
    yield struct, field
    for entry in podlayout._LAYOUT[struct].split():
        name, _, way = entry.partition(":")
        if way[:1] in ("[", "{", "*"):
            child = field.properties[podlayout._manifest_name(name)]
            yield from structs(child.items or child, way[1:], seen)


def test_every_field_of_the_schema_is_printed() -> None:
    root = load("v1", "Pod").root.properties["spec"]
    aside = {"PodSpec": NOT_PRINTED, "PodSecurity": set(), "Header": set()}
    for struct, field in structs(root, "PodSpec", set()):
        missing = set(field.properties) - printed_names(struct) - aside.get(struct, set())
        assert not missing, f"{struct} leaves out {sorted(missing)}"


def test_unset_fields_are_printed_too() -> None:
    printed: dict[str, Any] = json.loads(podlayout.print_spec({"containers": [{"name": "a"}], "hostNetwork": True}))
    assert printed["Containers"][0]["Name"] == "a"
    assert printed["Containers"][0]["Stdin"] is False
    assert printed["Volumes"] is None
    assert printed["SecurityContext"]["HostNetwork"] is True
    assert list(printed)[:4] == ["Volumes", "InitContainers", "Containers", "EphemeralContainers"]
