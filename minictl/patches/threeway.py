"""What `kubectl apply` sends: the patch that turns what is there into what the manifest says.

Three versions of an object decide it: `original` (the manifest applied last, from the annotation), `modified` (the
manifest now) and `current` (what the server has):

    original {a, b}   --- dropped from the manifest: b --------> {"b": null}      \\
    current  {a', c}  --- other than in the manifest: a -------> {"a": "new"}     /   one patch; c stays as it is

So fields others set stay, and fields the manifest gave up go. With a schema the patch is a strategic merge patch:
lists that have a merge key are compared item by item, and directives say what the values alone cannot:
`$patch: delete` removes an item, `$setElementOrder/ports` fixes the order, `$deleteFromPrimitiveList/finalizers`
removes plain values, `$retainKeys` clears the other members of a union. Without one (custom resources) it is a JSON
merge patch, which replaces lists whole.
"""

from __future__ import annotations

from minictl.texts import gotext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemas import Field

    Object = dict[str, Any]

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
ORDER = "$setElementOrder/"
DELETE_VALUES = "$deleteFromPrimitiveList/"


def three_way_patch(original: Object, modified: Object, current: Object, field: Field | None) -> Object:
    """The patch to send; {} when there is nothing to do.

    Raises:
        ValueError: a list item lacks the key its list is merged by.
    """
    return _combine(_removals(original, modified, field), _changes(current, modified, field), field)


def conflicts(original: Object, modified: Object, current: Object, field: Field | None) -> bool:
    """Does the manifest change something that was also changed on the server, and otherwise (`--overwrite=false`)?"""
    return _clash(three_way_patch(original, modified, current, field), two_way_patch(original, current, field), field)


def two_way_patch(old: Object, new: Object, field: Field | None) -> Object:
    """The patch from `old` to `new`: every difference, additions, changes and removals alike."""
    return _combine(_removals(old, new, field), _changes(old, new, field), field)


# --- what the schema says of a place in an object


def child(field: Field | None, key: str) -> Field | None:
    """The place of one field, or of a map's value; None where the schema knows none."""
    if field is None:
        return None
    return field.properties.get(key) or field.values


def strategy(field: Field | None) -> frozenset[str]:
    return frozenset() if field is None else frozenset(field.patch_strategy)


def merges(field: Field | None) -> bool:
    """Is this a list that is merged item by item rather than replaced?"""
    return "merge" in strategy(field)


