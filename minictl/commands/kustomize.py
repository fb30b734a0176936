"""kustomize: print what a kustomization makes."""

from __future__ import annotations

import os

from minictl.errors import CommandError, cannot_open
from minictl.grammar.flags import Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.session import Session

    Object = dict[str, Any]

ROOT_ONLY, ANYWHERE = "LoadRestrictionsRootOnly", "LoadRestrictionsNone"
PLUGINS = (
    # of programs that a kustomization may have run
    Flag("as-current-user", "bool", hidden=True),
    Flag("enable-alpha-plugins", "bool", hidden=True),
    Flag("enable-helm", "bool", hidden=True),
    Flag("env", "array", "e", hidden=True),
    Flag("helm-api-versions", "strings", hidden=True),
    Flag("helm-command", default="helm", hidden=True),
    Flag("helm-debug", "bool", hidden=True),
    Flag("helm-kube-version", hidden=True),
    Flag("mount", "array", hidden=True),
    Flag("network", "bool", hidden=True),
    Flag("network-name", default="bridge", hidden=True),
)


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the objects as YAML documents, or writes them to -o."""
    from minictl.manifests import kustomization

    if len(args) > 1:
        raise CommandError("specify one path to kustomization.yaml")
    restrictor = flags.text("load-restrictor")
    if restrictor not in (ROOT_ONLY, ANYWHERE):
        legal = f"[{ROOT_ONLY} {ANYWHERE}]"
        raise CommandError(f"illegal flag value --load-restrictor {restrictor}; legal values: {legal}")
    for flag in PLUGINS:
        if flags.given(flag.name):
            raise CommandError(f"--{flag.name} is not supported by minictl: it runs no plugins")
    built = kustomization.build(args[0] if args else ".", anywhere=restrictor == ANYWHERE)
    path = flags.text("output")
    if os.path.isdir(path):
        for name, subject in _names(built).items():
            _write(os.path.join(path, name), _text([subject]))
    elif path:
        _write(path, _text(built))
    else:
        session.out.write(_text(built))


def _text(objects: list[Object]) -> str:
    from schemas import yamls

    return "---\n".join(yamls.dump(one) for one in objects)


def _names(objects: list[Object]) -> dict[str, Object]:
    """File name -> object; namespaces are in the names where there are several."""
    namespaces = {one["metadata"].get("namespace") or "default" for one in objects}
    found = {}
    for one in objects:
        parts = [one["apiVersion"].replace("/", "_"), one["kind"], one["metadata"]["name"]]
        if len(namespaces) > 1:
            parts.insert(0, one["metadata"].get("namespace") or "default")
        found["_".join(parts).lower() + ".yaml"] = one
    return found


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise cannot_open(path, error) from None


command = Command(
    "kustomize",
    run,
    usage="kustomize [FOLDER]",
    flags=(
        Flag("output", "string", "o", help="file or folder to write to"),
        Flag("load-restrictor", default=ROOT_ONLY, help=f"{ANYWHERE} allows files outside of the kustomization"),
        *PLUGINS,
    ),
)
