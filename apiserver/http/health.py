"""/healthz, /livez and /readyz, whole or check by check, under the names that Kubernetes' checks have.

`etcd` stands for what keeps the objects here: it fails from a write that the disk refused until one that it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apiserver.http.requests import Request, Response

TEXT = "text/plain; charset=utf-8"
NO_PAGE = Response(b"404 page not found\n", 404, TEXT)

Check = Callable[[], bool]

LIVE = ("ping", "log", "etcd")
CHECKS: Mapping[str, tuple[str, ...]] = {
    "healthz": LIVE,
    "livez": LIVE,
    "readyz": (*LIVE, "etcd-readiness", "informer-sync", "shutdown"),
}


def _always() -> bool:
    return True


class Health:
    """`stores` tells whether writes reach the disk, `serves` whether the server is not about to stop."""

    def __init__(self, stores: Check = _always, serves: Check = _always) -> None:
        self._checks: Mapping[str, Check] = {"etcd": stores, "etcd-readiness": stores, "shutdown": serves}

    def answer(self, request: Request) -> Response:
        """One check (/livez/etcd) or all of them; `verbose` tells of each, `exclude` leaves one out."""
        page, *names = request.parts
        if len(names) > 1 or (names and names[0] not in CHECKS[page]):
            return NO_PAGE
        excluded = request.query.get("exclude", "")
        lines, is_well = [], True
        for name in names or CHECKS[page]:
            if name == excluded:
                lines.append(f"[+]{name} excluded: ok")
            elif self._checks.get(name, _always)():
                lines.append(f"[+]{name} ok")
            else:
                lines.append(f"[-]{name} failed: reason withheld")
                is_well = False
        if excluded and excluded not in CHECKS[page]:
            lines.append(f'warn: some health checks cannot be excluded: no matches for "{excluded}"')
        if not is_well:
            return _text([*lines, f"{page} check failed"], 500)
        if "verbose" not in request.query:
            return Response(b"ok", media_type=TEXT)
        return _text([*lines, f"{page} check passed"], 200)


def _text(lines: list[str], status: int) -> Response:
    return Response("\n".join([*lines, ""]).encode(), status, TEXT)
