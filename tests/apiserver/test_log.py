"""Every storage keeps the same contract: each example runs against both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiserver.storage import Compacted, Log, LogError, Record
from apiserver.storage.memory import MemoryLog
from apiserver.storage.sql import ROWS_AT_ONCE, UNTIDY_BYTES, SQLLog

LOGS: dict[str, Callable[[Path], Log]] = {
    "memory": lambda folder: MemoryLog(),
    "sqlite": lambda folder: SQLLog(folder / "log.db"),
}


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    made = LOGS[request.param](tmp_path)
    yield made
    made.close()


def record(revision: int, key: str, previous: int = 0, *, deleted: bool = False) -> Record:
    return Record(key, revision, previous, revision, deleted, f"{key}@{revision}".encode())


HISTORY = [
    record(1, "pods/a/x"),
    record(2, "pods/b/y"),
    record(3, "pods/a/x", 1),
    record(4, "services/a/x"),
    record(5, "pods/b/y", 2, deleted=True),
]


def found(records: list[Record]) -> list[tuple[str, int]]:
    return [(r.key, r.revision) for r in records]


def test_an_empty_log_is_at_revision_zero(log: Log) -> None:
    assert (log.latest(), log.compacted(), log.at("", 0), log.between(0, 9)) == (0, 0, [], [])


def test_between_gives_the_records_after_the_first_revision_up_to_the_second(log: Log) -> None:
    log.append(HISTORY)
    assert found(log.between(1, 4)) == [("pods/b/y", 2), ("pods/a/x", 3), ("services/a/x", 4)]
    assert found(log.between(1, 4, "pods/")) == [("pods/b/y", 2), ("pods/a/x", 3)]
    assert log.between(1, 4)[0].encoded == b"pods/b/y@2"


def test_at_is_the_state_as_of_a_revision_in_key_order(log: Log) -> None:
    log.append(HISTORY[:3])
    log.append(HISTORY[3:])
    assert found(log.at("pods/", 2)) == [("pods/a/x", 1), ("pods/b/y", 2)]
    assert found(log.at("", 4)) == [("pods/a/x", 3), ("pods/b/y", 2), ("services/a/x", 4)]
    assert found(log.at("pods/b/", 5)) == []


def test_compaction_forgets_the_past_and_keeps_the_present(log: Log) -> None:
    log.append(HISTORY)
    log.compact(5)
    assert found(log.at("", 5)) == [("pods/a/x", 3), ("services/a/x", 4)]
    with pytest.raises(Compacted) as caught:
        log.between(4, 5)
    assert caught.value.oldest == 5
    log.append([record(6, "pods/b/y")])
    assert found(log.between(5, 6)) == [("pods/b/y", 6)]


keys = st.sampled_from(["pods/a/1", "pods/a/2", "pods/b/1", "nodes/n"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(st.tuples(keys, st.booleans()), max_size=30), cut=st.integers(0, 30))
def test_both_storages_read_the_same(
    writes: list[tuple[str, bool]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    logs = [make(folder) for make in LOGS.values()]
    live: dict[str, int] = {}
    history = []
    for revision, (key, delete) in enumerate(writes, 1):
        history.append(record(revision, key, live.get(key, 0), deleted=delete and key in live))
        live[key] = revision
        if history[-1].deleted:
            del live[key]
    for log in logs:
        log.append(history)
        log.compact(min(cut, len(history)))
    upto = len(history)
    for prefix in ("", "pods/", "pods/a/", "nodes/"):
        assert found(logs[0].at(prefix, upto)) == found(logs[1].at(prefix, upto))
        since = logs[0].compacted()
        assert found(logs[0].between(since, upto, prefix)) == found(logs[1].between(since, upto, prefix))
    assert logs[0].latest() == logs[1].latest() == upto
    for log in logs:
        log.close()


def test_what_was_appended_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    first = SQLLog(file)
    first.append(HISTORY)
    first.compact(3)
    first.close()
    again = SQLLog(file)
    assert (again.latest(), again.compacted()) == (5, 3)
    assert found(again.at("", 5)) == [("pods/a/x", 3), ("services/a/x", 4)]
    again.close()


def test_two_writers_that_read_the_same_version_cannot_both_succeed(tmp_path: Path) -> None:
    log = SQLLog(tmp_path / "log.db")
    log.append([record(1, "pods/a/x"), record(2, "pods/a/x", 1)])
    with pytest.raises(LogError, match="UNIQUE"):
        log.append([record(3, "nodes/n"), record(4, "pods/a/x", 1)])
    assert log.latest() == 2
    assert found(log.between(0, 9)) == [("pods/a/x", 1), ("pods/a/x", 2)]
    log.close()


def test_of_more_records_than_a_statement_takes_all_are_stored_or_none(tmp_path: Path) -> None:
    many = [record(n, f"pods/a/{n}") for n in range(1, 2 * ROWS_AT_ONCE + 9)]
    last = len(many)
    with closing(SQLLog(tmp_path / "log.db")) as log:
        log.append(many)
        assert found(log.between(0, last)) == [(r.key, r.revision) for r in many]
        more = [record(last + n, f"pods/b/{n}", n) for n in range(1, 2 * ROWS_AT_ONCE)]
        with pytest.raises(LogError, match="UNIQUE"):
            log.append([*more, record(last + len(more) + 1, "pods/b/1", 1)])
        assert log.latest() == last
        assert log.between(last, last + 999) == []
        log.append(more)
        assert log.latest() == last + len(more)


def test_what_is_appended_is_folded_into_the_file_when_there_is_enough_of_it(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    with closing(SQLLog(file)) as log:
        log.append([Record("pods/a/x", 1, 0, 1, False, bytes(UNTIDY_BYTES))])
        assert not log.is_untidy
        log.append([Record("pods/a/y", 2, 0, 2, False, b"one more")])
        assert log.is_untidy
        assert file.stat().st_size < UNTIDY_BYTES
        log.tidy()
        assert not log.is_untidy
        assert file.stat().st_size > UNTIDY_BYTES
        assert [len(r.encoded) for r in log.at("", 2)] == [UNTIDY_BYTES, 8]


@pytest.mark.parametrize("log", LOGS, indirect=True)
def test_who_reads_while_history_is_forgotten_gets_all_of_it_or_is_told(log: Log) -> None:
    """One thread reads over and over what was there at one revision; this one goes on writing, and forgets."""
    keys, found_whole, told = 40, threading.Event(), threading.Event()
    log.append([record(n, f"pods/a/{n:02}") for n in range(1, keys + 1)])
    wrong: list[object] = []

    def read() -> None:
        while not told.is_set() and not wrong:
            try:
                seen = [r.revision for r in log.at("pods/", keys)]
            except Compacted:
                told.set()
            except BaseException as error:
                wrong.append(error)
            else:
                found_whole.set()
                if seen != list(range(1, keys + 1)):
                    wrong.append(seen)

    reader = threading.Thread(target=read)
    reader.start()
    assert found_whole.wait(5)
    revision = keys
    for turn in range(200):
        log.append([record(revision + n, f"pods/a/{n:02}", revision - keys + n) for n in range(1, keys + 1)])
        revision += keys
        if turn > 20:
            log.compact(revision - keys)
            while log.sweep(7):
                pass
        if told.is_set() or wrong:
            break
    reader.join(5)
    assert not wrong
    assert told.is_set()


@pytest.mark.parametrize(
    "content", [b"this is no database, only text that somebody wrote here" * 30, b"\x00\xff" * 4096]
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log.db"
    file.write_bytes(content)
    with pytest.raises(LogError, match=r"cannot read .*log\.db: .*minictl reset"):
        SQLLog(file)
    assert file.read_bytes() == content
