"""What is allowed in a definition and yet worth a warning: formats that are not checked, sets of things."""

from __future__ import annotations

from apiserver.objects.definitions import Node, Object, places, schema_of
from apiserver.objects.structural import formats


def warnings(new: Object, old: Object | None) -> list[str]:
    """The warnings about a definition, without those that the one before earned already."""
    known = _all(old) if old is not None else []
    return [text for text in _all(new) if text not in known]


def _all(definition: Object) -> list[str]:
    unknown: list[str] = []
    sets: set[str] = set()
    seen: list[Node] = []
    for version in definition["spec"].get("versions") or ():
        schema = schema_of(version)
        if schema is None or schema in seen:
            continue
        seen.append(schema)
        for place in places(schema):
            if place.get("format") and not formats.known(place.get("type", ""), place["format"]):
                unknown.append(f'unrecognized format "{place["format"]}"')
            items = place.get("items")
            type_ = items.get("type") if isinstance(items, dict) else None
            if place.get("x-kubernetes-list-type") == "set" and type_ in ("object", "array"):
                what = f'x-kubernetes-list-type: set for items of type "{type_}"'
                sets.add(f"{what} is not supported by server-side apply or CEL validation rules")
    return [*unknown, *sorted(sets)]
