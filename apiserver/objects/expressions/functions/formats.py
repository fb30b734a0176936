"""Named formats: what is wrong with a text that should be a label, a name, a date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiserver.objects.expressions.functions import urls
from apiserver.objects.structural.formats import is_of
from apiserver.objects.validation import names

Problems = list[str]


def _prefix_of(check: Callable[[str], Any]) -> Callable[[str], Problems]:
    """What may come before a generated suffix: a dash at its end is no mistake."""
    return lambda text: list(check(text[:-1] + "a" if text.endswith("-") else text))


def _format(name: str, said: str) -> Callable[[str], Problems]:
    return lambda text: [] if is_of(name, text) else [said]


def _uri(text: str) -> Problems:
    try:
        urls.read(text)
    except ValueError as error:
        return [str(error).removeprefix("URL parse error during conversion from string: ")]
    return []


CHECKS: dict[str, Callable[[str], Any]] = {
    "dns1123Label": names.dns_label,
    "dns1123Subdomain": names.dns_subdomain,
    "dns1035Label": names.rfc1035_label,
    "qualifiedName": names.qualified_name,
    "dns1123LabelPrefix": _prefix_of(names.dns_label),
    "dns1123SubdomainPrefix": _prefix_of(names.dns_subdomain),
    "dns1035LabelPrefix": _prefix_of(names.rfc1035_label),
    "labelValue": names.label_value,
    "uri": _uri,
    "uuid": _format("uuid", "does not match the UUID format"),
    "byte": _format("byte", "invalid base64"),
    "date": _format("date", "invalid date"),
    "datetime": _format("datetime", "invalid datetime"),
}


def _named(name: str) -> Callable[[], str]:
    return lambda: name


DECLARED: dict[str, Callable[..., Any] | None] = {
    **{f"format.{name}() Format": _named(name) for name in CHECKS},
    "format.named(string) ?Format": lambda name: name if name in CHECKS else "",
    "Format.validate(string) ?list<string>": lambda name, text: list(CHECKS[name](text)),
}
