"""What a command is about: `pods`, `pod web db`, `deploy/web svc/web`, `-l app=web`, `-f FILE` become Targets.

    targets = select(session, args, Choice(labels=..., all=...))
    for target in targets: ...                  # Named | Listed | from a file (Named with .object and .source)
    for found in fetch(session, targets): ...   # the objects themselves: lists are listed, names are got

The sentences for arguments that do not fit together are kubectl's.
"""

from __future__ import annotations

from minictl import manifests
from minictl.client import JSON, quote
from minictl.errors import CommandError, ServerError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from minictl.client import Query
    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session

    Object = dict[str, Any]

MIXED = (
    "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
    "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
)
NO_MATCH_HINT = "ensure CRDs are installed first"


class Target:
    """One thing a command works on. `name` is "" for a whole list, which `labels` and `fields` may narrow; `object` is
    the manifest of one that came from a file, `source` that file."""

    __slots__ = ("fields", "labels", "name", "namespace", "object", "resource", "source")

    def __init__(
        self,
        resource: Resource,
        namespace: str,
        name: str = "",
        *,
        labels: str = "",
        fields: str = "",
        object: Object | None = None,
        source: str = "",
    ) -> None:
        self.resource = resource
        self.namespace = namespace if resource.namespaced else ""
        self.name = name
        self.labels = labels
        self.fields = fields
        self.object = object
        self.source = source

    @property
    def path(self) -> str:
        return self.resource.path(self.namespace, self.name)

    @property
    def label(self) -> str:
        """`pod/web`, `deployment.apps/web`."""
        return f"{self.resource.label}/{self.name}"

    def within(self, error: ServerError, verb: str) -> ServerError:
        """A refusal, told with the file it is about: `error when VERB "FILE": ...`; unchanged for no file."""
        return error.within(f'error when {verb} "{self.source}"') if self.source else error


class Choice:
    """How arguments are to be read.

    `all`: every object of the types named; `need_names_or_selector`: types alone are not enough.
    """

    __slots__ = (
        "all", "all_namespaces", "fields", "filenames", "kustomize", "labels", "need_names_or_selector", "recursive",
    )  # fmt: skip

    def __init__(
        self,
        *,
        filenames: Sequence[str] = (),
        kustomize: str = "",
        recursive: bool = False,
        labels: str = "",
        fields: str = "",
        all: bool = False,
        all_namespaces: bool = False,
        need_names_or_selector: bool = False,
    ) -> None:
        self.filenames = list(filenames)
        self.kustomize = kustomize
        self.recursive = recursive
        self.labels = labels
        self.fields = fields
        self.all = all
        self.all_namespaces = all_namespaces
        self.need_names_or_selector = need_names_or_selector

    @classmethod
    def of(cls, flags: Flags, *, all: bool = False, need_names_or_selector: bool = False) -> Choice:
        """What the flags say that a command declares: -f, -k, -R, -l, --field-selector and -A."""

        def text(name: str) -> str:
            return flags.text(name) if flags.has(name) else ""

        return cls(
            filenames=flags.list("filename"),
            kustomize=text("kustomize"),
            recursive=flags.on("recursive"),
            labels=text("selector"),
            fields=text("field-selector"),
            all=all,
            all_namespaces=flags.has("all-namespaces") and flags.on("all-namespaces"),
            need_names_or_selector=need_names_or_selector,
        )


class Selection:
    """The targets, and what went wrong with some of the manifests (to be raised once the others are done).

    `single`: one name of one type was asked for, so its object is printed by itself and not as a List.
    """

    __slots__ = ("errors", "single", "targets")

    def __init__(self, targets: list[Target], errors: list[CommandError], single: bool) -> None:
        self.targets = targets
        self.errors = errors
        self.single = single

    def __iter__(self) -> Iterator[Target]:
        return iter(self.targets)


def has_files(flags: Flags) -> bool:
    """Do -f or -k name what the command is about?"""
    return bool(flags.list("filename")) or (flags.has("kustomize") and bool(flags.text("kustomize")))


