"""Applying a strategic merge patch here, for what never goes to a server: `--local`, `--dry-run=client`, `--overrides`.

Without a schema the same code is a JSON merge patch: maps are merged, null removes, lists are replaced.
"""

from __future__ import annotations

from minictl.patches.threeway import DELETE_VALUES, DIRECTIVE, ORDER, RETAIN, child, key_of, merges, strategy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemas import Field

    Object = dict[str, Any]


def patched(current: Object, patch: Object, field: Field | None) -> Object:
    """A copy of `current` with the patch applied; neither argument is changed.

    Raises:
        ValueError: the patch asks for something impossible.
    """
    if field is not None and DIRECTIVE in patch:
        return _directed(patch)
    keep = patch.get(RETAIN) if field is not None else None
    result = {key: value for key, value in current.items() if keep is None or key in keep}
    for key, value in patch.items():
        if field is not None and key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
            continue
        place = child(field, key)
        have = result.get(key)
        if isinstance(value, dict) and "replace" not in strategy(place):
            result[key] = patched(have if isinstance(have, dict) else {}, value, place)
        elif isinstance(value, list) and merges(place):
            result[key] = _merged(have or [], value, place)
        else:
            result[key] = value
    return _ordered(result, current, patch, field) if field is not None else result


def _directed(patch: Object) -> Object:
    if patch[DIRECTIVE] == "replace":
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if patch[DIRECTIVE] == "delete":
        return {}
    raise ValueError(f"unknown patch type: {patch[DIRECTIVE]}")


def _merged(have: list[Any], patch: list[Any], field: Field | None) -> list[Any]:
    assert field is not None
    if not patch or not isinstance(patch[0], dict):
        return _in_order(list(dict.fromkeys([*have, *patch])), patch, have, "")
    merge_key, rest = field.patch_merge_key, [item for item in patch if DIRECTIVE not in item]
    if any(item.get(DIRECTIVE) == "replace" for item in patch):
        return rest
    gone = {str(key_of(item, merge_key)) for item in patch if item.get(DIRECTIVE) == "delete"}
    merged = {str(key_of(item, merge_key)): item for item in have if str(key_of(item, merge_key)) not in gone}
    for item in rest:
        identity = str(key_of(item, merge_key))
        merged[identity] = patched(merged.get(identity, {}), item, field.items)
    return _in_order(list(merged.values()), rest, have, merge_key)


def _ordered(result: Object, current: Object, patch: Object, field: Field | None) -> Object:
    """Removes plain values and sorts lists as the directives of a patch say."""
    for key, value in patch.items():
        name = key.partition("/")[2]
        if name not in result:
            continue
        if key.startswith(DELETE_VALUES):
            result[name] = [item for item in result[name] if item not in value]
        elif key.startswith(ORDER):
            place = child(field, name)
            merge_key = place.patch_merge_key if place and value and isinstance(value[0], dict) else ""
            result[name] = _in_order(result[name], value, current.get(name) or [], merge_key)
    return result


def _in_order(items: list[Any], first: list[Any], before: list[Any], merge_key: str) -> list[Any]:
    """Items named in `first` keep its order; the others stay where they stood among them before."""

    def places(these: list[Any]) -> dict[str, int]:
        return {str(key_of(item, merge_key)): place for place, item in enumerate(these)}

    def identity(item: Any) -> str:
        return str(key_of(item, merge_key))

    wanted, earlier = places(first), places(before)
    named = sorted((item for item in items if identity(item) in wanted), key=lambda item: wanted[identity(item)])
    others = sorted(
        (item for item in items if identity(item) not in wanted),
        key=lambda item: earlier.get(identity(item), len(earlier)),
    )
    result: list[Any] = []
    while others and named:
        left, right = earlier.get(identity(others[0]), -1), earlier.get(identity(named[0]), -1)
        result.append(others.pop(0) if 0 <= left < right else named.pop(0))
    return result + others + named
