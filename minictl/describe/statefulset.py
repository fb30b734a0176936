"""A StatefulSet: how many Pods it has, how it updates them, and the claims it makes for each."""

from collections.abc import Sequence

from minictl.describe import Cluster, Events, Fields, events, pods_by_phase, podspec
from minictl.describe.text import Page, date, label_selector

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    chosen = label_selector(spec.get("selector"))
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("CreationTimestamp", date(meta.get("creationTimestamp")))
    page.field("Selector", chosen)
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    page.field("Replicas", f"{spec.get('replicas', 0)} desired | {status.get('replicas', 0)} total")
    _strategy(page, spec.get("updateStrategy") or {})
    page.field("Pods Status", pods_by_phase(cluster, meta.get("namespace", ""), chosen, meta.get("uid", "")))
    podspec.template(page, spec.get("template") or {})
    _claims(page, spec.get("volumeClaimTemplates") or ())
    events.write(page, happened, cluster.now)


def _strategy(page: Page, strategy: Fields) -> None:
    page.field("Update Strategy", strategy.get("type", ""))
    rolling = strategy.get("rollingUpdate") or {}
    if rolling.get("partition") is not None:
        page.field("Partition", rolling["partition"], 1)
        if rolling.get("maxUnavailable") is not None:
            page.field("MaxUnavailable", rolling["maxUnavailable"], 1)


def _claims(page: Page, claims: Sequence[Fields]) -> None:
    if not claims:
        page.field("Volume Claims", "<none>")
        return
    page.line("Volume Claims:")
    for claim in claims:
        meta, spec = claim.get("metadata") or {}, claim.get("spec") or {}
        annotations = meta.get("annotations") or {}
        page.field("Name", meta.get("name", ""), 1)
        page.field("StorageClass", annotations.get(BETA_CLASS) or spec.get("storageClassName") or "", 1)
        page.labels("  Labels", meta.get("labels"))
        page.labels("  Annotations", annotations)
        requests = (spec.get("resources") or {}).get("requests") or {}
        page.field("Capacity", requests.get("storage", "<default>"), 1)
        page.field("Access Modes", f"[{' '.join(spec.get('accessModes') or ())}]", 1)
