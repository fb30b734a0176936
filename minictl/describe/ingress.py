"""An Ingress: which Service answers for which host and path."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.service import endpoints
from minictl.describe.text import NONE, Page

_DEFAULT = "<default>"


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec = subject.get("metadata") or {}, subject.get("spec") or {}
    balancer = (subject.get("status") or {}).get("loadBalancer") or {}
    addresses = {each.get("ip") or each.get("hostname", "") for each in balancer.get("ingress") or ()}
    default = spec.get("defaultBackend")
    fallback = backend(cluster, meta.get("namespace", ""), default) if default else _DEFAULT
    page.field("Name", meta.get("name", ""))
    page.labels("Labels", meta.get("labels"))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("Address", ",".join(sorted(addresses - {""})))
    page.field("Ingress Class", spec.get("ingressClassName", NONE))
    page.field("Default backend", fallback)
    if spec.get("tls"):
        page.line("TLS:")
        page.lines((_secured(each) for each in spec["tls"]), 1)
    page.line("Rules:")
    page.line("Host\tPath\tBackends", 1)
    page.line("----\t----\t--------", 1)
    rules = [rule for rule in spec.get("rules") or () if rule.get("http") is not None]
    for rule in rules:
        page.line(f"{rule.get('host') or '*'}\t", 1)
        for path in rule["http"].get("paths") or ():
            leads_to = backend(cluster, meta.get("namespace", ""), path.get("backend") or {})
            page.line(f"\t{path.get('path', '')} \t{leads_to}", 2)
    if not rules:
        page.line(f"*\t*\t{fallback}", 1)
    page.annotations("Annotations", meta.get("annotations"))
    events.write(page, happened, cluster.now)


def _secured(tls: Fields) -> str:
    hosts = ",".join(tls.get("hosts") or ())
    return f"{tls['secretName']} terminates {hosts}" if tls.get("secretName") else f"SNI routes {hosts}"


def backend(cluster: Cluster, namespace: str, target: Fields) -> str:
    """Where requests go: a port of a Service and the endpoints behind it, or any object."""
    wanted, resource = target.get("service"), target.get("resource")
    if wanted is not None:
        return _service(cluster, namespace, wanted)
    if resource is None:
        return ""
    group = resource.get("apiGroup")
    kind, name = resource.get("kind", ""), resource.get("name", "")
    return f"APIGroup: {NONE if group is None else group}, Kind: {kind}, Name: {name}"


def _service(cluster: Cluster, namespace: str, wanted: Fields) -> str:
    name, port = wanted.get("name", ""), wanted.get("port") or {}
    shown = f"{name}:{port.get('number') or port.get('name', '')}"
    try:
        service = cluster.get("v1", "services", namespace, name)
    except LookupError as error:
        return f"{shown} (<error: {error.args[0]}>)"
    port_name = ""
    for each in (service.get("spec") or {}).get("ports") or ():
        if port.get("number") == each.get("port") or (port.get("name") and port["name"] == each.get("name")):
            port_name = each.get("name", "")
    chosen = f"kubernetes.io/service-name={name}"
    slices = cluster.list("discovery.k8s.io/v1", "endpointslices", namespace, labels=chosen) or []
    return f"{shown} ({endpoints(slices, port_name)})"
