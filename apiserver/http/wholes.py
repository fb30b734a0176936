"""Lists of everything under a prefix, kept joined for as long as nothing there changes.

Dashboards, scripts in a loop and controllers ask for the same list again and again, and joining a thousand objects is
most of what the answer costs. What is kept is the bytes of the items; the frame around them names the newest revision.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from apiserver.http import representations
from apiserver.http.negotiate import TABLE, Accepted
from apiserver.http.representations import Query
from apiserver.kind import Kind
from apiserver.storage.store import Store
from apiserver.watching import Selection, faces

MAX_KEPT_BYTES = 16 * 2**20
"""Of all lists together; the one used longest ago goes first."""
MIN_ITEMS = 20
"""Shorter lists are joined faster than they are looked up."""

_Asked = tuple[Kind, str, str, str]
_Version = tuple[int, int, datetime | None]


class Wholes:
    """The joined items of whole lists, by what was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[_Asked, tuple[_Version, bytes]] = OrderedDict()
        self._bytes = 0

    def items(self, selection: Selection, accept: Accepted, now: datetime, query: Query) -> bytes:
        """The items of all that is under the selection's prefix now. Raises BadRequest, NotAcceptable."""
        kind, prefix = selection.kind, selection.prefix
        is_table = accept.shape == TABLE
        asked = (kind, prefix, accept.shape, query.get("includeObject", "") if is_table else "")
        # A custom kind can be declared anew; the ages in a Table are of whole seconds.
        version = (self._store.changed(prefix), id(kind), now.replace(microsecond=0) if is_table else None)
        kept = self._kept.get(asked)
        if kept is not None and kept[0] == version:
            self._kept.move_to_end(asked)
            return kept[1]
        records = faces(kind, self._store.under(prefix))
        items = representations.items(kind, records, accept, now, query)
        self._forget(asked)
        if len(records) >= MIN_ITEMS:
            self._keep(asked, version, items)
        return items

    def _keep(self, asked: _Asked, version: _Version, items: bytes) -> None:
        self._kept[asked] = version, items
        self._bytes += len(items)
        while self._bytes > MAX_KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, asked: _Asked) -> None:
        kept = self._kept.pop(asked, None)
        if kept is not None:
            self._bytes -= len(kept[1])
