"""A Namespace, with the quotas and limits that hold in it. It shows no events."""

from minictl.describe import Cluster, Events, Fields, limits, quota
from minictl.describe.text import Page, date


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, status = subject.get("metadata") or {}, subject.get("status") or {}
    page.head(meta, namespaced=False)
    page.field("Status", status.get("phase", ""))
    if status.get("conditions"):
        page.line("Conditions:")
        page.lines(
            ["Type\tStatus\tLastTransitionTime\tReason\tMessage", "----\t------\t------------------\t------\t-------"],
            1,
        )
        for each in status["conditions"]:
            cells = (each.get("type", ""), each.get("status", ""), date(each.get("lastTransitionTime")))
            page.line("\t".join((*cells, each.get("reason", ""), each.get("message", ""))), 1)
    quotas = cluster.list("v1", "resourcequotas", meta.get("name", ""))
    if quotas is not None:
        page.line("")
        quota.section(page, quotas)
    ranges = cluster.list("v1", "limitranges", meta.get("name", ""))
    if ranges is not None:
        page.line("")
        limits.section(page, ranges)
