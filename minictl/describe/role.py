"""A Role or a ClusterRole: what it allows, one line for each resource. It shows no events."""

from minictl.describe import Cluster, Events, Fields
from minictl.describe.text import Page
from minictl.texts import rules


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {}, namespaced=False)
    page.line("PolicyRule:")
    page.line("\t".join(rules.HEAD), 1)
    page.line("\t".join("-" * len(title) for title in rules.HEAD), 1)
    page.lines(("\t".join(row) for row in rules.rows(subject.get("rules") or ())), 1)
