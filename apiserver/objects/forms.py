"""How bytes and patched values become objects of a kind: as Go reads structs, for each kind with a file in schemas/.

Custom kinds, which have no struct, bring a Form of their own (structural/form.py).
"""

from __future__ import annotations

from typing import Any, Protocol

from apiserver.objects import decoding, defaulting
from apiserver.objects.decoding import Decoded, Problems, Validation
from schemas import Schema, load

Object = dict[str, Any]


class Form(Protocol):
    """One kind's way of being read."""

    @property
    def schema(self) -> Schema: ...

    @property
    def is_struct(self) -> bool:
        """Whether there is a Go struct: only then are there protobuf bodies and strategic merge patches."""

    def decode_body(self, body: bytes, validation: Validation, known: Problems = ()) -> Decoded:
        """The object in a request body; `known` are keys that it lost on its way to JSON. Raises BadRequest."""

    def decode_value(self, value: Object, *, strategic: bool = False) -> Decoded:
        """The object that a patch made, amended in place where possible. Raises DecodeError."""

    def fill(self, object: Object, filled: Object) -> None:
        """Fill in what the schema alone decides, in place; `filled` is the version before, or {}, whose parts need no
        filling where the object has them still."""


class StructForm:
    """The form of a kind with a file in schemas/."""

    is_struct = True

    def __init__(self, group_version: str, kind: str) -> None:
        self.schema = load(group_version, kind)
        self._group_version = group_version
        self._kind = kind

    def decode_body(self, body: bytes, validation: Validation, known: Problems = ()) -> Decoded:
        return decoding.decode_body(body, self._kind, self._group_version, self.schema, validation, known)

    def decode_value(self, value: Object, *, strategic: bool = False) -> Decoded:
        return decoding.decode_value(value, self.schema, strategic=strategic)

    def fill(self, object: Object, filled: Object) -> None:
        defaulting.apply_defaults(self.schema, object, filled)
