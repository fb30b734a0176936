"""apply --prune --applyset: a parent object remembers which kinds and namespaces hold what was applied with it.

Members carry a label with the parent's identity. Before anything is applied the parent is made to name the old and the
new kinds and namespaces, so that nothing is lost when the work is interrupted; once what is left over was deleted it
names the new ones only.
"""

from __future__ import annotations

import base64
import hashlib

from minictl.errors import PROGRAM, VERSION, CommandError, FlagError, NoSuchType, ServerError, go_quote
from minictl.steps import pruning
from minictl.steps.writing import log_warning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from minictl.grammar.flags import Flags
    from minictl.resources import Resource
    from minictl.session import Session
    from minictl.steps.targets import Target
    from minictl.steps.writing import Writes

    Object = dict[str, Any]

PREFIX = "applyset.kubernetes.io/"
TOOLING = PREFIX + "tooling"
NAMESPACES = PREFIX + "additional-namespaces"
KINDS = PREFIX + "contains-group-kinds"
RESOURCES = PREFIX + "contains-group-resources"
ID, PART_OF = PREFIX + "id", PREFIX + "part-of"
PARENT_TYPE = PREFIX + "is-parent-type"
DEFAULT_PARENT = "secrets"
BUILTIN_PARENTS = ("secrets", "configmaps")
MANAGER = f"{PROGRAM}-applyset"


def enabled(environ: Mapping[str, str]) -> bool:
    """Is the feature switched on? It is an alpha of kubectl."""
    return environ.get("KUBECTL_APPLYSET", "").lower() == "true"


