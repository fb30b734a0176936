"""Metadata as the server keeps it: what a client may not set, identity, deletion marks. Pure functions over objects."""

from __future__ import annotations

import random
from typing import Any

Object = dict[str, Any]

NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels and no look-alikes: generated names spell no words and survive being read aloud."""
SUFFIX_LENGTH = 5
MAX_GENERATED_PREFIX = 63 - SUFFIX_LENGTH

SERVER_OWNED = (
    "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"
)  # fmt: skip


def random_suffix(length: int = SUFFIX_LENGTH) -> str:
    return "".join(random.choices(NAME_ALPHABET, k=length))


def generated_name(prefix: str) -> str:
    """A name made of a generateName prefix and five random characters, at most 63 long."""
    return prefix[:MAX_GENERATED_PREFIX] + random_suffix()


def random_uid() -> str:
    """A UUID of version 4 (RFC 9562), in the time that uuid.UUID takes to check its arguments."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[ord(digits[16]) & 3]}{digits[17:20]}-{digits[20:]}"


def begin(object: Object, now: str) -> None:
    """Give a new object its identity; whatever the client said about it is dropped."""
    metadata = object["metadata"]
    for field in SERVER_OWNED:
        metadata.pop(field, None)
    metadata.pop("resourceVersion", None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"])
    metadata["uid"] = random_uid()
    metadata["creationTimestamp"] = now


def carry_over(new: Object, old: Object) -> None:
    """Keep in `new` what only the server changes, as it was in `old`."""
    metadata, kept = new["metadata"], old["metadata"]
    for field in (*SERVER_OWNED, "name", "namespace", "generateName", "resourceVersion"):
        if field in kept:
            metadata[field] = kept[field]
        else:
            metadata.pop(field, None)


def without_volatile(object: Object) -> Object:
    """The object without what differs even when nothing changed: for telling a write that changes nothing."""
    metadata = {k: v for k, v in object["metadata"].items() if k not in ("managedFields", "resourceVersion")}
    return {**object, "metadata": metadata}


def managers(object: Object) -> list[Object]:
    """managedFields without the times."""
    return [{k: v for k, v in m.items() if k != "time"} for m in object["metadata"].get("managedFields") or []]


def ordered(object: Object, kind: str, api_version: str) -> Object:
    """The object with kind, apiVersion and metadata first: lists cut the first two off the bytes."""
    rest = {k: v for k, v in object.items() if k not in ("kind", "apiVersion", "metadata")}
    return {"kind": kind, "apiVersion": api_version, "metadata": object["metadata"], **rest}


def is_terminating(object: Object) -> bool:
    return bool(object["metadata"].get("deletionTimestamp"))


def labels(object: Object) -> dict[str, str]:
    return object["metadata"].get("labels") or {}
