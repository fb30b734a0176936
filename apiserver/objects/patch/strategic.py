"""Strategic merge patch: a merge patch in which the schema says how each list is merged, and the patch may say more.

A list with a merge key is merged item by item; without the strategy `merge` it is replaced. Directives:

    {"$patch": "replace", ...}            in a map: the rest of this map replaces it; in a list: the other items do
    {"$patch": "delete", "name": "x"}     in a list: remove the items with this key; in a map: empty it
    "$retainKeys": ["type"]               members not named are removed
    "$deleteFromPrimitiveList/args": []   scalars to take out of a list
    "$setElementOrder/ports": []          the order of a merged list

A merged list holds the patch's items in the patch's order, and the others in theirs, interleaved so that an item known
to both lists stands where it did relative to the others; what only the patch has comes before what only the server has.
(Source: the behaviour of apimachinery's strategicpatch package.)
"""

from __future__ import annotations

from typing import Any

from apiserver import errors
from apiserver.objects.govalues import json_type, printed, type_name
from apiserver.objects.patch import copied
from schemas import Field, Schema

Map = dict[str, Any]
Items = list[Any]

DIRECTIVE, RETAIN_KEYS = "$patch", "$retainKeys"
DELETE_FROM, ELEMENT_ORDER = "$deleteFromPrimitiveList", "$setElementOrder"
REPLACE, DELETE, MERGE = "replace", "delete", "merge"

BAD_RETAIN_KEYS = "invalid patch format of retainKeys"
BAD_DELETE_FROM = "invalid patch format of primitive list"
BAD_ELEMENT_ORDER = "invalid patch format of setElementOrder list"


def apply(schema: Schema, object: Map, patch: Any) -> Map:
    """The object with the patch merged in.

    Raises BadRequest for a malformed patch, Unprocessable for lists of lists, Unexplained for items without their merge
    key and unknown directives.
    """
    if not isinstance(patch, dict):
        what = f"json: cannot unmarshal {json_type(patch)} into Go value of type map[string]interface {{}}"
        raise errors.BadRequest(what)
    return _merge_map(schema.root, _reached(object, patch), copied(patch))


def _reached(old: Map, patch: Map) -> Map:
    """A copy of `old` as far as the patch reaches: member by member, but where a directive may mean any of them."""
    if any(key.startswith("$") for key in patch):
        whole: Map = copied(old)
        return whole
    return {name: _part(part, patch[name]) if name in patch else part for name, part in old.items()}


def _part(part: Any, patch: Any) -> Any:
    return _reached(part, patch) if isinstance(part, dict) and isinstance(patch, dict) else copied(part)


def _merge_map(field: Field | None, old: Map, patch: Map) -> Map:
    """Merge `patch` into `old`; both are used up."""
    if DIRECTIVE in patch:
        return _directed(patch)
    if RETAIN_KEYS in patch:
        _retain(old, patch, patch.pop(RETAIN_KEYS))
    for key in [k for k in patch if k.startswith(ELEMENT_ORDER)]:
        _order_elements(field, old, patch, key)
    for key, value in patch.items():
        deletes = key.startswith(DELETE_FROM)
        name = _suffix(key, DELETE_FROM, BAD_DELETE_FROM) if deletes else key
        if value is None:
            old.pop(name, None)
        elif name not in old or not _alike(old[name], value):
            if not deletes:
                _take_over(old, name, value)
        elif isinstance(value, dict):
            child = _child(field, name)
            replaces = child is not None and REPLACE in child.patch_strategy
            old[name] = value if replaces else _merge_map(child, old[name], value)
        elif isinstance(value, list):
            old[name] = _merge_list(_child(field, name), old[name], value, deletes=deletes)
        else:
            old[name] = value
    return old


def _directed(patch: Map) -> Map:
    directive = patch[DIRECTIVE]
    if directive == REPLACE:
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == DELETE:
        return {}
    raise _unknown_directive(directive, patch)


