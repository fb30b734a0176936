"""A PodDisruptionBudget: what it asks for, and how many evictions it allows now."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import UNSET, Page, label_selector

_COUNTS = {
    "Allowed disruptions": "disruptionsAllowed",
    "Current": "currentHealthy",
    "Desired": "desiredHealthy",
    "Total": "expectedPods",
}


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = (subject.get(part) or {} for part in ("metadata", "spec", "status"))
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    if "minAvailable" in spec:
        page.field("Min available", spec["minAvailable"])
    elif "maxUnavailable" in spec:
        page.field("Max unavailable", spec["maxUnavailable"])
    selector = spec.get("selector")
    page.field("Selector", UNSET if selector is None else label_selector(selector))
    page.line("Status:")
    for title, field in _COUNTS.items():
        page.field(title, status.get(field, 0), 2)
    events.write(page, happened, cluster.now)
