"""Manifests damaged at random: a value of another type, a field misspelt, left out, nulled or doubled, an odd text."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Object = dict[str, Any]
Path = tuple[str | int, ...]

TEXTS = (
    "", " ", "a", "a/b", "a/b/c", "/abs", "../up", "rel/..", "with space", "é", "under_score", "UPPER", "-dash",
    "dash-", "a.b", ".", "..", "example.com/x", "1e3x", "80", "0", "-1", "99999", "25%", "150%", "%", "1Gi", "-5Mi",
    "100m", "1e400", "true", "null", "TCP", "Always", "999.1.1.1", "010.0.0.1", "::1", "::ffff:1.2.3.4", "10.0.0.0/8",
    "fe80::1%eth0", "status.phase", "metadata.labels['']", "2026-01-01T00:00:00Z", "*/5 * * * *", "* * 31 2 *",
    "a\x00b\x7f", '"\\<&>', "\u200b\u2028", "\ud800", "\ufb03", "\u0661", "x" * 64, "y" * 300, "[a-", "0-5,3", "$(A)",
    "*.a", "{.a", "YQ==", "YQ=",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 3, 80, 65536, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**70), 0.5, 1e3, 1e300,
)  # fmt: skip
OTHERS: tuple[Any, ...] = (
    None, True, False, [], {}, [None], [[]], [{}], {"": ""}, {"a": None}, {"a": {"a": []}}, ["a", "a"],
)  # fmt: skip


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value in a document but the whole."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield (*path, step)
        yield from places(member, (*path, step))


def damaged(choice: Random, manifest: Object) -> Object:
    """A copy with one to three damages."""
    result = copy.deepcopy(manifest)
    for _ in range(choice.choice((1, 1, 1, 2, 3))):
        if found := list(places(result)):
            *way, step = choice.choice(found)
            parent: Any = result
            for each in way:
                parent = parent[each]
            choice.choice(DAMAGES)(choice, parent, step)
    return result


def written(choice: Random, manifest: Object) -> bytes:
    """As JSON, at times with a key twice, a number in another form, or cut off."""
    text = json.dumps(manifest)
    odd = choice.randrange(40)
    if odd == 0:
        text = text.replace("{", '{"metadata": {"name": "twice"}, ', 1)
    elif odd == 1:
        text = text.replace(": 1,", ": 1.0,").replace(": 3,", ": 3e0,")
    elif odd == 2:
        text = text[: choice.randrange(len(text))]
    return text.encode()


def _odd_text(choice: Random, parent: Any, step: Any) -> None:
    parent[step] = choice.choice(TEXTS)


def _odd_number(choice: Random, parent: Any, step: Any) -> None:
    parent[step] = choice.choice(NUMBERS)


def _other_type(choice: Random, parent: Any, step: Any) -> None:
    parent[step] = copy.deepcopy(choice.choice(OTHERS))


def _of_the_same_type(choice: Random, parent: Any, step: Any) -> None:
    value = parent[step]
    if isinstance(value, bool):
        parent[step] = not value
    elif isinstance(value, int | float):
        _odd_number(choice, parent, step)
    elif isinstance(value, str):
        _odd_text(choice, parent, step)


def _left_out(choice: Random, parent: Any, step: Any) -> None:
    del parent[step]


def _doubled(choice: Random, parent: Any, step: Any) -> None:
    if isinstance(parent, list):
        parent.insert(step, copy.deepcopy(parent[step]))
    else:
        _misspelt(choice, parent, step)


def _misspelt(choice: Random, parent: Any, step: Any) -> None:
    if isinstance(step, str):
        spelt = choice.choice((step + "s", step.capitalize(), step.lower(), "a", ""))
        parent[spelt] = parent[step] if choice.random() < 0.5 else parent.pop(step)


def _more(choice: Random, parent: Any, step: Any) -> None:
    if isinstance(parent[step], dict):
        parent[step][choice.choice(("a", "name", "spec", "é", "a/b", "x" * 70))] = choice.choice(TEXTS)
    elif isinstance(parent[step], list) and parent[step]:
        parent[step] *= choice.choice((2, 40))


def _exchanged(choice: Random, parent: Any, step: Any) -> None:
    if isinstance(parent, dict):
        other = choice.choice(list(parent))
        parent[step], parent[other] = parent[other], parent[step]


DAMAGES: tuple[Callable[[Random, Any, Any], None], ...] = (
    _odd_text, _odd_number, _other_type, _of_the_same_type, _of_the_same_type, _of_the_same_type, _left_out, _doubled,
    _misspelt, _more, _exchanged,
)  # fmt: skip
