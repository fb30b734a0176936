"""A ServiceCIDR: the range, and whether it can be used."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page, date

_COLUMNS = ("type", "status", "lastTransitionTime", "reason", "message")


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {}, namespaced=False)
    page.field("CIDRs", ", ".join((subject.get("spec") or {}).get("cidrs") or ()))
    conditions = (subject.get("status") or {}).get("conditions")
    if conditions:
        page.line("Status:")
        page.line("Conditions:")
        page.line("Type\tStatus\tLastTransitionTime\tReason\tMessage", 1)
        page.line("----\t------\t------------------\t------\t-------", 1)
        for condition in conditions:
            page.line("\t".join(_cell(condition, column) for column in _COLUMNS), 1)
    events.write(page, happened, cluster.now)


def _cell(condition: Fields, column: str) -> str:
    value = condition.get(column) or ""
    return date(value) if column == "lastTransitionTime" else str(value)
