"""Why something is not as one would have it: each cause in plain words, with the command that mends it."""

from __future__ import annotations

import re

from minictl.insight import condition, declared_ports, is_ready, labels_of, name_of, resolved, selects
from minictl.texts.near import FARTHEST, distance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Object = dict[str, Any]

MOST_PODS = 5
"""How many Pods are gone into; of a thousand with the same trouble the first few tell it all."""
SIMULATE = "minictl.dev/simulate"

_PLACING = (
    (r"untolerated taint (\S*)", "let the Pod tolerate the taint, or take it off: minictl taint nodes NODE KEY-"),
    (r"node affinity/selector", "give a node the labels that the Pod asks for: minictl label node NODE KEY=VALUE"),
    (
        r"Insufficient (\S+)",
        "ask for less (resources.requests), or have more nodes: minictl down; minictl up --nodes 6",
    ),
    (r"were unschedulable", "let Pods on the node again: minictl uncordon NODE"),
    (r"no nodes available", "have nodes: minictl down; minictl up --nodes 3"),
    (r"PersistentVolumeClaim|persistentvolumeclaim", "look at what its claims wait for: minictl describe pvc"),
    (r"anti-affinity|topology spread", "have more nodes, or loosen the rule: minictl down; minictl up --nodes 6"),
)
"""What a sentence of the scheduler's -> what may be done about it."""

_WAITING = {
    "ErrImagePull": "use an image that exists: minictl set image {template} {container}=IMAGE:TAG",
    "ImagePullBackOff": "use an image that exists: minictl set image {template} {container}=IMAGE:TAG",
    "InvalidImageName": "use an image name that is one: minictl set image {template} {container}=IMAGE:TAG",
    "CrashLoopBackOff": "see how it ended: minictl describe {name}",
    "CreateContainerConfigError": "make the ConfigMap or Secret that it names: minictl describe {name}",
}


class Cause:
    """One thing that is wrong or worth knowing, and what to do about it ("" for nothing)."""

    __slots__ = ("fix", "text")

    def __init__(self, text: str, fix: str = "") -> None:
        self.text = text
        self.fix = fix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cause) and (self.text, self.fix) == (other.text, other.fix)

    def __hash__(self) -> int:
        return hash((self.text, self.fix))

    def __repr__(self) -> str:
        return f"Cause({self.text!r}, {self.fix!r})"

    @property
    def fields(self) -> Object:
        return {"text": self.text, "fix": self.fix} if self.fix else {"text": self.text}


# --- Pods


def of_pod(pod: Object, keeper: str = "") -> list[Cause]:
    """Why a Pod is not running and ready; [] when it is. `keeper` names what its template stands in
    (`deployment/web`), where that is known."""
    return list(_of_pod(pod, keeper))


def _of_pod(pod: Object, keeper: str) -> Iterator[Cause]:
    name, status = name_of(pod), pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        held = pod["metadata"].get("finalizers")
        yield Cause(f"It is being deleted{f', and held by {held[0]}' if held else ''}.")
    elif status.get("phase") in ("Succeeded", "Failed"):
        yield Cause(f"It has ended ({status.get('reason') or status['phase']}): it will not run again.")
    elif not pod["spec"].get("nodeName"):
        yield _not_placed(pod)
    elif not is_ready(pod):
        waiting = list(_waiting(pod, keeper))
        yield from waiting or [_not_ready(pod, name)]


def _not_placed(pod: Object) -> Cause:
    if gates := pod["spec"].get("schedulingGates"):
        return Cause(f"It is held back by the scheduling gate {gates[0]['name']}.")
    said = condition(pod, "PodScheduled").get("message") or ""
    if not said:
        return Cause("The scheduler has not looked at it yet.")
    fix = next((advice for pattern, advice in _PLACING if re.search(pattern, said)), "")
    return Cause(f"No node takes it: {said.partition('. ')[0].rstrip('.')}.", fix)


def _waiting(pod: Object, keeper: str) -> Iterator[Cause]:
    name, status = name_of(pod), pod.get("status") or {}
    template = keeper or ("TYPE/NAME" if pod["metadata"].get("ownerReferences") else name)
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        state = (container.get("state") or {}).get("waiting") or {}
        reason = state.get("reason", "")
        if reason and reason not in ("ContainerCreating", "PodInitializing"):
            fix = _WAITING.get(reason, "").format(name=name, template=template, container=container["name"])
            last = (container.get("lastState") or {}).get("terminated") or {}
            ended = f"; it ended with exit code {last['exitCode']} last" if "exitCode" in last else ""
            yield Cause(f"Its container {container['name']} waits: {reason}{ended}.", fix)


def _not_ready(pod: Object, name: str) -> Cause:
    simulated = (pod["metadata"].get("annotations") or {}).get(SIMULATE)
    if simulated:
        return Cause(f"It is told to be {simulated} by the annotation {SIMULATE}.", f"minictl simulate well {name}")
    for gate in pod["spec"].get("readinessGates") or ():
        if condition(pod, gate["conditionType"]).get("status") != "True":
            return Cause(f"Its readiness gate {gate['conditionType']} is not True: whoever keeps it has not said so.")
    said = condition(pod, "Ready").get("message") or "its containers do not pass their readiness probes yet"
    return Cause(f"It is not ready: {said}.", f"minictl describe {name}")


# --- Services


