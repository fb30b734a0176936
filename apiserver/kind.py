"""A Kind is data: names, columns, and a few hooks. Its JSON Schema (schemas/) carries the shape; the hooks carry only
what a schema cannot say. `Kinds` is the catalogue that every request is resolved through.

Hooks are pure functions over plain dicts; those that amend an object do so in place, because the caller hands them a
copy of its own. None of them may wait, ask the time, or read another object (that is admission's business).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from apiserver.errors import Cause, Resource
from apiserver.objects.forms import Form, StructForm
from schemas import Schema

Object = dict[str, Any]
Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Since:
    """A cell that shows how long ago `timestamp` (RFC 3339) was: rendered as `before` + age + `after` at answer time,
    so that the rest of the row can be cached. An absent timestamp shows `<unknown>`."""

    timestamp: str | None
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a Table: `cell` reads it off an object. `priority` 1 shows it only with `-o wide`."""

    name: str
    cell: Callable[[Object], Cell | Since]
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""


@dataclass(frozen=True)
class Scale:
    """How a kind answers its scale subresource: where its replica counts and selector stand, as paths. A selector is an
    object, or a text."""

    spec_replicas: tuple[str, ...] = ("spec", "replicas")
    status_replicas: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ("spec", "selector")
    is_required: bool = False
    """Whether an object without a wanted count has no Scale."""


@dataclass(frozen=True)
class Part:
    """A subresource that shows the whole object and writes a part of it. `restrict(new, old)` takes from `old` what is
    not of that part; `validate(new, old)` checks the change, in place of Kind.validate_update."""

    restrict: Callable[[Object, Object], None]
    validate: Callable[[Object, Object], list[Cause]]


@dataclass(frozen=True)
class StoredAs:
    """A kind that is another face of stored objects: those of `resource`. `inward` makes the stored form of one of its
    objects, `outward` the reverse; both return a new object, or amend the one they are given. Of the faces of one
    resource at most one is `primary`: whoever visits all objects there are sees them through that one."""

    resource: Resource
    inward: Callable[[Object], Object]
    outward: Callable[[Object], Object]
    primary: bool = False


def _nothing(*_: Any) -> None:
    return None


def _no_causes(*_: Any) -> list[Cause]:
    return []


def _no_problems(*_: Any) -> list[str]:
    return []


def _no_warnings(*_: Any) -> list[str]:
    return []


def _never(*_: Any) -> bool:
    return False


def spec_changed(new: Object, old: Object) -> bool:
    """Whether anything but metadata and status differs."""
    return any(new.get(k) != old.get(k) for k in {*new, *old} - {"metadata", "status"})


READ_WRITE = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def name_column(object: Object) -> str:
    return str(object["metadata"].get("name", ""))


def age_column(object: Object) -> Since:
    return Since(object["metadata"].get("creationTimestamp"))


NAME = Column("Name", name_column, format="name")
AGE = Column("Age", age_column)


