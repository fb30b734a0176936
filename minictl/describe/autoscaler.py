"""A HorizontalPodAutoscaler: what it scales, each metric as current / target, its bounds, and whether it works."""

from collections.abc import Iterable, Mapping

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.quantities import canonical
from minictl.describe.text import UNKNOWN, UNSET, Page, date

_SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = (subject.get(part) or {} for part in ("metadata", "spec", "status"))
    target = spec.get("scaleTargetRef") or {}
    page.head(meta)
    page.field("CreationTimestamp", date(meta.get("creationTimestamp")))
    page.field("Reference", f"{target.get('kind', '')}/{target.get('name', '')}")
    page.field("Metrics", "( current / target )")
    current: list[Fields] = status.get("currentMetrics") or []
    for index, metric in enumerate(spec.get("metrics") or ()):
        page.line(_metric(metric, current[index] if index < len(current) else {}), 1)
    page.field("Min replicas", spec.get("minReplicas", UNSET))
    page.field("Max replicas", spec.get("maxReplicas", 0))
    if spec.get("behavior"):
        page.line("Behavior:")
        for title, direction in (("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")):
            page.lines(_behavior(title, spec["behavior"].get(direction)))
    counts = f"{status.get('currentReplicas', 0)} current / {status.get('desiredReplicas', 0)} desired"
    page.field(f"{target.get('kind', '')} pods", counts)
    if status.get("conditions"):
        page.line("Conditions:")
        page.lines(["Type\tStatus\tReason\tMessage", "----\t------\t------\t-------"], 1)
        for condition in status["conditions"]:
            page.line("\t".join(condition.get(f, "") for f in ("type", "status", "reason", "message")), 1)
    events.write(page, happened, cluster.now)


def _metric(metric: Fields, current: Fields) -> str:
    source = _SOURCES.get(metric.get("type", ""), "")
    described = metric.get(source)
    if described is None:
        return f'<unknown metric type "{metric.get("type", "")}">'
    target, now = described.get("target") or {}, (current.get(source) or {}).get("current") or {}
    name = (described.get("metric") or {}).get("name", "")
    field = "averageValue" if "averageValue" in target else "value"
    values = f"{_amount(now, field)} / {_amount(target, field)}"
    title = "(target average value)" if field == "averageValue" else "(target value)"
    if source == "external":
        return f'"{name}" {title}:\t{values}'
    if source == "pods":
        return f'"{name}" on pods:\t{values}'
    if source == "object":
        about = described.get("describedObject") or {}
        return f'"{name}" on {about.get("kind", "")}/{about.get("name", "")} {title}:\t{values}'
    where = f' of container "{described.get("container", "")}"' if source == "containerResource" else ""
    text = f"resource {described.get('name', '')}{where} on pods"
    if field == "averageValue":
        return f"{text}:\t{values}"
    return f"{text}  (as a percentage of request):\t{_share(now)} / {_target_share(target)}"


def _amount(values: Mapping[str, str], field: str) -> str:
    return canonical(values[field]) if values.get(field) is not None else UNKNOWN


def _share(now: Fields) -> str:
    if now.get("averageUtilization") is None:
        return UNKNOWN
    return f"{now['averageUtilization']}% ({_amount(now, 'averageValue')})"


def _target_share(target: Fields) -> str:
    share = target.get("averageUtilization")
    return "<auto>" if share is None else f"{share}%"


def _behavior(title: str, rules: Fields | None) -> Iterable[str]:
    if rules is None:
        return
    yield f"  {title}:"
    if rules.get("stabilizationWindowSeconds") is not None:
        yield f"    Stabilization Window: {rules['stabilizationWindowSeconds']} seconds"
    if rules.get("policies"):
        yield f"    Select Policy: {rules.get('selectPolicy', 'Max')}"
        yield "    Policies:"
        for policy in rules["policies"]:
            period = policy.get("periodSeconds", 0)
            yield f"      - Type: {policy.get('type', '')}\tValue: {policy.get('value', 0)}\tPeriod: {period} seconds"
