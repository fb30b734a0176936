"""How apply changes what is there: work out the patch, send it, try again after a conflict, or replace by force.

`diff` uses the same with a server-side dry run, so what it shows is what apply would do.
"""

from __future__ import annotations

import json
import time

from minictl.errors import CommandError, ServerError
from minictl.output.structured import to_compact_json
from minictl.patches.threeway import conflicts, three_way_patch
from minictl.steps.writing import LAST_APPLIED, delete_options, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.resources import Resource
    from minictl.session import Session
    from minictl.steps.targets import Target
    from schemas import Field

    Object = dict[str, Any]
    Query = dict[str, str | int | bool | None]

MAX_TRIES = 5
TRIES_WITHOUT_PAUSE = 1
PAUSE_SECONDS = 1.0


class Force:
    """Deleting and making anew what cannot be changed: `--force` with its grace period and timeout."""

    __slots__ = ("grace_seconds", "policy", "timeout_seconds")

    def __init__(self, policy: str, grace_seconds: int, timeout_seconds: float) -> None:
        self.policy = policy
        self.grace_seconds = grace_seconds
        self.timeout_seconds = timeout_seconds


class Patched:
    """The patch and the object after it; `changed` is False where there was nothing to send."""

    __slots__ = ("object", "patch")

    def __init__(self, patch: Object, object: Object) -> None:
        self.patch = patch
        self.object = object

    @property
    def changed(self) -> bool:
        return bool(self.patch)


def field_of(resource: Resource) -> Field | None:
    """The schema of a kind; None for kinds without one, which are patched by JSON merge patches."""
    import schemas

    try:
        return schemas.load(resource.api_version, resource.kind).root
    except KeyError:
        return None


def patch_for(current: Object, modified: Object, field: Field | None, overwrite: bool = True) -> Object:
    """What turns `current` into `modified`, removing what its annotation says was applied before.

    Raises:
        CommandError: the three versions cannot be merged.
    """
    annotations = current["metadata"].get("annotations") or {}
    try:
        original = json.loads(annotations.get(LAST_APPLIED) or "{}")
        patch = three_way_patch(original, modified, current, field)
        clash = not overwrite and conflicts(original, modified, current, field)
    except ValueError as error:
        raise CommandError(_creating(annotations.get(LAST_APPLIED, ""), modified, current, str(error))) from None
    if clash:
        from minictl.output.structured import to_yaml

        text = f"patch:\n{to_yaml(patch)}\nconflicts with changes made from original to current\n"
        raise CommandError(_creating(annotations.get(LAST_APPLIED, ""), modified, current, text))
    return patch


def _creating(original: str, modified: Object, current: Object, fault: str) -> str:
    return (
        f"creating patch with:\noriginal:\n{original}\nmodified:\n{to_compact_json(modified)}\n"
        f"current:\n{to_compact_json(current)}\nfor: {fault}"
    )


def patched(
    session: Session, target: Target, current: Object, modified: Object, query: Query, overwrite: bool
) -> Patched:
    """Sends the patch; after a conflict with what is there now, works it out anew.

    Raises:
        CommandError: the server refuses, or the versions cannot be merged.
    """
    field = field_of(target.resource)
    for attempt in range(MAX_TRIES + 1):
        patch = patch_for(current, modified, field, overwrite)
        if not patch:
            return Patched(patch, current)
        try:
            kind = "merge" if field is None else "strategic"
            return Patched(patch, session.client.patch(target.path, patch, kind, query))
        except ServerError as error:
            if error.reason != "Conflict" or attempt == MAX_TRIES:
                raise
        if attempt >= TRIES_WITHOUT_PAUSE:
            time.sleep(PAUSE_SECONDS)
        current = session.client.get(target.path)
    raise AssertionError("the loop returns or raises")


def apply_to(
    session: Session,
    target: Target,
    current: Object,
    modified: Object,
    query: Query,
    overwrite: bool,
    force: Force | None,
) -> Patched:
    """`patched`, and with `force` what cannot be changed is deleted and made anew.

    Raises:
        CommandError: told with the patch and the file, as apply does.
    """
    try:
        return patched(session, target, current, modified, query, overwrite)
    except ServerError as error:
        if force is None or error.reason not in ("Conflict", "Invalid"):
            patch = patch_for(current, modified, field_of(target.resource), overwrite)
            raise _applying(target, patch, within(error, "patching", target.source)) from None
    try:
        return Patched(modified, _recreated(session, target, current, modified, query, force))
    except CommandError as error:
        raise _applying(target, modified, error) from None


def _applying(target: Target, patch: Object, error: CommandError) -> CommandError:
    return within(error, f"applying patch:\n{to_compact_json(patch)}\nto:\n{identity(target)}\nfor:", target.source)


def identity(target: Target) -> str:
    """Resource, kind, name and namespace of one object, as errors of apply name it."""
    resource = target.resource
    kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
    return (
        f'Resource: "{resource.slash_name}", GroupVersionKind: "{kind}"\n'
        f'Name: "{target.name}", Namespace: "{target.namespace}"'
    )


def _recreated(session: Session, target: Target, old: Object, new: Object, query: Query, force: Force) -> Object:
    session.client.delete(target.path, delete_options(force.policy, force.grace_seconds))
    deadline = time.monotonic() + force.timeout_seconds
    while not gone(session, target.path):
        if time.monotonic() >= deadline:
            raise CommandError("context deadline exceeded")
        time.sleep(min(PAUSE_SECONDS, max(deadline - time.monotonic(), 0)))
    collection = target.resource.path(target.namespace)
    try:
        made: Object = session.client.create(collection, new, query)
        return made
    except ServerError as error:
        kept = {**old, "metadata": {key: value for key, value in old["metadata"].items() if key != "resourceVersion"}}
        try:
            session.client.create(collection, kept, query)
        except ServerError as second:
            raise CommandError(
                "An error occurred force-replacing the existing object with the newly provided one:\n\n"
                f"{error.message}.\n\nAdditionally, an error occurred attempting to restore the original object:\n\n"
                f"{second.message}"
            ) from None
        raise error


def gone(session: Session, path: str) -> bool:
    """Is there no such object any more?"""
    try:
        session.client.get(path)
    except ServerError as error:
        if error.reason == "NotFound":
            return True
        raise
    return False
