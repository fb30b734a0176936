"""A Pod: where it runs, its containers with their states, conditions, volumes and what it tolerates."""

from minictl.describe import Cluster, Events, Fields, containers, events, podspec, volumes
from minictl.describe.text import NONE, Page, age, controller, date


def page(page: Page, pod: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = pod.get("metadata") or {}, pod.get("spec") or {}, pod.get("status") or {}
    _place(page, meta, spec, status)
    _standing(page, meta, spec, status, cluster)
    _containers(page, meta, spec, status)
    _conditions(page, spec, status)
    volumes.write(page, spec.get("volumes"))
    page.field("QoS Class", status.get("qosClass", ""))
    page.labels("Node-Selectors", spec.get("nodeSelector"))
    page.stack("Tolerations", podspec.tolerations(spec.get("tolerations") or ()))
    podspec.spread(page, spec.get("topologySpreadConstraints") or ())
    events.write(page, happened, cluster.now)


def _place(page: Page, meta: Fields, spec: Fields, status: Fields) -> None:
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    if spec.get("priority") is not None:
        page.field("Priority", spec["priority"])
    for label, key in (
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if spec.get(key):
            page.field(label, spec[key])
    page.field("Node", f"{spec['nodeName']}/{status.get('hostIP', '')}" if spec.get("nodeName") else NONE)
    if status.get("startTime"):
        page.field("Start Time", date(status["startTime"]))
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))


def _standing(page: Page, meta: Fields, spec: Fields, status: Fields, cluster: Cluster) -> None:
    phase = status.get("phase", "")
    if meta.get("deletionTimestamp") and phase not in ("Failed", "Succeeded"):
        page.field("Status", f"Terminating (lasts {age(meta['deletionTimestamp'], cluster.now)})")
        page.field("Termination Grace Period", f"{meta.get('deletionGracePeriodSeconds', 0)}s")
    else:
        page.field("Status", phase)
    for label, key in (("Reason", "reason"), ("Message", "message")):
        if status.get(key):
            page.field(label, status[key])
    profile = (spec.get("securityContext") or {}).get("seccompProfile")
    if profile:
        page.field("SeccompProfile", profile.get("type", ""))
        if profile.get("type") == "Localhost":
            page.field("LocalhostProfile", profile.get("localhostProfile", ""))
    page.field("IP", status.get("podIP", ""))
    if status.get("podIPs"):
        page.line("IPs:")
        for each in status["podIPs"]:
            page.field("IP", each.get("ip", ""), 1)
    else:
        page.field("IPs", NONE)
    if controller(meta):
        page.field("Controlled By", controller(meta))
    if status.get("nominatedNodeName"):
        page.field("NominatedNodeName", status["nominatedNodeName"])


def _containers(page: Page, meta: Fields, spec: Fields, status: Fields) -> None:
    def field_value(path: str) -> str:
        # The only fields clients may ask for by label without knowing the kind.
        return (
            str(meta.get(path.removeprefix("metadata."), "")) if path in ("metadata.name", "metadata.namespace") else ""
        )

    if spec.get("resources"):
        page.line("Resources:")
        containers.resources(page, spec["resources"], 1)
    for title, key, statuses in (
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        if spec.get(key) or key == "containers":
            containers.write(page, title, spec.get(key) or (), status.get(statuses) or (), field_value)


def _conditions(page: Page, spec: Fields, status: Fields) -> None:
    known = {each.get("type"): each.get("status", "") for each in reversed(status.get("conditions") or ())}
    gates = [
        (gate.get("conditionType", ""), known.get(gate.get("conditionType"), NONE))
        for gate in spec.get("readinessGates") or ()
    ]
    met = [(each.get("type", ""), each.get("status", "")) for each in status.get("conditions") or ()]
    for title, rows in (("Readiness Gates", gates), ("Conditions", met)):
        if rows:
            page.line(f"{title}:")
            page.line("Type\tStatus", 1)
            page.lines((f"{kind} \t{state} " for kind, state in rows), 1)
