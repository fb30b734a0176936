"""drain: cordons a node and moves its Pods away, by eviction so that disruption budgets are kept."""

from __future__ import annotations

import time

from minictl.errors import CommandError, ServerError, go_quote, raise_all
from minictl.grammar.flags import Command, Flag
from minictl.steps import nodes
from minictl.steps.writing import dry_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

RETRY_SECONDS = 5.0
POLL_SECONDS = 0.2
MIRROR = "kubernetes.io/config.mirror"
_UNMANAGED = ("Pods that declare no controller (use --force to override)", "deleting Pods that declare no controller")
_LOCAL = ("Pods with local storage (use --delete-emptydir-data to override)", "deleting Pods with local storage")
_DAEMON = ("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", "ignoring DaemonSet-managed Pods")


def run(session: Session, flags: Flags, args: list[str]) -> None:
    how = dry_run(session, flags)
    found = nodes.chosen(session, flags, args)
    nodes.mark(session, found, True, how)
    errors: list[CommandError] = []
    pending = []
    for target, _ in found:
        try:
            _drain(session, flags, target.name, how)
            session.say(f"{target.label} drained{nodes.SUFFIX[how]}")
        except CommandError as error:
            session.note(
                f"error: unable to drain node {go_quote(target.name)} due to error: {error.message},"
                " continuing command..."
            )
            errors.append(error)
            pending.append(target.name)
    if pending:
        session.note("\n".join(["There are pending nodes to be drained:", *(f" {name}" for name in pending)]))
    raise_all(errors)


def _drain(session: Session, flags: Flags, node: str, how: str) -> None:
    query = {"fieldSelector": f"spec.nodeName={node}", "labelSelector": flags.text("pod-selector")}
    pods = session.client.list("/api/v1/pods", query).get("items") or []
    leaving, warnings, faults = sorted_out(pods, flags)
    if faults:
        raise CommandError(_told(faults, "; ", "cannot delete "))
    if warnings:
        session.warn(_told(warnings, "; "))
    session.out.flush()
    for pod in leaving:
        meta = pod["metadata"]
        line = f"evicting pod {meta['namespace']}/{meta['name']}{nodes.SUFFIX[how]}"
        if how == "client":
            session.say(line)
        else:
            session.note(line)
    if how == "client":
        return
    deadline = time.monotonic() + (flags.seconds("timeout") or float("inf"))
    for pod in leaving:
        _leave(session, flags, pod, how, deadline)
    if how == "none":
        for pod in leaving:
            _wait(session, pod, deadline)
            session.say(f"pod/{pod['metadata']['name']} {'deleted' if flags.on('disable-eviction') else 'evicted'}")


Messages = dict[str, list[str]]


def sorted_out(pods: list[Object], flags: Flags) -> tuple[list[Object], Messages, Messages]:
    """The Pods that have to leave; what to warn of; and what speaks against it, each message with its Pods."""
    leaving: list[Object] = []
    warnings: Messages = {}
    faults: Messages = {}
    for pod in pods:
        meta = pod["metadata"]
        name = f"{meta['namespace']}/{meta['name']}"
        finished = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if MIRROR in (meta.get("annotations") or {}):
            continue
        owner = next((one for one in meta.get("ownerReferences") or [] if one.get("controller")), None)
        if owner is not None and owner.get("kind") == "DaemonSet" and not finished:
            _note(warnings, faults, _DAEMON, flags.on("ignore-daemonsets"), name)
            continue
        if not finished and any("emptyDir" in volume for volume in (pod.get("spec") or {}).get("volumes") or []):
            _note(warnings, faults, _LOCAL, flags.on("delete-emptydir-data"), name)
        if owner is None and not finished:
            _note(warnings, faults, _UNMANAGED, flags.on("force"), name)
        leaving.append(pod)
    return leaving, warnings, faults


def _note(warnings: Messages, faults: Messages, texts: tuple[str, str], allowed: bool, name: str) -> None:
    fatal, warning = texts
    (warnings if allowed else faults).setdefault(warning if allowed else fatal, []).append(name)


def _told(messages: Messages, separator: str, before: str = "") -> str:
    return separator.join(f"{before}{text}: {', '.join(names)}" for text, names in messages.items())


def _leave(session: Session, flags: Flags, pod: Object, how: str, deadline: float) -> None:
    """Evicts one Pod, again and again while a budget does not allow it."""
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
    options: Object = {"kind": "DeleteOptions", "apiVersion": "v1"}
    if flags.number("grace-period") >= 0:
        options["gracePeriodSeconds"] = flags.number("grace-period")
    query = {"dryRun": "All"} if how == "server" else None
    what = f"pods/{go_quote(meta['name'])} -n {go_quote(meta['namespace'])}"
    eviction = {
        "kind": "Eviction",
        "apiVersion": "policy/v1",
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
        "deleteOptions": options,
    }
    while True:
        try:
            if flags.on("disable-eviction"):
                session.client.delete(path, options, query)
            else:
                session.client.create(f"{path}/eviction", eviction, query)
            return
        except ServerError as error:
            if error.reason == "NotFound":
                return
            if error.reason != "TooManyRequests":
                raise CommandError(f"error when evicting {what}: {error.message}") from None
            session.note(f"error when evicting {what} (will retry after 5s): {error.message}")
        if time.monotonic() + RETRY_SECONDS > deadline:
            seconds = f"{flags.seconds('timeout'):g}s"
            raise CommandError(f"error when evicting {what}: global timeout reached: {seconds}")
        time.sleep(RETRY_SECONDS)


def _wait(session: Session, pod: Object, deadline: float) -> None:
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
    while time.monotonic() < deadline:
        try:
            if session.client.get(path)["metadata"].get("uid") != meta.get("uid"):
                return
        except ServerError as error:
            if error.reason == "NotFound":
                return
            raise
        time.sleep(POLL_SECONDS)
    raise CommandError(
        f"error when waiting for pod {go_quote(meta['name'])} in namespace {go_quote(meta['namespace'])} to terminate:"
        " global timeout reached"
    )


command = Command(
    "drain",
    run,
    usage="drain NODE",
    flags=(
        *nodes.FLAGS,
        Flag("pod-selector", help="only Pods of these labels"),
        Flag("force", "bool", help="also Pods that no controller would make again"),
        Flag("ignore-daemonsets", "bool", help="leave the Pods of DaemonSets where they are"),
        Flag("delete-emptydir-data", "bool", help="also Pods whose emptyDir volumes get lost"),
        Flag("disable-eviction", "bool", help="delete instead of evicting, past all disruption budgets"),
        Flag("grace-period", "int", default=-1, help="seconds for each Pod to end in; negative: its own"),
        Flag("timeout", "seconds", help="how long to try; 0 for ever"),
        Flag("skip-wait-for-delete-timeout", "int", help="ignored", hidden=True),
        Flag("chunk-size", "int", default=500, help="ignored", hidden=True),
    ),
)