class ApplySet:
    """One set. `kinds`, `namespaces`: where members may be now; `new_kinds`, `new_namespaces`: where they will be."""

    def __init__(self, session: Session, resource: Resource, name: str) -> None:
        self.session = session
        self.resource = resource
        self.name = name
        self.namespace = session.namespace if resource.namespaced and session.namespace_enforced else ""
        self.kinds: dict[str, Resource] = {}
        self.namespaces: set[str] = set()
        self.new_kinds: dict[str, Resource] = {}
        self.new_namespaces: set[str] = set()

    @property
    def id(self) -> str:
        """What members are labelled with."""
        whole = ".".join([self.name, self.namespace, self.resource.kind, self.resource.group])
        digest = base64.urlsafe_b64encode(hashlib.sha256(whole.encode()).digest()).decode().rstrip("=")
        return f"applyset-{digest}-v1"

    def __str__(self) -> str:
        return f"{self.resource.plural}.{self.resource.group}/{self.name}"

    def check(self) -> None:
        """Raises CommandError for a parent that cannot be one."""
        faults = []
        if self.resource.namespaced and not self.namespace:
            faults.append("namespace is required to use namespace-scoped ApplySet")
        if not self._is_builtin and self.resource.full_name not in self._custom_parents():
            what = f"{self.resource.group}/{self.resource.version}, Resource={self.resource.plural}"
            faults.append(f"resource {go_quote(what)} is not permitted as an ApplySet parent")
        if faults:
            raise CommandError(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")

    def label(self, found: Iterable[Target]) -> None:
        """Marks manifests as members.

        Raises:
            CommandError: one says itself that it is a member.
        """
        for target in found:
            meta = (target.object or {})["metadata"]
            labels = meta["labels"] = {**(meta.get("labels") or {})}
            if PART_OF in labels:
                raise CommandError(f"ApplySet label {go_quote(PART_OF)} already set in input data")
            labels[PART_OF] = self.id

    def begin(self, found: Iterable[Target], writes: Writes) -> None:
        """Has the parent name what it holds and what it will hold.

        Raises:
            CommandError: the parent belongs to another tool, or cannot be written.
        """
        self._read()
        for target in found:
            self.new_kinds[_group_kind(target.resource)] = target.resource
            if target.namespace:
                self.new_namespaces.add(target.namespace)
        self._write({*self.kinds, *self.new_kinds}, self.namespaces | self.new_namespaces, writes)

    def finish(self, keep: set[str], deletion: pruning.Deletion, writes: Writes) -> None:
        """Deletes the members that were not applied this time, and has the parent forget their kinds.

        Raises:
            CommandError: something cannot be listed, deleted or written.
        """
        places = pruning.places(self.kinds.values(), sorted(self.namespaces))
        found = [
            (resource, item)
            for resource, namespace in places
            for item in pruning.leftovers(self.session, resource, namespace, f"{PART_OF}={self.id}", keep)
        ]
        for resource, item in found:
            deletion.delete(resource, item)
            writes.report(resource, item, "pruned")
        try:
            self._write(self.new_kinds, self.new_namespaces, writes)
        except CommandError as error:
            raise CommandError(f"apply and prune succeeded, but ApplySet update failed: {error.message}") from None

    # --- the parent

    @property
    def _is_builtin(self) -> bool:
        return self.resource.full_name in BUILTIN_PARENTS

    def _custom_parents(self) -> list[str]:
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        listed = self.session.client.list(path, {"labelSelector": PARENT_TYPE})
        return [one["metadata"]["name"] for one in listed.get("items") or []]

    def _read(self) -> None:
        try:
            parent = self.session.client.get(self.resource.path(self.namespace, self.name))
        except ServerError as error:
            if error.reason != "NotFound":
                raise CommandError(f'failed to fetch ApplySet parent object "{self}": {error.message}') from None
            if not self._is_builtin:
                raise CommandError("custom resource ApplySet parents cannot be created automatically") from None
            return
        meta = parent["metadata"]
        labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
        self._check_owner(labels, annotations)
        if KINDS not in annotations and not annotations.get(RESOURCES):
            raise CommandError(
                f'parsing ApplySet annotation on "{self}": kubectl requires the "{KINDS}" annotation to be set on all '
                "ApplySet parent objects"
            )
        for word in filter(None, annotations.get(KINDS, annotations.get(RESOURCES, "")).split(",")):
            self.kinds[word] = self._known(word)
        self.namespaces = {one for one in annotations.get(NAMESPACES, "").split(",") if one}
        if self.namespace:
            self.namespaces.add(self.namespace)

    def _check_owner(self, labels: dict[str, str], annotations: dict[str, str]) -> None:
        if TOOLING not in annotations:
            raise CommandError(
                f'ApplySet parent object "{self}" already exists and is missing required annotation "{TOOLING}"'
            )
        tool = annotations[TOOLING].rpartition("/")[0] or annotations[TOOLING]
        if tool != PROGRAM:
            raise CommandError(
                f'ApplySet parent object "{self}" already exists and is managed by tooling "{tool}" instead of '
                f'"{PROGRAM}"'
            )
        if ID not in labels:
            raise CommandError(f'ApplySet parent object "{self}" exists and does not have required label {ID}')
        if labels[ID] != self.id:
            raise CommandError(
                f'ApplySet parent object "{self}" exists and has incorrect value for label "{ID}" (got: {labels[ID]}, '
                f"want: {self.id})"
            )

    def _known(self, word: str) -> Resource:
        try:
            return self.session.resources.find(word)
        except NoSuchType:
            kind, _, group = word.partition(".")
            raise CommandError(
                f'parsing ApplySet annotation on "{self}": could not find mapping for kind in "{KINDS}" annotation: no '
                f'matches for kind "{kind}" in group "{group}"'
            ) from None

    def _write(self, kinds: Iterable[str], namespaces: set[str], writes: Writes) -> None:
        if not writes.sends:
            return
        meta: Object = {"name": self.name, "labels": {ID: self.id}}
        if self.namespace:
            meta["namespace"] = self.namespace
        meta["annotations"] = {
            TOOLING: f"{PROGRAM}/{VERSION}",
            KINDS: ",".join(sorted(kinds)),
            NAMESPACES: ",".join(sorted(namespaces - {self.namespace})),
        }
        parent = {"apiVersion": self.resource.api_version, "kind": self.resource.kind, "metadata": meta}
        path = self.resource.path(self.namespace, self.name)
        query = {**writes.query, "fieldManager": MANAGER}
        try:
            try:
                self.session.client.patch(path, parent, "apply", {**query, "force": False})
            except ServerError as error:
                if error.reason != "Conflict":
                    raise
                log_warning(
                    self.session,
                    "applyset.go:448",
                    f"WARNING: failed to update ApplySet: {error.message}\nApplySet field manager {MANAGER} should own "
                    "these fields. Retrying with conflicts forced.",
                )
                self.session.client.patch(path, parent, "apply", {**query, "force": True})
        except ServerError as error:
            raise CommandError(f"failed to update ApplySet: {error.message}") from None


def _group_kind(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind


def from_flags(session: Session, flags: Flags) -> ApplySet | None:
    """The set that --applyset names, None without one.

    Raises:
        CommandError: it names none.
    """
    text = flags.text("applyset")
    if flags.given("applyset") and not enabled(session.environ):
        raise FlagError("unknown flag: --applyset", session.path)
    if not text:
        return None
    word, slash, name = text.partition("/")
    if not slash:
        word, name = DEFAULT_PARENT, text
    try:
        if not name:
            raise CommandError("name cannot be blank")
        return ApplySet(session, session.resources.find(word), name)
    except CommandError as error:
        raise CommandError(f"invalid parent reference {go_quote(text)}: {error.message}") from None
