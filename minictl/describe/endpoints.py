"""Endpoints: addresses, ready and not, and ports, subset by subset."""

from minictl.describe import Cluster, Events, Fields, events
from minictl.describe.text import UNSET, Page, joined


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    page.head(subject.get("metadata") or {})
    page.line("Subsets:")
    for subset in subject.get("subsets") or ():
        for label, key in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            page.field(label, joined(address.get("ip", "") for address in subset.get(key) or ()), 1)
        if subset.get("ports"):
            page.line("Ports:", 1)
            page.lines(["Name\tPort\tProtocol", "----\t----\t--------"], 2)
            for port in subset["ports"]:
                page.line(f"{port.get('name') or UNSET}\t{port.get('port', 0)}\t{port.get('protocol', '')}", 2)
        page.line("")
    events.write(page, happened, cluster.now)
