"""create ingress."""

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


_RULE = re.compile(
    r"(?P<host>[\w*\-.]*)(?P<path>/.*)=(?P<service>[\w\-]+):(?P<port>[\w\-]+)(,(?P<tls>tls)=?(?P<secret>[\w\-]+)?)?",
    re.ASCII,
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    rules, default = flags.list("rule"), flags.text("default-backend")
    _check(rules, default, flags.list("annotation"))
    ingress = generating.begin(session, "Ingress", name, "networking.k8s.io/v1")
    if flags.list("annotation"):
        pairs = (each.partition("=") for each in flags.list("annotation"))
        ingress["metadata"]["annotations"] = {key: value for key, _, value in pairs}
    spec: Object = {"ingressClassName": flags.text("class")} if flags.text("class") else {}
    if default:
        spec["defaultBackend"] = _backend(*default.split(":"))
    tls, hosts = _tls(rules), _rules(rules)
    spec |= {key: value for key, value in (("tls", tls), ("rules", hosts)) if value}
    where = generating.resource("networking.k8s.io/v1", "Ingress", "ingresses")
    made = {**ingress, "spec": spec, "status": {"loadBalancer": {}}}
    generating.make(session, flags, made, where, "failed to create ingress: ")


def _check(rules: list[str], default: str, annotations: list[str]) -> None:
    if not rules and not default:
        raise CommandError(
            "not enough information provided: every ingress has to either specify a default-backend"
            " (which catches all traffic) or a list of rules (which catch specific paths)"
        )
    for rule in rules:
        if not _RULE.match(rule):
            raise CommandError(
                f"rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            )
    for annotation in annotations:
        if "=" not in annotation:
            raise CommandError(f"annotation {annotation} is invalid and should be in format key=[value]")
    if default and len(default.split(":")) != 2:
        raise CommandError("default-backend should be in format servicename:serviceport")


def _backend(service: str, port: str) -> Object:
    number = arguments.number_or_name(port)
    return {"service": {"name": service, "port": {"number" if isinstance(number, int) else "name": number}}}


def _rules(rules: list[str]) -> list[Object]:
    """One rule per host, with the paths in their order."""
    paths: dict[str, list[Object]] = {}
    for rule in rules:
        host, _, rest = rule.split(",")[0].partition("/")
        path, _, service = rest.partition("=")
        kind = "Prefix" if path.endswith("*") else "Exact"
        backend = _backend(*service.split(":")[:2])
        made = {"path": "/" + path.removesuffix("*"), "pathType": kind, "backend": backend}
        paths.setdefault(host, []).append(made)
    return [{**({"host": host} if host else {}), "http": {"paths": found}} for host, found in paths.items()]


def _tls(rules: list[str]) -> list[Object]:
    """One entry per secret, with its hosts; a host is named once."""
    entries: dict[str, list[str]] = {}
    seen = set()
    for rule in rules:
        _, comma, tls = rule.partition(",")
        host = rule.partition("/")[0]
        if comma and host not in seen:
            seen.add(host)
            entries.setdefault(tls.partition("=")[2], []).extend([host] if host else [])
    made = []
    for secret, hosts in entries.items():
        entry = {key: value for key, value in (("hosts", hosts), ("secretName", secret)) if value}
        made += [entry] if entry else []
    return made


command = Command(
    "create ingress",
    run,
    usage="create ingress NAME --rule=host/path=service:port[,tls[=secret]]",
    flags=(
        Flag("class", help="class of the Ingress"),
        Flag("rule", "array", help="host/path=service:port[,tls[=secret]]; may be repeated"),
        Flag("default-backend", help="service:port for all other traffic"),
        Flag("annotation", "array", help="key=value; may be repeated"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
)
