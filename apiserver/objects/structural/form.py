"""The Form of a custom kind."""

from __future__ import annotations

from typing import Any

from apiserver.objects.decoding import Decoded, Problems, Validation
from apiserver.objects.structural import Node, fields, filling, reading
from schemas import Schema

Object = dict[str, Any]


class StructuralForm:
    """Reads the objects of one version of a custom kind; `structure` is its schema as the definition has it."""

    is_struct = False

    def __init__(self, group_version: str, kind: str, structure: Node) -> None:
        self.structure = structure
        self._group_version = group_version
        self._kind = kind
        self.schema: Schema = fields.schema_of(structure, group_version, kind)

    def decode_body(self, body: bytes, validation: Validation, known: Problems = ()) -> Decoded:
        return reading.decode_body(body, self._kind, self._group_version, self.structure, validation, known)

    def decode_value(self, value: Object, *, strategic: bool = False) -> Decoded:
        return reading.decode_value(value, self.structure)

    def fill(self, object: Object, filled: Object) -> None:
        filling.fill(object, self.structure)
