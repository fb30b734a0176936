"""What a version has besides its schema: columns, subresources, fields to select by."""

from __future__ import annotations

from apiserver.objects.definitions import Node, Object
from apiserver.objects.structural import fieldpaths
from apiserver.objects.validation import Causes, duplicate, invalid, required, too_many

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
SELECTABLE_TYPES = ("string", "boolean", "integer")
MAX_SELECTABLE_FIELDS = 8


def column_causes(column: Object, path: str) -> Causes:
    """What is wrong with one additionalPrinterColumn."""
    causes: Causes = []
    if not column.get("name"):
        causes.append(required(f"{path}.name"))
    one_of = f"must be one of {','.join(COLUMN_TYPES)}"
    if not column.get("type"):
        causes.append(required(f"{path}.type", one_of))
    elif column["type"] not in COLUMN_TYPES:
        causes.append(invalid(f"{path}.type", column["type"], one_of))
    if column.get("format") and column["format"] not in COLUMN_FORMATS:
        causes.append(invalid(f"{path}.format", column["format"], f"must be one of {','.join(COLUMN_FORMATS)}"))
    if not column.get("jsonPath"):
        causes.append(required(f"{path}.JSONPath"))
    else:
        causes += _path_causes(column["jsonPath"], f"{path}.JSONPath")
    return causes


def subresource_causes(subresources: Object | None, path: str) -> Causes:
    """What is wrong with the subresources of a version."""
    scale = (subresources or {}).get("scale")
    if scale is None:
        return []
    causes: Causes = []
    for name, start in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        if not scale.get(name):
            causes.append(required(f"{path}.scale.{name}"))
        else:
            causes += _below(scale[name], (start,), f"{path}.scale.{name}", f"under {start[:-1]}")
    if scale.get("labelSelectorPath"):
        place = f"{path}.scale.labelSelectorPath"
        causes += _below(scale["labelSelectorPath"], (".spec.", ".status."), place, "under either .spec or .status")
    return causes


def _below(text: str, starts: tuple[str, ...], path: str, where: str) -> Causes:
    causes = _path_causes(text, path)
    if not causes and not text.startswith(starts):
        causes.append(invalid(path, text, f"should be a json path {where}"))
    return causes


def _path_causes(text: str, path: str) -> Causes:
    if not text.startswith("."):
        return [invalid(path, text, "must be a simple json path starting with .")]
    return []


def selectable_causes(fields: list[Object], schema: Node, path: str) -> Causes:
    """What is wrong with the fields that objects can be selected by."""
    causes: Causes = []
    seen: set[str] = set()
    for index, field in enumerate(fields):
        place, text = f"{path}[{index}].jsonPath", field.get("jsonPath", "")
        if not text:
            causes.append(required(place))
            continue
        try:
            names, found = fieldpaths.resolved(text, schema)
        except fieldpaths.BadPath as error:
            causes.append(invalid(place, text, f"is an invalid path: {error}"))
            continue
        if names[:1] == ["metadata"]:
            causes.append(invalid(place, text, "must not point to fields in metadata"))
        if found.get("type") not in SELECTABLE_TYPES:
            detail = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings with formats "
                "are allowed."
            )
            causes.append(invalid(place, text, detail))
        if text in seen:
            causes.append(duplicate(place, text))
        seen.add(text)
    if len(seen) > MAX_SELECTABLE_FIELDS:
        causes.append(too_many(path, len(seen), MAX_SELECTABLE_FIELDS))
    return causes
