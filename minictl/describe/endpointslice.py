"""An EndpointSlice: its ports, and each endpoint with its readiness and where it runs."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import UNSET, Page, joined
from minictl.texts.gotext import plain


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {})
    page.field("AddressType", subject.get("addressType", ""))
    if subject.get("ports"):
        page.line("Ports:")
        page.lines(["Name\tPort\tProtocol", "----\t----\t--------"], 1)
        for port in subject["ports"]:
            page.line(f"{port.get('name') or UNSET}\t{_or_unset(port, 'port')}\t{port.get('protocol', '')}", 1)
    else:
        page.line(f"Ports: {UNSET}")
    if subject.get("endpoints"):
        page.line("Endpoints:")
        for endpoint in subject["endpoints"]:
            _endpoint(page, endpoint)
    else:
        page.line("Endpoints: <none>")
    events.write(page, happened, cluster.now)


def _endpoint(page: Page, endpoint: Fields) -> None:
    page.field("- Addresses", joined(endpoint.get("addresses") or (), ", "), 1)
    page.line("Conditions:", 2)
    ready = (endpoint.get("conditions") or {}).get("ready")
    page.field("Ready", UNSET if ready is None else plain(ready), 3)
    page.field("Hostname", _or_unset(endpoint, "hostname"), 2)
    target = endpoint.get("targetRef")
    if target is not None:
        page.field("TargetRef", f"{target.get('kind', '')}/{target.get('name', '')}", 2)
    page.field("NodeName", _or_unset(endpoint, "nodeName"), 2)
    page.field("Zone", _or_unset(endpoint, "zone"), 2)


def _or_unset(fields: Fields, key: str) -> object:
    value = fields.get(key)
    return UNSET if value is None else value
