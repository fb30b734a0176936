"""JSON Patch (RFC 6902), with the leniencies of the library that Kubernetes uses:

- replacing a missing member adds it; copying a missing member copies null; testing for null passes on a missing one
- indexes may be negative: they count from the end
- only replacing and testing may be about the whole document
- what stands before the first slash of a path does not matter
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from apiserver import errors
from apiserver.objects.govalues import json_type
from apiserver.objects.nesting import is_too_deep
from apiserver.objects.patch import copied

MAX_OPERATIONS = 10_000
MAX_COPIED_BYTES = 3 * 1024 * 1024
"""What all copies of one patch may come to."""

_STRUCT = "handlers.jsonPatchOp"
_INTEGER = re.compile("[+-]?[0-9]{1,18}")

Container = dict[str, Any] | list[Any]


class _Misfit(Exception):
    """An operation that cannot be done; Kubernetes does not tell which."""


def apply(object: dict[str, Any], operations: Any) -> dict[str, Any]:
    """The object after all operations, or none.

    Raises BadRequest for what is no list of operations, TooLarge for too many, Unprocessable when one does not fit.
    """
    operations = [] if operations is None else operations
    _check_form(operations)
    left_bytes = MAX_COPIED_BYTES
    # The document has a place of its own, so that it can be replaced as a whole.
    reached = _reached(operations)
    document = {"": {n: copied(part) if reached is None or n in reached else part for n, part in object.items()}}
    try:
        for operation in operations:
            act = _OPERATIONS.get(operation.get("op"))
            if act is None or not isinstance(operation.get("path"), str):
                raise _Misfit
            if act is _copy:
                left_bytes -= len(orjson.dumps(_get(*_find(document, _source(operation)))))
                if left_bytes < 0:
                    raise _Misfit
            act(document, operation)
    except _Misfit:
        raise errors.Unprocessable() from None
    result = document[""]
    if not isinstance(result, dict) or is_too_deep(result):
        raise errors.Unprocessable()
    return result


def _reached(operations: list[Any]) -> set[str] | None:
    """The names of the parts of the object that they may touch, None for all of them."""
    paths = [path for operation in operations for path in (operation.get("path"), operation.get("from", "/"))]
    if not all(isinstance(path, str) and path for path in paths):
        return None
    return {_unescaped(path.split("/", 2)[1]) for path in paths if "/" in path}


def _check_form(operations: Any) -> None:
    if not isinstance(operations, list):
        raise _undecodable(operations, f"Go value of type []{_STRUCT}")
    for operation in operations:
        if not isinstance(operation, dict):
            raise _undecodable(operation, f"Go value of type {_STRUCT}")
        for name in ("op", "from", "path"):
            if not isinstance(operation.get(name, ""), str | None):
                raise _undecodable(operation[name], f"Go struct field jsonPatchOp.{name} of type string")
    if len(operations) > MAX_OPERATIONS:
        raise errors.TooLarge(
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}"
        )


def _undecodable(value: Any, wanted: str) -> errors.BadRequest:
    return errors.BadRequest(f"error decoding patch: json: cannot unmarshal {json_type(value)} into {wanted}")


def _add(document: Container, operation: dict[str, Any]) -> None:
    _put(*_find(document, operation["path"]), copied(operation.get("value")))


def _remove(document: Container, operation: dict[str, Any]) -> None:
    _take(*_find(document, operation["path"]))


def _replace(document: Container, operation: dict[str, Any]) -> None:
    container, key = _find(document, operation["path"], whole=True)
    if isinstance(container, list):
        container[_index(key, len(container))] = copied(operation.get("value"))
    else:
        container[key] = copied(operation.get("value"))


def _move(document: Container, operation: dict[str, Any]) -> None:
    value = _take(*_find(document, _source(operation)))
    _put(*_find(document, operation["path"]), value)


def _copy(document: Container, operation: dict[str, Any]) -> None:
    value = copied(_get(*_find(document, _source(operation))))
    _put(*_find(document, operation["path"]), value)


def _test(document: Container, operation: dict[str, Any]) -> None:
    if not _same(_get(*_find(document, operation["path"], whole=True)), operation.get("value")):
        raise _Misfit


_OPERATIONS: dict[Any, Callable[[Container, dict[str, Any]], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _source(operation: dict[str, Any]) -> str:
    source = operation.get("from")
    if not isinstance(source, str):
        raise _Misfit
    return source


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _find(document: Container, path: str, *, whole: bool = False) -> tuple[Container, str]:
    """The container that a path leads into, and the key there. `whole`: the empty path means the whole document."""
    if not path and whole:
        return document, ""
    steps = [_unescaped(step) for step in path.split("/")]
    if len(steps) < 2:
        raise _Misfit
    place: Any = _get(document, "")
    for step in steps[1:-1]:
        if not isinstance(place, dict | list):
            raise _Misfit
        place = _get(place, step)
    if not isinstance(place, dict | list):
        raise _Misfit
    return place, steps[-1]


def _get(container: Container, key: str) -> Any:
    if isinstance(container, list):
        return container[_index(key, len(container))]
    return container.get(key)


def _put(container: Container, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(key, len(container) + 1), value)


def _take(container: Container, key: str) -> Any:
    if isinstance(container, list):
        return container.pop(_index(key, len(container)))
    if key not in container:
        raise _Misfit
    return container.pop(key)


def _index(key: str, length: int) -> int:
    """A place in a list of `length` items; negative ones count from its end."""
    if not _INTEGER.fullmatch(key):
        raise _Misfit
    index = int(key)
    if not -length <= index < length:
        raise _Misfit
    return index + length if index < 0 else index


def _same(a: Any, b: Any) -> bool:
    """Equal as JSON: true is not 1, and 1 is not 1.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(member, b[key]) for key, member in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)
