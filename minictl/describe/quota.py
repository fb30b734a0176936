"""A ResourceQuota: what it allows and what is used of it."""

from collections.abc import Iterable, Sequence

from minictl.describe import Cluster, Events, Fields, quantities
from minictl.describe.text import Page

_SCOPES = {
    "Terminating": "Matches all pods that have an active deadline."
    " These pods have a limited lifespan on a node before being actively terminated by the system.",
    "NotTerminating": "Matches all pods that do not have an active deadline."
    " These pods usually include long running pods whose container command is not expected to terminate.",
    "BestEffort": "Matches all pods that do not have resource requirements set."
    " These pods have a best effort quality of service.",
    "NotBestEffort": "Matches all pods that have at least one resource requirement set."
    " These pods have a burstable or guaranteed quality of service.",
}


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta = subject.get("metadata") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    _scopes(page, subject, 0, " * ")
    page.lines(["Resource\tUsed\tHard", "--------\t----\t----", *_usage(subject)])


def section(page: Page, quotas: Sequence[Fields]) -> None:
    """All quotas of a namespace, as its description lists them."""
    if not quotas:
        page.line("No resource quota.")
        return
    page.line("Resource Quotas")
    for each in sorted(quotas, key=lambda one: str((one.get("metadata") or {}).get("name", ""))):
        page.field("Name", (each.get("metadata") or {}).get("name", ""), 1)
        _scopes(page, each, 1, "* ")
        page.lines(["Resource\tUsed\tHard", "--------\t---\t---", *_usage(each)], 1)


def _scopes(page: Page, subject: Fields, level: int, bullet: str) -> None:
    scopes = sorted((subject.get("spec") or {}).get("scopes") or ())
    if scopes:
        page.field("Scopes", ", ".join(scopes), level)
        page.lines((bullet + _SCOPES[scope] for scope in scopes if scope in _SCOPES), level)


def _usage(subject: Fields) -> Iterable[str]:
    status = subject.get("status") or {}
    used = status.get("used") or {}
    return (
        f"{name}\t{quantities.canonical(used.get(name, '0'))}\t{quantities.canonical(hard)}"
        for name, hard in sorted((status.get("hard") or {}).items())
    )
