"""status: how the local cluster is, how much it holds, and what it costs."""

from __future__ import annotations

import os

from minictl import cluster
from minictl.errors import UsageError
from minictl.grammar.flags import Command, Flag
from minictl.session import CLOCK
from minictl.steps import telling
from minictl.texts import ages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

NOT_RUNNING = 3
"""Exit status when the cluster does not run, as service managers have it."""
METRICS = {
    "apiserver_storage_objects": "objects",
    "apiserver_registered_watchers": "watchers",
    "minictl_store_revision": "revision",
    "minictl_store_compacted_revision": "compacted",
    "process_uptime_seconds": "uptimeSeconds",
    "process_resident_memory_bytes": "memoryBytes",
}
"""What of the server's metrics is told, and how it is called here; what a metric has several values of is added up."""


def run(session: Session, flags: Flags, args: list[str]) -> int:
    """Prints what is known about the cluster; the exit status says whether it runs and is ready."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    folder = cluster.Folder(session.cluster_name, session.environ)
    found = _found(session, folder)
    if not telling.structured(session, flags, found):
        for name, value in _lines(found):
            session.say(f"{name + ':':<10}{value}")
    return 0 if found["ready"] else NOT_RUNNING


def _found(session: Session, folder: cluster.Folder) -> dict[str, Any]:
    """What is known, for programs: nothing stands there that is not so."""
    pid = folder.pid()
    ready = bool(pid) and cluster.ready(folder)
    found: dict[str, Any] = {"cluster": folder.name, "exists": folder.exists, "running": bool(pid), "ready": ready}
    if pid > 0:
        found["process"] = pid
    if ready:
        found["server"] = str(session.kubeconfig.place().cluster.get("server", ""))
    if ready and session.is_local:
        found |= _measured(session.client.request("GET", "/metrics").body.decode())
        clock = session.client.get(CLOCK)
        if clock.get("clock") == "manual":
            found["clockStandsAt"] = clock["now"]
    if folder.exists:
        found |= {"folder": folder.path, "log": folder.log}
        database = os.path.join(folder.path, "log.db")
        sizes = [os.path.getsize(file) for file in (database, f"{database}-wal") if os.path.exists(file)]
        if sizes:
            found["sizeBytes"] = sum(sizes)
    return found


def _measured(text: str) -> dict[str, int]:
    """The METRICS of a page in Prometheus' text format."""
    found = {"objects": 0, "watchers": 0}  # of nothing there is no metric
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        name = METRICS.get(series.partition("{")[0])
        if name:
            found[name] = found.get(name, 0) + int(float(value))
    return found


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The same for people."""
    state = "stopped" if found["exists"] else "not created yet"
    if found["running"]:
        state = "running" if found["ready"] else f"process {found.get('process', -1)} runs, but is not ready"
    told = {"Cluster": found["cluster"], "State": state}
    for key, title, form in (
        ("process", "Process", "{}"),
        ("server", "Server", "{}"),
        ("clockStandsAt", "Clock", "stands still at {} until it is moved: minictl clock advance"),
        ("folder", "Folder", "{}"),
        ("log", "Log", "{}"),
    ):
        if key in found:
            told[title] = form.format(found[key])
    if "sizeBytes" in found:
        told["Size"] = f"{found['sizeBytes'] / 1024:.0f} KiB"
    if "revision" in found:
        told["Revision"] = f"{found['revision']} (history since {found['compacted']})"
        told["Objects"] = str(found["objects"])
        told["Watchers"] = str(found["watchers"])
        told["Uptime"] = ages.human(found["uptimeSeconds"])
    if "memoryBytes" in found:
        told["Memory"] = f"{found['memoryBytes'] / 1024**2:.0f} MiB"
    return list(told.items())


command = Command(
    "status",
    run,
    usage="status [--cluster NAME]",
    flags=(Flag("output", "string", "o", help="json or yaml"),),
)
