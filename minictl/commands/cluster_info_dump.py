"""cluster-info dump: what one wants to see of a cluster that has a problem, on stdout or in a folder."""

from __future__ import annotations

import os

from minictl import output
from minictl.errors import ServerError, cannot_open
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import podlogs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

CORE, APPS = "/api/v1", "/apis/apps/v1"
KINDS = (
    # (API, resource, kind of its list, name of its file)
    (CORE, "events", "Event", "events"),
    (CORE, "replicationcontrollers", "ReplicationController", "replication-controllers"),
    (CORE, "services", "Service", "services"),
    (APPS, "daemonsets", "DaemonSet", "daemonsets"),
    (APPS, "deployments", "Deployment", "deployments"),
    (APPS, "replicasets", "ReplicaSet", "replicasets"),
    (CORE, "pods", "Pod", "pods"),
)
STDOUT = ("", "-")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints nodes, and of each namespace events, what keeps Pods, the Pods and their logs."""
    folder, form = flags.text("output-directory"), flags.text("output")
    show = output.object_printer(flags)
    ending = {"json": ".json", "yaml": ".yaml"}.get(form, ".txt")
    dump = _Dump(session, folder)
    dump.write(f"nodes{ending}", show(session.client.list(f"{CORE}/nodes")))
    for namespace in _namespaces(session, flags):
        pods: list[Object] = []
        for api, plural, kind, name in KINDS:
            listed = session.client.list(f"{api}/namespaces/{namespace}/{plural}")
            listed.setdefault("kind", f"{kind}List")
            dump.write(os.path.join(namespace, name + ending), show(listed))
            pods = listed.get("items") or []
        for pod in pods:
            dump.write(os.path.join(namespace, pod["metadata"]["name"], "logs.txt"), _logs(session, pod))
    if folder not in STDOUT:
        session.say(f"Cluster info dumped to {folder}")


def _namespaces(session: Session, flags: Flags) -> list[str]:
    if flags.on("all-namespaces"):
        return [one["metadata"]["name"] for one in session.client.list(f"{CORE}/namespaces").get("items") or []]
    return flags.list("namespaces") or ["kube-system", session.namespace]


def _logs(session: Session, pod: Object) -> str:
    meta, spec = pod["metadata"], pod["spec"]
    pieces = []
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        place = f"logs for container {container['name']} of pod {meta['namespace']}/{meta['name']} ====\n"
        try:
            text = b"".join(podlogs.Source(pod, container["name"]).read(session, {})).decode("utf-8", "replace")
        except ServerError as error:
            text = f"Request log error: {error.message}\n"
        pieces += [f"==== START {place}", text, f"==== END {place}"]
    return "".join(pieces)


class _Dump:
    """Where it all goes: files of a folder, or stdout."""

    def __init__(self, session: Session, folder: str) -> None:
        self.session = session
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        """Raises CommandError for a file that cannot be written."""
        if self.folder in STDOUT:
            self.session.out.write(text)
            return
        path = os.path.join(self.folder, name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise cannot_open(path, error) from None


command = Command(
    "cluster-info dump",
    run,
    usage="cluster-info dump",
    flags=(
        Flag("output-directory", help="folder for the files; empty or - for stdout"),
        Flag("namespaces", "strings", help="namespaces to show: by default kube-system and the current one"),
        options.ALL_NAMESPACES,
        Flag("output", "string", "o", default="json", help="json, yaml, ..."),
        *options.OUTPUT[1:],
        Flag("pod-running-timeout", "seconds", default=20.0, help="ignored", hidden=True),
    ),
)
