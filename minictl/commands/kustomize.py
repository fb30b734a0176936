"""kustomize: print what a kustomization makes."""

from __future__ import annotations

from minictl.errors import CommandError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the objects as YAML documents."""
    from minictl.manifests import kustomization
    from schemas import yamls

    if len(args) > 1:
        raise CommandError("specify one path to kustomization.yaml")
    built = kustomization.build(args[0] if args else ".")
    session.out.write("---\n".join(yamls.dump(one) for one in built))


command = Command("kustomize", run, usage="kustomize [FOLDER]")
