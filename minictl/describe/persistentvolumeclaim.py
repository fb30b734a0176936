"""A PersistentVolumeClaim: the volume it has, and the Pods that use it."""

from collections.abc import Sequence

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.claims import access_modes, data_source, finalizers, status, storage_class
from minictl.describe.quantities import canonical
from minictl.describe.text import Page, date


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, state = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("StorageClass", storage_class(subject))
    page.field("Status", status(subject, cluster.now))
    page.field("Volume", spec.get("volumeName", ""))
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    page.field("Finalizers", finalizers(meta))
    is_given = bool(spec.get("volumeName"))
    page.field("Capacity", canonical((state.get("capacity") or {}).get("storage", "0")) if is_given else "")
    page.field("Access Modes", access_modes(state) if is_given else "")
    if spec.get("volumeMode"):
        page.field("VolumeMode", spec["volumeMode"])
    if spec.get("dataSource"):
        data_source(page, spec["dataSource"])
    page.stack("Used By", _users(meta, cluster.list("v1", "pods", meta.get("namespace", "")) or ()))
    _conditions(page, state.get("conditions") or ())
    events.write(page, happened, cluster.now)


def _users(meta: Fields, pods: Sequence[Fields]) -> Sequence[str]:
    """The Pods that mount the claim, and the Pods that it was made for."""
    owners = {each.get("uid") for each in meta.get("ownerReferences") or () if each.get("kind") == "Pod"}
    return sorted(
        pod["metadata"]["name"]
        for pod in pods
        if pod["metadata"].get("uid") in owners or meta.get("name") in _mounted(pod.get("spec") or {})
    )


def _mounted(spec: Fields) -> set[str]:
    return {(volume.get("persistentVolumeClaim") or {}).get("claimName", "") for volume in spec.get("volumes") or ()}


def _conditions(page: Page, conditions: Sequence[Fields]) -> None:
    if not conditions:
        return
    page.line("Conditions:")
    page.line("Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage", 1)
    page.line("----\t------\t-----------------\t------------------\t------\t-------", 1)
    for each in conditions:
        times = date(each.get("lastProbeTime")), date(each.get("lastTransitionTime"))
        cells = each.get("type", ""), each.get("status", ""), *times
        page.line(" \t".join((*cells, each.get("reason", ""), each.get("message", ""))), 1)
