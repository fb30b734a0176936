"""A ReplicaSet or a ReplicationController, and how its Pods are doing."""

from minictl.describe import Cluster, Events, Fields, events, pods_by_phase, podspec
from minictl.describe.text import Page, controller, label_selector, selector


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    chosen = spec.get("selector") or {}
    plain = subject.get("kind") == "ReplicationController"
    text = selector(chosen) if plain else label_selector(chosen)
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("Selector", text)
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    if controller(meta) and not plain:
        page.field("Controlled By", controller(meta))
    page.field("Replicas", f"{status.get('replicas', 0)} current / {spec.get('replicas', 0)} desired")
    page.field("Pods Status", pods_by_phase(cluster, meta.get("namespace", ""), text, meta.get("uid", "")))
    podspec.template(page, spec.get("template") or {})
    podspec.conditions(page, status.get("conditions") or ())
    events.write(page, happened, cluster.now)
