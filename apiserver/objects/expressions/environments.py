"""What expressions can name: variables of given types, CEL's own functions and extensions, and those of functions/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from apiserver.objects.expressions import functions
from apiserver.objects.expressions.functions.texts import REDECLARED
from apiserver.objects.expressions.loading import cel, module

EXTENSIONS = ("Strings", "Math", "Optional", "Bindings")
_CONFIG = "\n".join((
    "name: kubernetes",
    "extensions: [{name: two-var-comprehensions}, {name: sets}]",
    f"stdlib: {{exclude_functions: [{', '.join(f'{{name: {name}}}' for name in REDECLARED)}]}}",
))  # fmt: skip
_WELL_KNOWN = ("struct", "timestamp", "duration")


def typed(variables: Mapping[str, Any], file: bytes) -> Any:
    """Tells what types expressions have, over variables of the library's types; `file` describes messages among them.
    They are not to be run."""
    return _environment(variables, functions.declared(typed=True), file)


@lru_cache(maxsize=8)
def untyped(names: frozenset[str]) -> Any:
    """Runs expressions over plain values."""
    return _environment(dict.fromkeys(names, cel().Type.DYN), functions.declared(typed=False))


def parser() -> Any:
    """Reads expressions; what they name does not matter."""
    return untyped(frozenset())


def _environment(variables: Mapping[str, Any], declared: Sequence[Any], *files: bytes) -> Any:
    pool = module("google.protobuf.descriptor_pool").DescriptorPool()
    for name in _WELL_KNOWN:
        pool.AddSerializedFile(module(f"google.protobuf.{name}_pb2").DESCRIPTOR.serialized_pb)
    for file in (*functions.files(), *files):
        pool.AddSerializedFile(file)
    extensions = [getattr(module(f"cel_expr_python.ext.ext_{name.lower()}"), f"Ext{name}")() for name in EXTENSIONS]
    return cel().NewEnv(
        config=cel().NewEnvConfigFromYaml(_CONFIG),
        descriptor_pool=pool,
        variables=variables,
        extensions=extensions,
        functions=declared,
    )
