"""A NetworkPolicy: which traffic its Pods may get and send. It tells of no events."""

from collections.abc import Iterable, Sequence

from minictl.describe import Cluster, Events, Fields
from minictl.describe.text import Page, label_selector, moment

_ALL_PODS = "<none> (Allowing the specific traffic to all pods in this namespace)"
_ANY_PORT = "To Port: <any> (traffic allowed to all ports)"
_BETWEEN_RULES = "----------"

# (key of its rules, key of a rule's peers, the word for them, what having none does not restrict)
_DIRECTIONS = (("ingress", "from", "From", "source"), ("egress", "to", "To", "destination"))


def page(page: Page, subject: Fields, happened: Events, cluster: Cluster) -> None:
    meta, spec = subject.get("metadata") or {}, subject.get("spec") or {}
    created, types = moment(meta.get("creationTimestamp")), spec.get("policyTypes") or ()
    page.field("Name", meta.get("name", ""))
    page.field("Namespace", meta.get("namespace", ""))
    page.field("Created on", created.astimezone().strftime("%Y-%m-%d %H:%M:%S %z %Z") if created else "<nil>")
    page.labels("Labels", meta.get("labels"))
    page.annotations("Annotations", meta.get("annotations"))
    page.line("Spec:")
    chosen = spec.get("podSelector") or {}
    is_narrow = chosen.get("matchLabels") or chosen.get("matchExpressions")
    page.line(f"PodSelector:     {label_selector(chosen) if is_narrow else _ALL_PODS}", 1)
    for direction, key, word, end in _DIRECTIONS:
        if direction.title() in types:
            page.line(f"Allowing {direction} traffic:", 1)
            page.lines(_rules(spec.get(direction) or (), direction, key, word, end), 2)
        else:
            page.line(f"Not affecting {direction} traffic", 1)
    page.line(f"Policy Types: {', '.join(types)}", 1)


def _rules(rules: Sequence[Fields], direction: str, key: str, word: str, end: str) -> Iterable[str]:
    if not rules:
        yield f"<none> (Selected pods are isolated for {direction} connectivity)"
    for index, rule in enumerate(rules):
        if index:
            yield _BETWEEN_RULES
        yield from [_port(port) for port in rule.get("ports") or ()] or [_ANY_PORT]
        if not rule.get(key):
            yield f"{word}: <any> (traffic not restricted by {end})"
        for peer in rule.get(key) or ():
            yield f"{word}:"
            yield from _peer(peer)


def _port(port: Fields) -> str:
    number, protocol = port.get("port", "<nil>"), port.get("protocol", "TCP")
    if port.get("endPort") is None:
        return f"To Port: {number}/{protocol}"
    return f"To Port Range: {number}-{port['endPort']}/{protocol}"


def _peer(peer: Fields) -> Iterable[str]:
    selectors = (("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector"))
    chosen = [f"  {word}: {label_selector(peer[key])}" for word, key in selectors if peer.get(key) is not None]
    yield from chosen
    block = peer.get("ipBlock")
    if block is not None and not chosen:
        yield "  IPBlock:"
        yield f"    CIDR: {block.get('cidr', '')}"
        yield f"    Except: {', '.join(block.get('except') or ())}"
