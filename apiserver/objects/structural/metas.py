"""The metadata of whole objects inside objects: read as metadata is read everywhere, held to the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from apiserver.errors import Cause
from apiserver.objects.gostructs import DecodeError, Walk
from apiserver.objects.structural import Node, is_embedded, member
from apiserver.objects.validation import invalid, required
from apiserver.objects.validation.meta import validate_meta
from apiserver.objects.validation.names import rfc1035_label, segment_name
from schemas import Field, load


def metadata_field() -> Field:
    """The shape of metadata, the same for every kind."""
    return load("v1", "ConfigMap").root.properties["metadata"].definition


def read(value: Any, schema: Node, path: str = "") -> list[str]:
    """Bring all embedded metadata into its stored form, in place; returns the paths of unknown fields.

    Raises DecodeError for metadata of the wrong shape.
    """
    unknown: list[str] = []
    for place, object in embedded(value, schema, path):
        for name in ("apiVersion", "kind"):
            if name in object and not isinstance(object[name], str):
                raise DecodeError(str(invalid(f"{place}.{name}", object[name], "must be a string")))
        if "metadata" in object:
            try:
                object["metadata"], found = read_metadata(object["metadata"], f"{place}.metadata")
            except DecodeError as error:
                raise DecodeError(str(invalid(f"{place}.metadata", object["metadata"], str(error)))) from None
            unknown += found
    return unknown


def read_metadata(value: Any, path: str) -> tuple[Node, list[str]]:
    """(metadata in stored form, the paths of its unknown fields). Raises DecodeError, in Go's words."""
    walk = Walk()
    found = walk.decode(metadata_field(), value)
    if found.get("creationTimestamp") is None:
        found.pop("creationTimestamp", None)
    return found, [problem.replace('"', f'"{path}.', 1) for problem in walk.problems]


@dataclass(frozen=True)
class _Anything:
    """A kind of which nothing is known but whether its objects are in a namespace."""

    namespaced: bool
    qualifies_finalizers: bool = False
    validate_name: Callable[[str, bool], list[str]] = segment_name

    @staticmethod
    def validate_naming(name: str, object: Node) -> list[str]:
        return []


def check(value: Any, schema: Node, path: str = "") -> list[Cause]:
    """What is wrong with embedded objects: who they say they are, and their metadata."""
    causes: list[Cause] = []
    for place, object in embedded(value, schema, path):
        for name in ("apiVersion", "kind"):
            if name not in object:
                causes.append(required(f"{place}.{name}"))
            elif not object[name]:
                causes.append(invalid(f"{place}.{name}", "", "must not be empty"))
        causes += _wrong_type(place, object)
        metadata = {"name": "fakename", **(object.get("metadata") or {})}
        found = validate_meta(_Anything(bool(metadata.get("namespace"))), {"metadata": metadata})
        causes += [replace(cause, field=f"{place}.{cause.field}") for cause in found]
    return causes


def _wrong_type(place: str, object: Node) -> list[Cause]:
    version, kind = object.get("apiVersion") or "", object.get("kind") or ""
    causes = []
    if version.count("/") > 1:
        causes.append(invalid(f"{place}.apiVersion", version, f"unexpected GroupVersion string: {version}"))
    wrong = rfc1035_label(kind.lower()) if kind else []
    if wrong:
        detail = "may have mixed case, but should otherwise match: " + ",".join(wrong)
        causes.append(invalid(f"{place}.kind", kind, detail))
    return causes


def embedded(value: Any, schema: Node | None, path: str) -> Iterator[tuple[str, Node]]:
    """Every embedded object below a value, with its path."""
    if schema is None:
        return
    if isinstance(value, dict):
        if path and is_embedded(schema):
            yield path, value
        for name, child in value.items():
            yield from embedded(child, member(schema, name), f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from embedded(item, schema.get("items"), f"{path}[{index}]")
