"""A Node: conditions, what it has, and what its Pods take of it."""

from collections.abc import Iterable, Sequence

from minictl.describe import Cluster, Events, Fields, events, quantities
from minictl.describe.quantities import Amounts, Quantity
from minictl.describe.text import UNSET, Page, age, date, joined
from minictl.texts.gotext import plain

LEASES = "kube-node-lease"
_ROLE = "node-role.kubernetes.io/"
_SYSTEM = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)
_POD_COLUMNS = "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge"
_POD_RULES = "---------\t----\t\t------------\t----------\t---------------\t-------------\t---"
_CONDITION_COLUMNS = ("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
_ALWAYS = ("cpu", "memory", "ephemeral-storage")


def page(page: Page, node: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec, status = node.get("metadata") or {}, node.get("spec") or {}, node.get("status") or {}
    page.field("Name", meta.get("name", ""))
    page.field("Roles", joined(sorted(_roles(meta.get("labels") or {}))))
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    page.field("CreationTimestamp", date(meta.get("creationTimestamp")))
    taints = sorted(spec.get("taints") or (), key=lambda taint: f"{taint.get('effect', '')},{taint.get('key', '')}")
    page.stack("Taints", (_taint(taint) for taint in taints))
    page.field("Unschedulable", plain(bool(spec.get("unschedulable"))))
    _lease(page, cluster, meta.get("name", ""))
    _conditions(page, status.get("conditions") or ())
    page.line("Addresses:")
    for address in status.get("addresses") or ():
        page.field(address.get("type", ""), address.get("address", ""), 1)
    for label, key in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        if status.get(key):
            page.line(f"{label}:")
            for name, amount in sorted(status[key].items()):
                page.field(name, quantities.canonical(amount), 1)
    _system(page, spec, status.get("nodeInfo") or {})
    chosen = f"spec.nodeName={meta.get('name', '')},status.phase!=Failed,status.phase!=Succeeded"
    _pods(page, status, cluster.list("v1", "pods", "", fields=chosen) or [], cluster)
    events.write(page, happened, cluster.now)


def _roles(labels: Fields) -> set[str]:
    roles = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)}
    roles.add(str(labels.get("kubernetes.io/role", "")))
    return roles - {""}


def _taint(taint: Fields) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    effect = f":{taint['effect']}" if taint.get("effect") else ""
    return f"{taint.get('key', '')}{value}{effect}"


def _lease(page: Page, cluster: Cluster, name: str) -> None:
    try:
        lease = cluster.get("coordination.k8s.io/v1", "leases", LEASES, name)
    except LookupError as error:
        page.field("Lease", f"Failed to get lease: {error.args[0]}")
        return
    spec = lease.get("spec") or {}
    page.line("Lease:")
    page.field("HolderIdentity", spec.get("holderIdentity") or UNSET, 1)
    for label, key in (("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")):
        page.field(label, date(spec[key]) if spec.get(key) else UNSET, 1)


def _conditions(page: Page, conditions: Sequence[Fields]) -> None:
    if not conditions:
        return
    page.line("Conditions:")
    page.line("\t".join(_CONDITION_COLUMNS), 1)
    page.line("\t".join("-" * len(column) for column in _CONDITION_COLUMNS), 1)
    for each in conditions:
        times = (date(each.get("lastHeartbeatTime")), date(each.get("lastTransitionTime")))
        cells = (each.get("type", ""), each.get("status", ""), *times, each.get("reason", ""), each.get("message", ""))
        page.line(" \t".join(cells), 1)


def _system(page: Page, spec: Fields, info: Fields) -> None:
    page.line("System Info:")
    for label, key in _SYSTEM:
        page.field(label, info.get(key, ""), 1)
    if spec.get("podCIDR"):
        page.field("PodCIDR", spec["podCIDR"])
    if spec.get("podCIDRs"):
        page.field("PodCIDRs", joined(spec["podCIDRs"]))
    if spec.get("providerID"):
        page.field("ProviderID", spec["providerID"])


def _pods(page: Page, status: Fields, pods: Sequence[Fields], cluster: Cluster) -> None:
    has = quantities.total([status.get("allocatable") or status.get("capacity")])
    wanted = [(pod_resources(pod, "requests"), pod_resources(pod, "limits")) for pod in pods]
    page.field("Non-terminated Pods", f"({len(pods)} in total)")
    page.lines([_POD_COLUMNS, _POD_RULES], 1)
    for pod, (requests, limits) in zip(pods, wanted, strict=True):
        meta = pod.get("metadata") or {}
        cells = (_share(amounts, name, has) for name in ("cpu", "memory") for amounts in (requests, limits))
        since = age(meta.get("creationTimestamp"), cluster.now)
        page.line("\t".join((f"{meta.get('namespace', '')}\t{meta.get('name', '')}\t", *cells, since)), 1)
    _allocated(page, has, quantities.total(one for one, _ in wanted), quantities.total(two for _, two in wanted))


def _allocated(page: Page, has: Amounts, requests: Amounts, limits: Amounts) -> None:
    page.line("Allocated resources:")
    page.line("(Total limits may be over 100 percent, i.e., overcommitted.)", 1)
    page.lines(["Resource\tRequests\tLimits", "--------\t--------\t------"], 1)
    huge = sorted(name for name in has if name.startswith("hugepages-"))
    extended = sorted(name for name in has if "/" in name)
    for name in (*_ALWAYS, *huge):
        page.line(f"{name}\t{_share(requests, name, has)}\t{_share(limits, name, has)}", 1)
    for name in extended:
        page.line(f"{name}\t{requests.get(name, Quantity())}\t{limits.get(name, Quantity())}", 1)


def _share(amounts: Amounts, name: str, has: Amounts) -> str:
    """An amount, and how many per cent that is of what the node has."""
    amount, whole = amounts.get(name, Quantity()), has.get(name, Quantity())
    return f"{amount} ({int(amount.value / whole.value * 100) if whole.value else 0}%)"


def pod_resources(pod: Fields, kind: str) -> Amounts:
    """What a Pod takes of a node: its containers and sidecars together, or an init container if that needs more."""
    spec = pod.get("spec") or {}
    sidecars: list[Amounts] = []
    starting: list[Amounts] = []
    for container in spec.get("initContainers") or ():
        needs = quantities.total([_wants(container, kind)])
        if container.get("restartPolicy") == "Always":
            sidecars.append(needs)
            needs = {}
        starting.append(quantities.total([*sidecars, needs]))
    running = quantities.total([*(_wants(each, kind) for each in spec.get("containers") or ()), *sidecars])
    amounts = quantities.largest([running, *starting])
    amounts.update(quantities.total([(spec.get("resources") or {}).get(kind)]))
    overhead = quantities.total([spec.get("overhead")])
    if kind == "limits":
        overhead = {name: amount for name, amount in overhead.items() if name in amounts}
    return quantities.total([amounts, overhead])


def _wants(container: Fields, kind: str) -> Fields | None:
    wanted: Iterable[Fields] = [container.get("resources") or {}]
    return next((each.get(kind) for each in wanted), None)
