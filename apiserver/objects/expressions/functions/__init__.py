"""What Kubernetes adds to CEL. Each module of this folder declares its functions in a table:

    signature -> what it does          "quantity(string) Quantity", "Quantity.add(int) Quantity"

A signature that starts with a type is that of a method; any other name, dots included, is a function's. Types are CEL's
own, or one of OPAQUE: values that expressions can only hand on. To the library those are messages with one text in
them, so two are equal when their texts are; functions get and return what `read` makes of the text. An answer that may
be none is marked `?`: to the library it is of any type, and none where it is empty (syntax).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address, ip_interface
from typing import Any, NamedTuple

from apiserver.objects.expressions.functions import (
    authorizing,
    formats,
    images,
    lists,
    networks,
    quantities,
    texts,
    urls,
    versions,
)
from apiserver.objects.expressions.loading import cel, module


class Opaque(NamedTuple):
    """A type that expressions cannot look into: its full name, its text read, and written."""

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


OPAQUE: dict[str, Opaque] = {
    "Quantity": Opaque("kubernetes.Quantity", Decimal, lambda value: str(value.normalize())),
    "URL": Opaque("kubernetes.URL", str),
    "IP": Opaque("net.IP", ip_address),
    "CIDR": Opaque("net.CIDR", ip_interface),
    "Format": Opaque("kubernetes.NamedFormat", str),
    "Semver": Opaque("kubernetes.Semver", versions.Version.of),
    "Image": Opaque("kubernetes.Image", images.Image.of),
    "Authorizer": Opaque("kubernetes.authorization.Authorizer", json.loads, json.dumps),
    "PathCheck": Opaque("kubernetes.authorization.PathCheck", json.loads, json.dumps),
    "GroupCheck": Opaque("kubernetes.authorization.GroupCheck", json.loads, json.dumps),
    "ResourceCheck": Opaque("kubernetes.authorization.ResourceCheck", json.loads, json.dumps),
    "Decision": Opaque("kubernetes.authorization.Decision", json.loads, json.dumps),
}

DECLARED: dict[str, Callable[..., Any] | None] = {
    **texts.DECLARED,
    **lists.DECLARED,
    **quantities.DECLARED,
    **urls.DECLARED,
    **networks.DECLARED,
    **formats.DECLARED,
    **versions.DECLARED,
    **images.DECLARED,
    **authorizing.DECLARED,
}
"""None: the library has it, and is only told of types that its own declaration leaves out."""

_BY_NAME = {opaque.name: opaque for opaque in OPAQUE.values()}
_SIGNATURE = re.compile(r"(?:([A-Z]\w*|string|list<\w+>)\.)?([\w.<>=]+)\((.*)\) (\??)(\S+)")
_TYPE = re.compile(r"[A-Z]\w*")

Implementation = Callable[..., Any]


class Signature(NamedTuple):
    """One way to call a function; types as the library writes them."""

    text: str
    name: str
    is_member: bool
    takes: tuple[str, ...]
    answers: str
    is_optional: bool

    @property
    def shape(self) -> tuple[bool, tuple[str, ...]]:
        """What tells calls apart while an expression runs: what is in a list, or which message it is, does not."""
        kinds = tuple("message" if type_ in _BY_NAME else type_.partition("<")[0] for type_ in self.takes)
        return self.is_member, kinds


def signature(text: str) -> Signature:
    """A signature, read; opaque types get their full names."""
    found = _SIGNATURE.fullmatch(text)
    assert found is not None, text
    receiver, name, takes, maybe, answers = found.groups()
    arguments = [receiver] if receiver else []
    arguments += takes.split(", ") if takes else []
    return Signature(text, name, bool(receiver), tuple(map(_full, arguments)), _full(answers), bool(maybe))


def declared(*, typed: bool) -> list[Any]:
    """All functions, as the library wants them declared: `typed` to find mistakes, otherwise to run."""
    by_name: dict[str, list[tuple[Signature, Implementation | None]]] = {}
    for text, function in DECLARED.items():
        found = signature(text)
        by_name.setdefault(found.name, []).append((found, function))
    return [cel().FunctionDecl(name, _overloads(ways, typed=typed)) for name, ways in by_name.items()]


def message(type_: str, value: Any) -> Any:
    """A value of an opaque type, as the library passes it on."""
    return _classes()[type_](text=_BY_NAME[type_].write(value))


def files() -> list[bytes]:
    """The messages of the opaque types, one file for each package of them."""
    made: dict[str, Any] = {}
    for name in _BY_NAME:
        package, _, last = name.rpartition(".")
        if package not in made:
            descriptors = module("google.protobuf.descriptor_pb2")
            made[package] = descriptors.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
        made[package].message_type.add(name=last).field.add(name="text", number=1, type=9, label=1)
    return [file.SerializeToString() for file in made.values()]


@lru_cache(maxsize=1)
def _classes() -> dict[str, Any]:
    pool = module("google.protobuf.descriptor_pool").DescriptorPool()
    for file in files():
        pool.AddSerializedFile(file)
    made = module("google.protobuf.message_factory").GetMessageClass
    return {name: made(pool.FindMessageTypeByName(name)) for name in _BY_NAME}


def _full(type_: str) -> str:
    return _TYPE.sub(lambda found: OPAQUE[found[0]].name if found[0] in OPAQUE else found[0], type_)


def _overloads(ways: Sequence[tuple[Signature, Implementation | None]], *, typed: bool) -> list[Any]:
    """Of those the library cannot tell apart while it runs, the first acts for all, whatever type each answers with."""
    type_of, overload = cel().Type, cel().Overload
    found, seen = [], set[Any]()
    for way, function in ways:
        acts = None
        if function is not None and way.shape not in seen:
            seen.add(way.shape)
            acts = _acting([(other, does) for other, does in ways if other.shape == way.shape and does is not None])
        answers = type_of(way.answers if typed and not way.is_optional else "dyn")
        found.append(overload(way.text, answers, [type_of(type_) for type_ in way.takes], way.is_member, acts))
    return found


def _acting(alike: Sequence[tuple[Signature, Implementation]]) -> Implementation:
    """Does what the one of some signatures does that fits the messages it is called with."""

    def act(*values: Any) -> Any:
        given = tuple(_name_of(value) for value in values)
        for way, function in alike:
            wanted = tuple(type_ if type_ in _BY_NAME else "" for type_ in way.takes)
            if wanted == given:
                answer = function(*map(_read, values, given))
                return message(way.answers, answer) if way.answers in _BY_NAME else _written(answer)
        raise ValueError("no such overload")

    return act


def _read(value: Any, type_: str) -> Any:
    return _BY_NAME[type_].read(value.text) if type_ else value


def _written(answer: Any) -> Any:
    """An answer as the library takes it: a span of time, and a time, only as a message."""
    if isinstance(answer, timedelta):
        duration = module("google.protobuf.duration_pb2").Duration()
        duration.FromTimedelta(answer)
        return duration
    if isinstance(answer, datetime):
        time = module("google.protobuf.timestamp_pb2").Timestamp()
        time.FromDatetime(answer)
        return time
    return answer


def _name_of(value: Any) -> str:
    """The opaque type of a value, "" where it has none."""
    descriptor = getattr(value, "DESCRIPTOR", None)
    name = descriptor.full_name if descriptor is not None else ""
    return name if name in _BY_NAME else ""
