"""The parts of a description that Pods and Pod templates share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minictl.describe import containers, volumes
from minictl.describe.text import Page, label_selector

Fields = Mapping[str, Any]


def template(page: Page, pod: Fields) -> None:
    """The `Pod Template:` section of everything that makes Pods."""
    meta, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    page.line("Pod Template:")
    page.labels("  Labels", meta.get("labels"))
    if meta.get("annotations"):
        page.annotations("  Annotations", meta["annotations"])
    if spec.get("serviceAccountName"):
        page.field("Service Account", spec["serviceAccountName"], 1)
    if spec.get("initContainers"):
        containers.write(page, "Init Containers", spec["initContainers"], template=True)
    containers.write(page, "Containers", spec.get("containers") or (), template=True)
    volumes.write(page, spec.get("volumes"), template=True)
    spread(page, spec.get("topologySpreadConstraints") or (), "  ")
    if spec.get("priorityClassName"):
        page.field("Priority Class Name", spec["priorityClassName"], 1)
    page.labels("  Node-Selectors", spec.get("nodeSelector"))
    page.stack("  Tolerations", tolerations(spec.get("tolerations") or ()))


def tolerations(those: Sequence[Fields]) -> Iterable[str]:
    """One text per toleration, by key: key=value:effect op=Exists for 300s."""
    for each in sorted(those, key=lambda one: str(one.get("key", ""))):
        text = str(each.get("key", ""))
        if each.get("value"):
            text += f"={each['value']}"
        if each.get("effect"):
            text += f":{each['effect']}"
        if each.get("operator") == "Exists" and not each.get("value"):
            text += " op=Exists" if text else "op=Exists"
        if each.get("tolerationSeconds") is not None:
            text += f" for {each['tolerationSeconds']}s"
        yield text


def spread(page: Page, constraints: Sequence[Fields], indent: str = "") -> None:
    if not constraints:
        return
    lines = []
    for each in sorted(constraints, key=lambda one: str(one.get("topologyKey", ""))):
        when = f"{each.get('topologyKey', '')}:{each.get('whenUnsatisfiable', '')}"
        chosen = (
            f" for selector {label_selector(each['labelSelector'])}" if each.get("labelSelector") is not None else ""
        )
        lines.append(f"{when} when max skew {each.get('maxSkew', 0)} is exceeded{chosen}")
    first, *others = lines
    page.line(f"{indent}Topology Spread Constraints:\t{first}")
    page.lines(f"{indent}\t{other}" for other in others)


def conditions(page: Page, those: Iterable[Fields]) -> None:
    """Conditions of workloads: type, status and reason."""
    rows = [f"{each.get('type', '')} \t{each.get('status', '')}\t{each.get('reason', '')}" for each in those]
    if rows:
        page.line("Conditions:")
        page.lines(["Type\tStatus\tReason", "----\t------\t------", *rows], 1)
