"""A CSINode: the storage drivers of a node."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page, date
from minictl.texts.gotext import plain


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta = subject.get("metadata") or {}
    page.head(meta, namespaced=False)
    page.field("CreationTimestamp", date(meta.get("creationTimestamp")))
    page.line("Spec:")
    drivers = (subject.get("spec") or {}).get("drivers")
    if drivers is not None:
        page.line("Drivers:", 1)
    for driver in drivers or ():
        page.line(f"{driver.get('name', '')}:", 2)
        page.field("Node ID", driver.get("nodeID", ""), 3)
        count = (driver.get("allocatable") or {}).get("count")
        if count is not None:
            page.line("Allocatables:", 3)
            page.field("Count", count, 4)
        if driver.get("topologyKeys") is not None:
            page.field("Topology Keys", plain(driver["topologyKeys"]), 3)
    events.write(page, happened, cluster.now)