@dataclass(frozen=True)
class Kind:
    """The declaration of one kind.

    group_version  "v1", "apps/v1"           name    "Pod"
    plural         "pods"                    short   ("po",)
    columns        the whole Table, NAME and AGE included
    subresources   beyond status and scale: {"binding": "Binding", ...}
    selectable     field selectors besides metadata.name and metadata.namespace: path -> reader

    Hooks, in the order a write meets them (old is None on create):
    prepare(new, old)      drop or restore what a client may not set (status is handled for every kind)
    default(object)        defaults that depend on other fields; plain ones stand in the schema
    validate(object)       -> causes
    validate_create(object)           -> causes, in addition to validate(object)
    validate_update(new, old)         -> causes, in addition to validate(new)
    validate_status(new, old)         -> causes, for writes to the status subresource
    warnings(new, old)     -> Warning header texts
    """

    group_version: str
    name: str
    plural: str
    short: tuple[str, ...] = ()
    singular: str = ""
    namespaced: bool = True
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = (NAME, AGE)
    status: bool = False
    scale: Scale | None = None
    subresources: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Those of `subresources` that write a part of the object itself, such as a Pod's resize."""
    acts_on: tuple[str, str] | None = None
    """(plural, subresource) for a kind that is not stored: to create one is to create that subresource of the object it
    names (Binding)."""
    verbs: tuple[str, ...] = READ_WRITE
    selectable: Mapping[str, Callable[[Object], str]] = field(default_factory=dict)
    validate_name: Callable[[str, bool], list[str]] | None = None
    """(name, is_prefix) -> what is wrong with it; None: a DNS-1123 subdomain."""
    validate_naming: Callable[[str, Object], list[str]] = _no_problems
    """(name, object) -> what else is wrong with a name for what it names."""
    qualifies_finalizers: bool = True
    """Whether finalizers must have a domain or be Kubernetes' own."""
    has_generation: bool = False
    """metadata.generation counts changes of what is not metadata or status."""
    keeps_new_status: bool = False
    """Whether a new object may bring a status (a kubelet registers its Node together with what it can do)."""
    deletes_to_status: bool = True
    """DELETE answers with a Status; False: with the object."""
    is_new_generation: Callable[[Object, Object], bool] = spec_changed
    """(new, old) -> whether a write raises metadata.generation (where has_generation)."""
    creates_on_update: bool = False
    """PUT to a name that does not exist creates the object."""
    updates_blindly: bool = True
    """PUT may leave out the resourceVersion of what it replaces."""
    refuses_creates: str = ""
    """Why no object of the kind can be created at present."""
    deletion_finalizers: tuple[str, ...] = ()
    """Finalizers that the first DELETE adds to an object: what somebody must do before it goes."""
    holds: Callable[[Object], bool] = _never
    """Whether something other than metadata.finalizers keeps a deleted object (a Namespace's spec.finalizers)."""
    begin_deletion: Callable[[Object], None] = _nothing
    """Amends an object that a DELETE has just marked (a Namespace turns Terminating)."""
    prepare_status: Callable[[Object, Object], None] = _nothing
    """(new, old): what a write to the status subresource may not change, beyond everything outside metadata, status."""
    prepare: Callable[[Object, Object | None], None] = _nothing
    default: Callable[[Object], None] = _nothing
    validate: Callable[[Object], list[Cause]] = _no_causes
    validate_create: Callable[[Object], list[Cause]] = _no_causes
    validate_update: Callable[[Object, Object], list[Cause]] = _no_causes
    tells_changes_first: bool = False
    """Whether what validate_update finds comes before what validate finds."""
    validate_status: Callable[[Object, Object], list[Cause]] = _no_causes
    warnings: Callable[[Object, Object | None], list[str]] = _no_warnings
    read_warning: str = ""
    """A Warning header sent with every answer about this kind."""
    grace_seconds: Callable[[Object, int | None], int] | None = None
    """(object, requested) -> deletionGracePeriodSeconds, for kinds that end gracefully; None: a deleted object is gone
    at once where no finalizer holds it."""
    orphans_dependents: bool = False
    """A DELETE that does not say what becomes of dependents leaves them alone (Jobs, for old times' sake)."""
    orphan_warning: str = ""
    """What such a DELETE is warned of."""
    stored: bool = True
    """False: a question in the form of an object, which is answered and forgotten (apiserver/reviews.py)."""
    stored_as: StoredAs | None = None
    """Set for a kind whose objects are stored in the form of another (Event of events.k8s.io/v1)."""
    list_kind: str = ""
    """What a list of its objects is called, where that is not the name and List."""
    own_form: Form | None = None
    """How its objects are read, where it has no file in schemas/ (a custom kind)."""
    memo: dict[str, Any] = field(default_factory=dict, repr=False)
    """What others have made of this declaration, each under its own name: kept as long as the kind is."""

    @property
    def group(self) -> str:
        """ "" for core, else "apps"."""
        return self.group_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        return self.group_version.rpartition("/")[2]

    @property
    def resource(self) -> Resource:
        """What errors call it: `pods`, `deployments.apps`."""
        return Resource(self.plural, self.group)

    @property
    def qualified(self) -> str:
        """What validation errors call it: `Pod`, `Deployment.apps`."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def list_name(self) -> str:
        return self.list_kind or self.name + "List"

    @cached_property
    def form(self) -> Form:
        """How bytes and patched values become objects of this kind."""
        return self.own_form or StructForm(self.group_version, self.name)

    @property
    def schema(self) -> Schema:
        return self.form.schema

    @property
    def is_primary(self) -> bool:
        """Whether objects are to be visited through this kind, and not through another of their faces."""
        return self.stored_as is None or self.stored_as.primary

    @cached_property
    def family(self) -> str:
        """The first segment of its storage keys, the same for all faces of a stored object."""
        return str(self.stored_as.resource if self.stored_as else self.resource)

    def prefix(self, namespace: str = "") -> str:
        """The start of the storage keys of this kind, or of those in one namespace."""
        return f"{self.family}/{namespace}/" if namespace else f"{self.family}/"

    def key(self, namespace: str, name: str) -> str:
        """The storage key of one object: `pods/default/web`, `nodes/node-1`."""
        return f"{self.family}/{namespace}/{name}" if self.namespaced else f"{self.family}/{name}"

    def __hash__(self) -> int:
        return hash((self.group_version, self.name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and (self.group_version, self.name) == (other.group_version, other.name)


Listener = Callable[[Kind, bool], None]
"""(kind, whether it has come or gone)"""


class Kinds:
    """The catalogue: finds a Kind by group/version and plural, or by group/version and name. It may change at any time;
    `edition` tells one state of it from the next."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_plural: dict[tuple[str, str], Kind] = {}
        self._by_name: dict[tuple[str, str], Kind] = {}
        self._listeners: list[Listener] = []
        self.edition = 0
        for kind in kinds:
            self.add(kind)

    def add(self, kind: Kind) -> None:
        """Take in a kind, as the last; one that is there under this name and plural makes room for it, unheard."""
        is_new = self._by_plural.pop((kind.group_version, kind.plural), None) != kind
        self._by_plural[kind.group_version, kind.plural] = kind
        self._by_name[kind.group_version, kind.name] = kind
        self.edition += 1
        if is_new:
            self._tell(kind, True)

    def remove(self, kind: Kind) -> None:
        del self._by_plural[kind.group_version, kind.plural]
        del self._by_name[kind.group_version, kind.name]
        self.edition += 1
        self._tell(kind, False)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each kind that comes or goes from now on; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, kind: Kind, has_come: bool) -> None:
        for listener in tuple(self._listeners):
            listener(kind, has_come)

    def by_plural(self, group_version: str, plural: str) -> Kind | None:
        return self._by_plural.get((group_version, plural))

    def by_name(self, group_version: str, name: str) -> Kind | None:
        return self._by_name.get((group_version, name))

    def group_versions(self) -> list[str]:
        """Every group/version with a kind, core first, in order of first declaration."""
        return list(dict.fromkeys(kind.group_version for kind in self))

    def __iter__(self) -> Iterator[Kind]:
        return iter(list(self._by_plural.values()))
