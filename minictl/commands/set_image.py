"""set image."""

from __future__ import annotations

from minictl.errors import CommandError, go_quote
from minictl.grammar import arguments, options
from minictl.grammar.flags import Command
from minictl.steps import podspecs
from minictl.steps.writing import need_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]


def run(session: Session, flags: Flags, args: list[str]) -> None:
    words, changes = arguments.resources_and_pairs(args, "image")
    images, _ = arguments.pairs(changes, "image")
    if not flags.on("local"):
        need_resources(flags, words)
    chosen = podspecs.found(session, flags, words)
    podspecs.check(flags, words)
    if not images:
        raise CommandError("at least one image update is required")
    if len(images) > 1 and "*" in images:
        raise CommandError(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs"
        )

    def change(spec: Object, subject: Object) -> None:
        missing = []
        for name, image in images.items():
            matching = [each for each in podspecs.containers(spec) if name in ("*", each["name"])]
            for container in matching:
                container["image"] = image
            if not matching:
                missing.append(CommandError(f"error: unable to find container named {go_quote(name)}"))
        if missing:
            raise podspecs.Complaints(missing)

    failure = "failed to patch image update to pod template: "
    podspecs.change_all(session, flags, chosen, change, "image updated", failure)


command = Command(
    "set image",
    run,
    usage="set image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1"
    " ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    flags=(*podspecs.FLAGS, options.RECORD),
)
