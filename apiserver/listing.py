"""A page of a list: live, as of a revision, or continued from where the last page ended."""

from __future__ import annotations

from dataclasses import dataclass

from apiserver import errors
from apiserver.storage import Compacted, Record
from apiserver.storage.store import Store
from apiserver.watching import Selection, faces

CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)

LIST_EXPIRED = "The resourceVersion for the provided list is too old."


@dataclass(frozen=True)
class Page:
    """`next_start` is the storage key after which the next page begins, "" at the end; `remaining` counts what is left,
    where that is known."""

    records: list[Record]
    revision: int
    next_start: str = ""
    remaining: int | None = None


async def page(
    store: Store,
    selection: Selection,
    *,
    revision: int | None = None,
    start: str = "",
    limit: int = 0,
    not_before: int = 0,
) -> Page:
    """The records of `selection` after key `start`, at most `limit` of them (0: all), as of `revision` (None: now).

    Raises Expired when that revision is no longer kept, Timeout when it lies in the future.
    """
    check_not_ahead(store, not_before)
    if revision is None:
        revision, records = store.revision, store.under(selection.prefix)
    else:
        records = await _past(store, selection.prefix, revision, continued=bool(start))
    records = faces(selection.kind, records)
    if start:
        records = [r for r in records if r.key > start]
    if not selection.is_everything:
        records = [r for r in records if selection.matches(r.object)]
    if not limit or len(records) <= limit:
        return Page(records, revision)
    remaining = len(records) - limit if selection.is_everything else None
    return Page(records[:limit], revision, records[limit - 1].key, remaining)


async def _past(store: Store, prefix: str, revision: int, *, continued: bool) -> list[Record]:
    check_not_ahead(store, revision)
    try:
        return await store.at(prefix, revision)
    except Compacted:
        if continued:
            raise errors.Expired(CONTINUE_EXPIRED) from None
        raise errors.Expired(LIST_EXPIRED) from None


def check_not_ahead(store: Store, revision: int) -> None:
    """Raises Timeout for a revision that is not there yet."""
    if revision > store.revision:
        raise errors.Timeout(
            f"Too large resource version: {revision}, current: {store.revision}",
            {
                "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                "retryAfterSeconds": 1,
            },
        )


def too_old(revision: int, oldest: int) -> str:
    """What a 410 says about a revision before the oldest one kept."""
    return f"too old resource version: {revision} ({oldest})"
