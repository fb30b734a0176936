"""Label selectors applied here: for `-l` over objects that come from files."""

from __future__ import annotations

import re

from minictl.errors import CommandError, go_quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Test = Callable[[Mapping[str, str]], bool]

_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^)]*)\)")
_PAIR = re.compile(r"([^\s=!<>]+)\s*(==|=|!=|>|<)\s*([^\s=!<>]*)")
_KEY = re.compile(r"(!?)\s*([^\s=!<>()]+)")


def matcher(text: str) -> Test:
    """A test of labels; every part of the selector must hold.

    Raises:
        CommandError: it is no selector.
    """
    tests = [_test(part.strip(), text) for part in re.split(r",(?![^(]*\))", text) if text.strip()]
    return lambda labels: all(test(labels) for test in tests)


def _test(part: str, whole: str) -> Test:
    if found := _SET.fullmatch(part):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _PAIR.fullmatch(part):
        return _compared(*found.groups())
    if found := _KEY.fullmatch(part):
        absent, key = found.groups()
        return lambda labels: (key in labels) is not bool(absent)
    raise CommandError(
        f"unable to parse requirement: found {go_quote(part)}, expected: identifier in {go_quote(whole)}"
    )


def _compared(key: str, operator: str, value: str) -> Test:
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    if operator in ("=", "=="):
        return lambda labels: labels.get(key) == value

    def test(labels: Mapping[str, str]) -> bool:
        try:
            have, bound = int(labels[key]), int(value)
        except (KeyError, ValueError):
            return False
        return have > bound if operator == ">" else have < bound

    return test
