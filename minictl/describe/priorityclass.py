"""A PriorityClass: its value, and who gets it."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page, selector
from minictl.texts.gotext import plain


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta = subject.get("metadata") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Value", subject.get("value", 0))
    page.field("GlobalDefault", plain(subject.get("globalDefault", False)))
    page.field("PreemptionPolicy", subject.get("preemptionPolicy", ""))
    page.field("Description", subject.get("description", ""))
    page.field("Annotations", selector(meta.get("annotations")))
    events.write(page, happened, cluster.now)
