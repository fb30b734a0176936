"""Why something is not as one would have it: each cause in plain words, with the command that mends it.

Here is what Pods suffer from; serving.py tells of Services, keeping.py of what keeps Pods, claiming.py of claims.
"""

from __future__ import annotations

import re

from minictl.insight import condition, is_ready, labels_of, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Object = dict[str, Any]

MOST = 5
"""How many objects are gone into; of a thousand with the same trouble the first few tell it all."""
SIMULATE = "minictl.dev/simulate"
DOWN = "Down"
BLOCKING = ("NoSchedule", "NoExecute")

_PLACING = (
    (r"untolerated taint", "let the Pod tolerate the taint, or take it off: minictl taint nodes NODE KEY-"),
    (r"node affinity/selector", "give a node the labels that the Pod asks for: minictl label node NODE KEY=VALUE"),
    (
        r"Insufficient (\S+)",
        "ask for less (resources.requests), or have more nodes: minictl down; minictl up --nodes 6",
    ),
    (r"were unschedulable", "let Pods on the node again: minictl uncordon NODE"),
    (r"no nodes available", "have nodes: minictl down; minictl up --nodes 3"),
    (r"PersistentVolumeClaim|persistentvolumeclaim", "look at what its claims wait for: minictl why pvc NAME"),
    (r"anti-affinity|topology spread", "have more nodes, or loosen the rule: minictl down; minictl up --nodes 6"),
)
"""What a sentence of the scheduler's -> what may be done about it."""

