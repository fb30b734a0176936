"""The library, which is not there before it is needed; and what can go wrong with expressions."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any


class BadExpression(ValueError):
    """An expression that cannot be compiled; the text says where and why."""


class Failed(ValueError):
    """An expression that came to no result, in Kubernetes' words: `no such key: x`."""


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the library is installed: it has no build for every machine."""
    try:
        module("cel_expr_python.cel")
    except ImportError:
        return False
    return True


def module(name: str) -> Any:
    """A module by its name; without types, and not before it is needed."""
    return importlib.import_module(name)


def cel() -> Any:
    return module("cel_expr_python.cel")
