"""A Deployment: how far its rollout is, and its old and new ReplicaSets."""

from collections.abc import Mapping, Sequence
from typing import Any

from minictl.describe import Cluster, Events, Fields, events, podspec
from minictl.describe.text import Page, date, joined, label_selector

HASH = "pod-template-hash"
_COUNTS = ("updatedReplicas", "replicas", "availableReplicas", "unavailableReplicas")


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = subject.get("metadata") or {}, subject.get("spec") or {}, subject.get("status") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("CreationTimestamp", date(meta.get("creationTimestamp")))
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    page.field("Selector", label_selector(spec.get("selector")))
    updated, total, available, unavailable = (status.get(key, 0) for key in _COUNTS)
    page.field(
        "Replicas",
        f"{spec.get('replicas', 0)} desired | {updated} updated | {total} total"
        f" | {available} available | {unavailable} unavailable",
    )
    _strategy(page, spec)
    podspec.template(page, spec.get("template") or {})
    podspec.conditions(page, status.get("conditions") or ())
    chosen = label_selector(spec.get("selector"))
    found = cluster.list("apps/v1", "replicasets", meta.get("namespace", ""), labels=chosen) or []
    _replica_sets(page, subject, [each for each in found if _owned(each, meta.get("uid", ""))])
    events.write(page, happened, cluster.now)


def _strategy(page: Page, spec: Fields) -> None:
    strategy = spec.get("strategy") or {}
    page.field("StrategyType", strategy.get("type", ""))
    page.field("MinReadySeconds", spec.get("minReadySeconds", 0))
    rolling = strategy.get("rollingUpdate")
    if rolling:
        unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
        page.field("RollingUpdateStrategy", f"{unavailable} max unavailable, {surge} max surge")


def _replica_sets(page: Page, deployment: Fields, found: Sequence[Fields]) -> None:
    if not found:
        return
    newest = new_replica_set(deployment, found)
    page.field("OldReplicaSets", joined((_created(each) for each in found if each is not newest), ", "))
    page.field("NewReplicaSet", joined([_created(newest)] if newest else [], ", "))


def new_replica_set(deployment: Fields, found: Sequence[Fields]) -> Fields | None:
    """The oldest of the ReplicaSets that has the Deployment's template, leaving out the hash label."""
    wanted = (deployment.get("spec") or {}).get("template") or {}
    for each in sorted(found, key=lambda one: _age_then_name(one.get("metadata") or {})):
        if _unhashed((each.get("spec") or {}).get("template") or {}) == _unhashed(wanted):
            return each
    return None


def _age_then_name(meta: Fields) -> tuple[str, str]:
    return str(meta.get("creationTimestamp", "")), str(meta.get("name", ""))


def _unhashed(template: Fields) -> Mapping[str, Any]:
    meta = dict(template.get("metadata") or {})
    labels = {key: value for key, value in (meta.pop("labels", None) or {}).items() if key != HASH}
    meta = {key: value for key, value in meta.items() if value is not None}
    return {**template, "metadata": {**meta, "labels": labels}}


def _created(each: Fields) -> str:
    name = (each.get("metadata") or {}).get("name", "")
    have, want = (each.get("status") or {}).get("replicas", 0), (each.get("spec") or {}).get("replicas", 0)
    return f"{name} ({have}/{want} replicas created)"


def _owned(each: Fields, uid: str) -> bool:
    owners = (each.get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("uid") == uid for owner in owners)
