"""The log contract in a list: for tests, and for clusters that are thrown away (`minictl up --in-memory`)."""

from __future__ import annotations

from collections.abc import Sequence

from apiserver.storage import Compacted, Record


class MemoryLog:
    """Keeps every record in order, and forgets in one go: no disk is waited for."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._latest = 0
        self._compacted = 0

    def append(self, records: Sequence[Record]) -> None:
        self._records.extend(records)
        if records:
            self._latest = records[-1].revision

    def latest(self) -> int:
        return self._latest

    def compacted(self) -> int:
        return self._compacted

    def between(self, since: int, upto: int, prefix: str = "") -> list[Record]:
        if since < self._compacted:
            raise Compacted(self._compacted)
        return [r for r in self._records if since < r.revision <= upto and r.key.startswith(prefix)]

    def at(self, prefix: str, revision: int) -> list[Record]:
        if revision < self._compacted:
            raise Compacted(self._compacted)
        newest: dict[str, Record] = {}
        for record in self._records:
            if record.revision > revision:
                break
            if record.key.startswith(prefix):
                newest[record.key] = record
        return [newest[key] for key in sorted(newest) if not newest[key].deleted]

    def compact(self, revision: int) -> None:
        self._compacted = max(self._compacted, min(revision, self._latest))

    def sweep(self, revisions: int) -> bool:
        upto = self._compacted
        keep = {record.key: record.revision for record in self._records if record.revision <= upto}
        self._records = [r for r in self._records if r.revision > upto or (keep[r.key] == r.revision and not r.deleted)]
        return False

    is_untidy = False

    def tidy(self) -> None:
        return

    def close(self) -> None:
        self._records = []
