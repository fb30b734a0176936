"""A Secret: its keys and the size of what they hide. It shows no events."""

import base64

from minictl.describe import Cluster, Events, Fields
from minictl.describe.text import Page

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret, not one


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {})
    page.line("")
    page.field("Type", subject.get("type", ""))
    page.lines(["", "Data", "===="])
    for key, value in sorted((subject.get("data") or {}).items()):
        plain = base64.b64decode(value)
        shown = key == "token" and subject.get("type") == TOKEN_TYPE
        page.field(key, plain.decode(errors="replace") if shown else f"{len(plain)} bytes")
