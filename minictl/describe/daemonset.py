"""A DaemonSet: on how many nodes its Pods are, and on how many they should be."""

from minictl.describe import Cluster, Events, Fields, events, pods_by_phase, podspec
from minictl.describe.text import Page, label_selector, selector

# These lines have no columns: the number follows its label after a blank.
_COUNTS = (
    ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
    ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
    ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
    ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
    ("Number of Nodes Misscheduled", "numberMisscheduled"),
)


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    chosen, template = label_selector(spec.get("selector")), spec.get("template") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("Selector", chosen)
    page.field("Node-Selector", selector((template.get("spec") or {}).get("nodeSelector")))
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    page.lines(f"{label}: {status.get(key, 0)}" for label, key in _COUNTS)
    page.field("Pods Status", pods_by_phase(cluster, meta.get("namespace", ""), chosen, meta.get("uid", "")))
    podspec.template(page, template)
    events.write(page, happened, cluster.now)