_WAITING = {
    "ErrImagePull": "use an image that exists: minictl set image {template} {container}=IMAGE:TAG",
    "ImagePullBackOff": "use an image that exists: minictl set image {template} {container}=IMAGE:TAG",
    "InvalidImageName": "use an image name that is one: minictl set image {template} {container}=IMAGE:TAG",
    "CrashLoopBackOff": "see what it printed before it ended: minictl logs {name} -c {container} --previous",
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

    def of(self, *names: str) -> Cause:
        """The same, told of some objects among several."""
        return Cause(f"{', '.join(names)}: {lower(self.text)}", self.fix)

    @property
    def fields(self) -> Object:
        return {"text": self.text, "fix": self.fix} if self.fix else {"text": self.text}


class Surroundings:
    """What else there is that may be to blame. Empty where nobody looked."""

    def __init__(
        self,
        *,
        nodes: list[Object] | None = None,
        claims: list[Object] | None = None,
        classes: list[Object] | None = None,
        keepers: list[Object] | None = None,
        events: list[Object] | None = None,
    ) -> None:
        self.nodes = nodes or []
        self.claims = claims or []
        self.classes = classes or []
        """StorageClasses."""
        self.keepers = keepers or []
        """Deployments and their like in the same namespace."""
        self.events = events or []


NOTHING = Surroundings()


def of_pod(pod: Object, around: Surroundings = NOTHING, keeper: str = "") -> list[Cause]:
    """Why a Pod is not running and ready; [] when it is. `keeper` names what its template stands in
    (`deployment/web`), where that is known."""
    return list(_of_pod(pod, around, keeper))


def _of_pod(pod: Object, around: Surroundings, keeper: str) -> Iterator[Cause]:
    status = pod.get("status") or {}
    node = next((n for n in around.nodes if n["metadata"]["name"] == pod["spec"].get("nodeName")), None)
    is_down = node is not None and not is_ready(node)
    if pod["metadata"].get("deletionTimestamp"):
        yield _terminating(pod, is_down)
    elif status.get("phase") in ("Succeeded", "Failed"):
        yield _ended(status)
    elif not pod["spec"].get("nodeName"):
        yield from _not_placed(pod, around)
    elif node is not None and is_down:
        yield _on_a_dead_node(node)
    elif not is_ready(pod):
        waiting = list(_waiting(pod, keeper))
        yield from waiting or _not_ready(pod)


# --- its end


def _terminating(pod: Object, is_down: bool) -> Cause:
    held = pod["metadata"].get("finalizers")
    if held:
        patch = '{"metadata":{"finalizers":null}}'
        return Cause(f"It is being deleted, and held by {held[0]}.", f"minictl patch {name_of(pod)} -p '{patch}'")
    if is_down:
        fix = f"minictl delete {name_of(pod)} --force"
        return Cause("It is being deleted, and its node, which should say when it is gone, says nothing.", fix)
    seconds = pod["metadata"].get("deletionGracePeriodSeconds")
    return Cause(f"It is being deleted{f', within {seconds} seconds' if seconds else ''}.")


def _ended(status: Object) -> Cause:
    codes = []
    for container in status.get("containerStatuses") or ():
        ended = (container.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            codes.append(f"{container['name']} with exit code {ended['exitCode']}")
    how = f"; {', '.join(codes)}" if codes else ""
    return Cause(f"It has ended ({status.get('reason') or status['phase']}{how}): it will not run again.")


# --- its place


def _not_placed(pod: Object, around: Surroundings) -> Iterator[Cause]:
    if gates := pod["spec"].get("schedulingGates"):
        yield Cause(f"It is held back by the scheduling gate {gates[0]['name']}: whoever put it there takes it off.")
        return
    said = condition(pod, "PodScheduled").get("message") or ""
    if not said:
        yield Cause("The scheduler has not looked at it yet.")
        return
    details = [*_taints(pod, around.nodes), *_wanted_labels(pod, around.nodes), *_claims(pod, around)]
    fix = next((advice for pattern, advice in _PLACING if re.search(pattern, said) and not details), "")
    yield Cause(f"No node takes it: {said.partition('. ')[0].rstrip('.')}.", fix)
    yield from details


def _taints(pod: Object, nodes: list[Object]) -> Iterator[Cause]:
    tainted: dict[str, list[str]] = {}
    for node in nodes:
        for taint in node["spec"].get("taints") or ():
            if taint["effect"] in BLOCKING and not any(
                _tolerates(t, taint) for t in pod["spec"].get("tolerations") or ()
            ):
                value = f"={taint['value']}" if taint.get("value") else ""
                tainted.setdefault(f"{taint['key']}{value}:{taint['effect']}", []).append(node["metadata"]["name"])
    for taint, names in tainted.items():
        key = re.split("[=:]", taint)[0]
        is_cordon = key == "node.kubernetes.io/unschedulable"
        fix = f"minictl uncordon {' '.join(names)}" if is_cordon else f"minictl taint nodes {' '.join(names)} {key}-"
        yield Cause(f"It does not tolerate the taint {taint} of {', '.join(names)}.", fix)


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return bool(toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""))


def _wanted_labels(pod: Object, nodes: list[Object]) -> Iterator[Cause]:
    for key, value in (pod["spec"].get("nodeSelector") or {}).items():
        if nodes and all(labels_of(node).get(key) != value for node in nodes):
            fix = f"minictl label node {nodes[0]['metadata']['name']} {key}={value} --overwrite"
            yield Cause(f"It wants a node with {key}={value}, and no node has that.", fix)


def _claims(pod: Object, around: Surroundings) -> Iterator[Cause]:
    from minictl.insight import claiming

    names = [(v.get("persistentVolumeClaim") or {}).get("claimName") for v in pod["spec"].get("volumes") or ()]
    known = {claim["metadata"]["name"]: claim for claim in around.claims}
    for name in filter(None, names):
        if name in known:
            yield from (cause.of(name_of(known[name])) for cause in claiming.of_claim(known[name], around)[1])
        elif around.claims:
            yield Cause(f"There is no PersistentVolumeClaim {name}.", "minictl get pvc")


def _on_a_dead_node(node: Object) -> Cause:
    name = node["metadata"]["name"]
    is_told = (node["metadata"].get("annotations") or {}).get(SIMULATE) == DOWN
    fix = f"minictl simulate node-up {name}" if is_told else f"minictl describe node {name}"
    return Cause(f"Its node {name} is not ready: {condition(node, 'Ready').get('message') or 'it says nothing'}", fix)


# --- its containers


def _waiting(pod: Object, keeper: str) -> Iterator[Cause]:
    name, status = name_of(pod), pod.get("status") or {}
    template = keeper or keeper_of(pod)
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        state = (container.get("state") or {}).get("waiting") or {}
        reason = state.get("reason", "")
        if reason and reason not in ("ContainerCreating", "PodInitializing"):
            fix = _WAITING.get(reason, "").format(name=name, template=template, container=container["name"])
            yield Cause(
                f"Its container {container['name']} waits: {reason}{_told(state, reason)}{_last(container)}.", fix
            )


def keeper_of(pod: Object) -> str:
    """What the Pod's template stands in, as far as the Pod tells: `deployment/web`, or the Pod itself."""
    owner = next((o for o in pod["metadata"].get("ownerReferences") or () if o.get("controller")), None)
    if owner is None:
        return name_of(pod)
    mark = labels_of(pod).get("pod-template-hash")
    if owner["kind"] == "ReplicaSet" and mark:
        return f"deployment/{owner['name'].removesuffix(f'-{mark}')}"
    return f"{owner['kind'].lower()}/{owner['name']}"


def _told(state: Object, reason: str) -> str:
    """Which image cannot be had."""
    image = re.search(r'image "([^"]+)"', state.get("message", ""))
    return f" ({image.group(1)})" if image and "Image" in reason else ""


def _last(container: Object) -> str:
    last = (container.get("lastState") or {}).get("terminated") or {}
    if "exitCode" not in last:
        return ""
    why = f" ({last['reason']})" if last.get("reason") not in (None, "", "Error") else ""
    times = container.get("restartCount", 0)
    return f"; it ended with exit code {last['exitCode']}{why} last{f', {times} times so far' if times > 1 else ''}"


def _not_ready(pod: Object) -> Iterator[Cause]:
    name = name_of(pod)
    simulated = (pod["metadata"].get("annotations") or {}).get(SIMULATE)
    if simulated:
        yield Cause(f"It is told to be {simulated} by the annotation {SIMULATE}.", f"minictl simulate well {name}")
        return
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    missing = [gate for gate in gates if condition(pod, gate).get("status") != "True"]
    if missing:
        yield Cause(f"Its readiness gate {missing[0]} is not True: whoever keeps it has not said so.")
        return
    states = {c["name"]: c for c in (pod.get("status") or {}).get("containerStatuses") or ()}
    unready = [c for c in pod["spec"]["containers"] if not states.get(c["name"], {}).get("ready", True)]
    probed = [(c, kind) for c in unready for kind in ("startupProbe", "readinessProbe") if kind in c][:1]
    for container, kind in probed:
        word = kind.removesuffix("Probe")
        yield Cause(
            f"Its container {container['name']} does not pass its {word} probe ({_probe(container[kind])}) yet.",
            f"minictl describe {name}",
        )
    if not probed:
        said = condition(pod, "Ready").get("message") or "its containers do not pass their readiness probes yet"
        yield Cause(f"It is not ready: {said}.", f"minictl describe {name}")


def _probe(probe: Object) -> str:
    if get := probe.get("httpGet"):
        return f"GET {get.get('path', '/')} on port {get.get('port')}"
    if "exec" in probe:
        return " ".join(probe["exec"].get("command") or ())
    kind = next((key for key in ("tcpSocket", "grpc") if key in probe), "")
    return f"{kind.removesuffix('Socket')} port {probe[kind].get('port')}" if kind else "unknown"


# --- what the others share


def first(objects: list[Object], test: Callable[[Object], bool]) -> list[Object]:
    """The first few of which it is true."""
    return [each for each in objects if test(each)][:MOST]


def together(pods: list[Object], causes: Callable[[Object], list[Cause]]) -> dict[Cause, list[str]]:
    """The first few Pods that have causes, by what they suffer from."""
    found: dict[Cause, list[str]] = {}
    for pod in first(pods, lambda pod: bool(causes(pod))):
        for cause in causes(pod):
            found.setdefault(cause, []).append(name_of(pod))
    return found


def said(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "no labels"


def lower(text: str) -> str:
    """A sentence as it goes on behind a colon."""
    return text[:1].lower() + text[1:]
