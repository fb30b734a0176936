"""ConfigMap: named texts and bytes, up to 1 MiB, and unchangeable once `immutable` is set."""

from __future__ import annotations

from apiserver.kind import AGE, NAME, Column, Kind, Object
from apiserver.objects.validation import Causes, invalid, too_long
from apiserver.objects.validation.bags import MAX_BYTES, base64_length, validate_frozen
from apiserver.objects.validation.names import byte_length, config_key, problems


def entries(configmap: Object) -> int:
    return len(configmap.get("data") or ()) + len(configmap.get("binaryData") or ())


def validate(configmap: Object) -> Causes:
    texts, binaries = configmap.get("data") or {}, configmap.get("binaryData") or {}
    causes: Causes = []
    for key in sorted(texts):
        causes += problems(f"data[{key}]", key, config_key(key))
        if key in binaries:
            causes.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in sorted(binaries):
        causes += problems(f"binaryData[{key}]", key, config_key(key))
    size = sum(map(byte_length, texts.values())) + sum(map(base64_length, binaries.values()))
    if size > MAX_BYTES:
        causes.append(too_long("[]", MAX_BYTES))  # the whole object is meant; its path prints as this
    return causes


def validate_update(new: Object, old: Object) -> Causes:
    return validate_frozen(new, old, ("data", "binaryData"))


kind = Kind(
    "v1",
    "ConfigMap",
    "configmaps",
    short=("cm",),
    columns=(NAME, Column("Data", entries), AGE),
    validate=validate,
    tells_changes_first=True,
    validate_update=validate_update,
)
