"""A StorageClass: who makes its volumes, how, and what becomes of them."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import NONE, UNSET, Page, boolean, selector, terms

_DEFAULTS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta = subject.get("metadata") or {}
    annotations, options = meta.get("annotations") or {}, subject.get("mountOptions")
    grows = subject.get("allowVolumeExpansion")
    page.field("Name", meta.get("name", ""))
    page.field("IsDefaultClass", "Yes" if any(annotations.get(name) == "true" for name in _DEFAULTS) else "No")
    page.field("Annotations", selector(annotations))
    page.field("Provisioner", subject.get("provisioner", ""))
    page.field("Parameters", selector(subject.get("parameters")))
    page.field("AllowVolumeExpansion", UNSET if grows is None else boolean(grows))
    if options:
        page.line("MountOptions:")
        page.lines(options, 1)
    else:
        page.field("MountOptions", NONE)
    for label, key in (("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")):
        if subject.get(key):
            page.field(label, subject[key])
    topologies = subject.get("allowedTopologies")
    if topologies is not None:
        page.field("AllowedTopologies", "" if topologies else NONE)
        terms(page, [term.get("matchLabelExpressions") or () for term in topologies], 1)
    events.write(page, happened, cluster.now)
