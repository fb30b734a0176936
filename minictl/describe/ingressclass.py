"""An IngressClass: the controller that serves its Ingresses."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    spec = subject.get("spec") or {}
    page.head(subject.get("metadata") or {}, namespaced=False)
    page.field("Controller", spec.get("controller", ""))
    parameters = spec.get("parameters")
    if parameters is not None:
        page.line("Parameters:")
        if parameters.get("apiGroup") is not None:
            page.field("APIGroup", parameters["apiGroup"], 1)
        page.field("Kind", parameters.get("kind", ""), 1)
        page.field("Name", parameters.get("name", ""), 1)
    events.write(page, happened, cluster.now)
