"""What `why`, `tree` and `route` have in common: fetching whole lists, and telling what they found to programs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def listed(session: Session, word: str, namespace: str) -> list[Object]:
    """All objects of a type in a namespace ("" for all), each with its kind."""
    resource = session.resources.find(word)
    answer = session.client.list(resource.path(namespace), chunk_size=500)
    return [{"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in answer.get("items") or ()]


def structured(session: Session, flags: Flags, found: Any) -> bool:
    """Print as -o asks for; False when people are to read it.

    Raises:
        CommandError: another form than json or yaml.
    """
    if not flags.text("output"):
        return False
    from minictl.errors import CommandError
    from minictl.output import structured as forms

    printers = {"json": forms.to_json, "yaml": forms.to_yaml}
    if flags.text("output") not in printers:
        raise CommandError(f'unable to match a printer suitable for the output format "{flags.text("output")}", '
                           "allowed formats are: json,yaml")  # fmt: skip
    session.out.write(printers[flags.text("output")](found))
    return True