def select(session: Session, args: Sequence[str], choice: Choice) -> Selection:
    """Reads the arguments.

    Raises:
        CommandError: they do not fit together, or name what the server does not have.
    """
    if choice.filenames or choice.kustomize:
        return _from_files(session, args, choice)
    if not args:
        return Selection([], [], single=False)
    if choice.all and (choice.labels or choice.fields):
        raise CommandError("setting 'all' parameter but found a non empty selector. ")
    if any("/" in arg for arg in args):
        return _pairs(session, args, choice)
    words, names = args[0].split(","), list(args[1:])
    selective = bool(choice.labels or choice.fields)
    if names and (selective or choice.all):
        raise CommandError("name cannot be provided when a selector is specified")
    resources = _types(session, words)
    if names and choice.all_namespaces and any(resource.namespaced for resource in resources):
        raise CommandError("a resource cannot be retrieved by name across all namespaces")
    if "" in names:
        raise CommandError("resource name may not be empty")
    if names and len(words) == 1 and len(resources) > 1:
        raise CommandError("you must specify only one resource")
    if names:
        return _named(session, resources, names)
    if choice.need_names_or_selector and not (selective or choice.all):
        raise CommandError("resource(s) were provided, but no name was specified")
    namespace = "" if choice.all_namespaces else session.namespace
    targets = [Target(r, namespace, labels=choice.labels, fields=choice.fields) for r in resources]
    return Selection(targets, [], single=False)


def _types(session: Session, words: Sequence[str]) -> list[Resource]:
    found: list[Resource] = []
    for word in words:
        in_category = session.resources.category(word)
        found += in_category or [session.resources.find(word)]
    return list(dict.fromkeys(found))


def _named(session: Session, resources: list[Resource], names: list[str]) -> Selection:
    targets = [Target(resource, session.namespace, name) for resource in resources for name in names]
    return Selection(targets, [], single=len(targets) == 1)


def _pairs(session: Session, args: Sequence[str], choice: Choice) -> Selection:
    if choice.labels or choice.fields or choice.all:
        raise CommandError("selectors and the all flag cannot be used when passing resource/name arguments")
    if not all("/" in arg for arg in args):
        raise CommandError(MIXED)
    targets = []
    for arg in args:
        word, _, name = arg.partition("/")
        if "/" in name:
            raise CommandError("arguments in resource/name form may not have more than one slash")
        if not word or not name or "," in word:
            raise CommandError("arguments in resource/name form must have a single resource and name")
        resource = session.resources.find(word)
        if choice.all_namespaces and resource.namespaced:
            raise CommandError("a resource cannot be retrieved by name across all namespaces")
        targets.append(Target(resource, session.namespace, name))
    return Selection(targets, [], single=len(targets) == 1)


# --- files


def _from_files(session: Session, args: Sequence[str], choice: Choice) -> Selection:
    if choice.filenames and choice.kustomize:
        raise CommandError("only one of -f or -k can be specified")
    if args:
        raise CommandError(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        )
    targets: list[Target] = []
    errors: list[CommandError] = []
    for manifest in _manifests(session, choice, errors):
        try:
            targets.append(from_manifest(session, manifest))
        except CommandError as error:
            errors.append(error)
    return Selection(targets, errors, single=len(targets) == 1 and not errors)


def _manifests(session: Session, choice: Choice, errors: list[CommandError]) -> Iterator[manifests.Manifest]:
    for manifest in manifests.read(
        choice.filenames, recursive=choice.recursive, kustomize=choice.kustomize, stdin=session.stdin, errors=errors
    ):
        yield from manifests.items(manifest)


def from_manifest(session: Session, manifest: manifests.Manifest) -> Target:
    """The target a manifest describes, its namespace filled in.

    Raises:
        CommandError: it is no object, the server does not have its kind, or its namespace is not the one asked for.
    """
    content = check_shape(manifest)
    metadata = content["metadata"]
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    api_version, kind = content["apiVersion"], content["kind"]
    resource = session.resources.of_kind(api_version, kind)
    if resource is None:
        raise CommandError(
            f'resource mapping not found for name: "{name}" namespace: "{namespace}" from "{manifest.source}": '
            f'no matches for kind "{kind}" in version "{api_version}"\n{NO_MATCH_HINT}'
        )
    if resource.namespaced:
        if session.namespace_enforced and namespace and namespace != session.namespace:
            raise CommandError(
                f'the namespace from the provided object "{namespace}" does not match the namespace '
                f"\"{session.namespace}\". You must pass '--namespace={namespace}' to perform this operation."
            )
        namespace = namespace or session.namespace
        metadata["namespace"] = namespace
    return Target(resource, namespace, name, object=content, source=manifest.source)


