"""A VolumeAttributesClass: what a driver is asked to make of volumes."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page, selector


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta = subject.get("metadata") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Annotations", selector(meta.get("annotations")))
    page.field("DriverName", subject.get("driverName", ""))
    page.field("Parameters", selector(subject.get("parameters")))
    events.write(page, happened, cluster.now)
