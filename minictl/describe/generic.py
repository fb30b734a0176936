"""Any kind without a page of its own: every field under a label made from its name."""

import re
from collections.abc import Mapping
from typing import Any

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page
from minictl.texts.gotext import plain

_HIDDEN = {
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
}
_ACRONYMS = {"API", "URL", "UID", "GUID"}
_PLAIN_NAME = re.compile(r"[^\W\d_]*(?:-[^\W\d_]*)*")
# Runs of one sort of letters; a capital belongs to the small letters after it.
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|-+")


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {})
    _content(page, subject, "", 0)
    events.write(page, happened, cluster.now)


def _content(page: Page, content: Mapping[str, Any], path: str, level: int) -> None:
    for field, value in sorted(content.items()):
        here = f"{path}.{field}"
        if here in _HIDDEN:
            continue
        if isinstance(value, Mapping):
            page.line(f"{label(field)}:", level)
            _content(page, value, here, level + 1)
        elif isinstance(value, list):
            page.line(f"{label(field)}:", level)
            for item in value:
                if isinstance(item, Mapping):
                    _content(page, item, here, level + 1)
                else:
                    page.line(plain(item), level + 1)
        else:
            page.field(label(field), plain(value), level)


def label(field: str) -> str:
    """`creationTimestamp` reads Creation Timestamp; names with digits, dots or underscores stay as they are."""
    if not _PLAIN_NAME.fullmatch(field):
        return field
    return " ".join(_word(word) for word in _WORDS.findall(field))


def _word(word: str) -> str:
    if word.upper() in _ACRONYMS:
        return word.upper()
    return word.title() if word.islower() else word
