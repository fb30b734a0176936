"""GET /metrics: what Kubernetes' API server counts, under its names, in Prometheus' text format.

Counting is on the path of every request, so it is one addition in a dictionary and one in a histogram; everything else
is found out when somebody asks.
"""

from __future__ import annotations

import os
import resource
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from apiserver.api import API
from apiserver.clock import monotonic_seconds
from apiserver.http.discovery import VERSION
from apiserver.http.requests import Request, Response

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
BUCKETS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
)  # fmt: skip
"""Seconds that a request took at most, as Kubernetes has them."""
VERBS = {
    "get": "GET", "list": "LIST", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE",
    "deletecollection": "DELETECOLLECTION", "watch": "WATCH", "apply": "APPLY",
}  # fmt: skip
APPLY = "application/apply-patch+yaml"


class _Asked(NamedTuple):
    """What requests are told apart by: the labels of all that is counted, but for `kind`, which follows from others."""

    verb: str
    dry_run: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    scope: str = ""
    kind: str = ""

    def labels(self) -> dict[str, str]:
        return {
            "component": "apiserver", "dry_run": self.dry_run, "group": self.group, "resource": self.resource,
            "scope": self.scope, "subresource": self.subresource, "verb": self.verb, "version": self.version,
        }  # fmt: skip


class _Durations:
    """One histogram."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class Measures:
    """What was asked of one server since it started."""

    def __init__(self) -> None:
        self._began = monotonic_seconds()
        self._requests: Counter[tuple[_Asked, int]] = Counter()
        self._durations: dict[_Asked, _Durations] = {}
        self._following: Counter[_Asked] = Counter()

    def count(self, request: Request, status: int, seconds: float) -> None:
        """Note an answered request. How long a watch lasts is no measure of anything."""
        asked = _asked(request)
        self._requests[asked, status] += 1
        if asked.verb == "WATCH":
            return
        durations = self._durations.get(asked)
        if durations is None:
            durations = self._durations[asked] = _Durations()
        durations.buckets[bisect_left(BUCKETS, seconds)] += 1
        durations.seconds += seconds

    @contextmanager
    def following(self, request: Request) -> Iterator[None]:
        """For as long as a client follows changes."""
        if request.about is not None:
            request.about = request.about._replace(verb="watch")
        asked = _asked(request)
        self._following[asked] += 1
        try:
            yield
        finally:
            self._following[asked] -= 1

    def answer(self, api: API) -> Response:
        return Response("".join(self._families(api)).encode(), media_type=MEDIA_TYPE)

    def _families(self, api: API) -> Iterator[str]:
        yield from _family(
            "apiserver_request_total", "counter", "Requests answered, by verb, resource and status code.",
            (({"code": str(code), **asked.labels()}, number) for (asked, code), number in self._requests.items()),
        )  # fmt: skip
        yield from self._histogram()
        yield from _family(
            "apiserver_longrunning_requests", "gauge", "Watches that are followed now.",
            ((asked.labels(), number) for asked, number in self._following.items()),
        )  # fmt: skip
        watchers: Counter[tuple[str, str, str]] = Counter()
        for asked, number in self._following.items():
            watchers[asked.group, asked.kind, asked.version] += number
        yield from _family(
            "apiserver_registered_watchers", "gauge", "Watches that are followed now, by kind.",
            (({"group": group, "kind": kind, "version": v}, number) for (group, kind, v), number in watchers.items()),
        )  # fmt: skip
        counts = {str(kind.resource): api.store.count(kind.prefix()) for kind in api.kinds if kind.stored_as is None}
        yield from _family(
            "apiserver_storage_objects", "gauge", "Objects stored, by resource.",
            (({"resource": name}, number) for name, number in sorted(counts.items())),
        )  # fmt: skip
        yield from _one("minictl_store_revision", "gauge", "The newest revision of the store.", api.revision)
        oldest = api.store.oldest()
        yield from _one("minictl_store_compacted_revision", "gauge", "Watches can resume from here on.", oldest)
        build = {"git_version": VERSION["gitVersion"], "major": VERSION["major"], "minor": VERSION["minor"]}
        yield from _family("kubernetes_build_info", "gauge", "The Kubernetes that is imitated.", [(build, 1)])
        yield from self._process()

    def _histogram(self) -> Iterator[str]:
        name = "apiserver_request_duration_seconds"
        yield _head(name, "histogram", "How long requests took, by verb and resource; watches left out.")
        for asked, durations in self._durations.items():
            labels, total = asked.labels(), 0
            for limit, number in zip((*map(str, BUCKETS), "+Inf"), durations.buckets, strict=True):
                total += number
                yield _line(f"{name}_bucket", {**labels, "le": limit}, total)
            yield _line(f"{name}_sum", labels, durations.seconds)
            yield _line(f"{name}_count", labels, total)

    def _process(self) -> Iterator[str]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        seconds = usage.ru_utime + usage.ru_stime
        yield from _one("process_cpu_seconds_total", "counter", "CPU time used.", seconds)
        yield from _one("process_uptime_seconds", "gauge", "Time since the start.", monotonic_seconds() - self._began)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        yield from _one("process_max_fds", "gauge", "File descriptors that may be open.", limit)
        memory = Path("/proc/self/statm")
        if memory.exists():  # elsewhere than on Linux nobody tells
            virtual, resident = (int(pages) * resource.getpagesize() for pages in memory.read_text().split()[:2])
            yield from _one("process_virtual_memory_bytes", "gauge", "Virtual memory.", virtual)
            yield from _one("process_resident_memory_bytes", "gauge", "Resident memory.", resident)
            yield from _one("process_open_fds", "gauge", "Open file descriptors.", len(os.listdir("/proc/self/fd")))


def _asked(request: Request) -> _Asked:
    about, dry_run = request.about, "All" if request.query.get("dryRun") else ""
    if about is None:
        return _Asked(request.method, dry_run)
    verb, kind = VERBS.get(about.verb, request.method), about.kind
    if verb == "PATCH" and request.headers.get("content-type", "").startswith(APPLY):
        verb = "APPLY"
    return _Asked(verb, dry_run, kind.group, kind.version, kind.plural, about.subresource, about.scope, kind.name)


def _family(name: str, type: str, help: str, values: Iterable[tuple[dict[str, str], float]]) -> Iterator[str]:
    yield _head(name, type, help)
    for labels, value in values:
        yield _line(name, labels, value)


def _one(name: str, type: str, help: str, value: float) -> Iterator[str]:
    return _family(name, type, help, [({}, value)])


def _head(name: str, type: str, help: str) -> str:
    return f"# HELP {name} {help}\n# TYPE {name} {type}\n"


def _line(name: str, labels: dict[str, str], value: float) -> str:
    shown = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{shown}}} {value}\n" if shown else f"{name} {value}\n"
