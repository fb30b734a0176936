"""A ConfigMap: its texts in full, its binary values by their size."""

import base64

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import Page


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {})
    page.lines(["", "Data", "===="])
    for key, value in sorted((subject.get("data") or {}).items()):
        page.lines([f"{key}:", "----", value, ""])
    page.lines(["", "BinaryData", "===="])
    for key, value in sorted((subject.get("binaryData") or {}).items()):
        page.line(f"{key}: {len(base64.b64decode(value))} bytes")
    page.line("")
    events.write(page, happened, cluster.now)
