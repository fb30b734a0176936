"""JSON patches (RFC 6902) applied here, for `patch --local` and `--dry-run=client`."""

from __future__ import annotations

import json

from minictl.errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Object = dict[str, Any]


def apply(subject: Object, operations: list[Object]) -> Object:
    """A changed copy.

    Raises:
        CommandError: an operation cannot be carried out.
    """
    if not isinstance(operations, list):
        raise CommandError("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    whole: Object = {"": json.loads(json.dumps(subject))}
    for operation in operations:
        name = str(operation.get("op", ""))
        if name not in _OPERATIONS:
            raise CommandError(f"Unexpected kind: {name or 'unknown'}")
        _OPERATIONS[name](whole, operation)
    changed: Object = whole[""]
    return changed


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]


def _parent(whole: Object, path: str) -> tuple[Any, str]:
    *way, last = _steps(path)
    place: Any = whole
    for step in way:
        place = _child(place, step, path)
    return place, last


def _child(place: Any, step: str, path: str) -> Any:
    try:
        return place[int(step)] if isinstance(place, list) else place[step]
    except (KeyError, IndexError, ValueError, TypeError):
        raise CommandError(f'doc is missing path: "{path}": missing value') from None


def _get(whole: Object, path: str) -> Any:
    place, last = _parent(whole, path)
    return _child(place, last, path)


def _add(whole: Object, operation: Object) -> None:
    _put(whole, operation["path"], operation.get("value"))


def _put(whole: Object, path: str, value: Any) -> None:
    place, last = _parent(whole, path)
    if isinstance(place, list):
        place.insert(len(place) if last == "-" else int(last), value)
    else:
        place[last] = value


def _remove(whole: Object, operation: Object) -> None:
    place, last = _parent(whole, operation["path"])
    _child(place, last, operation["path"])
    del place[int(last) if isinstance(place, list) else last]


def _replace(whole: Object, operation: Object) -> None:
    place, last = _parent(whole, operation["path"])
    _child(place, last, operation["path"])
    place[int(last) if isinstance(place, list) else last] = operation.get("value")


def _move(whole: Object, operation: Object) -> None:
    value = _get(whole, operation["from"])
    _remove(whole, {"path": operation["from"]})
    _put(whole, operation["path"], value)


def _copy(whole: Object, operation: Object) -> None:
    _put(whole, operation["path"], json.loads(json.dumps(_get(whole, operation["from"]))))


def _test(whole: Object, operation: Object) -> None:
    if _get(whole, operation["path"]) != operation.get("value"):
        raise CommandError(f"testing value {operation['path']} failed: test failed")


_OPERATIONS: dict[str, Callable[[Object, Object], None]] = {
    "add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test,
}  # fmt: skip
