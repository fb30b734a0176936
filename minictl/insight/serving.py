"""Why a Service has no endpoints, or not those one expects."""

from __future__ import annotations

import re

from minictl.insight import declared_ports, is_ready, labels_of, name_of, resolved, selects
from minictl.insight.causes import MOST, NOTHING, Cause, Surroundings, first, lower, of_pod, said, together
from minictl.texts.near import FARTHEST, distance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Object = dict[str, Any]
    Labels = dict[str, str]

_MARKS = re.compile(
    r"hash$|controller-uid$|job-name$|batch\.kubernetes\.io/|statefulset\.kubernetes\.io/|apps\.kubernetes\.io/"
)
"""Labels that controllers give to tell their Pods apart."""


def of_service(
    service: Object, pods: list[Object], elsewhere: list[Object], around: Surroundings = NOTHING
) -> tuple[str, list[Cause]]:
    """What its endpoints are, in one sentence, and why they are not more. `pods`: those of its namespace; `elsewhere`:
    those of others."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return f"It is another name for {spec.get('externalName')} and has no endpoints.", []
    selector = spec.get("selector")
    if not selector:
        fix = f"minictl set selector {name_of(service)} KEY=VALUE"
        text = "Say which labels its Pods have, or keep an EndpointSlice for it yourself."
        return "It has no selector, so nobody looks for its endpoints.", [Cause(text, fix)]
    matching = [pod for pod in pods if selects(selector, pod)]
    if not matching:
        causes = list(_makers(service, around.keepers)) or _nearly(selector, pods, elsewhere)
        return f"No Pod has the labels it looks for: {said(selector)}.", causes
    counted = [pod for pod in matching if _counts(pod, spec)]
    absent = together([pod for pod in matching if not _counts(pod, spec)], lambda pod: _absent(pod, around))
    causes = [
        Cause(f"{', '.join(names)} {'are none' if names[1:] else 'is none'}: {lower(cause.text)}", cause.fix)
        for cause, names in absent.items()
    ]
    for number, port in enumerate(spec.get("ports") or ()):
        causes += _of_port(service, number, port, matching)
    how_many = f"All {len(matching)}" if counted == matching else f"{len(counted)} of the {len(matching)}"
    if len(matching) == 1:
        return (
            f"The {'' if counted else 'only '}Pod with {said(selector)} is {'its' if counted else 'no'} endpoint.",
            causes,
        )
    return f"{how_many} Pods with {said(selector)} are its endpoints.", causes


# --- Pods that are there


def _counts(pod: Object, spec: Object) -> bool:
    has_address = bool((pod.get("status") or {}).get("podIP"))
    return has_address and (is_ready(pod) or bool(spec.get("publishNotReadyAddresses"))) and not _is_over(pod)


def _is_over(pod: Object) -> bool:
    """Has the Pod ended, or is it about to?"""
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return ended or bool(pod["metadata"].get("deletionTimestamp"))


def _absent(pod: Object, around: Surroundings) -> list[Cause]:
    return of_pod(pod, around) or [Cause("It has no address yet.")]


def _of_port(service: Object, number: int, port: Object, pods: list[Object]) -> Iterator[Cause]:
    target = port.get("targetPort", port["port"])
    lost = first(pods, lambda pod: resolved(target, pod) is None)
    if lost:
        named = sorted({p["name"] for pod in lost for p in declared_ports(pod) if p.get("name")})
        like = next((name for name in named if is_near(str(target), name)), "")
        yield Cause(
            f"Port {port['port']} leads to the port named {target}, and no container of "
            f"{', '.join(map(name_of, lost))} declares it (named ports there: {', '.join(named) or 'none'})"
            f"{f': is {like} meant?' if like else '.'}",
            _retarget(service, number, like) if like else "",
        )
    if isinstance(target, int):
        for pod in pods[:1]:
            numbers = [p["containerPort"] for p in declared_ports(pod)]
            if numbers and target not in numbers:
                declared = ", ".join(map(str, numbers))
                yield Cause(
                    f"Port {port['port']} leads to {target}; {name_of(pod)} declares {declared}: is that meant?",
                    _retarget(service, number, numbers[0]) if len(numbers) == 1 else "",
                )


def _retarget(service: Object, number: int, target: str | int) -> str:
    value = f'"{target}"' if isinstance(target, str) else target
    patch = f'[{{"op":"replace","path":"/spec/ports/{number}/targetPort","value":{value}}}]'
    return f"minictl patch {name_of(service)} --type=json -p '{patch}'"


# --- Pods that are not


def _makers(service: Object, keepers: list[Object]) -> Iterator[Cause]:
    """Those whose Pods have the labels, or nearly, were there any."""
    selector = service["spec"]["selector"]
    for keeper in keepers:
        labels = ((keeper["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {}
        wrong = _wrong(selector, labels)
        if not wrong and keeper["spec"].get("replicas") == 0:
            fix = f"minictl scale {name_of(keeper)} --replicas=1"
            yield Cause(f"{name_of(keeper)} makes such Pods, and is scaled to 0.", fix)
        elif not wrong:
            yield Cause(f"{name_of(keeper)} makes such Pods, and has none.", f"minictl why {name_of(keeper)}")
        elif _is_like(wrong, labels):
            meant = {**{k: v for k, v in selector.items() if k not in wrong}, **_like(wrong, labels)}
            fix = f"minictl set selector {name_of(service)} {said(meant)}"
            yield Cause(f"{name_of(keeper)} gives its Pods {said(_like(wrong, labels))}, not {said(wrong)}.", fix)


def _nearly(selector: Labels, pods: list[Object], elsewhere: list[Object]) -> list[Cause]:
    causes = []
    for pod in pods:
        wrong = _wrong(selector, labels_of(pod))
        if _is_like(wrong, labels_of(pod)):
            fix = f"minictl label {name_of(pod)} {' '.join(f'{k}={v}' for k, v in wrong.items())} --overwrite"
            causes.append(
                Cause(f"{name_of(pod)} has {said(_like(wrong, labels_of(pod)))}: is {said(wrong)} meant?", fix)
            )
    if found := [pod for pod in elsewhere if selects(selector, pod)]:
        where = ", ".join(sorted({pod["metadata"]["namespace"] for pod in found}))
        causes.append(Cause(f"There are such Pods in {where}; a Service finds only those of its own namespace."))
    if not causes and pods:
        there = sorted({said({k: v for k, v in labels_of(pod).items() if not _MARKS.search(k)}) for pod in pods})
        causes.append(Cause(f"The Pods here have other labels: {'; '.join(there[:MOST])}."))
    if not causes:
        causes.append(Cause("There are no Pods in this namespace.", "minictl get pods --all-namespaces --show-labels"))
    return causes[:MOST]


def _wrong(selector: Labels, labels: Labels) -> Labels:
    return {key: value for key, value in selector.items() if labels.get(key) != value}


def _is_like(wrong: Labels, labels: Labels) -> bool:
    """Is there a label that nearly is each of the wrong ones?"""
    return all(any(is_near(key, k) and is_near(value, v) for k, v in labels.items()) for key, value in wrong.items())


def _like(wrong: Labels, labels: Labels) -> Labels:
    return {key: value for key, value in labels.items() if any(is_near(key, k) for k in wrong)}


def is_near(a: str, b: str) -> bool:
    """Do the words differ in a letter or two, as they do by a slip of the finger?"""
    a, b = a.lower(), b.lower()
    return sorted(a) == sorted(b) or distance(a, b) <= min(FARTHEST, max(1, len(a) // 3))
