"""Why what keeps Pods (a Deployment, a Job) does not have all of them."""

from __future__ import annotations

import re

from minictl.insight import condition, is_ready, name_of
from minictl.insight.causes import NOTHING, Cause, Surroundings, of_pod, together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Object = dict[str, Any]

_REFUSED = (
    (r"exceeded quota: ([\w.-]+)", "ask for less, or raise the quota: minictl describe resourcequota {0}"),
    (r"failed quota: ([\w.-]+)", "say what the containers request: minictl set resources {owner} --requests=..."),
    (r'serviceaccount "([\w.-]+)" not found', "minictl create serviceaccount {0}"),
    (r"no PriorityClass with name ([\w.-]+)", "minictl create priorityclass {0} --value=1000"),
    (r"(maximum|minimum) \S+ usage per", "minictl describe limitrange"),
)
"""What a sentence of the server's, when it refuses to make a Pod -> what may be done about it."""


def of_owner(owner: Object, pods: list[Object], around: Surroundings = NOTHING) -> tuple[str, list[Cause]]:
    """How far it is, in one sentence, and why not further. `pods`: those it owns, through others too."""
    if owner["kind"] == "Job":
        return _of_job(owner, pods, around)
    spec, status = owner["spec"], owner.get("status") or {}
    wanted = spec.get("replicas", status.get("desiredNumberScheduled", 1))
    ready = sum(is_ready(pod) for pod in pods)
    causes = []
    if wanted == 0:
        is_everywhere = owner["kind"] == "DaemonSet"
        fix = "minictl get nodes --show-labels" if is_everywhere else f"minictl scale {name_of(owner)} --replicas=1"
        causes.append(Cause("No node is one of its nodes." if is_everywhere else "It is scaled to 0.", fix))
    if spec.get("paused"):
        fix = f"minictl rollout resume {name_of(owner)}"
        causes.append(Cause("Its rollout is paused: changes of its template wait.", fix))
    causes += _refused(owner, around)
    progressing = condition(owner, "Progressing")
    if progressing.get("status") == "False":
        fix = f"minictl rollout undo {name_of(owner)}"
        causes.append(Cause(f"Its rollout does not get on: {progressing.get('message')}", fix))
    return f"{ready} of {wanted} Pods are ready.", causes + list(_of_pods(owner, pods, around))


def _refused(owner: Object, around: Surroundings) -> Iterator[Cause]:
    """Pods that the server would not have."""
    told = condition(owner, "ReplicaFailure")
    said = told.get("message", "") if told.get("status") == "True" else ""
    said = said or next((e.get("message", "") for e in around.events if e.get("reason") == "FailedCreate"), "")
    if not said:
        return
    fix = ""
    for pattern, advice in _REFUSED:
        if match := re.search(pattern, said):
            fix = advice.format(*match.groups(), owner=name_of(owner))
            break
    yield Cause(f"Pods cannot be made: {said}", fix)


def _of_pods(owner: Object, pods: list[Object], around: Surroundings) -> Iterator[Cause]:
    found = together(pods, lambda pod: of_pod(pod, around, name_of(owner)))
    yield from (cause.of(*names) for cause, names in found.items())


def _of_job(job: Object, pods: list[Object], around: Surroundings) -> tuple[str, list[Cause]]:
    spec, status = job["spec"], job.get("status") or {}
    wanted = spec.get("completions") or spec.get("parallelism", 1)
    verdict = f"{status.get('succeeded', 0)} of {wanted} completions are done."
    if condition(job, "Complete").get("status") == "True":
        return verdict, []
    failed = condition(job, "Failed")
    if failed.get("status") == "True":
        again = f"minictl replace --force -f FILE  # or: minictl delete {name_of(job)}, and create it anew"
        ended = list(_of_pods(job, [pod for pod in pods if _has_failed(pod)], around))
        return verdict, [
            Cause(f"It has failed for good ({failed.get('reason')}): {failed.get('message')}", again),
            *ended,
        ]
    if spec.get("suspend"):
        patch = '{"spec":{"suspend":false}}'
        return verdict, [Cause("It is suspended.", f"minictl patch {name_of(job)} -p '{patch}'")]
    going = [pod for pod in pods if (pod.get("status") or {}).get("phase") != "Succeeded"]
    return verdict, [*_refused(job, around), *_of_pods(job, going, around)]


def _has_failed(pod: Object) -> bool:
    return bool((pod.get("status") or {}).get("phase") == "Failed")
