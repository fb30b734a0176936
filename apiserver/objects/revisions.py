"""The history of a StatefulSet or a DaemonSet: its former templates as ControllerRevisions. Pure functions.

A revision's data is a strategic merge patch that gives the owner its former template back; kubectl sends it as it is.
Revisions are numbered, the highest is the newest, and going back to one gives it a new number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import orjson

from apiserver.objects.meta import NAME_ALPHABET

Object = dict[str, Any]

MAX_PREFIX = 223
"""How much of the owner's name a revision's name begins with."""


def short_hash(*parts: Any) -> str:
    """A short stable name for a value, in letters that spell no words."""
    encoded = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    number = int.from_bytes(hashlib.blake2b(encoded, digest_size=4).digest(), "big")
    return "".join(NAME_ALPHABET[ord(digit) % len(NAME_ALPHABET)] for digit in str(number))


def data_of(owner: Object) -> Object:
    """The state that a revision of the owner's present template keeps."""
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def template_of(revision: Object) -> Object:
    """The template that a revision keeps."""
    return {key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"}


def revision_of(owner: Object, reference: Object, number: int, hash_label: str) -> Object:
    """The revision of the owner's present template, under a name made of its hash; `hash_label` carries that too."""
    metadata, data = owner["metadata"], data_of(owner)
    hash_ = short_hash(data, (owner.get("status") or {}).get("collisionCount", 0))
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    made: Object = {
        "name": f"{metadata['name'][:MAX_PREFIX]}-{hash_}",
        "namespace": metadata["namespace"],
        "labels": {**labels, hash_label: hash_},
        "ownerReferences": [reference],
    }
    if metadata.get("annotations"):
        made["annotations"] = dict(metadata["annotations"])
    return {"metadata": made, "data": data, "revision": number}


def oldest_first(revisions: Iterable[Object]) -> list[Object]:
    def age(revision: Object) -> tuple[int, str, str]:
        metadata = revision["metadata"]
        return revision.get("revision", 0), metadata.get("creationTimestamp", ""), metadata["name"]

    return sorted(revisions, key=age)


def next_number(revisions: Iterable[Object]) -> int:
    return max((revision.get("revision", 0) for revision in revisions), default=0) + 1


def same_as(owner: Object, revisions: Sequence[Object]) -> list[Object]:
    """Those of `revisions` that keep the owner's present template."""
    data = data_of(owner)
    return [revision for revision in revisions if revision.get("data") == data]


def surplus(revisions: Iterable[Object], live: Collection[str], limit: int) -> list[Object]:
    """The oldest revisions beyond `limit`, those that are `live` (by name) neither counted nor named."""
    history = [revision for revision in oldest_first(revisions) if revision["metadata"]["name"] not in live]
    return history[: len(history) - limit] if 0 <= limit < len(history) else []
