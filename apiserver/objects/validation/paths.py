"""Validation of file paths in volumes, mounts and profiles."""

from __future__ import annotations

from apiserver.objects.validation import Causes, invalid

BACKSTEP = "must not contain '..'"


def validate_no_backsteps(at: str, path: str) -> Causes:
    """No `..` among the elements."""
    return [invalid(at, path, BACKSTEP)] if ".." in path and ".." in path.split("/") else []


def validate_descending_path(at: str, path: str) -> Causes:
    """Relative, without `..` elements."""
    causes = [invalid(at, path, "must be a relative path")] if path.startswith("/") else []
    return causes + validate_no_backsteps(at, path)


def validate_file_path(at: str, path: str) -> Causes:
    """Relative, without `..` elements, and not starting with `..`, which the kubelet keeps for itself."""
    causes = validate_descending_path(at, path)
    if path.startswith("..") and not path.startswith("../"):
        causes.append(invalid(at, path, "must not start with '..'"))
    return causes


def validate_mode(at: str, mode: int | None) -> Causes:
    """File permission bits."""
    if mode is None or 0 <= mode <= 0o777:
        return []
    return [invalid(at, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
