"""Binding: puts the Pod of its name on a node; the older way to say what pods/binding says."""

from __future__ import annotations

from apiserver.kind import Kind

kind = Kind("v1", "Binding", "bindings", acts_on=("pods", "binding"), verbs=("create",))
