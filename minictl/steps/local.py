"""--local: manifests taken from files without asking any server what they are."""

from __future__ import annotations

from minictl import manifests
from minictl.errors import CommandError
from minictl.resources import Resource
from minictl.steps import targets
from minictl.steps.targets import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session


NO_FILES = (
    "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n"
    "   '-f rsrc.yaml'\n   '--filename=rsrc.json'"
)


def local_targets(session: Session, flags: Flags) -> list[Target]:
    """The objects of -f and -k, with resources guessed from their kinds and namespaces left as they are.

    Raises:
        CommandError: there is no file, one cannot be read, or holds what is no object.
    """
    if not targets.has_files(flags):
        raise CommandError(NO_FILES)
    read = manifests.read(
        flags.list("filename"),
        recursive=flags.on("recursive"),
        kustomize=flags.text("kustomize") if flags.has("kustomize") else "",
        stdin=session.stdin,
    )
    return [_target(one) for manifest in read for one in manifests.items(manifest)]


def _target(manifest: manifests.Manifest) -> Target:
    subject = targets.check_shape(manifest)
    group, _, version = subject["apiVersion"].rpartition("/")
    kind = subject["kind"]
    entry = {"resource": f"{kind.lower()}s", "responseKind": {"kind": kind}, "scope": "Namespaced"}
    meta = subject["metadata"]
    resource = Resource(group, version, entry)
    return Target(resource, meta.get("namespace") or "", meta.get("name") or "", object=subject, source=manifest.source)
