"""What the cluster's DNS makes of a name that a Pod asks for: search domains, Services, Pods of headless ones."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    Object = dict[str, Any]

NDOTS = 5
"""A name with fewer dots is first tried below the search domains (source: the resolv.conf that kubelets write)."""
_POD_ADDRESS = re.compile(r"(\d+)-(\d+)-(\d+)-(\d+)\Z")


class Found:
    """What a name stands for: a Service, a Pod of a headless one by its own name, or an address."""

    __slots__ = ("address", "pod", "said", "service")

    def __init__(self, said: str, service: Object | None = None, pod: str = "", address: str = "") -> None:
        self.said = said
        self.service = service
        self.pod = pod
        self.address = address


def search(namespace: str, domain: str) -> tuple[str, str, str]:
    """The search domains of a Pod."""
    return f"{namespace}.svc.{domain}", f"svc.{domain}", domain


def tries(host: str, namespace: str, domain: str) -> list[str]:
    """The full names that are asked for, one after the other. One that ends in a dot is full already."""
    name = host.rstrip(".")
    below = [f"{name}.{each}" for each in search(namespace, domain)]
    if host.endswith("."):
        return [name]
    return [*below, name] if name.count(".") < NDOTS else [name, *below]


def not_asked(pod: Object) -> str:
    """Why the cluster's DNS is not asked; "" when it is."""
    spec = pod["spec"]
    policy = spec.get("dnsPolicy", "ClusterFirst")
    if policy == "None":
        servers = ", ".join((spec.get("dnsConfig") or {}).get("nameservers") or ())
        return f"its dnsPolicy is None: it asks {servers or 'nobody'}"
    if policy == "Default" or (policy == "ClusterFirst" and spec.get("hostNetwork")):
        why = "its dnsPolicy is Default" if policy == "Default" else "it is in its node's network (hostNetwork)"
        return f"{why}: it asks the DNS of its node"
    return ""


def resolve(host: str, namespace: str, domain: str, service: Callable[[str, str], Object | None]) -> Found | None:
    """The first of the tries that is known. `service(namespace, name)` finds one."""
    name = host.rstrip(".")
    for full in tries(host, namespace, domain):
        below = next((each for each in search(namespace, domain) if full == f"{name}.{each}"), "")
        said = f"{host} is {full} (search domain {below})" if below else f"{full} is a full name"
        labels = full.removesuffix(f".{domain}").split(".")
        if not full.endswith(f".{domain}"):
            continue
        if labels[-1] == "pod" and len(labels) == 3 and (parts := _POD_ADDRESS.match(labels[0])):
            return Found(f"{said}, a Pod's address", address=".".join(parts.groups()))
        if labels[-1] == "svc" and len(labels) in (3, 4):
            found = service(labels[-2], labels[-3])
            if found is not None:
                return Found(said, found, labels[0] if len(labels) == 4 else "")
    return None


def is_foreign(host: str, domain: str, namespaces: Collection[str]) -> bool:
    """Is it rather a name of the world outside, as example.com is?"""
    name = host.rstrip(".")
    second = name.split(".")[1] if "." in name else ""
    return bool(second) and not name.endswith(f".{domain}") and second not in namespaces
