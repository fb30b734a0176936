"""Evicting a Pod: deleting it if the disruption budget that selects it allows that.

    finished, pending, or on its way out        deleted, no budget is asked
    not ready, and the budget has enough        deleted, nothing is taken off the budget
    else                                        one is taken off the budget, then deleted; or 429

The budget's status is the account: it is written before the Pod is deleted, so two evictions at once cannot both have
the last one it allows.
"""

from __future__ import annotations

from dataclasses import replace

from apiserver import errors
from apiserver.api import API
from apiserver.call import Call
from apiserver.clock import timestamp
from apiserver.deletion import DeleteOptions, check_preconditions
from apiserver.kind import Kind, Object
from apiserver.kinds.poddisruptionbudget import kind as BUDGET
from apiserver.objects import disruptions, meta
from apiserver.objects.endpoints import is_ready
from apiserver.objects.podstatus import Verdict, disrupt
from apiserver.storage import Record

UNGUARDED_PHASES = ("Succeeded", "Failed", "Pending")
MAX_DISRUPTED_PODS = 2000
RETRY_SECONDS = 10
ATTEMPTS = 20
"""Times an eviction is tried anew when the Pod changes in between."""
TOO_MANY_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."
TARGET = Verdict(True, "EvictionByEvictionAPI", "Eviction API: evicting")


async def evict(api: API, pods: Kind, namespace: str, name: str, options: DeleteOptions, call: Call) -> None:
    """Delete a Pod on behalf of somebody who drains its node.

    Raises NotFound, Conflict (preconditions), TooManyRequests (the budget), Unexplained (two budgets).
    """
    for attempt in range(ATTEMPTS):
        record = api.get(pods, namespace, name)
        check_preconditions(pods, record, options)
        budget = _budget_of(api, record.object)
        pinned = budget is None or await _pass(api, budget, record.object, call)
        wanted = options
        if pinned and not options.resource_version and not _is_over(record.object):
            wanted = replace(options, resource_version=str(record.revision))
        try:
            await _delete(api, pods, record, wanted, call)
        except errors.Conflict:
            if options.resource_version or options.uid or not pinned or attempt == ATTEMPTS - 1:
                raise
            continue
        return


def _is_over(pod: Object) -> bool:
    return meta.is_terminating(pod) or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _budget_of(api: API, pod: Object) -> Object | None:
    """The budget that guards a Pod. Raises Unexplained when there are several."""
    if meta.is_terminating(pod) or (pod.get("status") or {}).get("phase") in UNGUARDED_PHASES:
        return None
    metadata = pod["metadata"]
    found = []
    for record in api.list(BUDGET, metadata["namespace"]):
        selector = disruptions.selector_of(record.object)
        if selector is not None and selector.matches(metadata.get("labels")):
            found.append(record.object)
    if len(found) > 1:
        raise errors.Unexplained(TOO_MANY_BUDGETS)
    return found[0] if found else None


async def _pass(api: API, budget: Object, pod: Object, call: Call) -> bool:
    """Whether the Pod may go without its budget losing anything, as long as it stays as it is. Otherwise one is taken
    off the budget. Raises TooManyRequests."""
    status = budget.get("status") or {}
    if not is_ready(pod):
        if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
            return True
        desired = status.get("desiredHealthy", 0)
        if desired > 0 and status.get("currentHealthy", 0) >= desired:
            return True
    now = api.clock.now()

    def charged(current: Object) -> Object:
        _check(current)
        current["metadata"].pop("resourceVersion", None)
        disruptions.allow(current, pod["metadata"]["name"], now)
        return current

    place = budget["metadata"]["namespace"], budget["metadata"]["name"]
    await api.modify(BUDGET, *place, charged, "status", Call(manager="kube-apiserver", dry_run=call.dry_run))
    return False


def _check(budget: Object) -> None:
    """Raises TooManyRequests when a budget allows no eviction now."""
    name, status = budget["metadata"]["name"], budget.get("status") or {}
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        text = f"The disruption budget {name} is still being processed by the server."
        raise _too_many(text, RETRY_SECONDS)
    if len(status.get("disruptedPods") or {}) > MAX_DISRUPTED_PODS:
        because = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise errors.Forbidden(errors.Resource("poddisruptionbudget", "policy"), name, because)
    if not status.get("disruptionsAllowed"):
        wanted, there = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        text = f"The disruption budget {name} needs {wanted} healthy pods and has {there} currently"
        failed = next((c for c in status.get("conditions") or () if c["reason"] == disruptions.SYNC_FAILED), None)
        if failed is not None:
            text = f"The disruption budget {name} does not allow evicting pods currently because it failed sync: "
            text += failed["message"]
        raise _too_many(text)


def _too_many(text: str, retry_seconds: int = 0) -> errors.TooManyRequests:
    details: Object = {"causes": [{"reason": "DisruptionBudget", "message": text}]}
    if retry_seconds:
        details["retryAfterSeconds"] = retry_seconds
    return errors.TooManyRequests(VIOLATION, details)


async def _delete(api: API, pods: Kind, record: Record, options: DeleteOptions, call: Call) -> None:
    """Say in the Pod's status why it goes, then delete it."""
    metadata = record.object["metadata"]
    if not call.dry_run and not meta.is_terminating(record.object):
        now = timestamp(api.clock.now())

        def told(pod: Object) -> Object:
            if options.resource_version:
                pod["metadata"]["resourceVersion"] = options.resource_version
            else:
                pod["metadata"].pop("resourceVersion", None)
            disrupt(pod, TARGET, now)
            return pod

        await api.modify(pods, metadata["namespace"], metadata["name"], told, "status", call)
        options = replace(options, uid=metadata["uid"], resource_version="")
    await api.delete(pods, metadata["namespace"], metadata["name"], options, call)