def _unknown_directive(directive: Any, patch: Map) -> errors.Unexplained:
    return errors.Unexplained(f"unknown patch type: {printed(directive)} in map: {printed(patch)}")


def _child(field: Field | None, name: str) -> Field | None:
    """The field of a member: of a struct, of a map, or of the items of the list that `field` is."""
    if field is None:
        return None
    element = field.element
    return element.properties.get(name) or element.values


def _alike(old: Any, new: Any) -> bool:
    """Whether both are maps, both lists, or both scalars of one type."""
    return type(old) is type(new)


def _take_over(old: Map, name: str, value: Any) -> None:
    """Set a member that is new as a whole: its nulls are dropped, and what holds directives with them."""
    kept, value = _cleaned(value)
    if kept:
        old[name] = value
    else:
        old.pop(name, None)


def _cleaned(value: Any) -> tuple[bool, Any]:
    """(whether to keep it, the value without nulls in its maps and without maps that hold a directive)"""
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return False, None
        members = ((key, _cleaned(member)) for key, member in value.items() if member is not None)
        return True, {key: member for key, (kept, member) in members if kept}
    if isinstance(value, list):
        return True, [item for kept, item in map(_cleaned, value) if kept]
    return True, value


def _retain(old: Map, patch: Map, keys: Any) -> None:
    if not isinstance(keys, list):
        raise errors.BadRequest(BAD_RETAIN_KEYS)
    for name, value in patch.items():
        if value is not None and not name.startswith((DELETE_FROM, ELEMENT_ORDER)) and name not in keys:
            raise errors.BadRequest(BAD_RETAIN_KEYS)
    for name in [n for n in old if n not in keys]:
        del old[name]


def _suffix(key: str, prefix: str, complaint: str) -> str:
    """The list that a directive in a key is about: what follows the slash."""
    start, slash, name = key.partition("/")
    if not slash or start != prefix:
        raise errors.BadRequest(complaint)
    return name


def _order_elements(field: Field | None, old: Map, patch: Map, key: str) -> None:
    """Carry out one $setElementOrder, together with the list it orders."""
    order = _as_list(patch.pop(key))
    name = _suffix(key, ELEMENT_ORDER, BAD_ELEMENT_ORDER)
    if name not in old and name not in patch:
        return
    child = _child(field, name)
    merge_key = child.patch_merge_key if child else ""
    before = _as_list(old[name]) if name in old else []
    added = _as_list(patch.pop(name)) if name in patch else None
    if added is not None:
        _check_order(added, order, merge_key)
    if added is None:
        merged = before
    elif name in old:
        merged = _merge_list(child, copied(before), added)
    else:
        merged = _cleaned(added)[1]
    scalars = _hold_scalars([*before, *(added or ())])
    ours, others = _partition(merged, order, merge_key)
    old[name] = _interleaved(ours, others, order, before, "" if scalars else merge_key)


def _as_list(value: Any) -> Items:
    if not isinstance(value, list):
        raise errors.Unexplained(f"expected a []interface {{}}, but received a {type_name(value)}")
    return value


def _check_order(added: Items, order: Items, merge_key: str) -> None:
    """Raises when the patch's items do not stand in $setElementOrder in the same order."""
    kept = [item for item in added if not (isinstance(item, dict) and item.get(DIRECTIVE) == DELETE)]
    at = 0
    for element in order:
        if at < len(kept) and _identity(kept[at], merge_key) == _identity(element, merge_key):
            at += 1
    if at < len(kept):
        raise errors.Unexplained(
            f"The order in patch list:\n{printed(added)}\n doesn't match {ELEMENT_ORDER} list:\n{printed(order)}\n"
        )


