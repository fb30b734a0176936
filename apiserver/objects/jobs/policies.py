"""The rules of a Job's podFailurePolicy and successPolicy."""

from __future__ import annotations

from typing import Any, NamedTuple

from apiserver.objects import indexes

Object = dict[str, Any]


class Judgement(NamedTuple):
    """What a podFailurePolicy makes of a failed Pod: whether the failure counts; for FailJob why the Job has failed;
    whether the Pod's index has failed for good."""

    counts: bool = True
    fails_job: str = ""
    fails_index: bool = False


def judge(policy: Object | None, pod: Object) -> Judgement:
    """The first rule that fits decides; a failure that fits none counts."""
    for position, rule in enumerate((policy or {}).get("rules") or ()):
        action = rule["action"]
        why = _why(rule, pod)
        if why:
            text = f"{why} matching {action} rule at index {position}"
            return Judgement(action != "Ignore", text if action == "FailJob" else "", action == "FailIndex")
    return Judgement()


def _why(rule: Object, pod: Object) -> str:
    """How the Pod fits the rule; "" if it does not."""
    status, metadata = pod.get("status") or {}, pod["metadata"]
    whom = f"{metadata['namespace']}/{metadata['name']}"
    if rule.get("onExitCodes") is not None:
        for container in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
            code = ((container.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
            if code and _fits(rule["onExitCodes"], container["name"], code):
                return f"Container {container['name']} for pod {whom} failed with exit code {code}"
        return ""
    for pattern in rule.get("onPodConditions") or ():
        for condition in status.get("conditions") or ():
            if condition["type"] == pattern["type"] and condition["status"] == pattern["status"]:
                return f"Pod {whom} has condition {condition['type']}"
    return ""


def _fits(codes: Object, container: str, code: int) -> bool:
    if codes.get("containerName") not in (None, container):
        return False
    return bool((code in (codes.get("values") or ())) == (codes["operator"] == "In"))


def success(policy: Object | None, completions: int, succeeded: set[int]) -> str:
    """Which rule of a successPolicy is met, in words; "" if none is."""
    for position, rule in enumerate((policy or {}).get("rules") or ()):
        listed, wanted = rule.get("succeededIndexes"), rule.get("succeededCount")
        those = succeeded if listed is None else succeeded & indexes.read(listed, completions)
        if wanted is None:
            wanted = len(indexes.read(listed or "", completions))
        if len(those) >= wanted:
            return f"Matched rules at index {position}"
    return ""
