"""What someone may have meant who named an object that is not there: advice for people, never for scripts."""

from __future__ import annotations

from minictl.errors import CommandError, Failures, ServerError
from minictl.texts.near import near

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.session import Session

NAMES_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
MANY = 500
"""So many names are looked at, no more."""
MOST_GUESSES = 3


def advise(session: Session, error: CommandError) -> None:
    """Gives an error about a missing object the hint which one is meant; none where that cannot be found out."""
    missing = next(
        (each for each in _parts(error) if isinstance(each, ServerError) and each.reason == "NotFound"), None
    )
    if missing is None or error.hint or not session.err.isatty():
        return
    name, kind, group = (str(missing.details.get(key, "")) for key in ("name", "kind", "group"))
    if not name:
        return
    try:
        resource = session.resources.find(f"{kind}.{group}" if group else kind)
        found = session.client.get(resource.path(session.namespace), {"limit": str(MANY)}, NAMES_ONLY)
    except CommandError:
        return
    error.hint = _hint(name, [item["metadata"]["name"] for item in found.get("items") or []])


def _hint(name: str, known: list[str]) -> str:
    """Names that are like it, also without the endings that controllers give to theirs."""
    like = [
        each for each in sorted(known) if near(name, {each, each.rpartition("-")[0], each.rsplit("-", 2)[0]} - {""})
    ]
    return f"Did you mean {' or '.join(like[:MOST_GUESSES])}?" if like else ""


def _parts(error: CommandError) -> list[CommandError]:
    return error.errors if isinstance(error, Failures) else [error]