def of_service(service: Object, pods: list[Object], elsewhere: list[Object]) -> tuple[str, list[Cause]]:
    """What its endpoints are, in one sentence, and why they are not more. `pods`: those of its namespace; `elsewhere`:
    those of others."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return f"It is another name for {spec.get('externalName')} and has no endpoints.", []
    selector = spec.get("selector")
    if not selector:
        fix = f"minictl set selector {name_of(service)} KEY=VALUE"
        return "It has no selector, so nobody looks for its endpoints.", [Cause("Say which labels its Pods have.", fix)]
    matching = [pod for pod in pods if selects(selector, pod)]
    if not matching:
        return f"No Pod has the labels it looks for: {_said(selector)}.", _nearly(selector, pods, elsewhere)
    counted = [pod for pod in matching if _counts(pod, spec)]
    causes = [cause for pod in _first(matching, lambda pod: not _counts(pod, spec)) for cause in _absent(pod)]
    for port in spec.get("ports") or ():
        causes += _of_port(port, matching)
    how_many = f"All {len(matching)}" if counted == matching else f"{len(counted)} of the {len(matching)}"
    return f"{how_many} Pods with {_said(selector)} are its endpoints.", causes


def _counts(pod: Object, spec: Object) -> bool:
    has_address = bool((pod.get("status") or {}).get("podIP"))
    return has_address and (is_ready(pod) or bool(spec.get("publishNotReadyAddresses"))) and not _is_over(pod)


def _is_over(pod: Object) -> bool:
    """Has the Pod ended, or is it about to?"""
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return ended or bool(pod["metadata"].get("deletionTimestamp"))


def _absent(pod: Object) -> list[Cause]:
    causes = of_pod(pod) or [Cause("It has no address yet.")]
    return [Cause(f"{name_of(pod)} is none: {_lower(cause.text)}", cause.fix) for cause in causes]


def _of_port(port: Object, pods: list[Object]) -> Iterator[Cause]:
    target = port.get("targetPort", port["port"])
    for pod in _first(pods, lambda pod: resolved(target, pod) is None):
        names = ", ".join(p["name"] for p in declared_ports(pod) if p.get("name")) or "none"
        yield Cause(
            f"Port {port['port']} leads to the port named {target}, and no container of {name_of(pod)} declares it "
            f"(named ports there: {names})."
        )
    if isinstance(target, int):
        for pod in pods[:1]:
            numbers = [p["containerPort"] for p in declared_ports(pod)]
            if numbers and target not in numbers:
                declared = ", ".join(map(str, numbers))
                yield Cause(
                    f"Port {port['port']} leads to {target}; {name_of(pod)} declares {declared}: is that meant?"
                )


def _nearly(selector: dict[str, str], pods: list[Object], elsewhere: list[Object]) -> list[Cause]:
    causes = []
    for pod in pods:
        wrong = {key: value for key, value in selector.items() if labels_of(pod).get(key) != value}
        if all(_is_like(key, value, labels_of(pod)) for key, value in wrong.items()):
            has = {key: value for key, value in labels_of(pod).items() if any(_near(key, k) for k in wrong)}
            fix = f"minictl label {name_of(pod)} {' '.join(f'{k}={v}' for k, v in wrong.items())} --overwrite"
            causes.append(Cause(f"{name_of(pod)} has {_said(has)}: is {_said(wrong)} meant?", fix))
    if found := [pod for pod in elsewhere if selects(selector, pod)]:
        where = ", ".join(sorted({pod["metadata"]["namespace"] for pod in found}))
        causes.append(Cause(f"There are such Pods in {where}; a Service finds only those of its own namespace."))
    if not causes and pods:
        there = sorted({_said(labels_of(pod)) for pod in pods})
        causes.append(Cause(f"The Pods here have other labels: {'; '.join(there[:MOST_PODS])}."))
    if not causes:
        causes.append(Cause("There are no Pods in this namespace.", "minictl get pods --all-namespaces --show-labels"))
    return causes[:MOST_PODS]


def _is_like(key: str, value: str, labels: dict[str, str]) -> bool:
    return any(_near(key, k) and (_near(value, v) or value == v) for k, v in labels.items())


def _near(a: str, b: str) -> bool:
    return distance(a.lower(), b.lower()) <= min(FARTHEST, max(1, len(a) // 3))


# --- what keeps Pods


def of_owner(owner: Object, pods: list[Object]) -> tuple[str, list[Cause]]:
    """How far it is, in one sentence, and why not further. `pods`: those it owns, through others too."""
    spec, status = owner["spec"], owner.get("status") or {}
    wanted = spec.get("replicas", status.get("desiredNumberScheduled", spec.get("parallelism", 1)))
    ready = sum(is_ready(pod) for pod in pods)
    causes = []
    if wanted == 0:
        causes.append(Cause("It is scaled to 0.", f"minictl scale {name_of(owner)} --replicas=1"))
    if spec.get("paused"):
        fix = f"minictl rollout resume {name_of(owner)}"
        causes.append(Cause("Its rollout is paused: changes of its template wait.", fix))
    failure = condition(owner, "ReplicaFailure")
    if failure.get("status") == "True":
        fix = "minictl describe resourcequota" if "quota" in failure.get("message", "") else ""
        causes.append(Cause(f"Pods cannot be made: {failure.get('message')}", fix))
    progressing = condition(owner, "Progressing")
    if progressing.get("status") == "False":
        fix = f"minictl rollout undo {name_of(owner)}"
        causes.append(Cause(f"Its rollout does not get on: {progressing.get('message')}", fix))
    for pod in _first(pods, lambda pod: bool(of_pod(pod))):
        found = of_pod(pod, name_of(owner))
        causes += [Cause(f"{name_of(pod)}: {_lower(cause.text)}", cause.fix) for cause in found]
    return f"{ready} of {wanted} Pods are ready.", causes


def _first(pods: list[Object], test: Callable[[Object], bool]) -> list[Object]:
    return [pod for pod in pods if test(pod)][:MOST_PODS]


def _said(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "no labels"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
