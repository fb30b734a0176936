"""A ServiceAccount and the secrets it pulls images with."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import NONE, Page

_PULL = "Image pull secrets:"


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {})
    label = _PULL
    for name in [secret.get("name", "") for secret in subject.get("imagePullSecrets") or ()] or [NONE]:
        page.line(f"{label}\t{name}")
        label = " " * len(_PULL)
    events.write(page, happened, cluster.now)
