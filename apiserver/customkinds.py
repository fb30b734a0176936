"""Custom kinds: what a CustomResourceDefinition becomes, a Kind like any other, as long as the definition lasts.

    CustomResourceDefinition --published--> CustomKinds --add, replace, remove--> the catalogue (Kinds)

The catalogue belongs to one Cluster and each Kind carries its own schema, so nothing of a custom kind outlives its
definition, and two clusters in one process do not meet. CustomKinds listens to the store: whoever has written a
definition finds the kind changed when the answer comes.

What is stored is what is shown, as with built-in kinds, for a definition of one version that never changed. After a
change (a field more, a default more, another version) each stored object is brought into shape when it is first read,
and remembered in that shape. Versions differ in their names and schemas alone: no webhook is asked to convert.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from apiserver.api import API
from apiserver.errors import Resource
from apiserver.kind import NAME, Cell, Column, Kind, Object, Scale, Since, StoredAs
from apiserver.kinds.customresourcedefinition import kind as DEFINITION
from apiserver.objects import jsonpaths
from apiserver.objects.definitions import naming, schema_of, storage_version
from apiserver.objects.definitions.served import deprecation_warning
from apiserver.objects.gotime import seconds
from apiserver.objects.govalues import printed
from apiserver.objects.structural import pruning
from apiserver.objects.structural.form import StructuralForm
from apiserver.objects.structural.judging import Judge
from apiserver.objects.validation.meta import finalizer_warnings

log = logging.getLogger(__name__)

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
TERMINATING = "create not allowed while custom resource definition is terminating"
AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


class CustomKinds:
    """Keeps the catalogue of an API in step with its definitions."""

    def __init__(self, api: API) -> None:
        self._api = api
        self._served: dict[str, tuple[Any, list[Kind]]] = {}

    def start(self) -> Callable[[], None]:
        """Take in the definitions there are, and follow them; returns what ends it."""
        return self._api.observe([DEFINITION], self._changed)

    def _changed(self, kind: Kind, old: Object | None, new: Object | None) -> None:
        definition = new or old
        assert definition is not None
        name = definition["metadata"]["name"]
        try:
            matters = _what_matters(new) if new is not None else None
            known, before = self._served.get(name, (None, []))
            if matters != known:
                self._replace(name, before, kinds_of(new) if new is not None else [])
                self._served[name] = matters, self._served.get(name, (None, []))[1]
            if new is None:
                self._served.pop(name, None)
        except Exception:
            log.exception("the kind of %s cannot be served", name)

    def _replace(self, name: str, before: list[Kind], after: list[Kind]) -> None:
        kinds = self._api.kinds
        mine = {(kind.group_version, kind.plural) for kind in before}
        after = [
            kind for kind in after
            if (kind.group_version, kind.plural) in mine or kinds.by_plural(kind.group_version, kind.plural) is None
        ]  # fmt: skip
        for kind in before:
            if kind not in after and kinds.by_plural(kind.group_version, kind.plural) is kind:
                kinds.remove(kind)
        for kind in after:
            kinds.add(kind)
        for kind in after[:1]:
            for record in self._api.store.under(kind.prefix()):
                record.cache.clear()  # rows and faces were made for the old declaration
        self._served[name] = None, after


def _what_matters(definition: Object) -> Any:
    status = definition.get("status") or {}
    conditions = status.get("conditions")
    is_accepted = naming.is_true(conditions, naming.NAMES_ACCEPTED) or naming.is_true(conditions, naming.ESTABLISHED)
    is_ending = bool(definition["metadata"].get("deletionTimestamp"))
    return definition["spec"], status.get("acceptedNames"), status.get("storedVersions"), is_accepted, is_ending


def kinds_of(definition: Object) -> list[Kind]:
    """The kinds that a definition brings, one a version that is served; the primary one first."""
    spec, status = definition["spec"], definition.get("status") or {}
    conditions = status.get("conditions")
    if not naming.is_true(conditions, naming.NAMES_ACCEPTED) and not naming.is_true(conditions, naming.ESTABLISHED):
        return []
    served = [version for version in spec["versions"] if version.get("served")]
    storage = storage_version(spec)
    served.sort(key=lambda version: version["name"] != storage)
    changed = definition["metadata"].get("generation", 1) > 1
    many = len(spec["versions"]) > 1 or len(status.get("storedVersions") or ()) > 1
    kinds = [_kind_of(definition, version) for version in served]
    if not changed and not many:
        return kinds
    return [replace(kind, stored_as=_face(kind, storage, primary=kind is kinds[0]), memo={}) for kind in kinds]


def _face(kind: Kind, storage: str, *, primary: bool) -> StoredAs:
    """How objects are shown that may be stored in another version, or in an older shape."""
    form = kind.form
    assert isinstance(form, StructuralForm)

    def outward(object: Object) -> Object:
        pruning.prune(object, form.structure)
        pruning.drop_nulls(object, form.structure)
        form.fill(object, {})
        return object

    def inward(object: Object) -> Object:
        return {**object, "apiVersion": f"{kind.group}/{storage}"}

    return StoredAs(Resource(kind.plural, kind.group), inward, outward, primary)


def _kind_of(definition: Object, version: Object) -> Kind:
    spec = definition["spec"]
    names = (definition.get("status") or {}).get("acceptedNames") or spec["names"]
    group_version = f"{spec['group']}/{version['name']}"
    subresources = version.get("subresources") or {}
    structure = schema_of(version) or {"x-kubernetes-preserve-unknown-fields": True}
    judge = Judge(structure, subresources.get("scale"))
    ending = definition["metadata"].get("deletionTimestamp")
    return Kind(
        group_version,
        names["kind"],
        names["plural"],
        short=tuple(names.get("shortNames") or ()),
        singular=names.get("singular", ""),
        list_kind=names.get("listKind", ""),
        categories=tuple(names.get("categories") or ()),
        namespaced=spec["scope"] == "Namespaced",
        columns=(NAME, *map(_column, version.get("additionalPrinterColumns") or [AGE])),
        verbs=VERBS,
        status="status" in subresources,
        scale=_scale(subresources.get("scale")),
        selectable=dict(map(_selectable, version.get("selectableFields") or ())),
        has_generation=True,
        is_new_generation=_differs,
        qualifies_finalizers=False,
        updates_blindly=False,
        refuses_creates=TERMINATING if ending else "",
        validate_create=judge.new,
        validate_update=judge.changed,
        validate_status=judge.status,
        warnings=finalizer_warnings,
        read_warning=deprecation_warning(version, spec) if version.get("deprecated") else "",
        own_form=StructuralForm(group_version, names["kind"], structure),
    )


def _differs(new: Object, old: Object) -> bool:
    """Whether anything but metadata differs; where status is a subresource it has been put back before."""
    return any(new.get(key) != old.get(key) for key in {*new, *old} - {"metadata"})


def _scale(declared: Object | None) -> Scale | None:
    if declared is None:
        return None
    paths = (declared.get(name, "") for name in ("specReplicasPath", "statusReplicasPath", "labelSelectorPath"))
    wanted, observed, selector = (tuple(path.strip(".").split(".")) if path else () for path in paths)
    return Scale(wanted, observed, selector, is_required=True)


def _selectable(field: Object) -> tuple[str, Callable[[Object], str]]:
    path = jsonpaths.Path(field["jsonPath"])

    def read(object: Object) -> str:
        found = path.find(object)
        return printed(found[0]) if found and found[0] is not None else ""

    return field["jsonPath"].removeprefix("."), read


def _column(column: Object) -> Column:
    text, type_ = column["jsonPath"], column["type"]
    try:
        path = jsonpaths.Path(text)
    except jsonpaths.BadPath:
        path = jsonpaths.Path(".metadata['']")

    def cell(object: Object) -> Cell | Since:
        found = path.find(object)
        return _CELLS[type_](found[0]) if found and found[0] is not None else None

    return Column(
        column["name"],
        cell,
        type_,
        column.get("format", ""),
        column.get("priority", 0),
        column.get("description") or f"Custom resource definition column (in JSONPath format): {text}",
    )


def _date(value: Any) -> Cell | Since:
    if not isinstance(value, str):
        return None
    try:
        return Since(seconds(value))
    except ValueError:
        return "<invalid>"


def _shown(value: Any) -> str:
    """As a column of texts shows what is no text."""
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else printed(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_CELLS: dict[str, Callable[[Any], Cell | Since]] = {
    "string": lambda value: value if isinstance(value, str) else _shown(value),
    "integer": lambda value: int(value) if _is_number(value) else None,
    "number": lambda value: value if _is_number(value) else None,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "date": _date,
}
