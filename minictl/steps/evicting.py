"""Moving the Pods of a node away: which have to leave, and how they are made to, side by side.

Every Pod is asked to leave at once; one that a disruption budget holds is asked again every five seconds, while the
others go. Nothing here gives up before the time is over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from minictl.errors import PlainError, ServerError, go_quote
from minictl.texts import ages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

RETRY_SECONDS = 5.0
POLL_SECONDS = 0.2
MIRROR = "kubernetes.io/config.mirror"
UNMANAGED = ("Pods that declare no controller (use --force to override)", "deleting Pods that declare no controller")
LOCAL = "Pods with local storage (use --delete-emptydir-data to override)"
DAEMON = ("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", "ignoring DaemonSet-managed Pods")


class Faults(PlainError):
    """Why a node is not drained: one reason or several, at the end each on a line of its own."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")
        self.faults = faults

    def sentence(self) -> str:
        return "\n".join(self.faults)


@dataclass
class Sorted:
    """The Pods of a node: those that leave, what to warn of, and what speaks against it, each message with its Pods."""

    leaving: list[Object] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def raise_faults(self) -> None:
        """Raises:
        Faults: something speaks against draining the node.
        """
        if self.faults:
            raise Faults([f"cannot delete {text}: {', '.join(pods)}" for text, pods in self.faults.items()])

    def warning(self) -> str:
        return "; ".join(f"{text}: {', '.join(pods)}" for text, pods in self.warnings.items())


def sorted_out(session: Session, flags: Flags, pods: Sequence[Object]) -> Sorted:
    """What is to become of each Pod."""
    found = Sorted()
    for pod in pods:
        leaves, warning, fault = _judged(session, flags, pod)
        for messages, text in ((found.warnings, warning), (found.faults, fault)):
            if text:
                messages.setdefault(text, []).append(_name(pod))
        if leaves:
            found.leaving.append(pod)
    return found


def _judged(session: Session, flags: Flags, pod: Object) -> tuple[bool, str, str]:
    """(whether it leaves, what to warn of, what speaks against it)"""
    meta = pod["metadata"]
    if is_given_up(flags, pod) or MIRROR in (meta.get("annotations") or {}):
        return False, "", ""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return True, "", ""
    owner = next((one for one in meta.get("ownerReferences") or [] if one.get("controller")), None)
    if owner is not None and (owner["apiVersion"], owner["kind"]) == ("apps/v1", "DaemonSet"):
        missing = _missing_daemonset(session, meta["namespace"], owner["name"])
        if not missing:
            fatal, warning = DAEMON
            return (False, warning, "") if flags.on("ignore-daemonsets") else (False, "", fatal)
        if not flags.on("force"):
            return False, "", missing
    is_local = any("emptyDir" in volume for volume in (pod.get("spec") or {}).get("volumes") or [])
    if is_local and not flags.on("delete-emptydir-data"):
        return False, "", LOCAL
    if owner is not None:
        return True, "", ""
    fatal, warning = UNMANAGED
    return (True, warning, "") if flags.on("force") else (False, "", fatal)


def _missing_daemonset(session: Session, namespace: str, name: str) -> str:
    """Why the DaemonSet of a Pod cannot be had, "" when it is there."""
    try:
        session.client.get(f"/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}")
    except ServerError as error:
        return error.message
    return ""


def is_given_up(flags: Flags, pod: Object) -> bool:
    """Whether a Pod has been on its way out for so long that nobody waits for it any more."""
    from datetime import UTC, datetime

    seconds, deleted = flags.number("skip-wait-for-delete-timeout"), pod["metadata"].get("deletionTimestamp")
    if seconds <= 0 or not deleted:
        return False
    return int((datetime.now(UTC) - datetime.fromisoformat(deleted)).total_seconds()) > seconds


def _name(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


# -- making them leave -------------------------------------------------------------------------------------------------


@dataclass
class Removal:
    """The Pods of one node on their way out; `suffix` is what a dry run adds to every line."""

    session: Session
    flags: Flags
    dry_run: str
    suffix: str

    def __post_init__(self) -> None:
        self.timeout = self.flags.seconds("timeout") or float("inf")
        self.deadline = time.monotonic() + self.timeout
        self.is_eviction = not self.flags.on("disable-eviction")
        self.faults: list[str] = []

    def run(self, pods: Sequence[Object]) -> None:
        """Returns when all are gone.

        Raises:
            Faults: for those that are not.
        """
        refused, again_at = list(pods), time.monotonic()
        leaving: list[Object] = []
        while refused or leaving:
            if refused and time.monotonic() >= again_at:
                again_at = min(time.monotonic() + RETRY_SECONDS, self.deadline)
                gone, refused = self._ask(refused)
                leaving += gone if self.dry_run == "none" else []
            leaving = [pod for pod in leaving if not self._has_left(pod)]
            if leaving and time.monotonic() >= self.deadline:
                self.faults += [self._waited_for(pod) for pod in leaving]
                leaving = []
            if refused or leaving:
                time.sleep(POLL_SECONDS)
        if self.faults:
            raise Faults(self.faults)

    def _ask(self, pods: list[Object]) -> tuple[list[Object], list[Object]]:
        """(those that leave now, those that a disruption budget holds)"""
        leaving, refused = [], []
        for pod in pods if self.is_eviction else ():
            self.session.say(f"evicting pod {_name(pod)}{self.suffix}")
        for pod in pods:
            what = f"pods/{go_quote(pod['metadata']['name'])} -n {go_quote(pod['metadata']['namespace'])}"
            if time.monotonic() >= self.deadline:
                self.faults.append(f"error when evicting {what}: global timeout reached: {ages.go(self.timeout)}")
                continue
            try:
                self._send(pod)
                leaving.append(pod)
            except ServerError as error:
                if error.reason == "TooManyRequests":
                    self.session.note(f"error when evicting {what} (will retry after 5s): {error.message}")
                    refused.append(pod)
                elif error.reason != "NotFound":
                    self.faults.append(f"error when evicting {what}: {error.message}")
        return leaving, refused

    def _send(self, pod: Object) -> None:
        meta = pod["metadata"]
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if self.flags.number("grace-period") >= 0:
            options["gracePeriodSeconds"] = self.flags.number("grace-period")
        query = {"dryRun": "All"} if self.dry_run == "server" else None
        if not self.is_eviction:
            self.session.client.delete(_path(pod), options, query)
            return
        eviction = {
            "kind": "Eviction",
            "apiVersion": "policy/v1",
            "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
            "deleteOptions": options,
        }
        self.session.client.create(f"{_path(pod)}/eviction", eviction, query)

    def _has_left(self, pod: Object) -> bool:
        """Whether there is no reason to wait for a Pod any more, and that is told."""
        name = pod["metadata"]["name"]
        try:
            now = self.session.client.get(_path(pod))
            if now["metadata"].get("uid") == pod["metadata"].get("uid"):
                if not is_given_up(self.flags, now):
                    return False
                seconds = self.flags.number("skip-wait-for-delete-timeout")
                self.session.say(f"pod {go_quote(name)} has DeletionTimestamp older than {seconds} seconds, skipping")
                return True
        except ServerError as error:
            if error.reason != "NotFound":
                raise
        self.session.say(f"pod/{name} {'evicted' if self.is_eviction else 'deleted'}")
        return True

    def _waited_for(self, pod: Object) -> str:
        if not self.is_eviction:
            return "context deadline exceeded"
        where = f"pod {go_quote(pod['metadata']['name'])} in namespace {go_quote(pod['metadata']['namespace'])}"
        return f"error when waiting for {where} to terminate: context deadline exceeded"
