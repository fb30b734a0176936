"""create service clusterip | nodeport | loadbalancer | externalname."""

from __future__ import annotations

import re

from minictl.errors import CommandError
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# --cluster-ip and --tcp differ by type; these are what the types are called.
_KINDS = {
    "clusterip": "ClusterIP",
    "nodeport": "NodePort",
    "loadbalancer": "LoadBalancer",
    "externalname": "ExternalName",
}


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    kind = _KINDS[session.path.rpartition(" ")[2]]
    spec = service_spec(
        kind,
        name,
        flags.list("tcp"),
        cluster_ip=flags.text("clusterip") if flags.has("clusterip") else "",
        node_port=flags.number("node-port") if flags.has("node-port") else 0,
        external_name=flags.text("external-name") if flags.has("external-name") else "",
    )
    service = generating.begin(session, "Service", name, labels={"app": name})
    service |= {"spec": spec, "status": {"loadBalancer": {}}}
    where = generating.resource("v1", "Service", "services")
    # --save-config is accepted and does nothing here, as in kubectl.
    generating.make(session, flags, service, where, f"failed to create {kind} service: ", saves=False)


def service_spec(
    kind: str, name: str, tcp: list[str], cluster_ip: str = "", node_port: int = 0, external_name: str = ""
) -> Object:
    """The spec of a Service that selects `app=NAME`.

    Raises:
        CommandError: ports are missing or no ports, or the external name is no name.
    """
    if not tcp and kind != "ExternalName" and cluster_ip != "None":
        raise CommandError("at least one tcp port specifier must be provided")
    if kind == "ExternalName" and not _DNS_LABEL.fullmatch(external_name):
        raise CommandError(f"invalid service external name {external_name}")
    ports = [port(text, node_port) for text in tcp]
    spec: Object = {"ports": ports} if ports else {}
    spec["selector"] = {"app": name}
    if cluster_ip:
        spec["clusterIP"] = cluster_ip
    spec["type"] = kind
    if external_name:
        spec["externalName"] = external_name
    return spec


def port(text: str, node_port: int = 0) -> Object:
    """`80`, `80:8080` or `80:http`; what follows a second colon only shows in the port's name.

    Raises:
        CommandError: it is none of these.
    """
    first, *others = text.split(":")
    number = arguments.unsigned_port(first)
    target: int | str = number
    if others:
        target = arguments.number_or_name(others[0])
        if isinstance(target, str) and (faults := arguments.port_name_faults(target)):
            raise CommandError(",".join(faults))
        if isinstance(target, int) and not 1 <= target <= arguments.MAX_PORT:
            raise CommandError(f"must be between 1 and {arguments.MAX_PORT}, inclusive")
    made: Object = {"name": text.replace(":", "-"), "protocol": "TCP", "port": number, "targetPort": target}
    return {**made, "nodePort": node_port} if node_port else made


_TCP = Flag("tcp", "strings", help="port pairs as PORT:TARGET-PORT")
_SHARED = (_TCP, *options.OUTPUT, options.DRY_RUN, *generating.FLAGS)
_HERE = "minictl.commands.create_service"
commands = {
    "clusterip": Command(
        "create service clusterip",
        run,
        usage="create service clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
        flags=(Flag("clusterip", help="address to ask for, or None for a headless Service"), *_SHARED),
    ),
    "nodeport": Command(
        "create service nodeport",
        run,
        usage="create service nodeport NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
        flags=(Flag("node-port", "int", help="port on every node to ask for"), *_SHARED),
    ),
    "loadbalancer": Command(
        "create service loadbalancer",
        run,
        usage="create service loadbalancer NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
        flags=_SHARED,
    ),
    "externalname": Command(
        "create service externalname",
        run,
        usage="create service externalname NAME --external-name external.name [--dry-run=server|client|none]",
        flags=(Flag("external-name", help="name the Service stands for"), *_SHARED),
        required=("external-name",),
    ),
}
commands["service"] = commands["svc"] = Command(
    "create service",
    usage="create service (clusterip | externalname | loadbalancer | nodeport)",
    children={name: (_HERE, f"Create a {kind} Service") for name, kind in sorted(_KINDS.items())},
)
