"""create deployment."""

from __future__ import annotations

import random

from minictl.errors import CommandError
from minictl.grammar import options
from minictl.grammar.flags import Command, Flag
from minictl.steps import generating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
NO_PORT = -1


def run(session: Session, flags: Flags, args: list[str]) -> None:
    name = generating.name_of(session, args)
    images, words = flags.list("image"), args[1:]
    if len(images) > 1 and words:
        raise CommandError("cannot specify multiple --image options and command")
    labels = {"app": name}
    deployment = generating.begin(session, "Deployment", name, "apps/v1", labels)
    deployment["spec"] = {
        "replicas": flags.number("replicas"),
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers(images, words)}},
        "strategy": {},
    }
    deployment["status"] = {}
    if flags.number("port") >= 0:
        first = deployment["spec"]["template"]["spec"]["containers"][0]
        resources = first.pop("resources")
        first |= {"ports": [{"containerPort": flags.number("port")}], "resources": resources}
    where = generating.resource("apps/v1", "Deployment", "deployments")
    generating.make(session, flags, deployment, where, "failed to create deployment: ")


def containers(images: list[str], words: list[str]) -> list[Object]:
    """One container per image, called after it; the words, if any, are its command."""
    command = {"command": words} if words else {}
    return [{"name": container_name(image), "image": image, **command, "resources": {}} for image in images]


def container_name(image: str) -> str:
    """The last part of an image's name; letters a container may not have in its name make it a random one."""
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    if "_" not in name and "." not in name:
        return name
    suffix = "".join(random.choices(_SUFFIX_LETTERS, k=5))
    return f"{name.replace('_', '-').replace('.', '-')}-{suffix}"


command = Command(
    "create deployment",
    run,
    usage="create deployment NAME --image=image -- [COMMAND] [args...]",
    flags=(
        Flag("image", "strings", help="image to run; several make several containers"),
        Flag("port", "int", default=NO_PORT, help="port the container listens on"),
        Flag("replicas", "int", "r", default=1, help="how many Pods"),
        *options.OUTPUT,
        options.DRY_RUN,
        *generating.FLAGS,
    ),
    required=("image",),
)
