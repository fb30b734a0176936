"""cluster-info: where the control plane answers."""

from __future__ import annotations

from minictl.errors import PROGRAM, CommandError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


ADVICE = f"To further debug and diagnose cluster problems, use '{PROGRAM} cluster-info dump'."


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the address of the control plane, and those of services that belong to the cluster."""
    query = {"labelSelector": "kubernetes.io/cluster-service=true"}
    try:
        services = session.client.list("/api/v1/namespaces/kube-system/services", query)["items"] or []
    except CommandError as error:
        error.printed = f"\n{ADVICE}\n"
        raise
    address = _address(session)
    _line(session, "Kubernetes control plane", address)
    for service in services:
        metadata = service["metadata"]
        name = (metadata.get("labels") or {}).get("kubernetes.io/name") or metadata["name"]
        port = next((f":{p['name']}" for p in service["spec"].get("ports") or [] if p.get("name")), "")
        _line(session, name, f"{address}/api/v1/namespaces/kube-system/services/{metadata['name']}{port}/proxy")
    session.say(f"\n{ADVICE}")


def _address(session: Session) -> str:
    """The address that others can use; the local cluster's is in its kubeconfig, as this client came by its socket."""
    if session.flags.given("server"):
        return session.flags.text("server")
    return str(session.place.cluster.get("server") or "http://localhost:8080")


def _line(session: Session, name: str, address: str) -> None:
    if session.terminal:
        name, address = f"\x1b[0;32m{name}\x1b[0m", f"\x1b[0;33m{address}\x1b[0m"
    session.say(f"{name} is running at {address}")


command = Command(
    "cluster-info",
    run,
    usage="cluster-info",
    children={"dump": ("minictl.commands.cluster_info_dump", "Show what helps to find out what is wrong")},
)