def check_shape(manifest: manifests.Manifest) -> Object:
    """The manifest, when it has the outline of an object: kind, apiVersion, metadata with a name that is text.

    Raises:
        CommandError: `unable to decode "FILE": ...`.
    """
    content = manifest.object
    where = f'unable to decode "{manifest.source}"'
    if not isinstance(content, dict):
        kind = _GO_TYPES.get(type(content).__name__, "string")
        raise CommandError(f"{where}: json: cannot unmarshal {kind} into Go value of type unstructured.detector")
    if not content.get("kind"):
        raise CommandError(f"{where}: Object 'Kind' is missing in '{_compact(content)}'")
    if not content.get("apiVersion"):
        raise CommandError(f"{where}: Object 'apiVersion' is missing in '{_compact(content)}'")
    for key in ("kind", "apiVersion"):
        if not isinstance(content[key], str):
            raise CommandError(f"{where}: {_unmarshal(content[key], f'struct field .{key}', 'string')}")
    metadata = content.get("metadata")
    if metadata is None:
        metadata = content["metadata"] = {}
    if not isinstance(metadata, dict):
        raise CommandError(f"{where}: {_unmarshal(metadata, 'struct field detectType.metadata', 'v1.ObjectMeta')}")
    for key in ("name", "namespace", "generateName"):
        if metadata.get(key) is not None and not isinstance(metadata[key], str):
            raise CommandError(
                f"{where}: {_unmarshal(metadata[key], f'struct field ObjectMeta.metadata.{key}', 'string')}"
            )
    for key in ("labels", "annotations"):
        entries = metadata.get(key)
        if entries is None:
            continue
        if not isinstance(entries, dict):
            type_name = "map[string]string"
            raise CommandError(f"{where}: {_unmarshal(entries, f'struct field ObjectMeta.metadata.{key}', type_name)}")
        for value in entries.values():
            if value is not None and not isinstance(value, str):
                raise CommandError(f"{where}: {_unmarshal(value, f'struct field ObjectMeta.metadata.{key}', 'string')}")
    return content


_GO_TYPES = {"bool": "bool", "int": "number", "float": "number", "list": "array", "dict": "object", "str": "string"}


def _unmarshal(value: Any, field: str, wanted: str) -> str:
    return f"json: cannot unmarshal {_GO_TYPES[type(value).__name__]} into Go {field} of type {wanted}"


def _compact(content: Object) -> str:
    from minictl.output import structured

    return structured.to_compact_json(content)


# --- the objects themselves


def get(
    session: Session, target: Target, query: Query | None = None, accept: str = JSON, subresource: str = ""
) -> Object:
    """One object by name. Where its very namespace is missing, that is what the error says.

    Raises:
        ServerError: there is no such object, or no such namespace.
    """
    try:
        path = target.resource.path(target.namespace, target.name, subresource)
        found: Object = session.client.get(path, query, accept)
    except ServerError as error:
        if error.reason == "NotFound" and target.namespace not in ("", "default"):
            session.client.get(f"/api/v1/namespaces/{quote(target.namespace)}")
        raise
    return found


def fetch(
    session: Session, selection: Selection, *, ignore_not_found: bool = False, chunk_size: int = 500
) -> Iterator[tuple[Target, Object]]:
    """Each object with a Target that names it: lists are listed, names are got. What failed is raised after the rest.

    Raises:
        CommandError: one error, or all of them together.
    """
    errors: list[CommandError] = list(selection.errors)
    for target in selection:
        try:
            if target.name:
                found = get(session, target)
                yield (
                    Target(target.resource, target.namespace, target.name, object=target.object, source=target.source),
                    found,
                )
            else:
                yield from _listed(session, target, chunk_size)
        except ServerError as error:
            if not (ignore_not_found and error.reason == "NotFound"):
                errors.append(selector_error(target, error))
    raise_all(errors)


def _listed(session: Session, target: Target, chunk_size: int) -> Iterator[tuple[Target, Object]]:
    query = {"labelSelector": target.labels, "fieldSelector": target.fields}
    listed = session.client.list(target.path, query, chunk_size)
    for item in listed.get("items") or []:
        item.setdefault("apiVersion", target.resource.api_version)
        item.setdefault("kind", target.resource.kind)
        meta = item["metadata"]
        yield Target(target.resource, meta.get("namespace", ""), meta["name"]), item


def selector_error(target: Target, error: CommandError) -> CommandError:
    """A list refused for its selector, told the way kubectl does."""
    if (
        isinstance(error, ServerError)
        and error.reason == "BadRequest"
        and (target.labels or target.fields)
        and not target.name
    ):
        return error.within(
            f'Unable to find "{target.resource.slash_name}" that match label selector "{target.labels}", '
            f'field selector "{target.fields}"'
        )
    return error
