"""An IPAddress: whose it is."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {}, namespaced=False)
    parent = (subject.get("spec") or {}).get("parentRef")
    if parent is not None:
        page.line("Parent Reference:")
        for label in ("Group", "Resource", "Namespace", "Name"):
            page.field(label, parent.get(label.lower(), ""), 1)
    events.write(page, happened, cluster.now)
