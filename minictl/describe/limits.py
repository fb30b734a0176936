"""A LimitRange: bounds and defaults per type and resource."""

from collections.abc import Iterable, Sequence

from minictl.describe import Cluster, Events, Fields
from minictl.describe.text import Page

_COLUMNS = ("Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio")
_KEYS = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")
_HEADS = ["\t".join(_COLUMNS), "\t".join("-" * len(column) for column in _COLUMNS)]


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta = subject.get("metadata") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.lines([*_HEADS, *_rows(subject)])


def section(page: Page, ranges: Sequence[Fields]) -> None:
    """All limit ranges of a namespace, as its description lists them."""
    if not ranges:
        page.line("No LimitRange resource.")
        return
    page.line("Resource Limits")
    page.lines(f" {line}" for line in [*_HEADS, *(row for each in ranges for row in _rows(each))])


def _rows(subject: Fields) -> Iterable[str]:
    for item in (subject.get("spec") or {}).get("limits") or ():
        for resource in sorted({name for key in _KEYS for name in item.get(key) or ()}):
            values = ((item.get(key) or {}).get(resource, "-") for key in _KEYS)
            yield "\t".join((item.get("type", ""), resource, *values))
