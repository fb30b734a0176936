"""expose: a Service before a Pod, or before what makes Pods, with ports and selector taken from it."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating, overriding, targets
from minictl.steps.targets import Choice
from minictl.steps.writing import (
    SAVE_CONFIG,
    Writes,
    manager,
    need_resources,
    raise_both,
    typed_configuration,
    with_configuration,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session
    from minictl.steps.targets import Target

    Object = dict[str, Any]

MAX_NAME = 63


def run(session: Session, flags: Flags, args: list[str]) -> None:
    writes = Writes(session, flags)
    need_resources(flags, args)
    choice = Choice(
        filenames=flags.list("filename"), kustomize=flags.text("kustomize"), recursive=flags.on("recursive")
    )
    choice.need_names_or_selector = True  # --selector is that of the Service
    selection = targets.select(session, args, choice)
    errors: list[CommandError] = []
    for target in selection:
        try:
            subject = target.object if target.object is not None else session.client.get(target.path)
            _expose(session, flags, writes, target, subject)
        except CommandError as error:
            errors.append(error)
    raise_both(errors, selection.errors)


def _expose(session: Session, flags: Flags, writes: Writes, target: Target, subject: Object) -> None:
    where = generating.resource("v1", "Service", "services")
    service = writes.recorded(overriding.overridden(_service(session, flags, target, subject), flags, where))
    if not writes.sends:
        writes.report(where, service, "exposed", typed=True)
        return
    if flags.on("save-config"):
        service = with_configuration(service, typed_configuration(service))
    made = session.client.create(where.path(session.namespace), service, writes.query)
    writes.report(where, made, "exposed")


def _service(session: Session, flags: Flags, target: Target, subject: Object) -> Object:
    kind = (target.resource.group, target.resource.kind)
    if kind not in _SELECTORS:
        raise CommandError(f"cannot expose a {'.'.join(part for part in reversed(kind) if part)}")
    selector = flags.text("selector")
    chosen = arguments.labels(selector) if selector else _selector(kind, subject)
    ports = _ports(flags, subject)
    labels = subject["metadata"].get("labels") or {}
    if flags.text("labels"):
        labels = arguments.labels(flags.text("labels"))
    name = flags.text("name") or subject["metadata"]["name"][:MAX_NAME]
    service = generating.begin(session, "Service", name, labels=labels)
    return {**service, "spec": _spec(flags, ports, chosen), "status": {"loadBalancer": {}}}


# --- the selector


def _selector(kind: tuple[str, str], subject: Object) -> dict[str, str]:
    try:
        found = _SELECTORS[kind](subject)
    except CommandError as error:
        text = f"couldn't retrieve selectors via --selector flag or introspection: {error.message}"
        raise CommandError(text) from None
    return found


def _of_pod(pod: Object) -> dict[str, str]:
    labels: dict[str, str] = pod["metadata"].get("labels") or {}
    if not labels:
        raise CommandError("the pod has no labels and cannot be exposed")
    return labels


def _of_service(service: Object) -> dict[str, str]:
    selector: dict[str, str] = (service.get("spec") or {}).get("selector") or {}
    if not selector:
        raise CommandError("the service has no pod selector set")
    return selector


def _of_controller(subject: Object) -> dict[str, str]:
    selector: dict[str, str] = (subject.get("spec") or {}).get("selector") or {}
    if not selector:
        raise CommandError("the replication controller has no pod selector set")
    return selector


def _of_workload(subject: Object) -> dict[str, str]:
    selector = (subject.get("spec") or {}).get("selector") or {}
    if selector.get("matchExpressions"):
        from minictl.texts import gotext

        expressions = gotext.plain(selector["matchExpressions"])
        raise CommandError(f'couldn\'t convert expressions - "{expressions}" to map-based selector format')
    labels: dict[str, str] = selector.get("matchLabels") or {}
    if not labels:
        raise CommandError(f"invalid {subject['kind'].lower()}: no selectors, therefore cannot be exposed")
    return labels


_SELECTORS: dict[tuple[str, str], Callable[[Object], dict[str, str]]] = {
    ("", "Pod"): _of_pod,
    ("", "Service"): _of_service,
    ("", "ReplicationController"): _of_controller,
    ("apps", "Deployment"): _of_workload,
    ("apps", "ReplicaSet"): _of_workload,
}


# --- the ports


def offered(subject: Object) -> list[tuple[int, str]]:
    """Numbers and protocols of the ports of a Service, of a Pod, or of the Pods of a template."""
    spec = subject.get("spec") or {}
    if subject.get("kind") == "Service":
        return [(port["port"], port.get("protocol") or "TCP") for port in spec.get("ports") or []]
    if "template" in spec:
        spec = (spec["template"] or {}).get("spec") or {}
    return [
        (port["containerPort"], port.get("protocol") or "TCP")
        for container in spec.get("containers") or []
        for port in container.get("ports") or []
    ]


def _ports(flags: Flags, subject: Object) -> list[Object]:
    known = offered(subject)
    numbers = [arguments.decimal(text) for text in flags.text("port").split(",")] if flags.text("port") else []
    if not numbers:
        numbers = list(dict.fromkeys(number for number, _ in known))
    if not numbers and flags.text("cluster-ip") != "None":
        raise CommandError("couldn't find port via --port flag or introspection")
    ports: list[Object] = []
    for place, number in enumerate(numbers, 1):
        protocols = [protocol for other, protocol in known if other == number] or ["TCP"]
        if flags.text("protocol"):
            protocols = [flags.text("protocol")]
        several = len(numbers) > 1 or len(protocols) > 1
        for protocol in dict.fromkeys(protocols):
            name = f"port-{place}" + (f"-{protocol.lower()}" if len(protocols) > 1 else "")
            ports.append({**({"name": name} if several else {}), "protocol": protocol, "port": number})
    target = flags.text("target-port")
    return [{**port, "targetPort": arguments.number_or_name(target) if target else port["port"]} for port in ports]


def _spec(flags: Flags, ports: list[Object], selector: dict[str, str]) -> Object:
    kind, affinity = flags.text("type"), flags.text("session-affinity")
    if affinity not in ("", "None", "ClientIP"):
        raise CommandError(f"unknown session affinity: {affinity}")
    spec = {
        "ports": ports,
        "selector": selector,
        "clusterIP": flags.text("cluster-ip"),
        "type": kind,
        "externalIPs": [flags.text("external-ip")] if flags.text("external-ip") else [],
        "sessionAffinity": affinity,
        "loadBalancerIP": flags.text("load-balancer-ip") if kind == "LoadBalancer" else "",
    }
    return {key: value for key, value in spec.items() if value}


command = Command(
    "expose",
    run,
    usage="expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name]"
    " [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    flags=(
        *options.FILES,
        Flag("port", help="port of the Service; by default those of what is exposed"),
        Flag("target-port", help="port of the container, by number or name; by default the same"),
        Flag("protocol", help="TCP, UDP or SCTP"),
        Flag("type", help="ClusterIP, NodePort, LoadBalancer or ExternalName"),
        Flag("name", help="name of the Service; by default that of what is exposed"),
        Flag("selector", help="labels to select Pods by; by default those of what is exposed"),
        Flag("labels", "string", "l", help="labels of the Service"),
        Flag("external-ip", help="further address to accept"),
        Flag("load-balancer-ip", help="address to ask the load balancer for"),
        Flag("cluster-ip", help="address to ask for, or None for a headless Service"),
        Flag("session-affinity", help="None or ClientIP"),
        *overriding.FLAGS,
        *options.OUTPUT,
        options.DRY_RUN,
        manager("kubectl-expose"),
        SAVE_CONFIG,
        options.RECORD,
    ),
)