def _merge_list(field: Field | None, old: Items, patch: Items, *, deletes: bool = False) -> Items:
    if not deletes and (field is None or MERGE not in field.patch_strategy):
        return patch
    if not old and not patch:
        return old
    if _hold_scalars([*old, *patch]):
        if deletes:
            return [item for item in old if item not in patch]
        merged = list(dict.fromkeys([*old, *patch]))
        ours, others = _partition(merged, patch, "")
        return _interleaved(ours, others, patch, old, "")
    key = field.patch_merge_key if field else ""
    if not key:
        raise errors.Unexplained(f"cannot merge lists without merge key for {field.go_type if field else ''}")
    old, patch = _without_directives(old, patch, key)
    merged = list(old)
    for item in patch:
        at = _position(merged, _key_of(item, key), key)
        if at is None:
            merged.append(_cleaned(item)[1])
        else:
            merged[at] = _merge_map(field, merged[at], item)
    ours, others = _partition(merged, patch, key)
    return _interleaved(ours, others, patch, old, key)


def _hold_scalars(items: Items) -> bool:
    """Whether these are scalars, not maps. Raises for lists of lists and for mixtures."""
    if any(isinstance(item, list) for item in items):
        raise errors.Unprocessable()
    kinds = {type_name(item) for item in items}
    if len(kinds) > 1:
        raise errors.Unexplained(f"list element types are not identical: {printed(items)}")
    return kinds != {type_name({})}


def _without_directives(old: Items, patch: Items, key: str) -> tuple[Items, Items]:
    """The old items left, and the patch's plain items, after its $patch items are carried out."""
    plain: Items = []
    replace = False
    for item in patch:
        if DIRECTIVE not in item:
            plain.append(item)
            continue
        directive = item[DIRECTIVE]
        if directive == DELETE:
            doomed = _key_of(item, key)
            old = [o for o in old if not _has_key(o, key, doomed)]
        elif directive == REPLACE:
            replace = True
        elif directive == MERGE:
            raise errors.Unexplained("merging lists cannot yet be specified in the patch")
        else:
            raise _unknown_directive(directive, item)
    return (plain, []) if replace else (old, plain)


def _key_of(item: Map, key: str) -> Any:
    if key not in item:
        raise errors.Unexplained(f"map: {printed(item)} does not contain declared merge key: {key}")
    return item[key]


def _has_key(item: Any, key: str, value: Any) -> bool:
    return isinstance(item, dict) and key in item and item[key] == value


def _position(items: Items, value: Any, key: str) -> int | None:
    return next((i for i, item in enumerate(items) if _has_key(item, key, value)), None)


def _identity(item: Any, key: str) -> Any:
    """What tells an item of a list from the others: its key, or for scalars itself."""
    return _key_of(item, key) if key and isinstance(item, dict) else item


def _partition(items: Items, by: Items, key: str) -> tuple[Items, Items]:
    """(those that `by` names, the others)"""
    named = [_identity(item, key) for item in by]
    ours: Items = []
    others: Items = []
    for item in items:
        (ours if _identity(item, key) in named else others).append(item)
    return ours, others


def _interleaved(ours: Items, others: Items, our_order: Items, their_order: Items, key: str) -> Items:
    """Both lists in one, each in its order; an item of `others` goes before the first of `ours` that followed it."""
    ours_at = [_identity(item, key) for item in our_order]
    theirs_at = [_identity(item, key) for item in their_order]
    ours = _sorted(ours, ours_at, key)
    others = _sorted(others, theirs_at, key)
    result: Items = []
    while ours and others:
        left, right = _identity(others[0], key), _identity(ours[0], key)
        known = left in theirs_at and right in theirs_at
        first = known and theirs_at.index(left) < theirs_at.index(right)
        result.append((others if first else ours).pop(0))
    return [*result, *ours, *others]


def _sorted(items: Items, order: Items, key: str) -> Items:
    """Items in the order of `order`; those it does not name stay behind the ones it does."""
    places = {_hashable(identity): i for i, identity in reversed(list(enumerate(order)))}
    return sorted(items, key=lambda item: places.get(_hashable(_identity(item, key)), len(order)))


def _hashable(value: Any) -> Any:
    return str(value) if isinstance(value, dict | list) else value