def key_of(item: Any, merge_key: str) -> Any:
    """An item's identity in its list: the value of the merge key, or a plain value itself.

    Raises:
        ValueError: the item has no such key.
    """
    if not merge_key:
        return item
    if merge_key not in item:
        raise ValueError(f"map: {gotext.plain(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def _numbered(items: list[Any], merge_key: str) -> list[tuple[str, int]]:
    """The identity of each item; a second one of the same key (port 53 over TCP and UDP) is number 1, and so on."""
    seen: dict[str, int] = {}
    identities = []
    for item in items:
        key = str(key_of(item, merge_key))
        identities.append((key, seen.get(key, 0)))
        seen[key] = seen.get(key, 0) + 1
    return identities


# --- additions and changes


def _changes(current: Object, modified: Object, field: Field | None, retain: bool = False) -> Object:
    patch: Object = {}
    for key, want in modified.items():
        if field is None and want is None:
            continue
        if key not in current:
            patch[key] = want
            continue
        have, place = current[key], child(field, key)
        if type(have) is not type(want):
            patch[key] = want
        elif isinstance(want, dict):
            if "replace" in strategy(place):
                patch[key] = want
            elif inner := _changes(have, want, place, "retainKeys" in strategy(place)):
                patch[key] = inner
        elif isinstance(want, list) and merges(place):
            patch.update(_list_changes(key, have, want, place))
        elif have != want:
            patch[key] = want
    return _with_retained(patch, current, modified, retain)


def _with_retained(patch: Object, before: Object, modified: Object, retain: bool) -> Object:
    """Names the members of a union that stay, if anything about it changes."""
    keep = sorted(key for key, value in modified.items() if value is not None)
    more = any(value is not None and key not in modified for key, value in before.items())
    if retain and keep and (patch or more):
        patch[RETAIN] = keep
    return patch


def _list_changes(key: str, have: list[Any], want: list[Any], field: Field | None) -> Object:
    assert field is not None
    if not have:
        return {key: want} if want else {}
    merge_key = field.patch_merge_key if isinstance((want or have)[0], dict) else ""
    known = dict(zip(_numbered(have, merge_key), have, strict=True))
    items = []
    for identity, item in zip(_numbered(want, merge_key), want, strict=True):
        if identity not in known:
            items.append(item)
        elif merge_key:
            inner = _changes(known[identity], item, field.items, "retainKeys" in strategy(field))
            if inner:
                items.append({**inner, merge_key: item[merge_key]})
    order = [key_of(item, merge_key) for item in want]
    reordered = order != [key_of(item, merge_key) for item in have]
    patch: Object = {key: items} if items else {}
    if (items or reordered) and want:
        patch[ORDER + key] = _order(order, merge_key)
    return patch


def _order(identities: list[Any], merge_key: str) -> list[Any]:
    return [{merge_key: identity} for identity in identities] if merge_key else identities


# --- removals


def _removals(original: Object, modified: Object, field: Field | None, retain: bool = False) -> Object:
    patch: Object = {key: None for key in original if key not in modified}
    for key, want in modified.items():
        had, place = original.get(key), child(field, key)
        if isinstance(want, dict) and isinstance(had, dict):
            if "replace" in strategy(place):
                continue
            if inner := _removals(had, want, place, "retainKeys" in strategy(place)):
                patch[key] = inner
        elif isinstance(want, list) and isinstance(had, list) and had and merges(place):
            patch.update(_list_removals(key, had, want, place))
    return _with_retained(patch, original, modified, retain)


def _list_removals(key: str, had: list[Any], want: list[Any], field: Field | None) -> Object:
    assert field is not None
    merge_key = field.patch_merge_key if isinstance((want or had)[0], dict) else ""
    order = [key_of(item, merge_key) for item in want]
    kept, before = _numbered(want, merge_key), _numbered(had, merge_key)
    gone = sorted(
        (key_of(item, merge_key) for identity, item in zip(before, had, strict=True) if identity not in kept), key=str
    )
    ordering: Object = {ORDER + key: _order(order, merge_key)} if want else {}
    if not merge_key:
        return {DELETE_VALUES + key: list(dict.fromkeys(gone)), **ordering} if gone else {}
    known = dict(zip(before, had, strict=True))
    items: list[Object] = []
    for identity, item in zip(kept, want, strict=True):
        if identity in known:
            inner = _removals(known[identity], item, field.items, "retainKeys" in strategy(field))
            if inner:
                items.append({**inner, merge_key: item[merge_key]})
    items += [{DIRECTIVE: "delete", merge_key: identity} for identity in gone]
    return {key: items, **ordering} if items else {}


# --- both together


def _combine(removals: Object, changes: Object, field: Field | None) -> Object:
    """One patch of two that never contradict each other."""
    patch = dict(removals)
    for key, change in changes.items():
        other, place = patch.get(key), child(field, key)
        if isinstance(change, dict) and isinstance(other, dict):
            patch[key] = _combine(other, change, place)
        elif isinstance(change, list) and isinstance(other, list) and merges(place) and not key.startswith("$"):
            patch[key] = _combine_items(other, change, place)
        else:
            patch[key] = change
    for key, order in patch.items():
        name = key.removeprefix(ORDER)
        if name != key and isinstance(patch.get(name), list):
            patch[name] = _sorted_by(patch[name], order, child(field, name))
    return patch


def _combine_items(removals: list[Any], changes: list[Any], field: Field | None) -> list[Any]:
    assert field is not None
    merge_key = field.patch_merge_key
    if not merge_key:
        return list(dict.fromkeys([*removals, *changes]))
    by_key = {str(item[merge_key]): item for item in changes}
    both = []
    for item in removals:
        change = by_key.pop(str(item[merge_key]), None)
        both.append(item if change is None else _combine(item, change, field.items))
    return both + list(by_key.values())


def _sorted_by(items: list[Any], order: list[Any], field: Field | None) -> list[Any]:
    """Items in the wanted order, deletions after them."""
    merge_key = field.patch_merge_key if field and order and isinstance(order[0], dict) else ""
    places = {str(key_of(item, merge_key)): place for place, item in enumerate(order)}

    def rank(item: Any) -> int:
        return places.get(str(key_of(item, merge_key)), len(places))

    return sorted(items, key=rank)


def _clash(mine: Any, theirs: Any, field: Field | None) -> bool:
    """Do two patches give one field different values?"""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        shared = (key for key in mine if key in theirs and not key.startswith("$"))
        return any(_clash(mine[key], theirs[key], child(field, key)) for key in shared)
    if isinstance(mine, list) and isinstance(theirs, list) and field is not None and merges(field):
        if not field.patch_merge_key:
            return False
        known = {str(item.get(field.patch_merge_key)): item for item in theirs}
        pairs = ((item, known.get(str(item.get(field.patch_merge_key)))) for item in mine)
        return any(other is not None and _clash(item, other, field.items) for item, other in pairs)
    return bool(mine != theirs)
