"""status: how the local cluster is."""

from __future__ import annotations

import os

from minictl import cluster
from minictl.errors import UsageError
from minictl.grammar.flags import Command
from minictl.session import CLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

NOT_RUNNING = 3
"""Exit status when the cluster does not run, as service managers have it."""


def run(session: Session, flags: Flags, args: list[str]) -> int:
    """Prints what is known about the cluster; the exit status says whether it runs and is ready."""
    if args:
        raise UsageError(f"unexpected arguments: [{' '.join(args)}]", session.path)
    folder = cluster.Folder(session.cluster_name, session.environ)
    pid = folder.pid()
    ready = bool(pid) and cluster.ready(folder)
    state = "running" if ready else f"process {pid} runs, but is not ready" if pid else "stopped"
    lines = {"Cluster": folder.name, "State": state if folder.exists else "not created yet"}
    if pid > 0:
        lines["Process"] = str(pid)
    if ready:
        lines["Server"] = str(session.kubeconfig.place().cluster.get("server", ""))
        clock = session.client.get(CLOCK) if session.is_local else {}
        if clock.get("clock") == "manual":
            lines["Clock"] = f"stands still at {clock['now']} until it is moved: minictl clock advance"
    if folder.exists:
        lines["Folder"] = folder.path
        lines["Log"] = folder.log
        database = os.path.join(folder.path, "log.db")
        if os.path.exists(database):
            lines["Size"] = f"{os.path.getsize(database) / 1024:.0f} KiB"
    for name, value in lines.items():
        session.say(f"{name + ':':<10}{value}")
    return 0 if ready else NOT_RUNNING


command = Command("status", run, usage="status [--cluster NAME]")
