"""A PersistentVolume: whose it is, where it can be used, and what it stands for."""

from minictl.describe import Cluster, Events, Fields, events, volumes
from minictl.describe.claims import access_modes, finalizers, status, storage_class
from minictl.describe.quantities import canonical
from minictl.describe.text import Page, terms


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec = subject.get("metadata") or {}, subject.get("spec") or {}
    claim = spec.get("claimRef")
    page.head(meta, namespaced=False)
    page.field("Finalizers", finalizers(meta))
    page.field("StorageClass", storage_class(subject))
    page.field("Status", status(subject, cluster.now))
    page.field("Claim", f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "")
    page.field("Reclaim Policy", spec.get("persistentVolumeReclaimPolicy", ""))
    page.field("Access Modes", access_modes(spec))
    if spec.get("volumeMode"):
        page.field("VolumeMode", spec["volumeMode"])
    page.field("Capacity", canonical((spec.get("capacity") or {}).get("storage", "0")))
    _affinity(page, (spec.get("nodeAffinity") or {}).get("required"))
    page.field("Message", (subject.get("status") or {}).get("message", ""))
    page.line("Source:")
    volumes.persistent(page, spec)
    events.write(page, happened, cluster.now)


def _affinity(page: Page, required: Fields | None) -> None:
    if required is None:
        page.field("Node Affinity", "<none>")
        return
    page.field("Node Affinity", "")
    found = [term.get("matchExpressions") or () for term in required.get("nodeSelectorTerms") or ()]
    page.field("Required Terms", "" if found else "<none>", 1)
    terms(page, found, 2)
