"""Deleting objects, and waiting until they are gone: `delete`, and `replace --force`."""

from __future__ import annotations

import time

from minictl.errors import CommandError, ServerError, Unreachable, raise_all
from minictl.steps import targets
from minictl.steps.spinning import Spinner
from minictl.steps.writing import delete_options, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minictl.session import Session
    from minictl.steps.targets import Selection, Target

    Object = dict[str, Any]

WEEK_SECONDS = 7 * 24 * 3600.0
"""How long to wait when no timeout was given."""
QUIET_SECONDS = 30.0
"""A watch that is silent for so long is begun anew."""


class Removal:
    """How to delete: propagation, grace period (negative: the object's own), what to tell."""

    def __init__(
        self,
        session: Session,
        *,
        policy: str = "Background",
        grace_seconds: int = -1,
        dry_run: str = "none",
        ignore_not_found: bool = False,
        only_names: bool = False,
        warn_cluster_scope: bool = False,
    ) -> None:
        self.session = session
        self.policy = policy
        self.grace_seconds = grace_seconds
        self.dry_run = dry_run
        self.ignore_not_found = ignore_not_found
        self.only_names = only_names
        self._warn_cluster_scope = warn_cluster_scope

    def delete(self, chosen: list[Target]) -> list[tuple[Target, str]]:
        """Deletes each; gives them with their uids.

        Raises:
            CommandError: some could not be deleted; the others are.
        """
        errors: list[CommandError] = []
        deleted = []
        for target in chosen:
            self._warn_of(target)
            try:
                uid = self._delete(target)
            except ServerError as error:
                if not (self.ignore_not_found and error.reason == "NotFound"):
                    errors.append(within(error, "deleting", target.source))
                continue
            deleted.append((target, uid))
            self._tell(target)
        raise_all(errors)
        return deleted

    def _warn_of(self, target: Target) -> None:
        if self._warn_cluster_scope and not target.resource.namespaced:
            self.session.warn("deleting cluster-scoped resources, not scoped to the provided namespace")
            self._warn_cluster_scope = False

    def _delete(self, target: Target) -> str:
        if self.dry_run == "client":
            return ""
        query = {"dryRun": "All"} if self.dry_run == "server" else None
        if not target.name:
            raise ServerError({"message": "resource name may not be empty", "reason": ""})
        answer = self.session.client.delete(target.path, delete_options(self.policy, self.grace_seconds), query)
        if answer.get("kind") == "Status":
            return str((answer.get("details") or {}).get("uid") or "")
        return str((answer.get("metadata") or {}).get("uid") or "")

    def _tell(self, target: Target) -> None:
        if self.only_names:
            self.session.say(target.label)
            return
        done = "force deleted" if self.grace_seconds == 0 else "deleted"
        where = f" from {target.namespace} namespace" if target.namespace else ""
        suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(self.dry_run, "")
        self.session.say(f'{target.resource.label} "{target.name}" {done}{where}{suffix}')


def one_by_one(session: Session, selection: Selection) -> Iterator[Target]:
    """The targets, with what a list holds in place of the list.

    Raises:
        CommandError: a list is refused.
    """
    for target in selection:
        if target.name or target.object is not None:
            yield target
        else:
            listed = targets.Selection([target], [], single=False)
            yield from (found for found, _ in targets.fetch(session, listed))


def wait_until_gone(session: Session, deleted: list[tuple[Target, str]], timeout_seconds: float) -> None:
    """Returns when none of the objects is there any more, or others of the same name are.

    Raises:
        CommandError: one is still there after the timeout, which they share.
    """
    deadline = time.monotonic() + (timeout_seconds or WEEK_SECONDS)
    session.out.flush()
    for target, uid in deleted:
        while not _gone(session, target, uid):
            left = deadline - time.monotonic()
            with Spinner(session, f"waiting until {target.label} is gone"):
                changed = left > 0 and _watched_away(session, target, uid, min(left, QUIET_SECONDS))
            if not changed:
                if time.monotonic() < deadline:
                    continue
                what = f"{target.resource.full_name}/{target.name}"
                raise CommandError(f"timed out waiting for the condition on {what}")


def _gone(session: Session, target: Target, uid: str) -> bool:
    try:
        there = session.client.get(target.path)
    except ServerError as error:
        if error.reason == "NotFound":
            return True
        raise
    return bool(uid) and there["metadata"].get("uid") != uid


def _watched_away(session: Session, target: Target, uid: str, seconds: float) -> bool:
    """Watches one object for a while; False when nothing happened to it that matters.

    The watch goes on from the version that a list just saw, so that no deletion falls between the two.
    """
    collection = target.resource.path(target.namespace)
    only = f"metadata.name={target.name}"
    listed = session.client.get(collection, {"fieldSelector": only})
    if not listed.get("items"):
        return True
    query: dict[str, str | int | bool | None] = {
        "fieldSelector": only,
        "resourceVersion": (listed.get("metadata") or {}).get("resourceVersion"),
        "timeoutSeconds": max(int(seconds), 1),
    }
    end = time.monotonic() + seconds
    try:
        for event in session.client.watch(collection, query, timeout=seconds):
            meta = (event.get("object") or {}).get("metadata") or {}
            if event.get("type") == "DELETED" or (uid and meta.get("uid") not in (None, uid)):
                return True
            if time.monotonic() >= end:
                return False
    except Unreachable:
        return False
    return False
