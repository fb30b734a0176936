"""A RoleBinding or a ClusterRoleBinding: the role, and to whom it is granted. It shows no events."""

from minictl.describe import Cluster, Events, Fields
from minictl.describe.text import Page

_HEAD = ("Kind", "Name", "Namespace")


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {}, namespaced=False)
    role = subject.get("roleRef") or {}
    page.line("Role:")
    page.field("Kind", role.get("kind", ""), 1)
    page.field("Name", role.get("name", ""), 1)
    page.line("Subjects:")
    page.line("\t".join(_HEAD), 1)
    page.line("\t".join("-" * len(title) for title in _HEAD), 1)
    for one in subject.get("subjects") or ():
        page.line(f"{one.get('kind', '')}\t{one.get('name', '')}\t{one.get('namespace', '')}", 1)
